"""Long text cut into rows of a width, without laying all of it out.

Owns how many rows a text takes and what stands on one of them: a row is sliced out when it is asked
for. Never draws. Text given to it is raw; rows come out safe (``state.text.visible``).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from rich.cells import chop_cells

from ..services.state.text import visible

EXACT = 4_000
"""Up to this many characters a line with wide characters is cut exactly; beyond, at half the width."""
TAB = 4

# Characters that may take other than one cell: combining marks, East Asian wide, emoji and the like.
_NOT_ONE_CELL = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u08ff\u0900-\u109f\u1100-\u11ff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
    "\u231a-\u23ff\u25fd-\u27bf\u2b1b-\u2b55\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe00-\ufe6f"
    "\uff00-\uff60\uffe0-\uffe6\U00010000-\U0010ffff]"
)


def lines_of(text: str) -> list[str]:
    """The lines of raw text, safe to show."""
    return visible(text).expandtabs(TAB).split("\n") if text else []


def first_lines(text: str, rows: int, width: int) -> list[str]:
    """At most ``rows`` lines from the start of ``text``; looks at no more of it than fits there."""
    limit = rows * max(1, width) * 2
    head = text[:limit]
    lines = head.split("\n", rows)[:rows]
    return lines_of("\n".join(lines))


class Rows:
    """``lines`` (safe, without line ends) in rows of ``width`` cells."""

    __slots__ = ("_ends", "_last", "_steps", "lines", "width")

    def __init__(self, lines: Sequence[str], width: int) -> None:
        self.lines = lines
        self.width = max(2, width)
        self._steps = [self._step(line) for line in lines]
        self._ends = list(accumulate(map(self._count, lines, self._steps)))
        self._last: tuple[int, list[str]] | None = None

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, row: int) -> tuple[str, int, int]:
        """(line, start, end): the row is ``line[start:end]``."""
        index = bisect_right(self._ends, row)
        line, step = self.lines[index], self._steps[index]
        part = row - (self._ends[index - 1] if index else 0)
        if step:
            return line, part * step, (part + 1) * step
        chunks = self._chunks(index)
        start = sum(len(chunk) for chunk in chunks[:part])
        return line, start, start + len(chunks[part])

    def _step(self, line: str) -> int:
        """Characters a row of this line; 0 when that differs from row to row."""
        if len(line) <= self.width // 2 or line.isascii() or not _NOT_ONE_CELL.search(line):
            return self.width
        return self.width // 2 if len(line) > EXACT else 0

    def _count(self, line: str, step: int) -> int:
        return max(1, -(-len(line) // step)) if step else len(chop_cells(line, self.width)) or 1

    def _chunks(self, index: int) -> list[str]:
        if self._last is None or self._last[0] != index:
            self._last = (index, chop_cells(self.lines[index], self.width) or [""])
        return self._last[1]
