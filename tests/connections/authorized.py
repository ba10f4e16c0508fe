"""The services of one process before a server that wants a login; several may share what is kept."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio

from mcpdeck.app.worker import Services, running
from mcpdeck.services.auth.entry_authorization import EntryAuthorization
from mcpdeck.services.auth.hands_http import HttpHands
from mcpdeck.services.auth.kinds import Hands
from mcpdeck.services.config.files import Folders
from mcpdeck.services.connections.barrier import Guard
from mcpdeck.services.connections.logins import Logins, by_enter
from mcpdeck.services.connections.settings import Settings
from mcpdeck.services.models import AuthView, EraMode, Origin, ServerEntry
from mcpdeck.services.session import Answer
from mcpdeck.services.state.model import CallState, PromptState, ServerState
from tests import entries
from tests.servers.authorization_server import Peer
from tests.waiting import eventually

NAME = "guarded"
QUIET = Settings(pings=False, listens=False, reads=frozenset(), connect_retries=0)
"""Nothing is sent that the test did not ask for."""


@dataclass
class House:
    """One process's services, with ``guarded`` among its servers."""

    services: Services
    peer: Peer

    @property
    def row(self) -> ServerState:
        return self.services.store.state.mcp.servers[NAME]

    @property
    def view(self) -> AuthView:
        assert self.row.auth is not None
        return self.row.auth

    @property
    def auth(self) -> EntryAuthorization:
        found = self.services.manager.authorization(NAME)
        assert found is not None
        return found

    async def call(self, tool: str = "whoami") -> CallState:
        return await self.services.executor.call(NAME, tool, {}, validate=False)

    async def settled(self) -> ServerState:
        await self.services.manager.settled()
        return self.row

    async def question(self, method: str) -> PromptState:
        """The open question of this kind."""

        def found() -> PromptState | None:
            return next((one for one in self.services.store.state.prompts if one.method == method), None)

        one = await eventually(found, f"question {method}")
        assert one is not None
        return one

    async def answer(self, method: str, action: Any = "accept", **content: Any) -> PromptState:
        question = await self.question(method)
        assert self.services.interactions.answer(question.id, Answer(action, content or None))
        return question

    async def browse(self) -> PromptState:
        """The person follows the authorization URL in a browser."""
        question = await self.question("mcpdeck/login")
        await self.peer.browse(str(question.request["url"]))
        return question


def guarded(peer: Peer, **changes: Any) -> ServerEntry:
    """An entry that stands in a file; the handshake is pinned, so that each request is known."""
    entry = entries.http(NAME, peer.mcp_url, era=EraMode.LEGACY)
    return replace(entry, origin=Origin("/somewhere/mcp.json"), **changes)


@asynccontextmanager
async def house(
    peer: Peer,
    home: Path,
    *,
    entry: ServerEntry | None = None,
    hands: Callable[[], Hands] | None = None,
    unattended: bool = False,
    person: bool = False,
    settings: Settings = QUIET,
    guard: Guard | None = None,
    seconds: float = 20,
) -> AsyncGenerator[House]:
    """``unattended``: logs in by plain GETs, unless ``hands`` are given. ``person``: the dashboard's questions."""
    environ = {"MCPDECK_HOME": str(home)}
    logins = Logins(
        Folders.of(environ),
        environ,
        hands=hands or (HttpHands if unattended else None),
        unattended=unattended,
        remembers=person,
        invite=by_enter if person else None,
    )
    with anyio.fail_after(seconds):
        async with running(
            [entry or guarded(peer)], settings=settings, can_ask=person, guard=guard, logins=logins
        ) as services:
            yield House(services, peer)


@asynccontextmanager
async def logged_in(peer: Peer, home: Path, **options: Any) -> AsyncGenerator[House]:
    """After an unattended login, connected; nothing that was asked until then counts."""
    async with house(peer, home, unattended=True) as first:
        await first.services.manager.connected(NAME)
    peer.requests.clear()
    async with house(peer, home, **options) as one:
        await one.services.manager.connected(NAME)
        await eventually(lambda: peer.asked("/mcp", "GET"), "stand-alone stream")
        peer.requests.clear()
        yield one
