"""That something waits for a person, on a screen which covers the header.

Owns the words. Never answers, and takes no room from what it covers.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.widgets import Static


class QuestionBadge(Container, can_focus=False):
    """Stands in the upper right corner, where the badge of the header is."""

    ALLOW_SELECT: ClassVar[bool] = False
    # Of the layers that a screen always has this is the one above its own; the row itself hides nothing.
    DEFAULT_CSS = """
    QuestionBadge {
        layer: _loading; dock: top; width: 100%; height: 1; align: right top; visibility: hidden;
        & > Static {
            visibility: visible; width: auto; height: 1; padding: 0 1;
            background: $warning; color: $background; text-style: bold;
        }
    }
    """

    class Pressed(Message):
        """The badge was clicked."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def compose(self) -> ComposeResult:
        yield Static(self._words())

    def tell(self, count: int) -> None:
        """``count`` questions wait."""
        if count != self._count:
            self._count = count
            for shown in self.query(Static):
                shown.update(self._words())

    def _words(self) -> Content:
        return Content(f"? {self._count} question{'' if self._count == 1 else 's'} · F6")

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Pressed())
