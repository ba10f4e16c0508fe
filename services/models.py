"""Shared value types: what an entry is, what a server offers, what an error says.

Owns plain frozen values and their reading from wire JSON. Never performs I/O and knows no session.
Field names follow the specification; ``raw`` always holds the object exactly as it was received.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias, cast

from .errors import McpDeckError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = "dict[str, Json]"

NO_OBJECT: Mapping[str, Json] = {}


def as_object(value: object) -> JsonObject:
    """``value`` when it is a JSON object, else an empty one."""
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[Json]:
    """``value`` when it is a JSON array, else an empty one."""
    return cast("list[Json]", value) if isinstance(value, list) else []


def as_text(value: object) -> str | None:
    """``value`` when it is a string, else None."""
    return value if isinstance(value, str) else None


class Source(StrEnum):
    """Where an entry comes from (config contract, section 1)."""

    SDK = "sdk"
    CLI = "cli"
    PROJECT = "project"
    USER = "user"
    DEMO = "demo"


class TransportKind(StrEnum):
    STDIO = "stdio"
    HTTP = "http"
    SSE = "sse"
    WS = "ws"
    SSE_IDE = "sse-ide"
    WS_IDE = "ws-ide"
    CONNECTOR = "claudeai-proxy"
    IN_PROCESS = "in-process"


class EraMode(StrEnum):
    """Which protocol era to speak: find out, or insist on one."""

    AUTO = "auto"
    MODERN = "modern"
    LEGACY = "legacy"


class EraName(StrEnum):
    LEGACY = "legacy"
    MODERN = "modern"


class Status(StrEnum):
    """Statuses of a server (config contract, section 6)."""

    DISABLED = "disabled"
    BLOCKED = "blocked"
    PENDING_APPROVAL = "pending approval"
    REJECTED = "rejected"
    NOT_CONFIGURED = "not configured"
    WAITING = "waiting"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    DEGRADED = "degraded"
    NEEDS_AUTH = "needs-auth"
    RECONNECTING = "reconnecting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Origin:
    """File, line and column (1-based) an entry stands at; ``file`` None for the command line."""

    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        if self.file is None:
            return ""
        place = self.file
        if self.line is not None:
            place += f":{self.line}"
            if self.column is not None:
                place += f":{self.column}"
        return place


@dataclass(frozen=True, slots=True)
class StdioTarget:
    """A child process. ``env`` is added to the small inherited set; values are expanded."""

    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    cwd: str | None = None
    kind = TransportKind.STDIO


@dataclass(frozen=True, slots=True)
class Tls:
    """How a remote server is verified and how we show who we are (config contract, section 2).

    ``ca``, ``cert`` and ``key`` are paths of PEM files; ``minimum`` is ``1.2`` or ``1.3``.
    """

    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    minimum: str | None = None


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """A Streamable HTTP endpoint; the URL is kept as the string that was given.

    ``or_sse``: where the endpoint turns out to be one of HTTP+SSE (2024-11-05), that is spoken instead.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    tls: Tls | None = None
    or_sse: bool = False
    kind = TransportKind.HTTP


@dataclass(frozen=True, slots=True)
class SseTarget:
    """The stream URL of an HTTP+SSE server (2024-11-05). ``kind`` tells an IDE's server from others."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    tls: Tls | None = None
    kind: TransportKind = TransportKind.SSE


@dataclass(frozen=True, slots=True)
class WebSocketTarget:
    """A WebSocket URL. An IDE's server wants its token in ``X-Claude-Code-Ide-Authorization``: ``headers`` has it."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    tls: Tls | None = None
    kind: TransportKind = TransportKind.WS


@dataclass(frozen=True, slots=True)
class ConnectorTarget:
    """A server behind an account's connector proxy: Streamable HTTP at ``url`` with the account's bearer token.

    ``token`` gives the token and is asked again, with ``refresh=True``, after a 401. It may block for
    as long as a file or a command takes; it raises ``AuthError``.
    """

    url: str
    token: Callable[[bool], str]
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    tls: Tls | None = None
    kind = TransportKind.CONNECTOR


@dataclass(frozen=True, slots=True)
class InProcessTarget:
    """A server object in this process: ``module:object``, ``FILE.py[:object]``, or a factory."""

    spec: str
    factory: Callable[[], object] | None = None
    kind = TransportKind.IN_PROCESS


Target: TypeAlias = StdioTarget | HttpTarget | SseTarget | WebSocketTarget | ConnectorTarget | InProcessTarget


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """An error as the state, the dashboard and ``--json`` show it.

    ``details`` may hold ``exitCode`` (int), ``stderr`` (list of last lines), ``code``, ``data``,
    ``status``, ``body``, ``problems``.
    """

    kind: str
    title: str
    hint: str = ""
    details: Mapping[str, Json] = field(default_factory=dict[str, Json])

    @classmethod
    def of(cls, error: McpDeckError) -> ErrorInfo:
        return cls(kind=error.kind, title=error.title, hint=error.hint, details=error.details)


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """One configured server after merge, expansion and policy.

    ``target`` None: the entry cannot be used and ``problem`` says why. ``gate``: the status in
    which it stays without being contacted, None when it may connect. ``endpoint`` is the unexpanded
    command line or URL with secrets masked: the only form that is ever shown or stored.
    ``digest`` changes exactly when the entry's text changes. ``call_timeout`` in seconds.
    """

    name: str
    source: Source
    target: Target | None
    transport: TransportKind
    endpoint: str
    digest: str
    origin: Origin = Origin()
    era: EraMode = EraMode.AUTO
    protocol_version: str | None = None
    call_timeout: float | None = None
    gate: Status | None = None
    problem: ErrorInfo | None = None
    lints: tuple[str, ...] = ()
    suppressed_by: str | None = None
    env_names: tuple[str, ...] = ()
    roots: tuple[str, ...] | None = None
    """``file://`` URIs that this server may be told; None: the roots feature is not offered to it."""


@dataclass(frozen=True, slots=True)
class Implementation:
    """Name and version a peer claims for itself; never verified (protocol section 40)."""

    name: str
    version: str = ""
    title: str | None = None
    description: str | None = None
    website: str | None = None

    @classmethod
    def read(cls, value: object) -> Implementation | None:
        raw = as_object(value)
        if not raw:
            return None
        return cls(
            name=as_text(raw.get("name")) or "",
            version=as_text(raw.get("version")) or "",
            title=as_text(raw.get("title")),
            description=as_text(raw.get("description")),
            website=as_text(raw.get("websiteUrl")),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Tool:
    """A tool as listed (protocol section 26). ``excluded`` says why a client must refuse it."""

    name: str
    title: str | None
    description: str
    input_schema: JsonObject
    output_schema: JsonObject | None
    annotations: JsonObject
    raw: JsonObject
    problems: tuple[str, ...] = ()
    excluded: str | None = None

    @property
    def label(self) -> str:
        """Display name: ``title``, then ``annotations.title``, then ``name`` (protocol section 26)."""
        return self.title or as_text(self.annotations.get("title")) or self.name


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """A resource, resource template or prompt as listed. ``key`` is its uri, uriTemplate or name."""

    key: str
    name: str
    title: str | None
    description: str
    raw: JsonObject


@dataclass(frozen=True, slots=True)
class Freshness:
    """When a list was read (wall seconds) and how long it may be trusted (protocol section 18).

    ``ttl_ms`` and ``scope`` are the server's hints, None where it gave none. ``cached``: the list is
    the one of an earlier connection and is being read again.
    """

    at: float
    ttl_ms: float | None = None
    scope: str | None = None
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Timer:
    """A time limit in seconds and where it comes from (a variable, a file, the default)."""

    name: str
    seconds: float
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class TaskInfo:
    """A task as the server described it last (protocol section 36); ``raw`` is that description.

    ``ttl_ms`` counts from its creation, None: no limit. ``tool`` is empty when we did not start it.
    ``whole`` False: what ``raw`` held was too large to be kept, only small members are still there.
    """

    id: str
    status: str
    tool: str = ""
    message: str = ""
    created_at: str = ""
    updated_at: str = ""
    ttl_ms: float | None = None
    poll_ms: float | None = None
    raw: JsonObject = field(default_factory=dict)
    whole: bool = True

    @property
    def over(self) -> bool:
        """It will not change any more."""
        return self.status in ("completed", "failed", "cancelled")
