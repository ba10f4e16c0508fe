"""A JSON value as a tree that folds: one line a value, whatever its size.

Owns drawing and folding, and finding words in it. The value is numbered in a thread, a slice at a time, and shows from
the first slice on. Never copies the value, and never draws more than the lines in sight.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
from functools import partial
from typing import ClassVar

import anyio
from anyio import to_thread
from textual.binding import Binding, BindingType
from textual.message import Message

from ..services.models import Json
from ..services.state.text import one_line
from .found import FOUND_CSS, marked
from .ink import INK_CLASSES, INK_CSS, Line, Span
from .json_nodes import SMALL, Flattening, Rows
from .json_text import dumps
from .result_blocks import size_of, size_words
from .virtual_list import VirtualList

SHOWN = 2_000
"""Characters of a string that are looked at for its line."""
SEARCHED = 200_000
"""Values that are looked through at a time."""
DEEP = 30
"""Levels that are indented."""


class JsonTree(VirtualList[int]):
    """``value`` with what is inside of it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(INK_CLASSES) | {"ink--number", "ink--found", "ink--found-now"}
    DEFAULT_CSS = "JsonTree {" + INK_CSS + ".ink--number { color: $accent; }" + FOUND_CSS + "}"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "turn", "Fold", show=False),
        Binding("right,l", "unfold", "Unfold", show=False),
        Binding("left,h", "fold", "Fold", show=False),
        Binding("asterisk", "all", "Open or fold all", show=False),
    ]

    class Grown(Message):
        """More of the value is numbered, or something else of it shows."""

    class LongChosen(Message):
        """Enter on a text: it is to be read whole."""

        def __init__(self, text: str, path: str) -> None:
            super().__init__()
            self.text = text
            self.path = path

    def __init__(self, value: Json, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._value = value
        self._flattening = Flattening(value)
        self._all = self._flattening.nodes
        count, exact = size_of(value, SMALL)
        self._whole = exact and count < 100 * SMALL
        self._rows = Rows(self._all, whole=self._whole)
        self._count = self._flattening.step(SMALL * 2)
        self._rows.grow(self._count)
        self._grown = anyio.Event()
        self._pattern: re.Pattern[str] | None = None
        self._matches = array("i")
        self._now = -1

    def on_mount(self) -> None:
        self.resized_items()
        if not self._flattening.done:
            self.run_worker(self._number(), exclusive=True, group="number", exit_on_error=False)

    async def _number(self) -> None:
        while not self._flattening.done:
            self._count = await to_thread.run_sync(self._flattening.step)
            self._rows.grow(self._count)
            self.resized_items()
            self._grown.set()
            self._grown = anyio.Event()
            self.post_message(self.Grown())

    # What is known of it.

    @property
    def complete(self) -> bool:
        """All of it is numbered."""
        return self._flattening.done

    @property
    def count(self) -> int:
        """Values that are numbered by now."""
        return self._count

    @property
    def path(self) -> str:
        """Where the value under the cursor stands (JSONPath)."""
        current = self.current
        return self._all.path(current) if current is not None else "$"

    @property
    def chosen(self) -> Json:
        """The value under the cursor."""
        current = self.current
        return self._all.values[current] if current is not None else self._value

    def told(self) -> str:
        """Path, type and size of what is under the cursor, safe to show."""
        return f"{one_line(self.path, 400)}  {kind_of(self.chosen)}"

    # Lines.

    def length(self) -> int:
        return len(self._rows)

    def item_at(self, index: int) -> int:
        return self._rows.rows[index]

    def stamp(self, item: int) -> object:
        now = self._matches[self._now] if 0 <= self._now < len(self._matches) else -1
        return (self._rows.is_open(item), self._pattern, item == now)

    def paint(self, item: int, width: int, *, current: bool) -> Line:
        nodes = self._all
        depth = nodes.depths[item]
        fold = ("▾ " if self._rows.is_open(item) else "▸ ") if nodes.is_container(item) else "  "
        line: list[Span] = [("  " * min(depth, DEEP) + ("" if depth <= DEEP else f"⋯{depth} "), ""), (fold, "muted")]
        name = nodes.names[item]
        if isinstance(name, str):
            line += [(dumps(name[:SHOWN])[1:-1] or '""', "accent"), (": ", "muted")]
        elif name is not None:
            line += [(str(name), "muted"), (": ", "muted")]
        line += _value_spans(nodes.values[item], width)
        if self._pattern is None:
            return line
        now = 0 <= self._now < len(self._matches) and self._matches[self._now] == item
        return marked(line, self._pattern, "found-now" if now else "found")

    # Folding.

    def action_turn(self) -> None:
        if self._folds():
            self._turn(opened=not self._rows.is_open(self._rows.rows[self.cursor]))

    def action_unfold(self) -> None:
        if self._folds() and not self._rows.is_open(self._rows.rows[self.cursor]):
            self._turn(opened=True)
        elif self._folds():
            self.move_cursor(self.cursor + 1)

    def action_fold(self) -> None:
        if self._folds() and self._rows.is_open(self._rows.rows[self.cursor]):
            self._turn(opened=False)
            return
        current = self.current
        parent = self._all.parents[current] if current is not None else -1
        if parent >= 0:
            self.move_cursor(self._rows.line_of(parent))

    def action_all(self) -> None:
        """Open everything; where it is open, fold everything."""
        current = self.current or 0
        opened = len(self._rows) < self._count
        self._rows.all(opened=opened)
        self.resized_items()
        self.move_cursor(self._rows.line_of(current) if opened else 0, quiet=True)
        self._told_again()

    def action_choose(self) -> None:
        chosen = self.chosen
        if isinstance(chosen, str):
            self.post_message(self.LongChosen(chosen, self.path))
        else:
            self.action_turn()

    def _folds(self) -> bool:
        current = self.current
        return current is not None and self._all.is_container(current)

    def _turn(self, *, opened: bool) -> None:
        if opened:
            self._rows.unfold(self.cursor)
        else:
            self._rows.fold(self.cursor)
        self.resized_items()
        self._told_again()

    def _told_again(self) -> None:
        self.post_message(self.Grown())

    # Finding.

    async def find(self, pattern: re.Pattern[str] | None, told: Callable[[int], None]) -> int:
        """Mark what matches in names and values; how many lines do. ``told`` hears the number as it rises."""
        self._pattern, self._matches, self._now = pattern, array("i"), -1
        self.refresh()
        start = 0
        while pattern is not None and (start < self._count or not self.complete):
            end = min(self._count, start + SEARCHED)
            if start == end:  # the rest is not numbered yet
                await self._grown.wait()
                continue
            self._matches.extend(await to_thread.run_sync(partial(self._found, pattern, start, end)))
            start = end
            told(len(self._matches))
        return len(self._matches)

    def _found(self, pattern: re.Pattern[str], start: int, end: int) -> array[int]:
        return array("i", _matching(self._all.names, self._all.values, pattern, start, end))

    def show_match(self, number: int) -> None:
        """Put the cursor on one of what was found, opening what hides it."""
        self._now = number
        line = self._rows.reveal(self._matches[number])
        self.resized_items()
        self.move_cursor(line)
        self.refresh()

    def nearest(self) -> int:
        """The first of what was found from the cursor on."""
        current = self.current or 0
        return next((index for index, item in enumerate(self._matches) if item >= current), 0)


def _matching(
    names: list[str | int | None], values: list[Json], pattern: re.Pattern[str], start: int, end: int
) -> Iterator[int]:
    search = pattern.search
    for number in range(start, end):
        name, value = names[number], values[number]
        if isinstance(name, str) and search(name):
            yield number
        elif isinstance(value, str):
            if search(value):
                yield number
        elif value is None or isinstance(value, bool):
            if search("null" if value is None else "true" if value else "false"):
                yield number
        elif isinstance(value, int | float) and _finds_number(search, value):
            yield number


def _finds_number(search: Callable[[str], object], value: float) -> bool:
    try:
        return search(str(value)) is not None
    except ValueError:  # more digits than the interpreter prints
        return search(hex(int(value))) is not None


def _value_spans(value: Json, width: int) -> list[Span]:
    match value:
        case dict():
            return [("{}", "muted")] if not value else [("{ }", "muted"), (f" {_many(len(value), 'member')}", "muted")]
        case list():
            return [("[]", "muted")] if not value else [("[ ]", "muted"), (f" {_many(len(value), 'item')}", "muted")]
        case str():
            short = value[: min(SHOWN, max(20, width))]
            text = dumps(short)
            if len(short) < len(value):
                return [(text[:-1] + "…", "good"), (f" {size_words(len(value))}", "muted")]
            return [(text, "good")]
        case bool() | None:
            return [(dumps(value), "number")]
        case _:
            return [(dumps(value)[:SHOWN], "number")]


def kind_of(value: Json) -> str:
    """Type and size of a value in words."""
    match value:
        case dict():
            return f"object of {_many(len(value), 'member')}"
        case list():
            return f"array of {_many(len(value), 'item')}"
        case str():
            return f"text of {_many(len(value), 'character')}"
        case bool():
            return "boolean"
        case None:
            return "null"
        case int():
            return "integer"
        case _:
            return "number"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
