"""tmux as a person's terminal: types keys, reads the screen."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Self

import pytest

from tests.waiting import until


class Tmux:
    """One program in a tmux server of its own (nobody's configuration, nobody's sessions)."""

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str] | None = None, size: tuple[int, int] = (120, 40)
    ):
        if shutil.which("tmux") is None:
            reason = "tmux is not installed"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        self._socket = f"mcpdeck-{os.getpid()}-{id(self)}"
        self._command = shlex.join(command)
        self._env = {**os.environ, **(env or {})}
        self._size = size

    def _tmux(self, *words: str, check: bool = True, given: str | None = None) -> str:
        done = subprocess.run(
            ("tmux", "-L", self._socket, "-f", os.devnull, *words),
            env=self._env,
            input=given,
            capture_output=True,
            text=True,
            timeout=20,
            check=check,
        )
        return done.stdout

    def __enter__(self) -> Self:
        columns, rows = self._size
        self._tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), self._command)
        return self

    def __exit__(self, *exc: object) -> None:
        self._tmux("kill-server", check=False)

    @property
    def alive(self) -> bool:
        return bool(self._tmux("list-sessions", check=False))

    @property
    def pid(self) -> int:
        """Process id of the program."""
        return int(self._tmux("display-message", "-p", "#{pane_pid}"))

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    def press(self, *keys: str) -> None:
        """Keys as tmux names them: ``Enter``, ``C-r``, ``Escape``."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)

    def resize(self, columns: int, rows: int) -> None:
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def paste(self, text: str) -> None:
        """As a terminal pastes: in brackets, where the program asked for them."""
        self._tmux("load-buffer", "-", given=text)
        self._tmux("paste-buffer", "-p", "-d")

    def sees(self, text: str, *, seconds: float = 20) -> str:
        """The screen, once ``text`` stands on it."""
        try:
            return until(
                lambda: text in (screen := self.screen()) and screen, f"{text!r} on the screen", seconds=seconds
            )
        except AssertionError as error:
            raise AssertionError(f"{error}; the screen:\n{self.screen()}") from None
