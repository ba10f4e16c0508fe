"""A table on the screen: a heading and a line a row, columns that sort, and what is too wide scrolls.

Owns drawing rows one at a time, the column that is chosen and the order. Rows of a long table are sorted in a thread.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from anyio import to_thread
from textual import events
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from ..services.models import Json, JsonObject
from ..services.state.text import one_line
from .found import FOUND_CSS, marked
from .found_in_pages import Lines
from .ink import INK_CLASSES, INK_CSS, InkWell, Line, Span, fit
from .table_columns import Column, Table, cell_text, sorted_rows

AT_ONCE = 2_000
"""Rows that are sorted on the loop's thread."""
GAP = "  "


class TableLines(Widget):
    """``table``; ``max_rows`` lines at most, the heading among them, with ``more`` said on the last."""

    ALLOW_SELECT: ClassVar[bool] = False
    COMPONENT_CLASSES: ClassVar[set[str]] = set(INK_CLASSES) | {"ink--number", "ink--found", "ink--found-now"}
    DEFAULT_CSS = (
        "TableLines { height: auto; width: 1fr; color: $foreground; }\nTableLines {"
        + INK_CSS
        + ".ink--number { color: $accent; }"
        + FOUND_CSS
        + "}"
    )

    def __init__(self, table: Table, *, max_rows: int | None = None, more: str = "") -> None:
        super().__init__()
        self.table = table
        self._rows: Sequence[JsonObject] = table.rows
        self._max_rows = max_rows
        self._more = more
        self._inks = InkWell(self)
        self.column: int | None = None
        self._sorted: tuple[int, bool] | None = None
        self._left = 0  # the first column in sight
        self._lines: OrderedDict[int, str] = OrderedDict()
        self._pattern: re.Pattern[str] | None = None
        self._now: tuple[int, int] | None = None

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        rows = len(self._rows) + 1
        return rows if self._max_rows is None else min(rows, max(2, self._max_rows))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._inks.clear()

    # Columns.

    def choose(self, step: int) -> None:
        """Choose the next column, and bring it into sight."""
        last = len(self.table.columns) - 1
        self.column = 0 if self.column is None else max(0, min(last, self.column + step))
        self._left = min(self._left, self.column)
        while self._left < self.column and self.column not in self._in_sight(self.size.width):
            self._left += 1
        self.refresh()

    def sort(self, column: int | None = None) -> None:
        """By the chosen column: rising, falling, as received."""
        column = self.column if column is None else column
        if column is None:
            column = 0
        self.column = column
        if self._sorted is not None and self._sorted[0] == column:
            self._sorted = (column, True) if not self._sorted[1] else None
        else:
            self._sorted = (column, False)
        if len(self.table.rows) <= AT_ONCE or self._sorted is None:
            self._arranged(self._arrange(self._sorted))
        else:
            self.run_worker(self._arrange_later(self._sorted), exclusive=True, group="sort", exit_on_error=False)

    async def _arrange_later(self, by: tuple[int, bool]) -> None:
        rows = await to_thread.run_sync(partial(self._arrange, by))
        if by == self._sorted:
            self._arranged(rows)

    def _arrange(self, by: tuple[int, bool] | None) -> Sequence[JsonObject]:
        return self.table.rows if by is None else sorted_rows(self.table, by[0], descending=by[1])

    def _arranged(self, rows: Sequence[JsonObject]) -> None:
        self._rows = rows
        self.refresh()

    def _in_sight(self, width: int) -> list[int]:
        """Columns that fit; the last of them may be cut."""
        found: list[int] = []
        left = width
        for at in range(self._left, len(self.table.columns)):
            column = self.table.columns[at]
            if left < (min(column.width, 8) if found else 1):
                break
            found.append(at)
            left -= column.width + len(GAP)
        if len(found) > 1 and left < -len(GAP) and found[-1] == self.column:
            found.pop()  # the chosen one is to be seen whole
        return found

    def on_click(self, event: events.Click) -> None:
        if event.y != 0:
            return
        event.stop()
        x = 0
        for at in self._in_sight(self.size.width):
            x += self.table.columns[at].width + len(GAP)
            if event.x < x:
                self.sort(at)
                return

    # Finding: in all the cells of a row, also those out of sight.

    def search_lines(self) -> Lines:
        return _RowTexts(self)

    def mark(self, pattern: re.Pattern[str] | None, now: tuple[int, int] | None = None) -> None:
        if (pattern, now) != (self._pattern, self._now):
            self._pattern, self._now = pattern, now
            self.refresh()

    def row_of(self, line: int, at: int) -> int:
        return line + 1

    def text_of(self, row: int) -> str:
        there = self._rows[row]
        return GAP.join(cell_text(there.get(one.name), one.name in there) for one in self.table.columns)

    def count(self) -> int:
        return len(self._rows)

    # Drawing.

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:
            return self._inks.strip(self._heading(width), width)
        row = y - 1
        if self._max_rows is not None and y == self.size.height - 1 and row < len(self._rows) - 1:
            words = f"… {len(self._rows) - row:,} more rows{' · ' if self._more else ''}{self._more}"
            return self._inks.strip(((words, "muted"),), width)
        if row >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        line: Line = self._row(self._rows[row], width)
        if self._pattern is not None:
            line = marked(line, self._pattern, "found-now" if self._now and self._now[0] == row else "found")
        return self._inks.strip(line, width)

    def _heading(self, width: int) -> list[Span]:
        line: list[Span] = []
        for at in self._in_sight(width):
            column = self.table.columns[at]
            arrow = ("▼" if self._sorted[1] else "▲") if self._sorted is not None and self._sorted[0] == at else ""
            room = column.width - len(arrow)
            words = fit(one_line(column.name, 80), room, right=column.numeric) + arrow
            line += [(GAP, "")] if line else []
            line.append((words, "match" if at == self.column else "title"))
        return line

    def _row(self, row: JsonObject, width: int) -> list[Span]:
        line: list[Span] = []
        for at in self._in_sight(width):
            column = self.table.columns[at]
            line += [(GAP, "")] if line else []
            line.append(_cell(column, row.get(column.name), column.name in row))
        return line


class _RowTexts:
    """The rows of a table as texts, made when they are looked at."""

    def __init__(self, lines: TableLines) -> None:
        self._lines = lines

    def __len__(self) -> int:
        return self._lines.count()

    def __getitem__(self, place: int, /) -> str:
        return self._lines.text_of(place)


def _cell(column: Column, value: Json, there: bool) -> Span:
    text = fit(cell_text(value, there), column.width, right=column.numeric)
    if value is None:
        return text, "muted"
    if isinstance(value, bool | int | float):
        return text, "number"
    return text, "muted" if isinstance(value, dict | list) else ""
