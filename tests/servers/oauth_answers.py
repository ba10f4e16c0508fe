"""Answers of the tests' authorization server, right ones and the raw material of wrong ones.

Owns no rule of OAuth.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.servers.scripted_http import Exchange, Handler


class _Absent:
    """Its name is the same in every process: tests are called by it."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Any = _Absent()
"""In place of a member's value: leave the member out."""


def laid_over(document: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**document, **changes}.items() if value is not ABSENT}


async def reply(exchange: Exchange, status: int, document: Any = None, **headers: str) -> None:
    body = b"" if document is None else json.dumps(document).encode()
    await exchange.answer(f"{status} {httpx.codes.get_reason_phrase(status)}", body, **headers)


def html(text: str, status: str = "200 OK") -> Handler:
    """An override: a page."""
    return lambda exchange: exchange.answer(status, text.encode(), "text/html; charset=utf-8")


def redirect(target: str, status: str = "302 Found") -> Handler:
    """An override: a redirect."""
    return lambda exchange: exchange.answer(status, Location=target)


def document(value: Any, status: int = 200) -> Handler:
    """An override: a JSON document."""
    return lambda exchange: reply(exchange, status, value)


async def cut(exchange: Exchange) -> None:
    """An override: the connection is closed without an answer."""
    await exchange.socket.aclose()


def with_query(url: str, params: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(params)}"
