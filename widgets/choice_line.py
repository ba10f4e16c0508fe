"""A few choices on one line: unset, true, false; metric, imperial.

Owns the highlighted choice and its keys. Never knows what a choice means: choices are keys with titles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click, Key
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from ..services.state.text import one_line

UNSET_TITLE = "unset"


class ChoiceLine(Widget, can_focus=True):
    """``choices`` are (key, title) pairs; the key ``""`` means nothing chosen."""

    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    ChoiceLine {
        height: 1; width: 1fr; color: $foreground; pointer: pointer;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "Previous choice", show=False),
        Binding("right,space", "step(1)", "Next choice", show=False),
        Binding("backspace,delete", "clear", "Unset", show=False),
        Binding("enter", "submit", "Next field", show=False),
    ]

    value: reactive[str] = reactive("")

    class Changed(Message):
        """Another choice is highlighted."""

        def __init__(self, line: ChoiceLine, value: str) -> None:
            super().__init__()
            self.line = line
            self.value = value

    class Submitted(Message):
        """Enter was pressed: the highlighted choice is the one that is meant."""

    def __init__(self, choices: Sequence[tuple[str, str]], value: str = "") -> None:
        super().__init__()
        self._choices = [(key, one_line(title, 40)) for key, title in choices]
        self.set_reactive(ChoiceLine.value, value)

    @staticmethod
    def fits(choices: Sequence[tuple[str, str]], width: int) -> bool:
        """All choices can stand on one line of ``width`` cells."""
        return sum(cell_len(one_line(title, 40)) + 2 for _, title in choices) <= width

    def render(self) -> Content:
        chosen = "bold $background on $primary" if self.has_focus else "bold $foreground on $primary 30%"
        nothing = "$background on $primary" if self.has_focus else "$foreground on $foreground 15%"
        parts = [
            (f" {title} ", (chosen if key else nothing) if key == self.value else "$text-muted")
            for key, title in self._choices
        ]
        return Content.assemble(*parts)

    def action_step(self, step: int) -> None:
        keys = [key for key, _ in self._choices]
        at = keys.index(self.value) if self.value in keys else (-1 if step > 0 else len(keys))
        self._choose(keys[(at + step) % len(keys)])

    def action_clear(self) -> None:
        if any(key == "" for key, _ in self._choices):
            self._choose("")

    def action_submit(self) -> None:
        self.post_message(self.Submitted())

    def _choose(self, key: str) -> None:
        if key != self.value:
            self.value = key
            self.post_message(self.Changed(self, key))

    def on_key(self, event: Key) -> None:
        """A letter chooses the next title that begins with it."""
        if event.character is None or not event.character.isalnum():
            return
        keys = [key for key, _ in self._choices]
        at = keys.index(self.value) if self.value in keys else -1
        for step in range(1, len(keys) + 1):
            key, title = self._choices[(at + step) % len(keys)]
            if title.lower().startswith(event.character.lower()):
                event.stop()
                self._choose(key)
                return

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return character is not None and character.isalnum()

    def on_click(self, event: Click) -> None:
        event.stop()
        offset = event.get_content_offset(self)
        if offset is None:
            return
        left = 0
        for key, title in self._choices:
            left += cell_len(title) + 2
            if offset.x < left:
                self._choose(key)
                return
