"""What a server inside this process prints and logs goes where a child's stderr would go: to its own log.

Owns the stand-ins for ``sys.stdout`` and ``sys.stderr`` and the way of the lines to the loop of the
connection. Whose text it is a context variable says, which worker threads inherit; text of anybody
else passes through. Never keeps more than ``MARK`` lines: a server that floods has to wait.
"""

from __future__ import annotations

import asyncio
import contextvars
import io
import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import TextIO, cast

MARK = 512
"""Lines on their way to the log, beyond which whoever prints waits."""
BATCH = 64
"""Lines handed over before the loop gets a turn for something else."""
LONGEST = 64 * 1024
"""Characters after which a line without an end is passed on in pieces."""

speaking: ContextVar[ServerOutput | None] = ContextVar("mcpdeck_speaking", default=None)
"""The log of the server that the current task or worker thread works for."""


class ServerOutput:
    """The lines of one server. Made in the loop that ``report`` is to be called in; fed from any thread.

    ``attach`` and ``detach`` enclose the life of the server's thread.
    """

    def __init__(self, report: Callable[[bytes], None]) -> None:
        self._report = report
        self.home = asyncio.get_running_loop()
        """Where the connection lives."""
        # Not the server's: what the report leads to is ours, and so are the tasks it starts.
        self._context = contextvars.copy_context()
        self._changed = threading.Condition()
        self._lines: deque[bytes] = deque()
        self._parts: dict[tuple[int, str], str] = {}
        self._closed = False
        self._handler = _ServerLog(self)

    def attach(self) -> None:
        # Also before anything is loaded: the SDK would install a handler that writes to the terminal.
        logging.getLogger().addHandler(self._handler)
        _installed.add(self)

    def detach(self) -> None:
        with self._changed:
            parts, self._parts = self._parts, {}
        self.say(part for part in parts.values() if part)
        logging.getLogger().removeHandler(self._handler)
        _installed.remove(self)

    def refresh(self) -> None:
        """Stand in again for streams that somebody (a Textual application that ended) has put back."""
        _installed.refresh()

    def write(self, stream: str, text: str) -> None:
        """Text as it was printed to ``stdout`` or ``stderr``; whole lines go to the log."""
        key = threading.get_ident(), stream  # a print is two writes, and two threads may print at once
        with self._changed:
            *lines, rest = (self._parts.pop(key, "") + text).split("\n")
            if len(rest) > LONGEST:
                lines, rest = [*lines, rest], ""
            if rest:
                self._parts[key] = rest
        self.say(lines)

    def say(self, lines: Iterable[str]) -> None:
        """Hand lines over; waits while there are more than ``MARK`` of them."""
        for line in lines:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or len(self._lines) < MARK)
                if self._closed:
                    return
                self._lines.append(line.removesuffix("\r").encode(errors="replace"))
                if len(self._lines) > 1:
                    continue  # they are being fetched already
            try:
                self.home.call_soon_threadsafe(self._hand_over, context=self._context)
            except RuntimeError:  # our loop has ended
                self.close()

    def rest(self) -> None:
        """Report at once what is still on its way. In our loop."""
        for line in self._taken(MARK):
            self._report(line)

    def close(self) -> None:
        """Nothing is reported from now on; nobody waits."""
        with self._changed:
            self._closed = True
            self._lines.clear()
            self._changed.notify_all()

    def _hand_over(self) -> None:
        for line in self._taken(BATCH):
            self._report(line)
        with self._changed:
            more = bool(self._lines)
        if more:
            self.home.call_soon(self._hand_over, context=self._context)

    def _taken(self, count: int) -> list[bytes]:
        with self._changed:
            taken = [self._lines.popleft() for _ in range(min(count, len(self._lines)))]
            self._changed.notify_all()
        return taken


class _ServerLog(logging.Handler):
    """While it is installed nothing else of the process's logging changes: records of others pass by."""

    def __init__(self, output: ServerOutput) -> None:
        super().__init__(logging.WARNING)
        self._output = output
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))

    def handle(self, record: logging.LogRecord) -> bool:
        # Without the handler's lock: a thread may wait for our loop in ``emit``, and our loop would wait
        # for the lock as soon as it logs something itself.
        if speaking.get() is self._output and self.filter(record):
            self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception:  # a record whose arguments do not fit its message: the server's mistake
            text = f"{record.levelname} {record.name}: {record.msg}"
        self._output.say(text.splitlines())


class _Stream:
    """A text stream in front of ``original``: a server's text goes to its log, the rest passes through."""

    def __init__(self, name: str, original: TextIO) -> None:
        self._name = name
        self.original = original

    def write(self, text: str, /) -> int:
        output = speaking.get()
        if output is None:
            return self.original.write(text)
        output.write(self._name, str(text))
        return len(text)

    def writelines(self, lines: Iterable[str], /) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if speaking.get() is None:
            self.original.flush()

    def close(self) -> None:
        if speaking.get() is None:
            self.original.close()

    def isatty(self) -> bool:
        return speaking.get() is None and self.original.isatty()

    def fileno(self) -> int:
        if speaking.get() is None:
            return self.original.fileno()
        raise io.UnsupportedOperation("fileno")

    def detach(self) -> object:
        if speaking.get() is None:
            return cast("io.TextIOWrapper", self.original).detach()
        raise io.UnsupportedOperation("detach")

    @property
    def buffer(self) -> object:
        output = speaking.get()
        return self.original.buffer if output is None else _Bytes(output, self._name)

    def __getattr__(self, name: str) -> object:
        return getattr(self.original, name)


class _Bytes(io.RawIOBase):
    """``sys.stdout.buffer`` of a server."""

    def __init__(self, output: ServerOutput, name: str) -> None:
        self._output = output
        self._name = name

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        raw = bytes(memoryview(cast("bytes", data)))
        self._output.write(self._name, raw.decode(errors="replace"))
        return len(raw)


class _Installed:
    """The stand-ins, there as long as one server's thread lives."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: set[ServerOutput] = set()

    def add(self, user: ServerOutput) -> None:
        with self._lock:
            self._users.add(user)
        self.refresh()

    def refresh(self) -> None:
        with self._lock:
            if not self._users:
                return
            for name in ("stdout", "stderr"):
                stream: TextIO | _Stream | None = getattr(sys, name)
                if stream is not None and not isinstance(stream, _Stream):
                    setattr(sys, name, _Stream(name, stream))

    def remove(self, user: ServerOutput) -> None:
        with self._lock:
            self._users.discard(user)
            if self._users:
                return
            for name in ("stdout", "stderr"):
                # Somebody else's stand-in (Textual's) stays; what it puts back later passes everything through.
                stream: object = getattr(sys, name)
                if isinstance(stream, _Stream):
                    setattr(sys, name, stream.original)


_installed = _Installed()
