"""A whole login against the tests' authorization server: what came of it, and everything that was shown and kept."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from mcpdeck.services.auth.challenges import parse_challenges
from mcpdeck.services.auth.hands_http import HttpHands
from mcpdeck.services.auth.kinds import Hands, Invitation, Login, Place, Why
from mcpdeck.services.auth.login import log_in
from mcpdeck.services.auth.steps import Recorder
from mcpdeck.services.auth.store import CredentialStore
from mcpdeck.services.errors import McpDeckError
from mcpdeck.services.models import JsonObject, OAuthSettings, Opening
from tests.servers.authorization_server import Peer, authorization_server

INITIALIZE = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25"}}


@dataclass
class Person:
    """Hands with a browser: ``visit`` is what they do with an authorization URL; nothing is asked of them."""

    visit: Callable[[Invitation], Any]
    opening: Opening = "browser"
    invitations: list[Invitation] = field(default_factory=list)
    agrees: bool = True

    async def authorize(self, invitation: Invitation, arrived: Callable[[str], None]) -> None:
        self.invitations.append(invitation)
        back = await self.visit(invitation)
        if isinstance(back, str):
            arrived(back)

    async def choose(self, server: str, issuers: tuple[str, ...]) -> str:
        return issuers[0]

    async def identify(self, server: str, issuer: str) -> tuple[str, str | None]:
        raise AssertionError("nobody is to be asked for a client")

    async def consent(self, invitation: Invitation) -> bool:
        return self.agrees


@dataclass
class Stage:
    """One MCP server behind a login, and a store in a folder of its own."""

    peer: Peer
    folder: Path
    store: CredentialStore
    place: Place
    recorder: Recorder
    traced: list[JsonObject]
    waits: list[bool] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def browser(self) -> Person:
        return Person(lambda invitation: self.peer.browse(invitation.url))

    async def challenged(self) -> Why:
        """What the MCP server says to somebody without a token."""
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(self.peer.mcp_url, json=INITIALIZE)
        challenges = parse_challenges(answer.headers.get_list("www-authenticate"))
        return Why(answer.status_code, challenges, "initialize")

    async def log_in(self, hands: Hands | None = None, *, why: Why | None = None, seconds: float = 20) -> Login:
        with anyio.fail_after(seconds):
            return await log_in(
                self.place,
                why or await self.challenged(),
                hands=hands or self.browser,
                store=self.store,
                recorder=self.recorder,
                environ=self.environ,
                waiting=self.waits.append,
            )

    async def refused(self, hands: Hands | None = None, *, why: Why | None = None) -> McpDeckError:
        """The error of a login that must not succeed, after a look at what is left of it.

        It says what happened and what to do, the steps end with it, and no login is kept.
        """
        with pytest.raises(McpDeckError) as caught:
            await self.log_in(hands, why=why)
        error = caught.value
        assert error.title
        assert error.hint
        assert self.recorder.steps[-1].failed
        assert await self.store.all() == ()
        return error

    def shown(self, *more: object) -> str:
        """Everything that a person, a trace or a crash report could get to see, and the files as they are."""
        steps = "".join(f"{step!r}{step.request!r}{step.answer!r}{step.verdicts!r}" for step in self.recorder.steps)
        written = "".join(
            file.read_bytes().decode("latin-1") for file in sorted(self.folder.rglob("*")) if file.is_file()
        )
        return f"{steps}{self.traced!r}{[_told(each) for each in more]!r}{written}"

    def assert_no_secret_in(self, caplog: pytest.LogCaptureFixture, *more: object) -> None:
        logged = "".join(record.getMessage() for record in caplog.records)
        everything = self.shown(*more) + logged
        assert [secret for secret in self.peer.secrets if secret in everything] == []


def _told(value: object) -> str:
    if not isinstance(value, BaseException):
        return repr(value)
    told, chain = "", value
    while chain is not None:
        told += f"{chain!r} {chain} {getattr(chain, 'hint', '')} {getattr(chain, 'details', '')} "
        chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)
    return told


@asynccontextmanager
async def staged(
    folder: Path, settings: OAuthSettings | None = None, caplog: pytest.LogCaptureFixture | None = None, **knobs: Any
) -> AsyncGenerator[Stage]:
    """``knobs`` are those of ``Behaviour``."""
    if caplog is not None:
        caplog.set_level(logging.DEBUG)
    async with authorization_server(**knobs) as peer:
        store = CredentialStore(folder / "auth", cache=folder / "cache", environ={}, keychain=False)
        traced: list[JsonObject] = []
        recorder = Recorder(traced=traced.append)
        place = Place("guarded", peer.mcp_url, settings or OAuthSettings())
        yield Stage(peer, folder, store, place, recorder, traced)


__all__ = ["HttpHands", "Person", "Stage", "staged"]
