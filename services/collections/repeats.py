"""The same call many times: so often, or until it fails.

Owns how many are under way at once, when to stop, and the figures. How a call is made is given.
"""

from __future__ import annotations

import math
import time
from array import array
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio

from ..models import JsonObject
from ..state.model import CallState, CallStatus
from ..state.text import shortened
from .judging import text_of

MOST_TIMES = 1_000_000
MOST_PARALLEL = 8
KEPT_FAILURES = 20
TIMED = 100_000
"""Durations that the percentiles are of; of more, the last ones."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``times`` None: until one fails. ``parallel``: how many are under way at once (1 to 8)."""

    times: int | None = 100
    parallel: int = 1
    stop_at_failure: bool = True

    @property
    def most(self) -> int:
        return MOST_TIMES if self.times is None else self.times


@dataclass(frozen=True, slots=True)
class Failure:
    """The call with this number (from 1) came to nothing good."""

    number: int
    status: str
    said: str


@dataclass(slots=True)
class Tally:
    """What came of the calls so far; durations in milliseconds, ``seconds`` since the first began."""

    done: int = 0
    outcomes: dict[str, int] = field(default_factory=dict[str, int])
    durations: array[float] = field(default_factory=lambda: array("d"))
    failures: list[Failure] = field(default_factory=list[Failure])
    seconds: float = 0.0
    stopped: str = ""
    last: CallState | None = None

    @property
    def failed(self) -> int:
        return self.done - self.outcomes.get(CallStatus.SUCCESS.value, 0)

    def count(self, number: int, call: CallState) -> None:
        self.done += 1
        self.last = call
        self.outcomes[call.status.value] = self.outcomes.get(call.status.value, 0) + 1
        if call.duration_ms is not None:
            if len(self.durations) >= TIMED:
                self.durations[self.done % TIMED] = call.duration_ms
            else:
                self.durations.append(call.duration_ms)
        if call.status is not CallStatus.SUCCESS and len(self.failures) < KEPT_FAILURES:
            self.failures.append(Failure(number, call.status.value, _said(call)))

    def percentiles(self) -> dict[str, float]:
        """``min``, ``p50``, ``p95``, ``max`` (nearest rank); nothing while no call has ended."""
        if not self.durations:
            return {}
        ordered = sorted(self.durations)
        at = {"min": 0.0, "p50": 0.5, "p95": 0.95, "max": 1.0}
        return {name: ordered[max(0, math.ceil(share * len(ordered)) - 1)] for name, share in at.items()}

    def words(self) -> str:
        """One line of figures for people."""
        times = self.percentiles()
        said = [f"{self.failed} failed"] if self.failed else []
        if times:
            said.append(f"p50 {_ms(times['p50'])} · p95 {_ms(times['p95'])}")
        return " · ".join(said)

    def result(self, tool: str, plan: Plan) -> JsonObject:
        """All of it in the shape of a tool's result, so that every view of results can show it."""
        times, ok = self.percentiles(), self.done - self.failed
        lines = [f"{self.done:,} calls of {tool}: {ok:,} succeeded, {self.failed:,} failed"]
        if times:
            lines.append(" · ".join(f"{name} {_ms(value)}" for name, value in times.items()))
        if self.seconds > 0:
            lines.append(f"{self.done / self.seconds:,.1f} a second, {plan.parallel} at once, {self.seconds:.1f} s")
        lines += [f"{count:,} × {status}" for status, count in self.outcomes.items() if self.failed]
        lines += [f"#{one.number:,} {one.status}: {one.said}" for one in self.failures]
        if self.stopped:
            lines.append(self.stopped)
        return {
            "content": [{"type": "text", "text": "\n".join(lines)}],
            "structuredContent": {
                "calls": self.done,
                "succeeded": ok,
                "failed": self.failed,
                "outcomes": {**self.outcomes},
                "milliseconds": {name: round(value, 3) for name, value in times.items()},
                "seconds": round(self.seconds, 3),
                "parallel": plan.parallel,
                "failures": [{"number": one.number, "status": one.status, "said": one.said} for one in self.failures],
                "stopped": self.stopped or None,
            },
            "isError": self.failed > 0,
        }


async def repeat(
    plan: Plan, make: Callable[[], Awaitable[CallState]], told: Callable[[Tally], object], tally: Tally
) -> None:
    """Make calls as planned, counting them in ``tally``; ``told`` after each. Cancelled, the tally holds what was."""
    began = time.perf_counter()
    numbers = iter(range(1, plan.most + 1))

    async def one_after_the_other() -> None:
        for number in numbers:
            if tally.stopped:
                return
            call = await make()
            tally.count(number, call)
            tally.seconds = time.perf_counter() - began
            if call.status is not CallStatus.SUCCESS and (plan.stop_at_failure or plan.times is None):
                tally.stopped = f"Stopped at the first failure, number {number:,}."
            told(tally)
            await anyio.lowlevel.checkpoint()  # a call that is answered at once must not hold the loop

    async with anyio.create_task_group() as tasks:
        for _ in range(max(1, min(plan.parallel, MOST_PARALLEL, plan.most))):
            tasks.start_soon(one_after_the_other)


def _said(call: CallState) -> str:
    if call.error is not None:
        return shortened(call.error.title, 200)
    return shortened(text_of(call.result or {}), 200)


def _ms(value: float) -> str:
    return f"{value:.1f} ms" if value < 100 else f"{value:,.0f} ms"
