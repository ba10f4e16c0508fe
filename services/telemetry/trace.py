"""The trace: every message as it passed the transport, verbatim, in both directions.

Owns the records of all servers, bounded by bytes for all of them and by bytes and number for each, and
whoever listens as they come. Never decodes or judges a message, and never writes a file by itself.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from ..models import Json, JsonObject

BYTES_KEPT = 16 * 1024 * 1024
"""Bytes that are kept of one server; the newest record stays, cut where it is larger than half of that."""
ALL_KEPT = 128 * 1024 * 1024
"""Bytes that are kept of all servers; beyond, the server with the most loses its oldest records."""
RECORD = 300
"""Bytes that a record counts for beside its data."""
NAME_KEPT = 500
"""Characters of a method or an id; the data have all of it."""
HEAD_KEPT, TAIL_KEPT = 256 * 1024, 4 * 1024
"""Bytes that stay of the beginning and the end of a record that is cut: what was in it is in memory once already."""
RECORDS_KEPT = 20_000
"""Records that are kept of one server."""

Direction: TypeAlias = Literal["sent", "received"]
TraceKind: TypeAlias = Literal[
    "request", "response", "error", "notification", "malformed", "stderr", "http", "lifecycle"
]


_NO_MESSAGES: frozenset[TraceKind] = frozenset(("malformed", "stderr", "lifecycle"))
"""Kinds whose data are texts; of an HTTP exchange, whoever describes it takes out what must not be shown."""


@dataclass(frozen=True, slots=True, eq=False)
class TraceRecord:
    """One thing that passed. ``time`` is wall time (s) taken at the transport, ``seq`` rises by one a record.

    ``connection`` numbers the connections of this process, ``generation`` the attempts of this server.
    ``data`` are the bytes as they were on the wire; ``label`` names what the message is part of
    (``probe``: finding out the era). ``dropped``: bytes left out of the middle, see ``HEAD_KEPT``.
    """

    time: float
    seq: int
    server: str
    connection: int
    generation: int
    direction: Direction
    transport: str
    kind: TraceKind
    id: int | str | None
    method: str | None
    data: bytes
    label: str = ""
    dropped: int = 0

    @property
    def size(self) -> int:
        """Bytes that passed."""
        return len(self.data) + self.dropped

    def cut(self) -> TraceRecord:
        """The same record without its middle."""
        short = self.data[:HEAD_KEPT] + self.data[-TAIL_KEPT:]
        return replace(self, data=short, dropped=self.size - len(short))


Listener: TypeAlias = Callable[[TraceRecord], None]


class _Ring:
    """The newest records of one server, and the bytes that they count for."""

    __slots__ = ("bytes", "dropped", "records")

    def __init__(self) -> None:
        self.records: deque[TraceRecord] = deque()
        self.bytes = 0
        self.dropped = 0

    def add(self, record: TraceRecord, most_bytes: int) -> None:
        self.records.append(record)
        self.bytes += len(record.data) + RECORD
        while len(self.records) > 1 and (self.bytes > most_bytes or len(self.records) > RECORDS_KEPT):
            self.drop()

    def drop(self) -> None:
        """Let the oldest record go."""
        self.bytes -= len(self.records.popleft().data) + RECORD
        self.dropped += 1


class Trace:
    """Records by server. Every method runs on the loop's thread; listeners get whole records and must not raise."""

    def __init__(self, *, bytes_kept: int = BYTES_KEPT, all_kept: int = ALL_KEPT) -> None:
        self._bytes_kept = bytes_kept
        self._all_kept = all_kept
        self._bytes = 0
        self._rings: dict[str, _Ring] = {}
        self._listeners: tuple[Listener, ...] = ()
        self._seq = itertools.count(1)
        self._connections = itertools.count(1)

    def connection(
        self, server: str, generation: int, transport: str, shown: Callable[[bytes], bytes] | None = None
    ) -> TracedConnection:
        """Where a new connection puts down what passes it.

        ``shown`` gives the form in which that is put down which is no message; None: as it is.
        """
        return TracedConnection(self, server, next(self._connections), generation, transport, shown)

    def tap(self, listener: Listener) -> Callable[[], None]:
        """Hand every record to ``listener`` as it comes; returns the way to stop."""
        self._listeners = (*self._listeners, listener)

        def stop() -> None:
            self._listeners = tuple(other for other in self._listeners if other is not listener)

        return stop

    def of(self, server: str) -> tuple[TraceRecord, ...]:
        """What is kept of one server, oldest first."""
        ring = self._rings.get(server)
        return tuple(ring.records) if ring else ()

    def dropped(self, server: str) -> int:
        """How many records of one server had to go."""
        ring = self._rings.get(server)
        return ring.dropped if ring else 0

    def forget(self, server: str) -> None:
        """Let go of everything that is kept of a server; call it when its connection has ended."""
        ring = self._rings.pop(server, None)
        if ring is not None:
            self._bytes -= ring.bytes

    def add(self, record: TraceRecord) -> None:
        ring = self._rings.get(record.server)
        if ring is None:
            ring = self._rings[record.server] = _Ring()
        before = ring.bytes
        large = len(record.data) > max(self._bytes_kept // 2, HEAD_KEPT + TAIL_KEPT)
        ring.add(record.cut() if large else record, self._bytes_kept)
        self._bytes += ring.bytes - before
        if self._bytes > self._all_kept:
            self._make_room(ring)
        for listener in self._listeners:
            listener(record)

    def _make_room(self, latest: _Ring) -> None:
        """Free a sixty-fourth of all, so that not every record has to look for the largest ring."""
        wanted = self._all_kept - self._all_kept // 64
        step = max(1, self._all_kept // 512)
        while self._bytes > wanted:
            # The record that came just now stays, whatever its size.
            rings = [ring for ring in self._rings.values() if len(ring.records) > (ring is latest)]
            if not rings:
                return
            largest = max(rings, key=lambda ring: ring.bytes)
            before = largest.bytes
            while before - largest.bytes < step and len(largest.records) > (largest is latest):
                largest.drop()
            self._bytes -= before - largest.bytes

    def next_seq(self) -> int:
        return next(self._seq)


class TracedConnection:
    """One connection's way into the trace."""

    __slots__ = ("_generation", "_number", "_server", "_shown", "_trace", "_transport")

    def __init__(
        self,
        trace: Trace,
        server: str,
        number: int,
        generation: int,
        transport: str,
        shown: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self._shown = shown
        self._trace = trace
        self._server = server
        self._number = number
        self._generation = generation
        self._transport = transport

    def note(
        self,
        at: float,
        direction: Direction,
        kind: TraceKind,
        data: bytes,
        *,
        message_id: int | str | None = None,
        method: str | None = None,
        label: str = "",
    ) -> None:
        """Put one record down; ``at`` is wall time in seconds."""
        if method is not None and len(method) > NAME_KEPT:
            method = method[:NAME_KEPT]
        if isinstance(message_id, str):
            message_id = message_id[:NAME_KEPT]
        if self._shown is not None and kind in _NO_MESSAGES:
            data = self._shown(data)
        self._trace.add(
            TraceRecord(
                at,
                self._trace.next_seq(),
                self._server,
                self._number,
                self._generation,
                direction,
                self._transport,
                kind,
                message_id,
                method,
                data,
                label,
            )
        )


def iso(at: float) -> str:
    """Wall seconds as UTC text with milliseconds (RFC 3339)."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def line(record: TraceRecord, message: Json) -> JsonObject:
    """The trace line of the command line contract; ``message`` is ``record.data`` decoded, or its text."""
    shown: JsonObject = {
        "time": iso(record.time),
        "seq": record.seq,
        "server": record.server,
        "connection": record.connection,
        "generation": record.generation,
        "direction": record.direction,
        "transport": record.transport,
        "kind": record.kind,
        "id": record.id,
        "method": record.method,
        "bytes": record.size,
        "message": message,
    }
    if record.label:
        shown["label"] = record.label
    return shown
