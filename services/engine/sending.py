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
from ..models import Act, Caller, JsonObject, Offered, TaskInfo, TransportKind
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

    def __init__(self, sessions: Sessions, store: Store, records: Records, limits: Limits) -> None:
        self.limiter = Limiter(limits.per_server, limits.in_all)
        self.breakers = Breakers(store.dispatch, limits)
        self._retries = Retries(limits)
        self._sessions = sessions
        self._store = store
        self._records = records
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

    async def sent(self, course: Course, act: Act, at_hand: Session) -> JsonObject:
        """The result as received. Raises ``McpDeckError``: what the server, the transport or a time limit says.

        ``at_hand``: the session that was there just now, for which everything was checked.
        """
        one = course.wanted
        place = await self.limiter.enter(
            act.server, background=one.background, waits=lambda: self._records.waits(course, FREE_PLACE)
        )
        try:
            return await self._in_place(course, act, at_hand, place)
        finally:
            self._under_way.pop(one.call, None)
            place.leave()

    async def _in_place(self, course: Course, act: Act, at_hand: Session, place: Place) -> JsonObject:
        one = course.wanted
        whole, idle = self._bounds(course)
        self._records.waits(course, "")
        course.sent_at = time.perf_counter()
        scope = anyio.CancelScope()
        here = self._under_way[one.call] = UnderWay(course, place, CallClock(scope, whole, idle))
        with scope, course.span if course.span is not None else _NO_SPAN:
            return await self._tried(course, act, at_hand, here)
        raise here.clock.late()

    def _bounds(self, course: Course) -> tuple[float, float]:
        """Seconds for the whole call, and without progress. Reads and prompts are bounded request by request."""
        one = course.wanted
        if one.kind is not Offered.TOOL:
            return math.inf if one.timeout is None else one.timeout, math.inf
        whole = one.timeout if one.timeout is not None else self._sessions.call_timeout(one.server)
        return whole, self._sessions.idle_timeout(one.server)

    async def _tried(self, course: Course, act: Act, at_hand: Session, here: UnderWay) -> JsonObject:
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

        repeatable = one.caller is not Caller.BATCH and not one.as_task and is_repeatable(act)
        if repeatable:
            self._retries.earned(act.server)
        while True:
            try:
                return await self._attempt(course, act.server, operation, at_hand)
            except McpDeckError as error:
                if not repeatable or course.task is not None:
                    raise
                pause = self._retries.pause(act.server, error, course.attempts)
                if pause is None or not self.breakers.lets(act.server):
                    raise
            self._records.waits(course, ANOTHER_TRY)
            with here.place.lent():
                await anyio.sleep(pause)
            self._records.waits(course, "")
            here.clock.went_on()
            course.attempts += 1

    async def _attempt(
        self, course: Course, key: str, operation: Callable[[Session], Awaitable[JsonObject]], at_hand: Session
    ) -> JsonObject:
        server = course.wanted.server
        entry = self._sessions.entry(server)
        let = self.breakers.enter(key, entry.digest if entry is not None else "")
        used: list[Session] = []

        async def through(session: Session) -> JsonObject:
            if session is not at_hand:
                self._sessions.check(server)  # connecting again took its time
            used.append(session)
            if session.server != server:
                course.instance = session.server
            return await operation(session)

        try:
            # What asks for the task later must meet the instance that has it.
            result = await self._sessions.using(
                server,
                through,
                bound=course.wanted.as_task,
                checked=time.perf_counter() - course.checked_at < LOOK_AFTER,
            )
        except McpDeckError as error:
            if used:
                shared = entry is not None and entry.transport is not TransportKind.HTTP
                self.breakers.ended(let, error, used[-1].generation if shared else None)
            else:
                self.breakers.undecided(let)  # connecting failed, which has pauses of its own
            raise
        except BaseException:
            self.breakers.undecided(let)
            raise
        self.breakers.ended(let, None)
        return result
