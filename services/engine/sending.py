"""A call on the wire: its place, its clocks, and another try where that is safe.

Owns what is under way. A clock stands still while somebody is asked, and the place is lent to others meanwhile.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass

import anyio

from .. import events as ev
from ..errors import McpDeckError
from ..models import Caller, JsonObject, Offered, TaskInfo, TransportKind
from ..session import Session
from ..state.store import Store
from .breaker import Breakers
from .call_clock import CallClock
from .collaborators import Sessions
from .limiter import Limiter, Place
from .limits import Limits
from .outcomes import Course, Records
from .retries import Retries, is_repeatable

FREE_PLACE = "a free place"
ANOTHER_TRY = "another try"
_NO_SPAN = nullcontext()
LOOK_AFTER = 0.02
"""Seconds for which a server that policy let through is not asked about again: a call in a row costs no stat then."""


@dataclass(slots=True)
class UnderWay:
    course: Course
    place: Place
    clock: CallClock


class Sending:
    """Sends one call at a time for each caller; every method runs on the loop's thread."""

    def __init__(
        self,
        sessions: Sessions,
        store: Store,
        records: Records,
        limits: Limits,
        holds: Callable[[Course, Session], Awaitable[None]],
    ) -> None:
        """``holds`` is asked before each attempt whether it may be made on the session that is to get it."""
        self.limiter = Limiter(limits.per_server, limits.in_all)
        self.breakers = Breakers(store.dispatch, limits)
        self._retries = Retries(limits)
        self._sessions = sessions
        self._store = store
        self._records = records
        self._holds = holds
        self._checked: dict[str, float] = {}
        self._under_way: dict[str, UnderWay] = {}

    def checked(self, server: str) -> float:
        """When policy let the server through last, on the clock that measures durations. Raises what it says."""
        now = time.perf_counter()
        last = self._checked.get(server)
        if last is not None and now - last < LOOK_AFTER:
            return last
        self._sessions.check(server)
        self._checked[server] = now
        return now

    def deadline(self, call: str) -> float | None:
        """When a call times out, on the loop's clock; ``inf`` while a human is asked, None when it is not under way."""
        found = self._under_way.get(call)
        return found.clock.deadline if found is not None else None

    @contextmanager
    def paused(self, server: str, call: str | None) -> Generator[None]:
        """Hold a call while its server waits for a human; all its calls, when it is not known which.

        Protocol section 22: a call must not run out of time because its server asked somebody.
        """
        with ExitStack() as stack:
            for known, one in self._under_way.items():
                if known == call or (call is None and server in (one.course.wanted.server, one.course.instance)):
                    stack.enter_context(one.clock.paused())
                    stack.enter_context(one.place.lent())
            yield

    async def sent(self, course: Course, at_hand: Session) -> JsonObject:
        """The result as received. Raises ``McpDeckError``: what the server, the transport or a time limit says; and
        what ``holds`` raises.

        ``at_hand``: the session that was there just now, for which everything was checked.
        """
        whole, idle = self._bounds(course)
        place = await self._place(course)
        scope = anyio.CancelScope()
        here = self._under_way[course.wanted.call] = UnderWay(course, place, CallClock(scope, whole, idle))
        try:
            self._records.waits(course, "")
            course.sent_at = time.perf_counter()
            with scope, course.span if course.span is not None else _NO_SPAN:
                return await self._tried(course, at_hand, here)
            raise here.clock.late()
        finally:
            self._under_way.pop(course.wanted.call, None)
            here.place.leave()

    async def _place(self, course: Course) -> Place:
        """First come, first served: another try waits for its turn like any other call."""
        return await self.limiter.enter(
            course.act.server,
            background=course.wanted.background,
            waits=lambda: self._records.waits(course, FREE_PLACE),
        )

    def _bounds(self, course: Course) -> tuple[float, float]:
        """Seconds for the whole call, and without progress. Reads and prompts are bounded request by request."""
        one = course.wanted
        if one.kind is not Offered.TOOL or one.send is not None:
            return math.inf if one.timeout is None else one.timeout, math.inf
        whole = one.timeout if one.timeout is not None else self._sessions.call_timeout(one.server)
        return whole, self._sessions.idle_timeout(one.server)

    async def _tried(self, course: Course, at_hand: Session, here: UnderWay) -> JsonObject:
        """One attempt, and others where that is safe and may help."""
        one = course.wanted

        def progressed(progress: float, total: float | None, message: str | None) -> None:
            here.clock.went_on()
            self._store.dispatch(ev.CallProgressed(one.call, progress, total, message))

        def became_task(task: TaskInfo) -> None:
            # A task tells of itself when it is asked: from here on only the whole call is bounded. And the server has
            # taken it in as work of its own: whoever asks for its end now and then needs no place.
            course.task = task.id
            here.clock.no_idling()
            here.place.leave()
            self._store.dispatch(ev.CallBecameTask(one.call, task.id))

        def in_round(number: int) -> None:
            course.rounds = number

        async def operation(session: Session) -> JsonObject:
            if one.send is not None:
                return await one.send(session)
            match one.kind:
                case Offered.TOOL:
                    return await session.call_tool(
                        one.name,
                        one.arguments,
                        call=one.call,
                        on_progress=progressed if one.progress else None,
                        on_round=in_round,
                        as_task=one.as_task,
                        on_task=became_task,
                    )
                case Offered.RESOURCE:
                    return await session.read_resource(
                        one.name, call=one.call, timeout=one.request_timeout, on_round=in_round
                    )
                case Offered.PROMPT:
                    texts = {name: str(value) for name, value in one.arguments.items()}
                    return await session.get_prompt(
                        one.name,
                        texts if one.given else None,
                        call=one.call,
                        timeout=one.request_timeout,
                        on_round=in_round,
                    )

        server = course.act.server
        if _repeatable(course):
            self._retries.earned(server)
        while True:
            try:
                return await self._attempt(course, operation, at_hand)
            except McpDeckError as error:
                if not _repeatable(course):
                    raise
                pause = self._retries.pause(server, error, course.attempts)
                if pause is None or not self.breakers.lets(server):
                    raise
                course.failed = error
            self._records.waits(course, ANOTHER_TRY)
            here.place.leave()
            await anyio.sleep(pause)
            here.place = await self._place(course)
            course.attempts += 1  # seen while it runs
            self._records.waits(course, "")
            here.clock.went_on()

    async def _attempt(
        self, course: Course, operation: Callable[[Session], Awaitable[JsonObject]], at_hand: Session
    ) -> JsonObject:
        server = course.wanted.server
        entry = self._sessions.entry(server)
        let = self.breakers.enter(course.act.server, entry.digest if entry is not None else "")
        used: list[Session] = []

        async def through(session: Session) -> JsonObject:
            if session is not at_hand:
                self._sessions.check(server)  # connecting again took its time
            await self._holds(course, session)
            used.append(session)
            if session.server != server:
                course.instance = session.server
            return await operation(session)

        try:
            # What asks for the task later must meet the instance that has it.
            result = await self._sessions.using(
                server,
                through,
                bound=course.wanted.as_task or course.wanted.bound,
                checked=time.perf_counter() - course.checked_at < LOOK_AFTER,
            )
        except McpDeckError as error:
            if used:
                shared = entry is not None and entry.transport is not TransportKind.HTTP
                # One process that ended is one incident, however many calls it takes with it.
                self.breakers.ended(let, error, (used[-1].server, used[-1].generation) if shared else None)
            else:
                self.breakers.undecided(let)  # connecting failed, which has pauses of its own
            raise
        except BaseException:
            self.breakers.undecided(let)
            raise
        self.breakers.ended(let, None)
        return result


def _repeatable(course: Course) -> bool:
    """Whether an attempt that failed may be followed by another, by the tool that the last one was made of."""
    one = course.wanted
    if one.caller is Caller.BATCH or one.as_task or one.send is not None or course.task is not None:
        return False
    return is_repeatable(course.act)
