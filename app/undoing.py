"""The last things that can be taken back, newest first.

Owns their order and how many there are. Never knows how one is taken back: whoever did it says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

STEPS = 32


@dataclass(frozen=True, slots=True)
class Step:
    """``what`` was done, in words; ``back`` undoes it, says how that went, and raises ``McpDeckError``."""

    what: str
    back: Callable[[], str]


class Undo:
    """The steps of one run: nothing is kept beyond it."""

    def __init__(self) -> None:
        self._steps: deque[Step] = deque(maxlen=STEPS)

    def __len__(self) -> int:
        return len(self._steps)

    def did(self, what: str, back: Callable[[], str]) -> None:
        self._steps.append(Step(what, back))

    def take(self) -> Step | None:
        """The newest step, which is gone from here then."""
        return self._steps.pop() if self._steps else None

    def failed(self, step: Step) -> None:
        """It could not be taken back now: the older ones come first, and then it is tried again."""
        self._steps.appendleft(step)
