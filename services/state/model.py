"""The application state: frozen snapshots, compared by identity.

Owns the shape of ``AppState`` and nothing that moves: no task, socket, future or clock stands in
it. An unchanged server keeps the same object, so ``is`` is the diff and render caches key on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from ..models import (
    NOWHERE_ELSE,
    AuthView,
    Breaker,
    Caller,
    CallStats,
    Decision,
    EraName,
    ErrorInfo,
    Freshness,
    Implementation,
    JsonObject,
    Listed,
    Measured,
    Origin,
    Phase,
    ProcessLoad,
    Provenance,
    Source,
    SourceInfo,
    Status,
    TaskInfo,
    Timer,
    Tool,
    TransportKind,
)


@dataclass(frozen=True, slots=True)
class Counters:
    """What passed the transport in this generation, and what the log ring holds or lost."""

    sent: int = 0
    received: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    broken: int = 0
    logged: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class ToolChange:
    """One tool that is described differently: ``what`` of it (``description``, ``input schema``, ``annotations`` …).

    ``before`` and ``after`` are its definitions as received.
    """

    name: str
    what: tuple[str, ...]
    before: JsonObject
    after: JsonObject


@dataclass(frozen=True, slots=True)
class ToolChanges:
    """Names of the tools that came, went or were described differently, and when (wall seconds).

    ``details``: how those that changed did, the first of them.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    at: float = 0.0
    details: tuple[ToolChange, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ServerState:
    """One row of the deck. ``id`` is the configured name; ``endpoint`` is safe to show.

    ``connected_at`` and ``retry_at`` are ``time.time()`` seconds, ``*_ms`` milliseconds.
    """

    id: str
    source: Source
    origin: Origin
    digest: str
    transport: TransportKind
    endpoint: str
    status: Status = Status.WAITING
    generation: int = 0
    env_names: tuple[str, ...] = ()
    lints: tuple[str, ...] = ()
    suppressed_by: str | None = None
    provenance: Provenance = NOWHERE_ELSE
    watch: tuple[str, ...] = ()
    tools_before: tuple[Tool, ...] | None = None
    """The tools of the connection before this one, until this one's are known."""
    tool_changes: ToolChanges | None = None
    """How the tools changed last; None: they never did."""
    tool_history: tuple[ToolChanges, ...] = ()
    """Every change of the list of tools that is still known, newest first."""
    pid: int | None = None
    era: EraName | None = None
    version: str | None = None
    decided: str = ""
    info: Implementation | None = None
    capabilities: JsonObject = field(default_factory=dict)
    instructions: str | None = None
    tools: tuple[Tool, ...] | None = None
    resources: tuple[Listed, ...] | None = None
    templates: tuple[Listed, ...] | None = None
    prompts: tuple[Listed, ...] | None = None
    freshness: Mapping[str, Freshness] = field(default_factory=dict[str, Freshness])
    """How old each list is, by the method that reads it."""
    tasks: tuple[TaskInfo, ...] = ()
    """Newest first."""
    subscriptions: tuple[str, ...] = ()
    listening: str = ""
    """State of the ``subscriptions/listen`` stream, see ``SubscriptionsChanged``."""
    updated: Mapping[str, float] = field(default_factory=dict[str, float])
    """When a resource said last that it changed (wall seconds), by URI; the latest stands last."""
    log_level: str | None = None
    timers: tuple[Timer, ...] = ()
    rules_broken: tuple[str, ...] = ()
    """Each sentence once; ``counters.broken`` says how often any rule was broken."""
    failed_lists: frozenset[str] = frozenset()
    """Methods of the lists that could not be read last time; while there is one, the server is degraded."""
    auth: AuthView | None = None
    """Its login and token; None where there never was anything of the kind."""
    error: ErrorInfo | None = None
    attempt: int = 0
    attempts: int = 0
    retry_at: float | None = None
    connected_at: float | None = None
    connect_ms: float | None = None
    latency_ms: float | None = None
    latencies: tuple[float, ...] = ()
    """How long the last pings and calls took, in milliseconds, the newest last; see ``bounds.LATENCIES``."""
    counters: Counters = Counters()
    breaker: Breaker | None = None
    """None: calls are made; nothing ever held them back."""
    stats: CallStats | None = None
    tool_stats: Mapping[str, CallStats] = field(default_factory=dict[str, CallStats])
    load: ProcessLoad | None = None
    replica_of: str | None = None
    """The name of the entry that this is one of several instances of."""
    timeline: tuple[Phase, ...] = ()
    """What its connections went through, oldest first, the last of it; see ``timeline.PHASES``."""
    answers: str = ""
    """How its questions are answered without a person, in words; empty: a person is asked."""
    missing: tuple[str, ...] = ()
    """Variables that its entry names, which are not set and have no default."""

    @property
    def usable(self) -> bool:
        """A session stands and calls can be made."""
        return self.status in (Status.CONNECTED, Status.DEGRADED)


_NO_SERVERS: Mapping[str, ServerState] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class McpState:
    """All servers by id, the order in which they are shown, and the places that were looked at for them."""

    servers: Mapping[str, ServerState] = field(default_factory=lambda: _NO_SERVERS)
    order: tuple[str, ...] = ()
    sources: tuple[SourceInfo, ...] = ()

    def listed(self) -> tuple[ServerState, ...]:
        return tuple(self.servers[name] for name in self.order)


class CallStatus(StrEnum):
    RUNNING = "running"
    SUCCESS = "success"
    TOOL_ERROR = "tool error"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"
    NOT_FOUND = "not found"
    DENIED = "denied"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True, eq=False)
class CallState:
    """One call. ``result`` is the result object exactly as received, when there is one; ``measured`` tells of one that
    was too large to be kept whole.

    ``method`` tells what ``tool`` is the name of (see ``CallStarted``). ``waits``: for what it waits, not sent yet.
    ``result_dropped``: there was a result, or details of an error, and newer calls needed the room.
    ``held`` is how many bytes the end of the call takes, about.
    """

    id: str
    server: str
    tool: str
    arguments: JsonObject
    started_at: float
    status: CallStatus = CallStatus.RUNNING
    progress: float | None = None
    total: float | None = None
    message: str | None = None
    duration_ms: float | None = None
    result: JsonObject | None = None
    error: ErrorInfo | None = None
    rounds: int = 1
    task: str | None = None
    """Id of the task that the server made of it."""
    result_dropped: bool = False
    held: int = 0
    method: str = "tools/call"
    caller: Caller = Caller.PROGRAM
    waits: str = ""
    decision: Decision | None = None
    measured: Measured | None = None
    attempts: int = 1
    cached_at: float | None = None
    instance: str = ""
    output_problems: tuple[str, ...] = ()
    trace_id: str = ""
    answered: tuple[str, ...] = ()
    """How questions of the server about it were answered without a person."""


@dataclass(frozen=True, slots=True, eq=False)
class PromptState:
    """A question from a server to the human: the wire ``method`` and its ``params``, nothing live."""

    id: str
    server: str
    call: str | None
    method: str
    request: JsonObject
    opened_at: float


@dataclass(frozen=True, slots=True, eq=False)
class AppState:
    """Everything the screens draw. ``calls`` newest first, ``prompts`` oldest first."""

    mcp: McpState = McpState()
    prompts: tuple[PromptState, ...] = ()
    calls: tuple[CallState, ...] = ()
    revision: int = 0
    held: int | None = None
    """What ``calls`` hold together, so that it need not be added up at the end of each; None: not added up yet."""
