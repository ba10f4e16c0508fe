"""A word that can be pressed with the mouse; its key stands beside it.

Owns one line of text and a ``Pressed`` message. Never takes the keyboard focus: the widget around it
binds the key that the chip names.
"""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class Chip(Widget):
    """``label`` and ``key`` on one line; ``active`` paints it as chosen."""

    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    Chip {
        width: auto; height: 1; padding: 0 1; pointer: pointer;
        color: $foreground; background: transparent;
        &:hover { background: $boost; }
        &.-active { color: $primary; text-style: bold; }
        &.-strong { background: $primary; color: $background; text-style: bold; }
        &.-strong:hover { background: $primary-lighten-1; }
        &:disabled { color: $text-disabled; background: transparent; }
    }
    """

    label: reactive[str] = reactive("", layout=True)
    active: reactive[bool] = reactive(False, toggle_class="-active")

    class Pressed(Message):
        """The chip was clicked."""

        def __init__(self, chip: Chip) -> None:
            super().__init__()
            self.chip = chip

        @property
        def control(self) -> Chip:
            return self.chip

    def __init__(
        self,
        label: str,
        key: str = "",
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        super().__init__(id=id, classes=classes, disabled=disabled)
        self.key = key
        self.set_reactive(Chip.label, label)

    def render(self) -> Content:
        if not self.key:
            return Content(self.label)
        key_style = "" if self.has_class("-strong") or self.disabled else "$text-muted"
        return Content.assemble(self.label, (f" {self.key}", key_style))

    def on_click(self, event: Click) -> None:
        event.stop()
        self.post_message(self.Pressed(self))
