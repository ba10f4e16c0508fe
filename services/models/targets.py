"""What a server is reached by: a command, an address, an object in this process.

Owns one value a transport. Never starts or contacts anything.

``put_in`` of each: the values that variables put into its texts, and how they are written in the entry; what is
shown or stored of the server is searched for them (``services.config.redaction``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


class TransportKind(StrEnum):
    STDIO = "stdio"
    HTTP = "http"
    SSE = "sse"
    WS = "ws"
    SSE_IDE = "sse-ide"
    WS_IDE = "ws-ide"
    CONNECTOR = "claudeai-proxy"
    IN_PROCESS = "in-process"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What a sandboxed child may do beside reading: reach the network, write below these absolute paths."""

    network: bool = False
    write: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StdioTarget:
    """A child process. ``env`` is added to the small inherited set; values are expanded.

    ``sandbox``: started inside one, with no other environment than ``env``; never started bare then.
    """

    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    cwd: str | None = None
    sandbox: Sandbox | None = None
    put_in: Mapping[str, str] = field(default_factory=dict[str, str], repr=False, compare=False)
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


Helper: TypeAlias = "Callable[[], Mapping[str, str]]"
"""Gives headers that stand above the configured ones. May block for up to 10 s; raises ``TransportError``."""


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """A Streamable HTTP endpoint; the URL is kept as the string that was given.

    ``or_sse``: where the endpoint turns out to be one of HTTP+SSE (2024-11-05), that is spoken instead.
    ``helper`` is asked for headers at each connect, and once more after a 401 or 403.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    tls: Tls | None = None
    or_sse: bool = False
    helper: Helper | None = None
    put_in: Mapping[str, str] = field(default_factory=dict[str, str], repr=False, compare=False)
    kind = TransportKind.HTTP


@dataclass(frozen=True, slots=True)
class SseTarget:
    """The stream URL of an HTTP+SSE server (2024-11-05). ``kind`` tells an IDE's server from others."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    tls: Tls | None = None
    kind: TransportKind = TransportKind.SSE
    helper: Helper | None = None
    put_in: Mapping[str, str] = field(default_factory=dict[str, str], repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class WebSocketTarget:
    """A WebSocket URL. An IDE's server wants its token in ``X-Claude-Code-Ide-Authorization``: ``headers`` has it."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    tls: Tls | None = None
    kind: TransportKind = TransportKind.WS
    helper: Helper | None = None
    put_in: Mapping[str, str] = field(default_factory=dict[str, str], repr=False, compare=False)


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
    put_in: Mapping[str, str] = field(default_factory=dict[str, str], repr=False, compare=False)
    kind = TransportKind.CONNECTOR


@dataclass(frozen=True, slots=True)
class InProcessTarget:
    """A server object in this process: ``module:object``, ``FILE.py[:object]``, or a factory."""

    spec: str
    factory: Callable[[], object] | None = None
    put_in: Mapping[str, str] = field(default_factory=dict[str, str], repr=False, compare=False)
    kind = TransportKind.IN_PROCESS


Target: TypeAlias = StdioTarget | HttpTarget | SseTarget | WebSocketTarget | ConnectorTarget | InProcessTarget
