"""The connection-management worker: runs the manager and the store's flushing beside the screens.

Owns the wiring of services and their order of ending. Never draws.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from ..services.engine.executor import Executor
from ..services.engine.interactions import Interactions
from ..services.errors import UsageError
from ..services.manager import ConnectionManager, Guard, Logins, Settings
from ..services.models import ServerEntry
from ..services.session import Answer, Ask, Memory, Offer, Question
from ..services.state.store import Store
from ..services.telemetry.trace import Trace

if TYPE_CHECKING:
    from ..services.auth.kinds import Hands


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
    guard: Guard | None = None,
    logins: Logins | None = None,
) -> AsyncGenerator[Services]:
    """The services, connecting. Leaving ends every connection and child process, also when cancelled.

    ``can_ask``: someone answers ``Interactions``, so servers may put questions to a human; else ``ask``
    answers what ``offer`` names. ``memory``: what is remembered of the servers. ``start``: nothing is
    contacted before it is set (the first frame comes first). ``guard`` is asked before anything is contacted.
    ``logins``: how to log in where a server wants it; None: nobody does.
    """
    manager = ConnectionManager(entries, offer=offer, settings=settings, memory=memory, guard=guard, logins=logins)
    async with around(manager, can_ask=can_ask, offer=offer, ask=ask, start=start) as services:
        yield services


@asynccontextmanager
async def around(
    manager: ConnectionManager,
    *,
    can_ask: bool = False,
    offer: Offer | None = None,
    ask: Ask | None = None,
    start: anyio.Event | None = None,
) -> AsyncGenerator[Services]:
    """The services around a manager that keeps its own store; run here, unless it runs already.

    Raises ``UsageError`` for a manager whose events go elsewhere.
    """
    store = manager.store
    if store is None:
        raise UsageError("this connection manager keeps no state", hint="Make it without emit=.")
    interactions = Interactions(store.dispatch)
    executor = Executor(manager, store)
    answers = ask or (interactions.ask if can_ask else None)
    asking: Ask | None = None
    if answers is not None:

        async def asked(question: Question) -> Answer:
            with executor.paused(question.server, question.call):
                return await answers(question)

        manager.answered_by(asked, offer or (HUMAN if can_ask else Offer()))
        asking = asked if can_ask else None
    manager.logged_in_by(_asking_hands, lambda server: executor.paused(server, None), asking)
    async with anyio.create_task_group() as tasks:
        if not manager.running:
            tasks.start_soon(_run_manager, manager, start)
        elif start is not None:
            start.set()
        try:
            yield Services(store, manager, executor, interactions, manager.trace)
        finally:
            tasks.cancel_scope.cancel()


def _asking_hands(ask: Ask) -> Hands:
    from ..services.engine.login_questions import AskingHands  # not before somebody may log in

    return AskingHands(ask)


async def _run_manager(manager: ConnectionManager, start: anyio.Event | None) -> None:
    if start is not None:
        await start.wait()
    await manager.run()
