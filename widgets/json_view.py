"""Rows of text on the screen: plain text, or JSON in colour.

Owns drawing one row at a time, whatever the length of the whole. Never holds a laid-out copy: a 2 MB text
is a list of strings here, and only the rows in sight are coloured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from .text_rows import Rows

COLOURED = 20_000
"""Lines longer than this are drawn without colours."""

_TOKEN = re.compile(
    r"""(?P<key>"(?:[^"\\]|\\.)*"\s*:)|(?P<string>"(?:[^"\\]|\\.)*"?…?)|(?P<number>-?\d[\d.eE+-]*)"""
    r"""|(?P<word>true|false|null)|(?P<mark>[{}\[\],]+)"""
)


def json_tokens(line: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, ink) of the tokens on one line of laid-out JSON."""
    for match in _TOKEN.finditer(line):
        yield match.start(), match.end(), match.lastgroup or ""


class TextLines(Widget):
    """``lines`` (safe text) wrapped to the width; ``max_rows`` rows at most, with ``more`` said on the last."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "json--key",
        "json--string",
        "json--number",
        "json--word",
        "json--mark",
        "rows--more",
    }
    DEFAULT_CSS = """
    TextLines {
        height: auto; width: 1fr; color: $foreground;
        & > .json--key { color: $primary; }
        & > .json--string { color: $success; }
        & > .json--number { color: $accent; }
        & > .json--word { color: $accent; text-style: bold; }
        & > .json--mark { color: $text-muted; }
        & > .rows--more { color: $text-muted; text-style: italic; }
        &.-bad { color: $text-error; }
        &.-muted { color: $text-muted; }
    }
    """

    def __init__(
        self,
        lines: Sequence[str],
        *,
        json: bool = False,
        max_rows: int | None = None,
        total_lines: int | None = None,
        more: str = "",
        classes: str | None = None,
    ) -> None:
        super().__init__(classes=classes)
        self._lines = lines
        self._json = json
        self._max_rows = max_rows
        self._total = len(lines) if total_lines is None else total_lines
        self._more = more
        self._rows: Rows | None = None
        self._styles_of: dict[str, Style] = {}

    @property
    def clipped(self) -> bool:
        """There is more than is drawn."""
        rows = self._rows
        return self._total > len(self._lines) or (
            rows is not None and self._max_rows is not None and len(rows) > self._max_rows
        )

    def show(self, lines: Sequence[str]) -> None:
        """Other lines."""
        self._lines = lines
        self._total = len(lines)
        self._rows = None
        self.refresh(layout=True)

    def rows_at(self, width: int) -> Rows:
        if self._rows is None or self._rows.width != max(2, width):
            self._rows = Rows(self._lines, width, words=not self._json)
        return self._rows

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        rows = len(self.rows_at(width))
        if self._max_rows is not None:
            rows = min(rows + (1 if self._total > len(self._lines) and rows < self._max_rows else 0), self._max_rows)
        return rows

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of.clear()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        rows = self.rows_at(width)
        base = self.rich_style
        if self.clipped and y == self.size.height - 1:
            return Strip([Segment(self._more_words(rows), base + self._ink("rows--more"))]).adjust_cell_length(
                width, base
            )
        if y >= len(rows):
            return Strip.blank(width, base)
        line, start, end = rows[y]
        if not self._json or len(line) > COLOURED:
            return Strip([Segment(line[start:end], base)]).adjust_cell_length(width, base)
        return Strip(self._coloured(line, start, end, base)).adjust_cell_length(width, base)

    def _coloured(self, line: str, start: int, end: int, base: Style) -> list[Segment]:
        segments: list[Segment] = []
        at = start
        for first, last, ink in json_tokens(line):
            left, right = max(first, start), min(last, end)
            if left >= right:
                continue
            if left > at:
                segments.append(Segment(line[at:left], base))
            segments.append(Segment(line[left:right], base + self._ink(f"json--{ink}")))
            at = right
        if at < min(end, len(line)):
            segments.append(Segment(line[at:end], base))
        return segments

    def _more_words(self, rows: Rows) -> str:
        shown = max(0, self.size.height - 1)
        whole = shown if len(rows) == len(self._lines) else None
        count = f"{self._total - whole:,} more lines" if whole is not None and self._total > whole else "more"
        if self._total == len(self._lines) == 1:
            count = "more"
        return f"… {count}{' · ' if self._more else ''}{self._more}"

    def _ink(self, name: str) -> Style:
        style = self._styles_of.get(name)
        if style is None:
            own = self.get_component_rich_style(name, partial=True)
            style = Style(color=own.color, bold=own.bold, italic=own.italic)
            self._styles_of[name] = style
        return style
