"""What a person set up on a server and expects to outlive one connection.

Owns the values that a new session takes over from the one before: subscriptions, log level, roots.
Never talks to the server.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..eras.base import Offer
from ..telemetry.trace_context import TraceContext


@dataclass(slots=True)
class Standing:
    """``subscribed`` are URIs in the order in which they came; ``log_level`` None: as the server likes.

    ``context``: the trace that requests belong to.
    """

    offer: Offer = field(default_factory=Offer)
    subscribed: list[str] = field(default_factory=list[str])
    log_level: str | None = None
    context: TraceContext | None = None
