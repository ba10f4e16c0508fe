"""Facts that services report to the store, in the past tense.

Two kinds (design section 3): **transitions** are reduced at once and never dropped or merged;
**samples** (marked by ``Sample``) go to a ring and a counter. Every event of a connection carries
the ``generation`` of its connect attempt, so that a late answer changes nothing. Times: ``at`` is
``time.time()`` seconds, durations are milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .models import (
    AuthView,
    Breaker,
    Caller,
    CallStats,
    Decision,
    EraName,
    ErrorInfo,
    Freshness,
    Implementation,
    Json,
    JsonObject,
    Listed,
    Measured,
    Phase,
    ProcessLoad,
    ServerEntry,
    SourceInfo,
    TaskInfo,
    Timer,
    Tool,
    TransportKind,
)


@dataclass(frozen=True, slots=True)
class ServersConfigured:
    """The list of entries was read (again). Servers not named are gone; unchanged digests stay.

    ``sources``: the places that were looked at, None when they are as they were.
    """

    entries: tuple[ServerEntry, ...]
    sources: tuple[SourceInfo, ...] | None = None


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """Something happened to one connection attempt of one server."""

    server: str
    generation: int


@dataclass(frozen=True, slots=True)
class ConnectionQueued(ServerEvent):
    """Waits for a place in the pool. Starts a new generation."""

    timers: tuple[Timer, ...] = ()


@dataclass(frozen=True, slots=True)
class ConnectionStarted(ServerEvent):
    """The transport is being opened."""


@dataclass(frozen=True, slots=True)
class ProcessStarted(ServerEvent):
    pid: int


@dataclass(frozen=True, slots=True)
class ConnectionEstablished(ServerEvent):
    """Negotiation is done. ``decided`` says in words how the era was found."""

    era: EraName
    version: str
    info: Implementation | None
    capabilities: JsonObject
    instructions: str | None
    decided: str
    connect_ms: float
    at: float
    transport: TransportKind | None = None
    """What is really spoken, where that was found out; None: what the entry says."""


@dataclass(frozen=True, slots=True)
class ToolsChanged(ServerEvent):
    tools: tuple[Tool, ...]
    freshness: Freshness | None = None


@dataclass(frozen=True, slots=True)
class ResourcesChanged(ServerEvent):
    resources: tuple[Listed, ...]
    freshness: Freshness | None = None


@dataclass(frozen=True, slots=True)
class TemplatesChanged(ServerEvent):
    templates: tuple[Listed, ...]
    freshness: Freshness | None = None


@dataclass(frozen=True, slots=True)
class PromptsChanged(ServerEvent):
    prompts: tuple[Listed, ...]
    freshness: Freshness | None = None


@dataclass(frozen=True, slots=True)
class ListFailed(ServerEvent):
    """A list could not be fetched; the last good one is kept and the server is degraded."""

    what: str
    error: ErrorInfo


@dataclass(frozen=True, slots=True)
class SubscriptionsChanged(ServerEvent):
    """``uris`` are what we asked to be told about; ``listening`` is the state of the stream that tells.

    One of ``connecting``, ``listening``, ``partly`` (the server granted less than was asked), ``lost``,
    ``closed`` (by the server, in good order), or empty where there is no such stream.
    """

    uris: tuple[str, ...]
    listening: str


@dataclass(frozen=True, slots=True)
class TaskChanged(ServerEvent):
    """A task was started, or is in another state than before."""

    task: TaskInfo


@dataclass(frozen=True, slots=True)
class LogLevelChanged(ServerEvent):
    """The server was asked for another log level; None: as it likes."""

    level: str | None


@dataclass(frozen=True, slots=True)
class LatencyMeasured(ServerEvent):
    latency_ms: float


@dataclass(frozen=True, slots=True)
class AuthorizationNeeded(ServerEvent):
    error: ErrorInfo


@dataclass(frozen=True, slots=True)
class ConnectionFailed(ServerEvent):
    error: ErrorInfo


@dataclass(frozen=True, slots=True)
class ReconnectScheduled(ServerEvent):
    """The connection was lost, or could not be made for a passing reason; ``retry_at`` is wall time."""

    error: ErrorInfo
    attempt: int
    attempts: int
    retry_at: float


@dataclass(frozen=True, slots=True)
class ServerGated(ServerEvent):
    """The server will not be contacted now: its entry's gate (disabled, pending approval, …)."""

    entry: ServerEntry


@dataclass(frozen=True, slots=True)
class RuleBroken(ServerEvent):
    """The peer broke a rule of its revision; ``rule`` is a sentence with its section."""

    rule: str


@dataclass(frozen=True, slots=True)
class AuthorizationChanged:
    """Another step of a login, or another token. Of no connection in particular: it outlives them."""

    server: str
    view: AuthView


@dataclass(frozen=True, slots=True)
class BreakerChanged:
    """Calls to a server are held back from now on, or not any more. Of no connection: it outlives them."""

    server: str
    breaker: Breaker


@dataclass(frozen=True, slots=True)
class AnswersChosen:
    """How a server's questions are answered without a person, in words; empty: a person is asked. Of no connection."""

    server: str
    how: str


@dataclass(frozen=True, slots=True)
class PhaseTold:
    """A phase of a server's connections began, or is over; of one with the same number and attempt the last counts."""

    server: str
    phase: Phase


@dataclass(frozen=True, slots=True)
class StatsMeasured:
    """How calls to a server went so far, and those of each of its tools that changed since the last time.

    ``latest``: how long its last calls took that were not told before, in milliseconds.
    """

    server: str
    stats: CallStats
    tools: Mapping[str, CallStats]
    latest: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadMeasured(ServerEvent):
    """What the server's processes take now; None: there is no process, or it cannot be told."""

    load: ProcessLoad | None


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A call was asked for. ``call`` is unique in this process; ``tool`` is the name of the tool or prompt, or the URI.

    ``method``: ``tools/call``, ``resources/read`` or ``prompts/get``.
    """

    call: str
    server: str
    tool: str
    arguments: JsonObject
    at: float
    method: str = "tools/call"
    caller: Caller = Caller.PROGRAM
    decision: Decision | None = None
    """What the rules say of it, where they were asked already."""


@dataclass(frozen=True, slots=True)
class CallWaits:
    """What a call waits for, not sent yet (``permission``, ``a free place``, ``another try``); empty: it goes on.

    ``attempts`` counts how often it was sent, the one that goes on with it.
    """

    call: str
    why: str
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class CallDecided:
    """Whether a call may be made, and by which rule."""

    call: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class CallBecameTask:
    """The server runs the call as a task; ``task`` is its id."""

    call: str
    task: str


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """A question of the server about this call was answered without a person; ``how`` in words."""

    call: str
    how: str


@dataclass(frozen=True, slots=True)
class CallFinished:
    """Exactly one of ``result`` (as received) and ``error`` is set.

    A result that is too large to be kept is the one in ``measured.given``. ``attempts`` counts how often it was sent;
    ``cached_at`` (wall seconds): the answer is one that was kept since then. ``instance``: which of several instances
    of the server answered. ``output_problems``: where structured content does not fit the output schema.
    """

    call: str
    at: float
    duration_ms: float
    result: JsonObject | None
    error: ErrorInfo | None
    rounds: int = 1
    measured: Measured | None = None
    attempts: int = 1
    cached_at: float | None = None
    instance: str = ""
    output_problems: tuple[str, ...] = ()
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class PromptOpened:
    """A server asks the human something. ``request`` is the wire ``params`` of ``method``."""

    prompt: str
    server: str
    call: str | None
    method: str
    request: JsonObject
    at: float


@dataclass(frozen=True, slots=True)
class PromptClosed:
    prompt: str


class Sample:
    """Marks events that may be merged or dropped (and are counted when they are)."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class CallProgressed(Sample):
    call: str
    progress: float
    total: float | None
    message: str | None


@dataclass(frozen=True, slots=True)
class ResourceUpdated(Sample):
    """A resource we subscribed to, or a part of it, changed; of one resource the last time counts."""

    server: str
    generation: int
    uri: str
    at: float


@dataclass(frozen=True, slots=True)
class LogReceived(Sample):
    """One line for a server's log: ``kind`` is ``log``, ``stderr``, ``stdout`` (stray), ``malformed`` or ``note``.

    ``level`` is an RFC 5424 word; ``data`` any JSON value, shown as text.
    """

    server: str
    generation: int
    at: float
    kind: str
    level: str
    logger: str | None
    data: Json


@dataclass(frozen=True, slots=True)
class FrameSeen(Sample):
    """A frame passed the transport; ``sent`` or received, with its size."""

    server: str
    generation: int
    sent: bool
    size: int
