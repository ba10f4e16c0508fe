"""One row of the matrix, started and connected to: for tests of what the matrix has no column for."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio

from mcpdeck.app.worker import Services, running
from mcpdeck.services.manager import Settings
from mcpdeck.services.session import Ask, Offer, Session
from mcpdeck.services.state.model import ServerState
from tests.interop.checks import OFFER, Person, Wire, text_of
from tests.interop.conftest import absent
from tests.interop.matrix import NAME, entry, in_thread
from tests.interop.recipes import Row
from tests.interop.rows import BY_ID


@dataclass
class Stage:
    """What a test has in hand."""

    row: Row
    services: Services
    session: Session
    """The first one; after a reconnect ``call`` uses the new one."""
    wire: Wire
    person: Person

    async def call(self, tool: str, **arguments: Any) -> str:
        """The text of a tool's answer, on whichever session stands."""
        return text_of(await self.services.manager.using(NAME, lambda session: session.call_tool(tool, arguments)))

    @property
    def state(self) -> ServerState:
        return self.services.store.state.mcp.servers[NAME]


@asynccontextmanager
async def reached(row_id: str, *, offer: Offer = OFFER, ask: Ask | None = None) -> AsyncGenerator[Stage]:
    """Connected to the server of that row. ``ask``: who answers, instead of the row's usual person."""
    row = BY_ID[row_id]
    if row.peer.missing:
        absent(row.peer.missing)
    person = Person(row.peer.recipe)
    with anyio.fail_after(90):
        async with (
            in_thread(row) as fill,
            running([entry(row, fill)], settings=Settings(), offer=offer, ask=ask or person) as services,
        ):
            wire = Wire(services, NAME)
            yield Stage(row, services, await services.manager.connected(NAME), wire, person)
