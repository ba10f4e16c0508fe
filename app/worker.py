"""The connection-management worker: runs the manager and the store's flushing beside the screens.

Owns the wiring of services and their order of ending. Never draws.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from ..services.engine.executor import Executor
from ..services.engine.interactions import Interactions
from ..services.engine.limits import Limits
from ..services.errors import UsageError
from ..services.manager import ConnectionManager, Guard, Logins, Settings
from ..services.models import Act, Decision, Reach, ServerEntry
from ..services.session import Answer, Ask, Memory, Offer, Question
from ..services.state.store import Store
from ..services.telemetry.metrics import Metrics
from ..services.telemetry.process_load import ProcessLoads
from ..services.telemetry.trace import Trace
from .auto_answers import AutoAnswers

if TYPE_CHECKING:
    from ..services.auth.kinds import Hands
    from ..services.engine.collaborators import AskPermission, Keeper
    from ..services.engine.response_cache import ResponseCache
    from ..services.policy.permissions import Permissions
    from ..services.telemetry.audit import Audit
    from ..services.telemetry.spans import Spans


@dataclass(frozen=True, slots=True)
class Services:
    """Everything without a screen, wired together. ``permissions`` None: everything is allowed."""

    store: Store
    manager: ConnectionManager
    executor: Executor
    interactions: Interactions
    trace: Trace
    metrics: Metrics
    loads: ProcessLoads
    permissions: Permissions | None = None
    auto: AutoAnswers | None = None
    """What is answered without a person, where there is one; None: there is nobody."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What calls meet on their way; what is missing does nothing.

    ``ask`` is who is asked where ``permissions`` want it, None: whoever answers questions, if anybody does.
    ``vouches``: whether a person stands up for what the server of an entry says of its tools. ``audit`` and ``spans``
    are closed at the end.
    """

    permissions: Permissions | None = None
    ask: AskPermission | None = None
    vouches: Callable[[ServerEntry], bool] | None = None
    audit: Audit | None = None
    spans: Spans | None = None
    keeper: Keeper | None = None
    cache: ResponseCache | None = None
    limits: Limits = field(default_factory=Limits)


BARE = Engine()
HUMAN = Offer(elicitation=True, sampling=True, roots=())
"""What a person in front of the dashboard can answer; no root is told until somebody names one."""
CLOSING = 3.0
"""Seconds in which what is still to be told of calls is handed over at the end."""


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
    engine: Engine = BARE,
) -> AsyncGenerator[Services]:
    """The services, connecting. Leaving ends every connection and child process, also when cancelled.

    ``can_ask``: someone answers ``Interactions``, so servers may put questions to a human; else ``ask``
    answers what ``offer`` names. ``memory``: what is remembered of the servers. ``start``: nothing is
    contacted before it is set (the first frame comes first). ``guard`` is asked before anything is contacted.
    ``logins``: how to log in where a server wants it; None: nobody does. ``engine``: what calls meet on their way.
    """
    manager = ConnectionManager(entries, offer=offer, settings=settings, memory=memory, guard=guard, logins=logins)
    async with around(manager, can_ask=can_ask, offer=offer, ask=ask, start=start, engine=engine) as services:
        yield services


@asynccontextmanager
async def around(
    manager: ConnectionManager,
    *,
    can_ask: bool = False,
    offer: Offer | None = None,
    ask: Ask | None = None,
    start: anyio.Event | None = None,
    engine: Engine = BARE,
) -> AsyncGenerator[Services]:
    """The services around a manager that keeps its own store; run here, unless it runs already.

    Raises ``UsageError`` for a manager whose events go elsewhere.
    """
    store = manager.store
    if store is None:
        raise UsageError("this connection manager keeps no state", hint="Make it without emit=.")
    interactions = Interactions(store.dispatch)
    auto = AutoAnswers(interactions.ask, store) if can_ask and ask is None else None
    answers = ask or (auto.ask if auto is not None else None)
    metrics, loads = Metrics(store.dispatch), ProcessLoads(store.dispatch, lambda: store.state.mcp)
    executor = Executor(
        manager,
        store,
        permissions=engine.permissions,
        ask=engine.ask or (_asking_person(interactions.ask, store) if can_ask else None),
        audit=engine.audit,
        metrics=metrics,
        spans=engine.spans,
        keeper=engine.keeper,
        limits=engine.limits,
        cache=engine.cache,
        vouches=engine.vouches,
    )
    manager.listed_after(executor.limiter.background)
    manager.tells_of_fresh_starts(executor.begun_anew)
    asking: Ask | None = None
    if answers is not None:

        async def asked(question: Question) -> Answer:
            with executor.paused(question.server, question.call):
                return await answers(question)

        manager.answered_by(asked, offer or (HUMAN if can_ask else Offer()))
        asking = asked if can_ask else None
    manager.logged_in_by(_asking_hands, lambda server: executor.paused(server, None), asking)

    def whose(server: str) -> str:
        entry = manager.entry(server)
        return server if entry is None else entry.configured_as

    stop = engine.cache.listen(manager.trace, whose) if engine.cache is not None else _nothing
    stop_keeping = store.subscribe(lambda state: metrics.keep(state.mcp.servers))
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(executor.run)
            tasks.start_soon(metrics.run)
            tasks.start_soon(loads.run)
            if not manager.running:
                tasks.start_soon(_run_manager, manager, start)
            elif start is not None:
                start.set()
            try:
                yield Services(
                    store, manager, executor, interactions, manager.trace, metrics, loads, engine.permissions, auto
                )
            finally:
                tasks.cancel_scope.cancel()
    finally:
        stop()
        stop_keeping()
        if auto is not None:
            auto.close()
        await _closed(engine)


async def _closed(engine: Engine) -> None:
    """What was told of calls until now is handed over."""
    if engine.audit is not None:
        engine.audit.close()
    if engine.spans is not None:
        with anyio.CancelScope(shield=True), anyio.move_on_after(CLOSING):
            await anyio.to_thread.run_sync(engine.spans.close, abandon_on_cancel=True)


def _nothing() -> None:
    pass


def _asking_person(ask: Ask, store: Store) -> AskPermission:
    async def asked(act: Act, decision: Decision, reaches: tuple[Reach, ...]) -> Reach | None:
        from ..services.engine.permission_question import AskingPerson  # not before somebody has to be asked

        return await AskingPerson(ask, lambda: store.state)(act, decision, reaches)

    return asked


def _asking_hands(ask: Ask) -> Hands:
    from ..services.engine.login_questions import AskingHands  # not before somebody may log in

    return AskingHands(ask)


async def _run_manager(manager: ConnectionManager, start: anyio.Event | None) -> None:
    if start is not None:
        await start.wait()
    await manager.run()
