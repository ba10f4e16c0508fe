"""A few lines of inked text that scroll: what is to be said of the thing under a cursor.

Owns the drawing. Which lines for which width is told by a callable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from .ink import INK_CLASSES, INK_CSS, InkWell, Line


class LineDocument(ScrollView, can_focus=False):
    """``lay_out`` draws what the callable gives for the current width."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = set(INK_CLASSES)
    DEFAULT_CSS = (
        "LineDocument { background: $background; color: $foreground; overflow-x: hidden; height: auto; "
        "scrollbar-size-vertical: 1; }\nLineDocument {" + INK_CSS + "}"
    )

    def __init__(self, lines: Callable[[int], list[Line]], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._inks = InkWell(self)
        self._told = lines
        self._lines: list[Line] = []

    def lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if width > 0:
            self._lines = self._told(width - 2)
            self.virtual_size = Size(0, len(self._lines))
            self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._inks.clear()

    def on_resize(self) -> None:
        self.lay_out()

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        line = self._lines[index] if index < len(self._lines) else ()
        return self._inks.strip(((" ", ""), *line), self.scrollable_content_region.width)
