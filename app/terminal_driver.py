"""Textual's terminal driver, made to outlive its terminal for the moment that leaving takes.

Owns what happens when the terminal is closed under the dashboard: output goes nowhere instead of
ending Textual's writer thread (whose full queue would then block the loop, and with it the end of
every child process), and the SIGCONT that the kernel sends with SIGHUP does not start the screen anew.
Never leaves by itself: SIGHUP does (``main``).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import sys
from collections.abc import Callable
from threading import Thread
from typing import IO, TextIO, cast

from textual.drivers.linux_driver import LinuxDriver


class Unbreakable:
    """The part of a text file that Textual's writer uses; a terminal that is gone swallows what is written."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        try:
            return self._file.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError:
            pass  # nobody is left to read it

    def fileno(self) -> int:
        return self._file.fileno()


class TerminalDriver(LinuxDriver):
    """``LinuxDriver`` on a terminal that may be closed at any time."""

    _watcher: Thread | None = None

    def start_application_mode(self) -> None:
        # All that the writer calls is there.
        self._file = cast("IO[str]", Unbreakable(sys.__stderr__ or sys.stderr))
        super().start_application_mode()
        self._watch_for_the_end()
        self.show_cursor(getattr(self._app, "plain", False))

    def _watch_for_the_end(self) -> None:
        """Leave once the terminal is gone, also where no SIGHUP tells of it.

        The kernel signals the leader of the session only; where that is a ``make`` or a shell script that waits for
        its child, nobody else would be told, and Textual would read the end of the file for ever.
        """
        if self._watcher is None:
            loop, leave = asyncio.get_running_loop(), self._app.exit
            args = (self.fileno, lambda: loop.call_soon_threadsafe(leave))
            self._watcher = Thread(target=_hung_up, args=args, name="terminal-end", daemon=True)
            self._watcher.start()

    def show_cursor(self, shown: bool) -> None:
        """The terminal's own cursor, which stands at the line that has the focus."""
        self.write("\x1b[?25h" if shown else "\x1b[?25l")

    def _get_terminal_size(self) -> tuple[int, int]:
        # The terminal itself knows: COLUMNS and LINES of an environment are those of where it was written.
        try:
            size = os.get_terminal_size(self.fileno)
        except OSError:
            return super()._get_terminal_size()
        return (size.columns, size.lines) if size.columns and size.lines else super()._get_terminal_size()

    def resume_application_mode(self) -> None:
        if os.isatty(self.fileno):
            super().resume_application_mode()


def _hung_up(terminal: int, leave: Callable[[], object]) -> None:
    """Wait for the end of the terminal, then ``leave``."""
    if not hasattr(select, "poll"):
        return
    ended = select.poll()
    ended.register(terminal, 0)  # nothing is read here: a hang-up is told whatever is asked for
    for _, told in ended.poll():
        if told & (select.POLLHUP | select.POLLERR):
            with contextlib.suppress(RuntimeError):  # it has left already
                leave()
