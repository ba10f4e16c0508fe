"""A configured server after merge, expansion and policy, and what an error says of it.

Owns plain values. Never reads a file and never decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ..errors import McpDeckError
from .json_values import Json
from .oauth import OAuthSettings
from .sources import NEEDS_APPROVAL, NO_ORIGIN, NOWHERE_ELSE, Origin, Provenance, Source
from .targets import Target, TransportKind


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
class Instance:
    """One of several addresses of a server; ``endpoint`` is the unexpanded, masked URL."""

    target: Target
    endpoint: str


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """One configured server after merge, expansion and policy.

    ``target`` None: the entry cannot be used and ``problem`` says why. ``gate``: the status in
    which it stays without being contacted, None when it may connect. ``endpoint`` is the unexpanded
    command line or URL with secrets masked: the only form that is ever shown or stored.
    ``digest`` changes exactly when the entry's text changes. ``call_timeout`` in seconds. ``blocked`` is
    the policy rule that keeps it from being contacted. ``watch``: absolute globs; a change below them restarts it.
    """

    name: str
    source: Source
    target: Target | None
    transport: TransportKind
    endpoint: str
    digest: str
    origin: Origin = NO_ORIGIN
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
    provenance: Provenance = NOWHERE_ELSE
    blocked: ErrorInfo | None = None
    watch: tuple[str, ...] = ()
    oauth: OAuthSettings | None = None
    shipped: bool = False
    """Its file stands where a repository can bring one along, whatever its source is."""
    client: str | None = None
    """Id of the other client whose file it stands in (``imported``)."""
    replicas: int = 1
    """How many processes of it are to run, calls going to the least busy."""
    instances: tuple[Instance, ...] = ()
    """Its addresses, where it has several (``target`` is the first of them)."""
    replica_of: str | None = None
    """The name of the entry that this is one of several instances of; None for the first of them, which has it."""
    missing: tuple[str, ...] = ()
    """Variables that its text names, which are not set and have no default."""

    @property
    def configured_as(self) -> str:
        """The name that rules, decisions and files know it by: an instance goes by the name of its entry."""
        return self.replica_of or self.name

    @property
    def needs_approval(self) -> bool:
        """Somebody else may have put it there: nothing of it is run or contacted before a person said so."""
        return self.shipped or self.source in NEEDS_APPROVAL
