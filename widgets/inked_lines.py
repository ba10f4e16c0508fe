"""Lines of inked text as high as they are, laid out for the width there is: Markdown, differences, tables of facts.

Owns drawing one at a time and marking what was looked for. What stands on them is told by a callable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from .found import FOUND_CSS, marked
from .ink import INK_CLASSES, INK_CSS, InkWell, Line


class InkedLines(Widget):
    """``told(width)`` gives the lines, each no wider; ``max_rows`` at most, with ``more`` said on the last."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(INK_CLASSES) | {
        "ink--found",
        "ink--found-now",
        "ink--code",
        "ink--soft",
    }
    DEFAULT_CSS = (
        "InkedLines { height: auto; width: 1fr; color: $foreground; }\nInkedLines {"
        + INK_CSS
        + ".ink--code { color: $accent; } .ink--soft { text-style: italic; }"
        + FOUND_CSS
        + "}"
    )

    def __init__(
        self,
        told: Callable[[int], Sequence[Line]],
        *,
        max_rows: int | None = None,
        more: str = "",
        classes: str | None = None,
    ) -> None:
        super().__init__(classes=classes)
        self._told = told
        self._max_rows = max_rows
        self._more = more
        self._inks = InkWell(self)
        self._width = 0
        self._laid: Sequence[Line] = ()
        self._pattern: re.Pattern[str] | None = None
        self._now: tuple[int, int] | None = None

    def lines_at(self, width: int) -> Sequence[Line]:
        if width != self._width:
            self._width, self._laid = width, self._told(width)
        return self._laid

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        count = len(self.lines_at(width))
        return count if self._max_rows is None else min(count, self._max_rows)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._inks.clear()

    def search_lines(self) -> Sequence[str]:
        """What can be looked through: the lines as they are laid out now."""
        return ["".join(text for text, _ in line) for line in self.lines_at(self.size.width)]

    def mark(self, pattern: re.Pattern[str] | None, now: tuple[int, int] | None = None) -> None:
        if (pattern, now) != (self._pattern, self._now):
            self._pattern, self._now = pattern, now
            self.refresh()

    def row_of(self, line: int, at: int) -> int:
        return line

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        lines = self.lines_at(width)
        left = len(lines) - y
        if self._max_rows is not None and y == self._max_rows - 1 and left > 1:
            words = f"… {left:,} more lines{' · ' if self._more else ''}{self._more}"
            return self._inks.strip(((words, "muted"),), width)
        line = lines[y] if y < len(lines) else ()
        if self._pattern is not None:
            line = marked(line, self._pattern, "found-now" if self._now and self._now[0] == y else "found")
        return self._inks.strip(line, width)
