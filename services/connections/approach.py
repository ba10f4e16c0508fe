"""Ways to connect: what a supervisor is given, and which way a failure suggests next.

Owns the values and the rules of choosing. Never connects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..eras.versions import VERSION
from ..errors import AuthError, ConnectError, HttpStatusError, McpDeckError, SpawnError
from ..models import EraMode, HttpTarget, JsonObject, Target, Timer
from ..protocol.dispatcher import REQUEST_TIMEOUT
from ..session import Ask, Emit, Memory, Offer, TraceContext
from ..telemetry.trace import Trace
from ..transports.base import MAX_FRAME
from .barrier import Guard
from .lifecycle import CONNECT_RETRIES
from .logins import Authorized
from .told_roots import ToldRoots
from .turns import Turns

CLIENT_INFO: JsonObject = {"name": "mcpdeck", "title": "mcpdeck", "version": VERSION}


@dataclass(frozen=True, slots=True)
class Timers:
    """Seconds: ``connect`` for one attempt, ``probe`` for ``server/discover`` where silence means legacy.

    ``connect_retries``: further attempts when the first one fails for a passing reason. ``shown``: all
    time limits of the server, with their sources.
    """

    connect: float = 30.0
    probe: float = 8.0
    request: float = REQUEST_TIMEOUT
    connect_retries: int = CONNECT_RETRIES
    shown: tuple[Timer, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a supervisor is given beside its entry; the same for all.

    ``listens``: hear of changed lists without being asked to (the stateless era). ``pings``: measure the
    latency now and then; ``reads``: methods of the lists that are read unasked, None: all. ``context``: the
    trace that all requests belong to; ``max_frame``: bytes of the largest message that is taken. ``guard``:
    asked before anything is contacted. ``turns``: who may begin a connect now. ``logins``: who logs in to which
    server.
    """

    emit: Emit
    ask: Ask | None = None
    offer: Offer = field(default_factory=Offer)
    memory: Memory = field(default_factory=Memory)
    trace: Trace = field(default_factory=Trace)
    listens: bool = True
    pings: bool = True
    reads: frozenset[str] | None = None
    context: TraceContext | None = None
    max_frame: int = MAX_FRAME
    guard: Guard | None = None
    turns: Turns = field(default_factory=Turns)
    logins: Authorized | None = None
    roots: ToldRoots = field(default_factory=ToldRoots)


@dataclass(frozen=True, slots=True)
class Approach:
    """One way to connect: where to, in which era, and the words for how that was decided."""

    target: Target
    mode: EraMode
    decided: str | None = None


def is_there(error: McpDeckError) -> bool:
    """The server could be reached, and did not answer as it should: not an outage, not a login."""
    if isinstance(error, HttpStatusError):
        return error.status in (400, 404, 405)
    return not isinstance(error, AuthError) and (isinstance(error, SpawnError) or not isinstance(error, ConnectError))


def may_be_sse(target: Target, error: McpDeckError) -> bool:
    """An endpoint that takes no POST may be one of the older transport (section 6.2, step 9)."""
    return (
        isinstance(target, HttpTarget)
        and target.or_sse
        and isinstance(error, HttpStatusError)
        and error.status in (400, 404, 405)
    )


class Once:
    """Calls at most once."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action: Callable[[], None] | None = action

    def __call__(self) -> None:
        action, self._action = self._action, None
        if action is not None:
            action()
