"""The same call many times, as one card among the calls: progress while it runs, the figures at its end.

Owns the card's events. What is counted, and when it stops, is decided in the services.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import anyio

from ..services import events as ev
from ..services.models import Caller, JsonObject
from ..services.state.model import CallState

if TYPE_CHECKING:
    from ..services.collections.repeats import Plan, Tally
    from ..services.state.store import Store

RUN = "calls/run"
"""What stands in the place of a method: no message of it ever left."""
EVERY = 0.1
"""Seconds between two figures on the card."""


async def many(
    store: Store,
    call_id: str,
    server: str,
    name: str,
    arguments: JsonObject,
    plan: Plan,
    make: Callable[[], Awaitable[CallState]],
    clock: Callable[[], float],
) -> CallState:
    """Make the calls and tell of them; the card at its end. Cancelled, it holds what came of the calls until then."""
    from ..services.collections.repeats import Tally, repeat

    tally = Tally()
    store.dispatch(ev.CallStarted(call_id, server, name, arguments, clock(), RUN, Caller.DASHBOARD))
    told_at = began = anyio.current_time()

    def told(tally: Tally) -> None:
        nonlocal told_at
        now = anyio.current_time()
        if now - told_at >= EVERY:
            told_at = now
            total = None if plan.times is None else float(plan.times)
            store.dispatch(ev.CallProgressed(call_id, float(tally.done), total, tally.words()))

    try:
        await repeat(plan, make, told, tally)
    except anyio.get_cancelled_exc_class():
        tally.stopped = tally.stopped or f"Cancelled after {tally.done:,} calls."
        raise
    finally:
        took = (anyio.current_time() - began) * 1000
        store.dispatch(ev.CallFinished(call_id, clock(), took, tally.result(name, plan), None))
    ended = store.call(call_id)
    assert ended is not None  # it is the newest but few
    return ended
