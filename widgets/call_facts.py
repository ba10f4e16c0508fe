"""What the overview says of calls: how they went, what holds them back, and what a server takes and costs.

Owns the wording of these facts; what is not known takes no line. Pure: a snapshot, a width and the time give lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..services.models import Breaker, BreakerState, CallStats
from ..services.models.costs import Cost, cost_of
from ..services.state.model import ServerState
from ..services.state.spans import span
from ..services.state.text import one_line
from .fact_lines import chips, clock, fact, heading, size
from .ink import Line, wrapped
from .status_marks import milliseconds

KINDS = 6
"""Kinds of errors that are named; how many others there were is said."""


def breaker(server: ServerState, width: int, now: float) -> Iterator[Line]:
    """Why calls are not made for a while, since when, and what can be done about it."""
    held = server.breaker
    if held is None or held.state is BreakerState.CLOSED:
        return
    yield ()
    for index, text in enumerate(wrapped(_held(held, now), width - 2)):
        yield (("■ " if not index else "  ", "bad"), (text, "strong"))
    if held.reason:
        for text in wrapped(one_line(held.reason, 400), width - 2):
            yield (("  ", ""), (text, "bad"))
    yield (("  ", ""), ("B lets calls through again", "accent"))


def _held(held: Breaker, now: float) -> str:
    times = f"after {held.failures} failures in a row" if held.failures else "after failures in a row"
    if held.state is BreakerState.HALF_OPEN:
        return f"Calls are held back {times}; one is let through to find out"
    since = f" since {clock(held.opened_at)}" if held.opened_at is not None else ""
    left = 0 if held.retry_at is None else max(0, int(held.retry_at - now + 0.999))
    when = f"; one is let through in {span(left)}" if left else "; the next one is let through"
    return f"Calls are held back{since}, {times}{when}"


def calls(server: ServerState, width: int) -> Iterator[Line]:
    """Calls so far: how many, how they failed, how long they took, what they moved."""
    stats = server.stats
    if stats is None or not stats.calls:
        return
    yield from heading("Calls", counted(stats))
    errors = sorted(stats.by_kind.items(), key=lambda kind: -kind[1])
    if errors:
        told = [f"{count:,}× {one_line(kind, 40)}" for kind, count in errors[:KINDS]]
        rest = sum(count for _, count in errors[KINDS:])
        yield from chips("Errors", (*told, *((f"{rest:,} of other kinds",) if rest else ())), width, "warn")
    if stats.p50 is not None:
        yield from chips("Took", durations(stats), width)
    rate = "none in the last minute" if stats.rate < 0.05 else f"{stats.rate:,.1f} a minute"
    yield from chips("Rate", (rate,), width)
    yield from chips("Moved", (f"{size(stats.bytes_sent)} sent", f"{size(stats.bytes_received)} received"), width)


def counted(stats: CallStats) -> str:
    """``128 · 3 errors``."""
    errors = f" · {stats.errors:,} {'error' if stats.errors == 1 else 'errors'}" if stats.errors else ""
    return f"{stats.calls:,}{errors}"


def durations(stats: CallStats) -> Iterable[str]:
    """Percentiles and the longest, those that are known."""
    named = (("p50", stats.p50), ("p95", stats.p95), ("p99", stats.p99), ("longest", stats.longest))
    return [f"{name} {milliseconds(value)}" for name, value in named if value is not None]


def load(server: ServerState, width: int) -> Iterator[Line]:
    """What its processes take now."""
    taken = server.load
    if taken is None:
        return
    many = "1 process" if taken.processes == 1 else f"{taken.processes:,} processes"
    yield from chips("Load", (many, f"{taken.cpu:.0f}% of a core", f"{size(taken.memory)} of memory"), width)


def definitions(server: ServerState) -> Cost | None:
    """What its tools cost, with its instructions; None where nobody measured them."""
    tools = server.tools or ()
    return cost_of(tools, server.instructions or "") if any(tool.size for tool in tools) else None


def cost(server: ServerState, width: int) -> Iterator[Line]:
    """What its tools cost a model before any is called."""
    total = definitions(server)
    if total is not None:
        yield from fact("Definitions", f"~{total.tokens:,} tokens (estimate) · {size(total.bytes)}", width)


def standing(server: ServerState, profile: str, width: int) -> Iterator[Line]:
    """Under which profile its tools are used, who answers it, and of which entry it is an instance."""
    if profile:
        yield from fact("Permissions", f"profile {one_line(profile, 60)}", width)
    if server.answers:
        yield from fact("Answers", f"without you: {one_line(server.answers, 120)} (M)", width, "warn")
    if server.replica_of is not None:
        yield from fact("Instance", f"one of several of {one_line(server.replica_of, 60)}", width)
