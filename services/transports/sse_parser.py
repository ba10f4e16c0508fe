"""Server-sent events: bytes in, events out, at any split (WHATWG HTML, section 9.2.6).

Owns the event stream grammar with a size limit. Never decodes JSON. A library is not used here
because the frame must stay verbatim bytes, an event must not grow without bound, and events without
data (priming, 2025-11-25) must be seen.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import FrameTooLarge
from .base import LIMIT_HINT, MAX_FRAME
from .gathered import Gathered

LONGEST_ID = 4096
"""Characters of an event id beyond which it is ignored: no server would take it back in a header."""
LONGEST_TYPE = 256
"""Characters of an event's type that are kept."""


@dataclass(slots=True, eq=False)
class SseEvent:
    """One dispatched event. ``id`` is the last event id so far, ``data`` empty for priming events.

    ``own_id``: the id stood in this very event.
    """

    event: str
    data: bytes
    id: str | None
    own_id: bool = False


class SseParser:
    """Feed chunks, get events. ``last_id`` and ``retry`` (ms) hold what the stream said last.

    ``last_id`` counts once its event is complete: of an event that was cut off, nothing has been had.
    """

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self.last_id: str | None = None
        self.retry: int | None = None
        self._limit = limit
        self._line = Gathered()
        self._in_data = False
        self._data: bytearray | bytes | None = None
        self._event = ""
        self._id: str | None = None
        self._fields = False
        self._after_cr = False
        self._first = True
        self._failed: FrameTooLarge | None = None

    def restart(self) -> None:
        """The stream goes on in another connection: what was left unfinished is dropped."""
        self._line.taken()
        self._in_data = False
        self._forget()
        self._after_cr = False
        self._first = True

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """Events completed by ``chunk``. Raises ``FrameTooLarge``, where events came before it: at the next turn."""
        self.check()
        if not chunk:
            return []
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            self._after_cr = False
            if not chunk:
                return []
        self._after_cr = chunk.endswith(b"\r")
        lines = chunk.splitlines(keepends=True)
        unfinished = b"" if lines[-1].endswith((b"\n", b"\r")) else lines.pop()
        events: list[SseEvent] = []
        try:
            for line in lines:
                event = self._end_line(line.rstrip(b"\r\n"))
                if event is not None:
                    events.append(event)
            if unfinished:
                self._begin_line(unfinished)
                self._bound()
        except FrameTooLarge as error:
            self.restart()
            self._failed = error
            if not events:
                raise
        return events

    def check(self) -> None:
        """Raises the ``FrameTooLarge`` that the last ``feed`` could not, because it had events to give."""
        if self._failed is not None:
            raise self._failed

    def _begin_line(self, part: bytes) -> None:
        """A part of a line without its end. Of data only the value is gathered: it is not copied out of its line."""
        if not self._line and not self._in_data and part.startswith(b"data:") and len(part) > 5:
            self._in_data, self._first = True, False
            part = part[5:].removeprefix(b" ")
        self._line.add(part)

    def _end_line(self, rest: bytes) -> SseEvent | None:
        """The end of a line has come, its line break left out."""
        if not self._line and not self._in_data:
            return self._take(rest)
        self._line.add(rest)
        line, was_data = self._line.taken(), self._in_data
        self._in_data = False
        if not was_data:
            return self._take(line)
        self._fields = True
        self._add(line)
        return None

    def _take(self, line: bytes) -> SseEvent | None:
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
                self._add(value)
            case b"event":
                self._fields = True
                self._event = value[:LONGEST_TYPE].decode("utf-8", "replace")
            case b"id" if b"\0" not in value and len(value) <= LONGEST_ID:
                self._fields = True
                self._id = value.decode("utf-8", "replace")
            case b"retry" if value.isdigit() and len(value) < 10:
                self.retry = int(value)
            case _:
                pass
        return None

    def _add(self, value: bytes) -> None:
        if self._data is None:
            self._data = value  # nearly always the only line: it is not copied
        else:
            if isinstance(self._data, bytes):
                self._data = bytearray(self._data)
            self._data += b"\n"
            self._data += value
        self._bound()

    def _dispatch(self) -> SseEvent | None:
        if not self._fields:
            return None
        own = self._id is not None
        if own:
            self.last_id = self._id
        event = SseEvent(self._event or "message", bytes(self._data or b""), self.last_id, own)
        self._forget()
        return event

    def _forget(self) -> None:
        self._data = None
        self._event = ""
        self._id = None
        self._fields = False

    def _bound(self) -> None:
        if len(self._line) + len(self._data or b"") > self._limit:
            raise FrameTooLarge(f"an event of more than {self._limit:,} bytes arrived", hint=LIMIT_HINT)
