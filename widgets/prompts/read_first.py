"""Whether anybody can have read a question before a key answers it.

Owns that moment. Never answers, and never looks at a clock of its own.
"""

from __future__ import annotations

from collections.abc import Callable

READING = 0.5
"""Seconds that a question stands there, without an answer being pressed, before one counts."""


class ReadFirst:
    """``ticks`` tells how long something took, in seconds."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self.ticks = ticks
        self._quiet_since: float | None = None

    def begin(self) -> None:
        """Another question, of which nothing is painted yet."""
        self._quiet_since = None

    def painted(self) -> None:
        self._quiet_since = self.ticks()

    def too_early(self) -> bool:
        """Nobody can have read it; and a key that is held comes again and again."""
        now = self.ticks()
        early = self._quiet_since is None or now - self._quiet_since < READING
        if self._quiet_since is not None:
            self._quiet_since = now
        return early
