"""Which client is found at a scripted authorization server, and whoever is asked for one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mcpdeck.services.auth.identity import identify
from mcpdeck.services.auth.kinds import Client, Invitation
from mcpdeck.services.errors import AuthorizationDenied
from mcpdeck.services.models import Opening
from tests.auth.scripted_fetch import ISSUER, NOW, REDIRECT, Answer, Reply, Script, metadata, place

REGISTRATION = f"{ISSUER}/register"


class Person:
    """Knows a client id, or says no."""

    opening: Opening = "browser"

    def __init__(self, answer: tuple[str, str | None] | None = None) -> None:
        self._answer = answer
        self.asked: list[tuple[str, str]] = []

    async def identify(self, server: str, issuer: str) -> tuple[str, str | None]:
        self.asked.append((server, issuer))
        if self._answer is None:
            raise AuthorizationDenied("no client known")
        return self._answer

    async def authorize(self, invitation: Invitation, arrived: Callable[[str], None]) -> None:
        raise AssertionError("nothing is authorized here")

    async def choose(self, server: str, issuers: tuple[str, ...]) -> str:
        raise AssertionError("there is one issuer")

    async def consent(self, invitation: Invitation) -> bool:
        raise AssertionError("nothing is asked for here")


async def found(
    *replies: Reply,
    server: dict[str, Any] | None = None,
    kept: Client | None = None,
    env: str | None = None,
    person: Person | None = None,
    trusted: bool = False,
    **settings: Any,
) -> tuple[Client, Script]:
    script = Script(*replies)
    who = await identify(
        script.fetch_for,
        replace(place(**settings), trusted=trusted),
        metadata(**({"registration_endpoint": REGISTRATION} | (server or {}))),
        REDIRECT,
        person or Person(),
        kept,
        env,
        now=lambda: NOW,
    )
    return who, script


def registered(status: int = 201, **members: Any) -> Answer:
    return Answer({"client_id": "new-1"} | members, status)
