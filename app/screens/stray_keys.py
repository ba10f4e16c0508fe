"""Keys that were meant for a question of a server which is gone: they must not do something else instead.

Owns which keys those are and for how long. Never knows the question, and never acts on a key.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

QUIET = 2.0
"""Seconds without such a key after which the next one is meant as it is."""
ANSWERS = frozenset({"ctrl+r", "ctrl+enter", "ctrl+g", "f4", "ctrl+n", "enter"})
"""Keys that end an answer, and those beside them that would call a tool."""
EDITS = frozenset({"backspace", "delete", "space"})


class Meant(Enum):
    """What becomes of a key."""

    AS_IT_IS = auto()
    NOTHING = auto()
    NOTHING_AND_TELL = auto()
    """The first key that would have answered: a person is told why nothing came of it."""


class StrayKeys:
    """Begins when a question closes under the hands of who answers it; ``clock`` in seconds.

    Text and the keys of answers are taken until none came for ``QUIET`` seconds or another key was pressed.
    Once an answer was taken, and thus told, text is no longer part of it.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since: float | None = None
        self._told = False

    def begin(self) -> None:
        self._since, self._told = self._clock(), False

    def meant(self, key: str, *, text: bool, answering: bool) -> Meant:
        """``key`` as Textual names it; ``text``: it types a character; ``answering``: another question is open."""
        if self._since is None:
            return Meant.AS_IT_IS
        now = self._clock()
        # With another question open Escape would give that one up.
        answer = key in ANSWERS or (answering and key == "escape")
        stray = answer or (not self._told and (text or key in EDITS))
        if not stray or not 0 <= now - self._since < QUIET:
            self._since = None
            return Meant.AS_IT_IS
        self._since = now
        told, self._told = self._told, self._told or answer
        return Meant.NOTHING_AND_TELL if answer and not told else Meant.NOTHING
