"""Long text cut into rows of a width, without laying all of it out.

Owns how many rows a text takes and what stands on one of them: a row is sliced out when it is asked
for. Never draws. Text given to it is raw; rows come out safe (``state.text.visible``).

Rows end between words where ``words`` says so; a word longer than a row is cut by cells. Blanks at such
an end are not shown, blanks at the start of a line are.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TypeAlias

from rich.cells import chop_cells

from ..services.state.text import visible

EXACT = 4_000
"""Up to this many characters a line with wide characters is cut exactly; beyond, at half the width."""
TAB = 4
SLICE = 200_000
"""Characters that are looked at in one piece."""

# Characters that may take other than one cell: combining marks, East Asian wide, emoji and the like.
_NOT_ONE_CELL = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u08ff\u0900-\u109f\u1100-\u11ff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
    "\u231a-\u23ff\u25fd-\u27bf\u2b1b-\u2b55\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe00-\ufe6f"
    "\uff00-\uff60\uffe0-\uffe6\U00010000-\U0010ffff]"
)
# Written without blanks: a row may end on either side of any of these.
_UNSPACED = re.compile("[\u2e80-\ua4cf\uf900-\ufaff\uff00-\uff60\U00020000-\U0003ffff]")
_BLANKS = re.compile(" *")

Span: TypeAlias = tuple[int, int]


def lines_of(text: str) -> list[str]:
    """The lines of raw text, safe to show."""
    if len(text) <= SLICE:
        return visible(text).expandtabs(TAB).split("\n") if text else []
    lines: list[str] = []
    whole: list[str] = []  # pieces of the line that is not at its end
    for piece in _slices(text):
        first, *more = visible(piece).expandtabs(TAB).split("\n")
        whole.append(first)
        if more:
            lines.append("".join(whole))
            lines += more[:-1]
            whole = [more[-1]]
    return [*lines, "".join(whole)]


def _slices(text: str) -> Iterator[str]:
    """Pieces that are each looked at in a moment: other threads wait for as long as that takes."""
    at = 0
    while at < len(text):
        end = at + SLICE
        end = (text.rfind("\n", at + SLICE // 2, end) + 1) or end
        if text[end - 1 : end + 1] == "\r\n":
            end += 1
        yield text[at:end]
        at = end


def _all_narrow(line: str) -> bool:
    """Every character takes one cell."""
    if line.isascii():
        return True
    return not any(_NOT_ONE_CELL.search(line, at, at + SLICE) for at in range(0, len(line), SLICE))


def first_lines(text: str, rows: int, width: int) -> list[str]:
    """At most ``rows`` lines from the start of ``text``; looks at no more of it than fits there."""
    limit = rows * max(1, width) * 2
    head = text[:limit]
    lines = head.split("\n", rows)[:rows]
    return lines_of("\n".join(lines))


class Rows:
    """``lines`` (safe, without line ends) in rows of ``width`` cells, ending between ``words`` or anywhere."""

    __slots__ = ("_ends", "_last", "_steps", "_words", "lines", "width")

    def __init__(self, lines: Sequence[str], width: int, *, words: bool = False) -> None:
        self.lines = lines
        self.width = max(2, width)
        self._words = words
        self._last: tuple[int, Sequence[Span]] | None = None
        self._steps = [self._step(line) for line in lines]
        self._ends = list(accumulate(map(self._count, range(len(lines)))))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, row: int) -> tuple[str, int, int]:
        """(line, start, end): the row is ``line[start:end]``."""
        index = bisect_right(self._ends, row)
        line, step = self.lines[index], self._steps[index]
        part = row - (self._ends[index - 1] if index else 0)
        if step:
            return line, part * step, (part + 1) * step
        return line, *self._spans(index)[part]

    def line_at(self, row: int) -> int:
        """The place of the line that a row is part of."""
        return bisect_right(self._ends, row)

    def row_of(self, index: int, at: int) -> int:
        """The row on which the character ``at`` of line ``index`` stands."""
        first = self._ends[index - 1] if index else 0
        step = self._steps[index]
        if step:
            return min(first + at // step, self._ends[index] - 1)
        spans = self._spans(index)
        return first + max(0, bisect_right(spans, at, key=lambda span: span[0]) - 1)

    def _step(self, line: str) -> int:
        """Characters a row of this line; 0 when that differs from row to row."""
        length = len(line)
        if length <= self.width // 2:
            return self.width
        if _all_narrow(line):
            return 0 if self._words and length > self.width else self.width
        return self.width // 2 if length > EXACT and not self._words else 0

    def _count(self, index: int) -> int:
        step = self._steps[index]
        return max(1, -(-len(self.lines[index]) // step)) if step else len(self._spans(index))

    def _spans(self, index: int) -> Sequence[Span]:
        if self._last is None or self._last[0] != index:
            line = self.lines[index]
            self._last = (index, list(_between_words(line, self.width) if self._words else _by_cells(line, self.width)))
        return self._last[1]


def _by_cells(line: str, width: int) -> Iterator[Span]:
    start = 0
    for chunk in chop_cells(line, width) or [""]:
        yield start, start + len(chunk)
        start += len(chunk)


def _between_words(line: str, width: int) -> Iterator[Span]:
    narrow = _all_narrow(line)
    exact = not narrow and len(line) <= EXACT
    if not narrow and not exact:
        width //= 2  # never too wide, whatever the characters
    start, length = 0, len(line)
    while True:
        full = start + (_fitting(line, start, width) if exact else width)
        if full >= length:
            yield start, length
            return
        end = _word_end(line, start, full) if narrow else _word_or_letter_end(line, start, full)
        yield start, end
        if line[end] == " ":
            blanks = _BLANKS.match(line, end)
            end = blanks.end() if blanks else end
            if end == length:
                return
        start = end


def _fitting(line: str, start: int, width: int) -> int:
    """How many characters from ``start`` fit into ``width`` cells."""
    chunks = chop_cells(line[start : start + width], width)
    if len(chunks) == 1:  # there may be room for more: some characters take no cell
        chunks = chop_cells(line[start : start + 4 * width], width)
    return len(chunks[0])


def _word_end(line: str, start: int, full: int) -> int:
    """Where a row from ``start`` ends that has room up to ``full``, which is inside the line."""
    if line[full] == " ":
        return full
    blank = line.rfind(" ", start, full)
    return full if blank <= start or line[start:blank].isspace() else blank


def _word_or_letter_end(line: str, start: int, full: int) -> int:
    """The same, where words of some scripts may be cut between any two letters."""
    if _UNSPACED.match(line[full]) or _UNSPACED.match(line[full - 1]):
        return full
    blank = _word_end(line, start, full)
    after = 0 if blank == full else blank
    letters = max((match.end() for match in _UNSPACED.finditer(line, max(start, after), full)), default=0)
    return letters or blank
