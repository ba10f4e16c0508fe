"""Finding words in a page of several texts: the widgets of a scrolled result, from top to bottom.

Owns where the matches stand and which one is looked at. Long texts are looked through in a thread, a slice at a time.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable
from functools import partial
from typing import Protocol, runtime_checkable

from anyio import to_thread
from textual.containers import VerticalScroll
from textual.widget import Widget

SLICE = 400_000
"""Characters that are looked through at a time."""
MOST = 200_000
"""Matches that are kept; a text of blanks has no more than that to say."""
OVERLAP = 1_000
"""Characters of a long line that are looked at twice, so that no match is cut."""


class Lines(Protocol):
    """Texts, made when they are looked at."""

    def __len__(self) -> int: ...
    def __getitem__(self, place: int, /) -> str: ...


@runtime_checkable
class Findable(Protocol):
    """A widget whose text can be looked through."""

    def search_lines(self) -> Lines: ...
    def mark(self, pattern: re.Pattern[str] | None, now: tuple[int, int] | None = None) -> None: ...
    def row_of(self, line: int, at: int) -> int: ...


class _Matches:
    """What was found in one widget: places of lines, and of characters in them."""

    def __init__(self, widget: Findable) -> None:
        self.widget = widget
        self.lines = array("l")
        self.starts = array("l")


class FoundInPages:
    """What was found below ``pages``."""

    def __init__(self, pages: VerticalScroll) -> None:
        self._pages = pages
        self._found: list[_Matches] = []
        self._pattern: re.Pattern[str] | None = None

    async def find(self, pattern: re.Pattern[str] | None, told: Callable[[int], None]) -> int:
        """Mark every match; how many there are. ``told`` hears the number as it rises."""
        self._pattern, self._found = pattern, []
        total = 0
        for widget in self._pages.query(Widget):
            if not isinstance(widget, Findable):
                continue
            widget.mark(pattern)
            if pattern is None:
                continue
            matches = _Matches(widget)
            self._found.append(matches)
            lines = widget.search_lines()
            line = at = 0
            while line < len(lines) and total < MOST:
                line, at = await self._slice(pattern, lines, matches, line, at)
                count = sum(len(one.lines) for one in self._found)
                if count != total:
                    total = count
                    told(total)
        return total

    async def _slice(
        self, pattern: re.Pattern[str], lines: Lines, matches: _Matches, line: int, at: int
    ) -> tuple[int, int]:
        work = partial(_search, pattern, lines, matches.lines, matches.starts, line, at)
        if len(lines) < 200 and sum(len(lines[place]) for place in range(len(lines))) < SLICE // 10:
            return work()
        return await to_thread.run_sync(work)

    def show_match(self, number: int) -> None:
        """Bring one of what was found into sight."""
        for matches in self._found:
            if number < len(matches.lines):
                line, start = matches.lines[number], matches.starts[number]
                for other in self._found:
                    if other is not matches:
                        other.widget.mark(self._pattern)
                matches.widget.mark(self._pattern, (line, start))
                self._reveal(matches.widget, matches.widget.row_of(line, start))
                return
            number -= len(matches.lines)

    def nearest(self) -> int:
        """The first match that is not above what is in sight."""
        top, before = self._pages.scroll_offset.y, 0
        for matches in self._found:
            widget = matches.widget
            assert isinstance(widget, Widget)
            region = widget.virtual_region
            if region.bottom > top and matches.lines:
                rows = [widget.row_of(matches.lines[one], matches.starts[one]) for one in _few(len(matches.lines))]
                place = bisect_right(rows, top - region.y - 1)
                if place < len(rows):
                    return before + _few(len(matches.lines))[place]
            before += len(matches.lines)
        return 0

    def _reveal(self, widget: Findable, row: int) -> None:
        assert isinstance(widget, Widget)
        y = widget.virtual_region.y + row
        top, height = self._pages.scroll_offset.y, self._pages.scrollable_content_region.height
        if not top <= y < top + height:
            self._pages.scroll_to(y=max(0, y - height // 3), animate=False, force=True)


def _few(count: int) -> range:
    """Places among many matches that are close enough to each other."""
    return range(0, count, max(1, count // 2_000))


def _search(
    pattern: re.Pattern[str], lines: Lines, found: array[int], starts: array[int], line: int, at: int
) -> tuple[int, int]:
    """Look through one slice from ``line``, character ``at`` on; where the next one begins."""
    left = SLICE
    while line < len(lines) and left > 0:
        text = lines[line]
        end = min(len(text), at + left)
        for match in pattern.finditer(text, at, min(len(text), end + OVERLAP)):
            if match.end() == match.start() or match.start() >= end:
                continue
            found.append(line)
            starts.append(match.start())
        left -= end - at + 20
        if end < len(text):
            return line, end
        line, at = line + 1, 0
    return line, at
