"""A time limit that can stand still.

Owns the arithmetic of pausing a deadline. A request must not run out of time while a human answers
the question that it gave rise to (protocol section 22).
"""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager

import anyio


class Clock:
    """The deadline of one scope; pauses nest."""

    __slots__ = ("_left", "_pauses", "_scope")

    def __init__(self, scope: anyio.CancelScope) -> None:
        self._scope = scope
        self._pauses = 0
        self._left = 0.0

    @property
    def deadline(self) -> float:
        """On the loop's clock; ``inf`` while it stands still."""
        return self._scope.deadline

    def restart(self, seconds: float) -> None:
        """Allow ``seconds`` from now on, or from the end of the pause."""
        if self._pauses:
            self._left = seconds
        else:
            self._scope.deadline = anyio.current_time() + seconds

    @contextmanager
    def paused(self) -> Generator[None]:
        if self._pauses == 0:
            self._left = self._scope.deadline - anyio.current_time()
            self._scope.deadline = math.inf
        self._pauses += 1
        try:
            yield
        finally:
            self._pauses -= 1
            if self._pauses == 0:
                self._scope.deadline = anyio.current_time() + self._left
