"""A real pseudo-terminal with a program in it, for tests and benchmarks of the whole application."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Self

import psutil

from tests.waiting import until


class Terminal:
    """Runs ``command`` as the leader of a session on a terminal of its own; ends it when left."""

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str] | None = None, size: tuple[int, int] = (120, 40)
    ):
        self._command = command
        self._env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})}
        self._columns, self._rows = size
        self._chunks: list[bytes] = []
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", self._rows, self._columns, 0, 0))
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            self._command,
            env=self._env,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - nothing else can make it the controlling terminal
        )
        os.close(slave)
        self._wake, self._waker = os.pipe()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.hang_up()
        family = self.family()
        for process in [*family, psutil.Process(self.process.pid)] if self.process.poll() is None else family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait(5)
        os.close(self._wake)
        os.close(self._waker)

    def _read(self) -> None:
        # Never blocked in read(): a descriptor in use by a read is not really closed by close().
        while self._wake not in select.select([self._master, self._wake], [], [])[0]:
            try:
                chunk = os.read(self._master, 65536)
            except OSError:
                chunk = b""
            with self._changed:
                self._chunks.append(chunk)
                self._changed.notify_all()
            if not chunk:
                return

    @property
    def output(self) -> bytes:
        return b"".join(self._chunks)

    def wait_for(self, text: bytes, *, seconds: float = 20) -> float:
        """Seconds from the start until ``text`` was written."""
        with self._changed:
            if not self._changed.wait_for(lambda: text in self.output, seconds):
                raise AssertionError(f"{text!r} was not written within {seconds} s; last: {self.output[-2000:]!r}")
        return time.perf_counter() - self.started

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def hang_up(self) -> None:
        """What closing the terminal's window does."""
        if self._reader.is_alive():
            os.write(self._waker, b"x")
            self._reader.join(5)
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def family(self) -> list[psutil.Process]:
        """Every process below the program."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def ended(self, *, seconds: float) -> int:
        """The exit code, as soon as the program has ended."""
        until(lambda: self.process.poll() is not None, "end of the program", seconds=seconds)
        return self.process.returncode
