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
from ..services.session import Answer, Ask, Memory, Offer, Question
from ..services.state.store import Store
from ..services.telemetry.trace import Trace


@dataclass(frozen=True, slots=True)
class Services:
    """Everything without a screen, wired together."""

    store: Store
    manager: ConnectionManager
    executor: Executor
    interactions: Interactions
    trace: Trace


HUMAN = Offer(elicitation=True, sampling=True)
"""What a person in front of the dashboard can answer."""


@asynccontextmanager
async def running(
    entries: Sequence[ServerEntry],
    *,
    settings: Settings | None = None,
    can_ask: bool = False,
    offer: Offer | None = None,
    ask: Ask | None = None,
    memory: Memory | None = None,
    start: anyio.Event | None = None,
) -> AsyncGenerator[Services]:
    """The services, connecting. Leaving ends every connection and child process, also when cancelled.

    ``can_ask``: someone answers ``Interactions``, so servers may put questions to a human; else ``ask``
    answers what ``offer`` names. ``memory``: what is remembered of the servers. ``start``: nothing is
    contacted before it is set (the first frame comes first).
    """
    store, trace = Store(), Trace()
    interactions = Interactions(store.dispatch)
    answers = ask or (interactions.ask if can_ask else None)

    async def asked(question: Question) -> Answer:
        assert answers is not None
        with executor.paused(question.server, question.call):
            return await answers(question)

    manager = ConnectionManager(
        entries,
        emit=store.dispatch,
        ask=asked if answers is not None else None,
        offer=offer or (HUMAN if can_ask else None),
        settings=settings,
        memory=memory,
        trace=trace,
    )
    executor = Executor(manager, store)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(store.run)
        tasks.start_soon(_run_manager, manager, start)
        try:
            yield Services(store, manager, executor, interactions, trace)
        finally:
            tasks.cancel_scope.cancel()


async def _run_manager(manager: ConnectionManager, start: anyio.Event | None) -> None:
    if start is not None:
        await start.wait()
    await manager.run()
