"""A program in a real pseudo-terminal, and how long it takes from a key to what it draws for it.

Owns reading what is written, without the escape sequences, from one point in time on. Knows no program.
"""

from __future__ import annotations

import re
import threading
import time

import psutil

from tests.terminal import Terminal

ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[@-Z\\-_=>])")
TAIL = 4_000
"""Bytes that what is waited for may be spread over, escape sequences included."""


class Screen(Terminal):
    """Keys in, and the time until a text was written after them."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type]
        self._arrived: list[tuple[float, bytes]] = []
        self._news = threading.Condition()

    def _read(self) -> None:
        self._chunks = _Stamped(self)
        super()._read()

    def arrived(self, chunk: bytes) -> None:
        with self._news:
            self._arrived.append((time.perf_counter(), chunk))
            self._news.notify_all()

    def seen(self, text: bytes, *, since: int = 0, seconds: float = 60) -> float:
        """When ``text`` had been written, counted from chunk ``since`` on. Raises AssertionError if it never was."""
        until, index, tail = time.monotonic() + seconds, since, b""
        while True:
            with self._news:
                if not self._news.wait_for(lambda known=index: len(self._arrived) > known, until - time.monotonic()):
                    raise AssertionError(f"{text!r} was not drawn within {seconds} s; last: {tail[-600:]!r}")
                chunks = self._arrived[index:]
                index = len(self._arrived)
            for at, chunk in chunks:
                raw = tail + chunk
                if text in ESCAPES.sub(b"", raw):
                    return at
                tail = raw[-TAIL:]

    def press(self, keys: bytes, text: bytes, *, seconds: float = 60) -> float:
        """Seconds from these keys until ``text`` was written."""
        with self._news:
            since = len(self._arrived)
        began = time.perf_counter()
        self.type(keys)
        return self.seen(text, since=since, seconds=seconds) - began

    def rest(self, quiet: float = 0.4, *, seconds: float = 30) -> None:
        """Until nothing was written for ``quiet`` seconds."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with self._news:
                count = len(self._arrived)
                if not self._news.wait_for(lambda known=count: len(self._arrived) > known, quiet):
                    return

    def used(self) -> float:
        """CPU seconds of the program itself, without its children."""
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    def memory(self) -> float:
        """Megabytes that it takes."""
        return psutil.Process(self.process.pid).memory_info().rss / 1e6


class _Stamped(list[bytes]):
    """The chunks of a terminal: each is told of with its time, none is kept twice."""

    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._screen = screen

    def append(self, chunk: bytes, /) -> None:
        self._screen.arrived(chunk)
