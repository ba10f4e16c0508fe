"""The connection-management worker: runs the manager and the store's flushing beside the screens.

Owns the wiring of services and their order of ending. Never draws.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from ..services.engine.executor import Executor
from ..services.engine.interactions import Interactions
from ..services.manager import ConnectionManager, Settings
from ..services.models import ServerEntry
from ..services.session import Answer, Question
from ..services.state.store import Store


@dataclass(frozen=True, slots=True)
class Services:
    """Everything without a screen, wired together."""

    store: Store
    manager: ConnectionManager
    executor: Executor
    interactions: Interactions


@asynccontextmanager
async def running(
    entries: Sequence[ServerEntry],
    *,
    settings: Settings | None = None,
    can_ask: bool = False,
    start: anyio.Event | None = None,
) -> AsyncGenerator[Services]:
    """The services, connecting. Leaving ends every connection and child process, also when cancelled.

    ``can_ask``: someone answers ``Interactions``, so servers may put questions to a human. ``start``:
    nothing is contacted before it is set (the first frame comes first).
    """
    store = Store()
    interactions = Interactions(store.dispatch)

    async def ask(question: Question) -> Answer:
        with executor.paused(question.call):
            return await interactions.ask(question)

    manager = ConnectionManager(entries, emit=store.dispatch, ask=ask if can_ask else None, settings=settings)
    executor = Executor(manager, store)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(store.run)
        tasks.start_soon(_run_manager, manager, start)
        try:
            yield Services(store, manager, executor, interactions)
        finally:
            tasks.cancel_scope.cancel()


async def _run_manager(manager: ConnectionManager, start: anyio.Event | None) -> None:
    if start is not None:
        await start.wait()
    await manager.run()
