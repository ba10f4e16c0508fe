"""Lists of calls that are kept: those that were made last, and collections with their calls.

Owns the layout of their lines. Never reads a file and never runs anything: rows are given, whole.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from rich.cells import cell_len

from ..services.state.text import one_line
from .call_words import duration_words
from .ink import Line, Span, cropped, fit, line_width
from .virtual_list import VirtualList

NAMES = 30
"""Cells of a tool's name, at most."""
SERVERS = 18
TIME = 8
MARKS = {
    "success": ("✓", "good"),
    "passed": ("✔", "good"),
    "failed": ("✖", "bad"),
    "broken": ("✖", "bad"),
    "skipped": ("○", "warn"),
    "running": ("⠿", "accent"),
    "waits": ("·", "muted"),
    "problem": ("▲", "warn"),
    "cancelled": ("○", "muted"),
    "tool error": ("✖", "warn"),
    "denied": ("⊘", "bad"),
    "timed out": ("✖", "bad"),
}


@dataclass(frozen=True, slots=True, eq=False)
class RecentRow:
    """A call that was made. All texts are hostile. ``ago`` in words; ``gone``: its server or tool is not there now."""

    name: str
    server: str
    status: str
    took: float | None
    ago: str
    arguments: str
    gone: bool = False
    partly: bool = False


class RecentList(VirtualList[RecentRow]):
    """A line a call: outcome, name, server, how long it took, when, with which arguments."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._rows: tuple[RecentRow, ...] = ()
        self._names = self._servers = 0
        self._hint = ""

    def present(self, rows: tuple[RecentRow, ...], hint: str) -> None:
        """Show ``rows``; ``hint`` stands there when there are none."""
        self._rows, self._hint = rows, hint
        self._names = min(NAMES, max((cell_len(one_line(row.name, 60)) for row in rows), default=0))
        self._servers = min(SERVERS, max((cell_len(one_line(row.server, 40)) for row in rows), default=0))
        self.resized_items()

    def length(self) -> int:
        return len(self._rows)

    def item_at(self, index: int) -> RecentRow:
        return self._rows[index]

    def stamp(self, item: RecentRow) -> Hashable:
        return (self._names, self._servers)

    def empty(self) -> Line:
        return ((f"  {self._hint}", "muted"),)

    def paint(self, item: RecentRow, width: int, *, current: bool) -> Line:
        mark, ink = MARKS.get(item.status, ("✖", "bad"))
        left: list[Span] = [
            (mark + " ", ink),
            (fit(one_line(item.name, 80), self._names), "muted" if item.gone else "strong"),
            ("  " + fit(one_line(item.server, 60), self._servers), "muted"),
            (fit(duration_words(item.took), TIME + 1, right=True), ""),
            (fit(item.ago, 10, right=True), "muted"),
        ]
        if item.gone:
            left.append(("  gone", "warn"))
        if item.partly:
            left.append(("  without secrets", "warn"))
        room = width - line_width(left) - 3
        if room > 6:
            left.append(("  " + fit(one_line(item.arguments, 400), room).rstrip(), "muted"))
        return cropped(left, width - 1)


@dataclass(frozen=True, slots=True, eq=False)
class SavedRow:
    """A collection (``depth`` 0) or a call in it. All texts are hostile. ``mark`` is a word of ``MARKS``, or empty."""

    key: tuple[str, str]
    """The file, and the name of the call; that is empty for the collection."""
    title: str
    about: str
    mark: str = ""
    said: str = ""
    depth: int = 1
    folded: bool = False


class SavedTree(VirtualList[SavedRow]):
    """Collections, and below each its calls."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._rows: tuple[SavedRow, ...] = ()
        self._titles = 0

    def present(self, rows: tuple[SavedRow, ...]) -> None:
        """Show ``rows``; the cursor stays on its row, or where that was."""
        was = self.current
        self._rows = rows
        self._titles = min(NAMES, max((cell_len(one_line(row.title, 60)) for row in rows if row.depth), default=0))
        at = next((index for index, row in enumerate(rows) if was is not None and row.key == was.key), None)
        self.resized_items()
        if at is not None and at != self.cursor:
            self.move_cursor(at, quiet=True)

    def go_to(self, key: tuple[str, str]) -> None:
        at = next((index for index, row in enumerate(self._rows) if row.key == key), None)
        if at is not None:
            self.move_cursor(at)

    def length(self) -> int:
        return len(self._rows)

    def item_at(self, index: int) -> SavedRow:
        return self._rows[index]

    def stamp(self, item: SavedRow) -> Hashable:
        return self._titles

    def empty(self) -> Line:
        return (("  Nothing is saved yet. Ctrl+S in a form saves its call.", "muted"),)

    def paint(self, item: SavedRow, width: int, *, current: bool) -> Line:
        said = one_line(item.said, 40)
        room = width - 1 - (cell_len(said) + 2 if said else 0)
        if not item.depth:
            left: list[Span] = [
                ("▸ " if item.folded else "▾ ", "accent"),
                (one_line(item.title, 60), "title"),
                ("  " + one_line(item.about, 200), "muted"),
            ]
        else:
            mark, ink = MARKS.get(item.mark, (" ", ""))
            left = [
                (f"  {mark} ", ink),
                (fit(one_line(item.title, 80), min(self._titles, max(12, room - 6))), "strong" if current else ""),
                ("  " + one_line(item.about, 200), "muted"),
            ]
        left = cropped(left, room)
        if said:
            ink = MARKS.get(item.mark, ("", "muted"))[1]
            left += [(" " * max(2, width - 1 - line_width(left) - cell_len(said)), ""), (said, ink)]
        return left
