"""Keys that are typed before the form that was asked for stands.

Owns them until it does. Never knows what they mean: they are given back in order, to whatever has the focus then.
"""

from __future__ import annotations

from collections.abc import Callable

from textual import events

LONGEST = 1.0
"""Seconds after which a form that did not come is waited for no more."""


class TypedAhead:
    """``begin`` when a form is asked for, ``arrived`` when it has the focus; ``again`` puts a key into the queue."""

    def __init__(self, again: Callable[[events.Key], object]) -> None:
        self._again = again
        self._waits = False
        self._held: list[events.Key] = []
        self._given: list[events.Key] = []

    def begin(self) -> None:
        self._waits = True

    def holds(self, event: events.Key) -> bool:
        """The key must not arrive now."""
        if event in self._given:
            self._given.remove(event)
            if not self._given:
                self._give()  # what was typed meanwhile comes behind it
            return False
        if not self._waits and not self._given:
            return False
        if not self._waits or event.is_printable or event.key in ("tab", "shift+tab", "backspace", "ctrl+r"):
            self._held.append(event)
            return True
        return False

    def arrived(self) -> None:
        """The form has the focus, or there will be none."""
        self._waits = False
        if not self._given:
            self._give()

    def _give(self) -> None:
        self._given, self._held = self._held, []
        for event in list(self._given):
            self._again(event)
