"""Every value inside a JSON value, numbered in the order in which they are written, and which of them show.

Owns that numbering, what is folded, and the paths (RFC 9535). Pure and without recursion; ``Flattening.step`` may run
in a thread, everything else belongs to whoever draws. Never copies a value.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias, cast

from ..services.models import Json

STEP: Final = 20_000
"""Values that are numbered at a time: a few milliseconds."""
SMALL: Final = 400
"""A value of up to so many values opens wholly."""
OPEN_LEVELS: Final = 2
"""Levels of a larger one that are open at first."""

Name: TypeAlias = "str | int | None"
"""Member name, place in an array, or None of the whole."""

_SHORTHAND = re.compile(r"[A-Za-z_\u0080-\ud7ff\ue000-\U0010ffff][A-Za-z0-9_\u0080-\ud7ff\ue000-\U0010ffff]*")
_ESCAPES = {"\b": r"\b", "\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r", "'": r"\'", "\\": r"\\"}


class Nodes:
    """What is known of each value, by its number; only ``Flattening`` adds to it."""

    __slots__ = ("depths", "ends", "names", "parents", "values")

    def __init__(self) -> None:
        self.names: list[Name] = []
        self.values: list[Json] = []
        self.depths = array("i")
        self.parents = array("i")
        self.ends = array("i")
        """The number after the last value inside; 0 while that is not known."""

    def __len__(self) -> int:
        return len(self.ends)

    def is_container(self, number: int) -> bool:
        value = self.values[number]
        return isinstance(value, dict | list) and bool(value)

    def path(self, number: int) -> str:
        """Where a value stands, as a JSONPath of RFC 9535."""
        steps: list[str] = []
        while number > 0:
            steps.append(step_of(self.names[number]))
            number = self.parents[number]
        return "$" + "".join(reversed(steps))


class Flattening:
    """Numbers ``value`` a step at a time."""

    def __init__(self, value: Json) -> None:
        self.nodes = Nodes()
        self.done = False
        self._open: list[tuple[int, Iterator[tuple[Name, Json]]]] = []
        nodes = self.nodes
        nodes.names.append(None)
        nodes.values.append(value)
        nodes.depths.append(0)
        nodes.parents.append(-1)
        if isinstance(value, dict | list) and value:
            nodes.ends.append(0)
            self._open.append((0, _members(value)))
        else:
            nodes.ends.append(1)
            self.done = True

    def step(self, most: int = STEP) -> int:
        """Number up to ``most`` more values; how many there are now."""
        nodes = self.nodes  # everything by its own name: this runs a million times for ten megabytes
        put_name, put_value, put_end = nodes.names.append, nodes.values.append, nodes.ends.append
        put_depth, put_parent = nodes.depths.append, nodes.parents.append
        count = len(nodes)
        while most > 0 and self._open:
            number, members = self._open[-1]
            depth = len(self._open)
            for name, child in members:
                most -= 1
                put_name(name)
                put_value(child)
                put_depth(depth)
                put_parent(number)
                count += 1
                if isinstance(child, dict | list) and child:
                    put_end(0)
                    self._open.append((count - 1, _members(child)))
                    break
                put_end(count)
                if most <= 0:
                    break
            else:
                nodes.ends[number] = count
                self._open.pop()
        self.done = not self._open
        return count


def _members(value: dict[str, Json] | list[Json]) -> Iterator[tuple[Name, Json]]:
    if isinstance(value, dict):
        return cast("Iterator[tuple[Name, Json]]", iter(value.items()))
    return cast("Iterator[tuple[Name, Json]]", iter(enumerate(value)))


class Rows:
    """Which values show, in which order: ``rows[line]`` is a number. ``whole`` opens all from the start."""

    def __init__(self, nodes: Nodes, *, whole: bool) -> None:
        self._nodes = nodes
        self._folded: set[int] = set()
        self._opened: set[int] = set()
        self._levels = 1_000_000_000 if whole else OPEN_LEVELS
        self._known = 0
        self.rows: Sequence[int] = array("i")

    def __len__(self) -> int:
        return len(self.rows)

    def is_open(self, number: int) -> bool:
        if number in self._folded:
            return False
        return self._nodes.depths[number] < self._levels or number in self._opened

    def grow(self, count: int) -> None:
        """Values up to ``count`` are numbered by now: those that show are put at the end."""
        self.rows = self._own()
        self.rows.extend(self._showing(self._known, count, ended=False))
        self._known = count

    def fold(self, line: int) -> None:
        """Hide what is inside of the value on ``line``."""
        number = self.rows[line]
        self._opened.discard(number)
        self._folded.add(number)
        rows = self.rows = self._own()
        last = self._line_after(line, self._end(number))
        del rows[line + 1 : last]

    def unfold(self, line: int) -> None:
        """Show what is inside of the value on ``line``."""
        number = self.rows[line]
        if self.is_open(number):
            return
        self._folded.discard(number)
        self._opened.add(number)
        rows = self.rows = self._own()
        rows[line + 1 : line + 1] = array("i", self._showing(number + 1, self._end(number), ended=True))

    def all(self, *, opened: bool) -> None:
        """Open everything, or nothing but the whole."""
        self._folded.clear()
        self._opened.clear()
        self._levels = 1_000_000_000 if opened else 1
        self.rows = array("i", range(self._known) if opened else self._showing(0, self._known, ended=True))

    def reveal(self, number: int) -> int:
        """Open whatever hides a value; the line on which it stands then."""
        chain: list[int] = []
        parent = self._nodes.parents[number]
        while parent >= 0:
            chain.append(parent)
            parent = self._nodes.parents[parent]
        for one in reversed(chain):
            if not self.is_open(one):
                self.unfold(self.line_of(one))
        return self.line_of(number)

    def line_of(self, number: int) -> int:
        """The line of a value that shows; of one that does not, the line before its place."""
        low, high = 0, len(self.rows)
        while low < high:
            middle = (low + high) // 2
            if self.rows[middle] < number:
                low = middle + 1
            else:
                high = middle
        return low

    def _line_after(self, line: int, number: int) -> int:
        return max(line + 1, self.line_of(number))

    def _end(self, number: int) -> int:
        return min(self._nodes.ends[number] or self._known, self._known)

    def _own(self) -> array[int]:
        return self.rows if isinstance(self.rows, array) else array("i", self.rows)

    def _showing(self, number: int, end: int, *, ended: bool) -> Iterator[int]:
        """Numbers that show from ``number`` on, all of whose containers before it are open where ``ended``."""
        nodes = self._nodes
        if not ended:
            number = self._past_folded(number, end)
        while number < end:
            yield number
            if nodes.is_container(number) and not self.is_open(number):
                number = nodes.ends[number] or end
            else:
                number += 1

    def _past_folded(self, number: int, end: int) -> int:
        """The first number from ``number`` on that no folded container holds."""
        if number >= end:
            return end
        parent, skip = self._nodes.parents[number], number
        while parent >= 0:
            if not self.is_open(parent):
                skip = self._nodes.ends[parent] or end
            parent = self._nodes.parents[parent]
        return skip


def step_of(name: Name) -> str:
    """One step of a path."""
    if isinstance(name, str):
        if _SHORTHAND.fullmatch(name):
            return f".{name}"
        return "['" + "".join(_escaped(one) for one in name) + "']"
    return f"[{name}]"


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return f"\\u{ord(character):04x}" if ord(character) < 0x20 or 0xD800 <= ord(character) <= 0xDFFF else character
