"""Server-sent events: bytes in, events out, at any split (WHATWG HTML, section 9.2.6).

Owns the event stream grammar with a size limit. Never decodes JSON. A library is not used here
because the frame must stay verbatim bytes, an event must not grow without bound, and events without
data (priming, 2025-11-25) must be seen.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import FrameTooLarge
from .base import MAX_FRAME


@dataclass(slots=True, eq=False)
class SseEvent:
    """One dispatched event. ``id`` is the last event id so far, ``data`` empty for priming events."""

    event: str
    data: bytes
    id: str | None


class SseParser:
    """Feed chunks, get events. ``last_id`` and ``retry`` (ms) hold what the stream said last."""

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self.last_id: str | None = None
        self.retry: int | None = None
        self._limit = limit
        self._parts: list[bytes] = []
        self._data: list[bytes] = []
        self._size = 0
        self._event = ""
        self._fields = False
        self._after_cr = False
        self._first = True

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """Events completed by ``chunk``. Raises ``FrameTooLarge``."""
        if not chunk:
            return []
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            self._after_cr = False
            if not chunk:
                return []
        self._after_cr = chunk.endswith(b"\r")
        lines = chunk.splitlines(keepends=True)
        last = lines[-1]
        unfinished = b"" if last.endswith((b"\n", b"\r")) else lines.pop()
        events: list[SseEvent] = []
        if lines and self._parts:
            lines[0] = b"".join((*self._parts, lines[0]))
            self._parts.clear()
        for line in lines:
            event = self._line(line.rstrip(b"\r\n"))
            if event is not None:
                events.append(event)
        if unfinished:
            self._parts.append(unfinished)
            self._grow(len(unfinished))
        return events

    def _line(self, line: bytes) -> SseEvent | None:
        if self._first:
            self._first = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            return self._dispatch()
        if line.startswith(b":"):
            return None
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"data":
                self._fields = True
                self._data.append(value)
                self._grow(len(value))
            case b"event":
                self._fields = True
                self._event = value.decode("utf-8", "replace")
            case b"id" if b"\0" not in value:
                self._fields = True
                self.last_id = value.decode("utf-8", "replace")
            case b"retry" if value.isdigit() and len(value) < 10:
                self.retry = int(value)
            case _:
                pass
        return None

    def _dispatch(self) -> SseEvent | None:
        if not self._fields:
            self._size = 0
            return None
        event = SseEvent(self._event or "message", b"\n".join(self._data), self.last_id)
        self._data.clear()
        self._event = ""
        self._fields = False
        self._size = 0
        return event

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > self._limit * 2:
            # Twice: an unfinished line is counted once as it arrives and once as a field.
            raise FrameTooLarge(
                f"an event of more than {self._limit:,} bytes arrived", hint="Ask the server for less at a time."
            )
