"""A web server with the documents of discovery, and a login that goes there."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from mcpdeck.services.auth.challenges import parse_challenges
from mcpdeck.services.auth.discovery import Discovered, discover
from mcpdeck.services.auth.guarded import Guarded
from mcpdeck.services.auth.kinds import Invitation, Place, Why
from mcpdeck.services.auth.steps import Recorder
from mcpdeck.services.errors import AuthorizationDenied, DiscoveryError
from mcpdeck.services.models import OAuthSettings, Verdict
from tests.servers.scripted_http import Exchange, scripted_http

PRM = "/.well-known/oauth-protected-resource"
ASM = "/.well-known/oauth-authorization-server"
OIDC = "/.well-known/openid-configuration"
Answer = Mapping[str, Any] | tuple[str, bytes, str] | Callable[[Exchange], Awaitable[None]]
PAGE = ("200 OK", b"<!doctype html><title>Home</title>", "text/html")
BROKEN = ("503 Service Unavailable", b"{}", "application/json")


class Chooser:
    """Hands that only choose."""

    opening = "print"

    def __init__(self, answer: str | None = None) -> None:
        self.answer = answer
        self.asked: list[tuple[str, ...]] = []

    async def choose(self, server: str, issuers: tuple[str, ...]) -> str:
        self.asked.append(issuers)
        if self.answer is None:
            raise AuthorizationDenied("nobody wants to choose")
        return self.answer

    async def authorize(self, invitation: Invitation, arrived: Callable[[str], None]) -> None:
        raise AssertionError

    async def identify(self, server: str, issuer: str) -> tuple[str, str | None]:
        raise AssertionError

    async def consent(self, invitation: Invitation) -> bool:
        raise AssertionError


@dataclass
class Site:
    """A web server whose documents stand in a dictionary; ``asked``: the paths in the order of the requests."""

    base: str
    documents: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    recorder: Recorder = field(default_factory=Recorder)

    def protected(self, path: str = f"{PRM}/mcp", **members: Any) -> None:
        self.documents[path] = {"resource": f"{self.base}/mcp", "authorization_servers": [self.base], **members}

    def metadata(self, path: str = ASM, **members: Any) -> None:
        document = {
            "issuer": self.base,
            "authorization_endpoint": f"{self.base}/authorize",
            "token_endpoint": f"{self.base}/token",
            "registration_endpoint": f"{self.base}/register",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            **members,
        }
        self.documents[path] = {name: value for name, value in document.items() if value is not None}

    async def discover(
        self, why: Why | None = None, *, hands: Chooser | None = None, known: str | None = None, **settings: Any
    ) -> Discovered:
        place = Place("here", f"{self.base}/mcp", OAuthSettings(**settings))
        async with Guarded(place, self.recorder) as fetch:
            return await discover(fetch, place, why or Why(), hands or Chooser(), known=known)

    async def fails(self, why: Why | None = None, **more: Any) -> DiscoveryError:
        with pytest.raises(DiscoveryError) as raised:
            await self.discover(why, **more)
        assert raised.value.hint
        return raised.value

    def verdicts(self, rule: str) -> list[Verdict]:
        return [each for step in self.recorder.steps for each in step.verdicts if each.rule == rule]

    def broken(self) -> list[str]:
        return [each.rule for step in self.recorder.steps for each in step.verdicts if each.passed is False]


@asynccontextmanager
async def site() -> AsyncGenerator[Site]:
    async def handler(exchange: Exchange) -> None:
        found.asked.append(exchange.path)
        found.headers.append(exchange.headers)
        answer = found.documents.get(exchange.path, ("404 Not Found", b"Not Found", "text/plain"))
        if callable(answer):
            await answer(exchange)
        elif isinstance(answer, tuple):
            await exchange.answer(answer[0], answer[1], answer[2])
        else:
            await exchange.answer("200 OK", json.dumps(answer).encode())

    async with scripted_http(handler) as server:
        found = Site(server.url.removesuffix("/mcp"))
        yield found


def refused(header: str, status: int = 401) -> Why:
    return Why(status, parse_challenges([header]), "tools/list")
