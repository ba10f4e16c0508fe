"""Whoever logs in, in the tests of logins: a person, and the desk with what a login needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx

from mcpdeck.services.auth.challenges import parse_challenges
from mcpdeck.services.auth.kinds import Hands, Invitation, Login, Place, Why
from mcpdeck.services.auth.login import log_in
from mcpdeck.services.auth.steps import Recorder
from mcpdeck.services.auth.store import CredentialStore
from mcpdeck.services.errors import (
    RegistrationError,
)
from mcpdeck.services.models import OAuthSettings, Opening
from tests.servers.authorization_server import Peer


@dataclass
class Person:
    """Hands of a test: ``does`` is what happens when the invitation is shown."""

    does: Callable[[Invitation, Callable[[str], None]], Awaitable[None]]
    opening: Opening = "browser"
    agrees: bool = True
    identity: tuple[str, str | None] | None = None
    seen: list[Invitation] = field(default_factory=list)
    asked: list[Invitation] = field(default_factory=list)

    async def authorize(self, invitation: Invitation, arrived: Callable[[str], None]) -> None:
        self.seen.append(invitation)
        await self.does(invitation, arrived)

    async def choose(self, server: str, issuers: tuple[str, ...]) -> str:
        return issuers[-1]

    async def identify(self, server: str, issuer: str) -> tuple[str, str | None]:
        if self.identity is None:
            raise RegistrationError("nobody knows")
        return self.identity

    async def consent(self, invitation: Invitation) -> bool:
        self.asked.append(invitation)
        return self.agrees


def browsing(peer: Peer, **knobs: Any) -> Person:
    async def does(invitation: Invitation, arrived: Callable[[str], None]) -> None:
        await peer.browse(invitation.url)

    return Person(does, **knobs)


def pasting(peer: Peer, **knobs: Any) -> Person:
    async def does(invitation: Invitation, arrived: Callable[[str], None]) -> None:
        arrived(await peer.redirect_of(invitation.url))

    return Person(does, **knobs)


@dataclass
class Desk:
    """What a login needs beside the server."""

    folder: Path
    recorder: Recorder = field(default_factory=Recorder)
    environ: dict[str, str] = field(default_factory=dict)
    turns: list[bool] = field(default_factory=list)

    @property
    def store(self) -> CredentialStore:
        """As another process would find it."""
        return CredentialStore(self.folder, cache=self.folder / "cache", environ=self.environ, keychain=False)

    async def login(self, peer: Peer, hands: Hands | None = None, why: Why | None = None, **settings: Any) -> Login:
        why = await refusal(peer) if why is None else why
        return await self.login_at(self.place(peer, **settings), hands or browsing(peer), why)

    async def login_at(self, place: Place, hands: Hands, why: Why) -> Login:
        with anyio.fail_after(20):
            return await log_in(
                place,
                why,
                hands=hands,
                store=self.store,
                recorder=self.recorder,
                environ=self.environ,
                waiting=self.turns.append,
            )

    async def kept(self, peer: Peer, login: Login) -> bool:
        """Whether another process finds this very login."""
        found = await self.store.login_for(peer.mcp_url, login.wanted)
        return found is not None and (found.tokens, found.client, found.resource, found.issuer) == (
            login.tokens,
            login.client,
            login.resource,
            login.issuer,
        )

    def place(self, peer: Peer, **settings: Any) -> Place:
        return Place("guarded", peer.mcp_url, OAuthSettings(**settings))

    @property
    def last(self) -> str:
        return self.recorder.steps[-1].error

    def shown(self) -> str:
        """Everything that may be shown of the login."""
        return repr([(step, step.request, step.answer) for step in self.recorder.steps])


async def refusal(peer: Peer) -> Why:
    """What the MCP server says to a request without a token."""
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        answer = await client.post(peer.mcp_url, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
    return Why(answer.status_code, parse_challenges(answer.headers.get_list("www-authenticate")), "ping")


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
