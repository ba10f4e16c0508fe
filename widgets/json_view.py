"""Rows of text on the screen: plain text, or JSON in colour.

Owns drawing one row at a time, whatever the length of the whole, and marking what was looked for. Never holds a
laid-out copy: a 2 MB text is a list of strings here, and only the rows in sight are coloured. Where the rows of a long
text end is found in a thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar

from anyio import to_thread
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from .found import FOUND_CSS
from .text_rows import Rows

COLOURED = 20_000
"""Lines longer than this are drawn without colours."""
AT_ONCE = 200_000
"""Characters whose rows are found on the loop's thread."""
MATCH = 500
"""Characters of a match that reach over the end of a row, at most."""

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
        "ink--found",
        "ink--found-now",
    }
    DEFAULT_CSS = (
        """
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
        "TextLines {" + FOUND_CSS + "}"
    )

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
        self._long = _is_long(lines)
        self._wanted = 0
        self._styles_of: dict[str, Style] = {}
        self._pattern: re.Pattern[str] | None = None
        self._now: tuple[int, int] | None = None

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
        self._long = _is_long(lines)
        self._rows = None
        self._wanted = 0
        self.refresh(layout=True)

    def rows_at(self, width: int) -> Rows:
        """The rows for a width; of a long text those that are known, until a thread has found the new ones."""
        width = max(2, width)
        if self._rows is not None and self._rows.width == width:
            return self._rows
        if not self._long or not self.is_attached:
            self._rows = Rows(self._lines, width, words=not self._json)
            return self._rows
        if self._wanted != width:
            self._wanted = width
            self.run_worker(partial(self._find_rows, width), group="rows", exit_on_error=False)
        if self._rows is None:
            self._rows = Rows(["laying out …"], width)
            self._rows.width = 0  # stands in for what is being found
        return self._rows

    async def _find_rows(self, width: int) -> None:
        lines, words = self._lines, not self._json
        rows = await to_thread.run_sync(lambda: Rows(lines, width, words=words))
        if lines is self._lines and self._wanted == width:
            self._rows = rows
            self.refresh(layout=True)

    # Finding.

    def search_lines(self) -> Sequence[str]:
        """What can be looked through, line by line."""
        return self._lines

    def mark(self, pattern: re.Pattern[str] | None, now: tuple[int, int] | None = None) -> None:
        """Draw what matches in other ink; ``now``: (line, start) of the one that is looked at."""
        if (pattern, now) != (self._pattern, self._now):
            self._pattern, self._now = pattern, now
            self.refresh()

    def row_of(self, line: int, at: int) -> int:
        """The row of a character."""
        return self.rows_at(self.size.width).row_of(line, at)

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
            segments = [Segment(line[start:end], base)]
        else:
            segments = self._coloured(line, start, end, base)
        strip = Strip(self._marked(segments, line, start, end, y) if self._pattern is not None else segments)
        return strip.adjust_cell_length(width, base)

    def _marked(self, segments: list[Segment], line: str, start: int, end: int, y: int) -> list[Segment]:
        """The segments of one row with what was found on it in other ink."""
        assert self._pattern is not None
        before = max(0, start - MATCH)
        inks: list[tuple[int, int, Style]] = []
        for match in self._pattern.finditer(line, before, min(len(line), end + MATCH)):
            if match.end() > start and match.start() < end:
                now = self._now is not None and self._now[1] == match.start() and self._is_now(y)
                ink = self._ink("ink--found-now" if now else "ink--found")
                inks.append((max(match.start(), start) - start, min(match.end(), end) - start, ink))
        if not inks:
            return segments
        cut: list[Segment] = []
        at = 0
        for segment in segments:
            text, style = segment.text, segment.style or Style.null()
            last, position = at + len(text), at
            for left, right, ink in inks:
                first, until = max(left, position), min(right, last)
                if first < until:
                    cut += [Segment(text[position - at : first - at], style)] if first > position else []
                    cut.append(Segment(text[first - at : until - at], style + ink))
                    position = until
            cut += [Segment(text[position - at :], style)] if position < last else []
            at = last
        return cut

    def _is_now(self, y: int) -> bool:
        rows = self._rows
        return rows is not None and self._now is not None and rows.line_at(y) == self._now[0]

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
            backdrop = own.bgcolor if "found" in name else None
            style = Style(color=own.color, bgcolor=backdrop, bold=own.bold, italic=own.italic)
            self._styles_of[name] = style
        return style


def _is_long(lines: Sequence[str]) -> bool:
    """Too long for its rows to be found at once."""
    left = AT_ONCE
    for line in lines:
        left -= len(line) + 8
        if left < 0:
            return True
    return False
