"""How calls end, told to all who keep account: the store, the metrics, the audit log, the trace.

Owns the events of a call and the value that its caller gets. An outcome is a value; nothing is raised here.
"""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass, field, replace

import anyio

from .. import events as ev
from ..errors import InvalidArguments, McpDeckError
from ..models import Act, Decision, ErrorInfo, JsonObject, Measured, Tool
from ..protocol.jsonrpc import dump
from ..state.bounds import weight
from ..state.call_reducers import finished
from ..state.model import CallState, CallStatus
from ..state.store import Store
from .collaborators import Audit, Keeper, Metrics, Span, Spans
from .wanted import Wanted


@dataclass(slots=True)
class Course:
    """What is known of a call while it goes on.

    ``act`` and ``tool``: what it is to the rules, and the tool as it is listed, on the session that was looked at last.
    ``agreed``: the definitions that a person said yes to for this call. ``failed``: what is tried again for.
    """

    wanted: Wanted
    act: Act
    tool: Tool | None = None
    decision: Decision | None = None
    decided_at: float = -math.inf
    """When that was, on the clock that measures durations; long ago, once it waited for anything since."""
    agreed: set[str] = field(default_factory=set[str])
    failed: McpDeckError | None = None
    started: bool = False
    checked_at: float = -math.inf
    """When policy was asked last, on the clock that measures durations."""
    sent_at: float | None = None
    """On the clock that measures durations: what a call waited for before it was sent is not the server's time."""
    rounds: int = 1
    attempts: int = 1
    waits: str = ""
    task: str | None = None
    instance: str = ""
    measured: Measured | None = None
    cached_at: float | None = None
    output_problems: tuple[str, ...] = ()
    span: Span | None = None


class Records:
    """Begins and ends calls in the store, and tells the others of their ends."""

    def __init__(
        self, store: Store, *, audit: Audit | None, metrics: Metrics | None, spans: Spans | None, keeper: Keeper | None
    ) -> None:
        self._store = store
        self._audit = audit
        self._metrics = metrics
        self._spans = spans
        self._keeper = keeper
        self._beside = False
        self._news = anyio.Event()
        self._ended_calls: deque[tuple[Course, CallState]] = deque()

    def begin(self, wanted: Wanted) -> Course:
        """What is known of it at its beginning."""
        act = Act(wanted.kind, wanted.server, wanted.name, wanted.arguments, caller=wanted.caller)
        course = Course(wanted, act)
        if self._spans is not None:
            course.span = self._spans.begin(
                wanted.call, server=wanted.server, name=wanted.name, method=wanted.method, caller=wanted.caller
            )
        return course

    def start(self, course: Course) -> None:
        """From here on it is seen as a call. Doing so again changes nothing."""
        if course.started:
            return
        course.started = True
        one = course.wanted
        if not one.shown:
            return
        self._store.dispatch(
            ev.CallStarted(
                one.call, one.server, one.name, one.arguments, one.at, one.method, one.caller, course.decision
            )
        )

    def decided(self, course: Course, decision: Decision) -> None:
        course.decision = decision
        if course.started:
            self._store.dispatch(ev.CallDecided(course.wanted.call, decision))

    def waits(self, course: Course, why: str) -> None:
        """``why`` a call that is seen already does not go on; empty: it does."""
        if why == course.waits:
            return
        course.waits = why
        if why:
            course.decided_at = -math.inf
        self._store.dispatch(ev.CallWaits(course.wanted.call, why, course.attempts))

    def end(self, course: Course, result: JsonObject | None, failure: McpDeckError | None) -> CallState:
        """The end of a call, with the whole result; the state may hold less of one that is too large to be kept."""
        one = course.wanted
        took = (time.perf_counter() - (one.began if course.sent_at is None else course.sent_at)) * 1000
        if failure is not None:
            failure.server = failure.server or one.server
        error = None if failure is None else ErrorInfo.of(failure)
        if course.started:
            call = self._ended(course, took, result, error)
        else:
            status = CallStatus.INVALID if isinstance(failure, InvalidArguments) else CallStatus.NOT_FOUND
            call = CallState(
                one.call,
                one.server,
                one.name,
                one.arguments,
                one.at,
                status=status,
                duration_ms=took,
                error=error,
                method=one.method,
                caller=one.caller,
                decision=course.decision,
            )
        self._tell(course, call)
        # Whoever keeps account has no use for what is too large to be kept.
        return call if result is None or call.result is result else replace(call, result=result)

    def _ended(self, course: Course, took: float, result: JsonObject | None, error: ErrorInfo | None) -> CallState:
        one, measured = course.wanted, course.measured
        kept = result
        if self._keeper is not None and result is not None and measured is not None:
            kept = self._keeper.held(result, measured)
        event = ev.CallFinished(
            one.call,
            time.time(),
            took,
            kept,
            error,
            course.rounds,
            measured=measured,
            attempts=course.attempts,
            cached_at=course.cached_at,
            instance=course.instance,
            output_problems=course.output_problems,
            trace_id=course.span.trace_id if course.span is not None else "",
        )
        if not one.shown:
            begun = CallState(one.call, one.server, one.name, one.arguments, one.at, method=one.method)
            return finished(replace(begun, caller=one.caller, task=course.task, decision=course.decision), event)
        self._store.dispatch(event)
        call = self._store.call(one.call)
        assert call is not None  # one that runs is never let go
        return call

    # Who keeps account

    async def run(self) -> None:
        """From now on account is kept beside the calls: whoever waits for a result does not wait for a disk as well.

        What is left is done when this is cancelled. Without it each call is recorded before it is returned.
        """
        self._beside = True
        try:
            while True:
                await self._news.wait()
                self._news = anyio.Event()
                self.flush()
        finally:
            self._beside = False
            self.flush()

    def flush(self) -> None:
        """Tell what was not told yet, in the order in which it ended."""
        while self._ended_calls:
            self._told(*self._ended_calls.popleft())

    def _tell(self, course: Course, call: CallState) -> None:
        if not self._beside:
            self._told(course, call)
            return
        if not self._ended_calls:
            self._news.set()
        self._ended_calls.append((course, call))

    def _told(self, course: Course, call: CallState) -> None:
        sent = received = 0
        if self._metrics is not None or course.span is not None:
            sent = _size(call.arguments)
            if course.measured is not None:
                received = course.measured.size
            elif call.result is not None:
                received = weight(call.result)
            if self._metrics is not None:
                self._metrics.record(call, bytes_sent=sent, bytes_received=received)
        if self._audit is not None:
            self._audit.record(call)
        if course.span is not None:
            course.span.end(call, bytes_sent=sent, bytes_received=received)


def _size(value: JsonObject) -> int:
    try:
        return len(dump(value))
    except (RecursionError, ValueError):  # which will not be sent either
        return weight(value)
