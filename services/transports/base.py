"""The one seam between bytes and messages: send a message, deliver frames.

Owns the contract that every transport keeps. Never decodes JSON: a frame is bytes, and what is
needed beside the bytes (id, method, mirrored headers) rides on ``Outgoing``.

Delivery is a synchronous call, not a queue: whoever reads the socket hands each frame straight to
the dispatcher, and waits for what that returns before it reads on. So a reader that falls behind, and a
human with more questions than can wait, slow the server down.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import ClassVar, Literal, Protocol, Self, TypeAlias

import anyio
import anyio.lowlevel

from ..models import EraName, JsonObject, TransportKind

MAX_FRAME = 64 * 1024 * 1024
"""Largest message in bytes unless configured otherwise."""
BODY_KEPT = 65_536
"""Bytes of a body that is no message that are kept."""
KEPT_HEAD, KEPT_TAIL = 4096, 128
"""Bytes of a message beyond the limit that are kept: enough to show it, and to tell which request it answers."""

RequestId: TypeAlias = int | str
MessageKind: TypeAlias = Literal["request", "response", "error", "notification"]

_NO_HEADERS: Mapping[str, str] = {}


@dataclass(slots=True, eq=False)
class Frame:
    """One message as it came: verbatim bytes, and the wall time (s) at which the transport had it.

    ``dropped``: bytes left out of the middle of a message beyond the limit; 0 for every other.
    """

    data: bytes
    at: float
    dropped: int = 0


@dataclass(slots=True, eq=False)
class Outgoing:
    """One message to send. ``headers`` are the HTTP headers its revision asks for.

    ``settled`` is set by the dispatcher once the answer to this request has arrived (on whatever
    stream): an HTTP transport stops reading the request's own stream then.
    """

    data: bytes
    kind: MessageKind
    id: RequestId | None = None
    method: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)
    settled: bool = False
    label: str = ""
    """What the message is part of, for the trace (``probe``)."""


Deliver: TypeAlias = Callable[[Frame], anyio.Event | None]
"""Takes a frame; returns what to wait for before the next one is read (None: nothing)."""


def _ignore_line(line: bytes) -> None:
    pass


def _ignore_pid(pid: int) -> None:
    pass


def _ignore_note(text: str) -> None:
    pass


def _ignore_value(value: str) -> None:
    pass


def _ignore_exchange(exchange: JsonObject) -> None:
    pass


def _ignore_body(what: str, data: bytes) -> None:
    pass


def _ignore_step(name: str, began: float, said: str = "", *, failed: bool = False) -> None:
    pass


def _never() -> bool:
    return False


class OnStep(Protocol):
    """Hears of a part of connecting that is over; ``began``: ``time.perf_counter`` at its beginning."""

    def __call__(self, name: str, began: float, said: str = "", *, failed: bool = False) -> None: ...


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a transport reports beside frames; every callable is synchronous and must not raise.

    ``stderr``: one line of the child's stderr, without its newline. ``started``: the child's pid.
    ``note``: a sentence for the server's log (a refused GET stream, a resumed one, …). ``exchange``: one
    HTTP request and its answer as ``http_note`` describes them, without bodies and secrets. ``body``:
    bytes that came and are delivered as no message, verbatim up to ``BODY_KEPT``, with words for what
    they are (``body of 401 to POST``). ``hide``: a value that must not be shown wherever it comes up, such as
    a header that was asked for just now; ``hide_token`` the same for the access token of a login.
    """

    stderr: Callable[[bytes], None] = _ignore_line
    started: Callable[[int], None] = _ignore_pid
    note: Callable[[str], None] = _ignore_note
    exchange: Callable[[JsonObject], None] = _ignore_exchange
    body: Callable[[str, bytes], None] = _ignore_body
    hide: Callable[[str], None] = _ignore_value
    hide_token: Callable[[str], None] = _ignore_value
    step: OnStep = _ignore_step
    steps: Callable[[], bool] = _never
    """Whether somebody wants to know of the steps of a request, such as its TLS handshake: while connecting."""


LIMIT_HINT = "Ask the server for less at a time, or set MCPDECK_MAX_MESSAGE (in bytes) to more."
"""What to do about a message beyond the limit."""


def beyond(limit: int) -> str:
    """What to note about a message that was cut."""
    return (
        f"A message beyond the limit of {limit:,} bytes came: it is left out, what follows is read again. {LIMIT_HINT}"
    )


class Transport(ABC):
    """An open connection. Enter it, ``run`` it in one task, ``send`` from any task, leave it.

    Entering connects (and raises ``ConnectError``/``SpawnError`` when that fails). Leaving ends the
    connection and everything it started, bounded in time, also when cancelled.
    """

    kind: ClassVar[TransportKind]
    stream_per_request: ClassVar[bool] = False
    """Each request has a response stream of its own, and closing it is how it is cancelled (2026-07-28)."""
    handshake_only: ClassVar[bool] = False
    """Only revisions with ``initialize`` are spoken on it (HTTP+SSE)."""

    @abstractmethod
    async def __aenter__(self) -> Self: ...

    @abstractmethod
    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> bool | None: ...

    @abstractmethod
    async def run(self, deliver: Deliver) -> None:
        """Deliver every frame that arrives until the peer ends the connection, waiting as ``Deliver`` says.

        Raises ``ConnectionLost`` (or ``SpawnError`` when a child ended before it ever answered) with
        the reason; for a transport without a standing connection it only ends by cancellation.
        """

    @abstractmethod
    async def send(self, message: Outgoing) -> None:
        """Hand a message over. Returns once there is nothing more to do for it.

        A stream transport returns when the bytes are written; Streamable HTTP returns when the
        request's response stream has ended or ``message.settled`` is true. Raises ``TransportError``,
        ``AuthError`` or ``HttpStatusError`` when that message could not be carried.
        """

    async def established(self, era: EraName, headers: Mapping[str, str]) -> None:
        """Negotiation is done; ``headers`` go on everything the transport sends by itself."""
        return


class Pacer:
    """Yields to the loop after 64 frames or 4 ms, so that one flooding peer cannot hold it."""

    __slots__ = ("_count", "_since")

    def __init__(self) -> None:
        self._count = 0
        self._since = time.perf_counter()

    async def tick(self, until: anyio.Event | None = None) -> None:
        """One frame more was taken; ``until``: what its taker wants waited for (see ``Deliver``)."""
        if until is not None:
            await until.wait()
        self._count += 1
        if self._count >= 64 or time.perf_counter() - self._since > 0.004:
            await anyio.lowlevel.checkpoint()
            self._count = 0
            self._since = time.perf_counter()
