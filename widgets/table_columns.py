"""An array of objects as a table: whether it is one, its columns, their widths, and its rows in an order.

Owns these. Never draws, and never looks at more of a long array than a column's width needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from rich.cells import cell_len

from ..services.models import Json, JsonObject
from ..services.state.text import one_line
from .json_text import dumps

COLUMNS: Final = 60
"""Members of which there is a column."""
LOOKED_AT: Final = 300
"""Rows by which columns and widths are found."""
WIDEST: Final = 48
"""Cells of a column, at most."""
SHARED: Final = 0.5
"""The part of its cells that a table must fill: objects of different kinds are none."""


@dataclass(frozen=True, slots=True)
class Column:
    """``numeric``: its values stand on the right."""

    name: str
    width: int
    numeric: bool


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    rows: Sequence[JsonObject]
    columns: tuple[Column, ...]
    left_out: int = 0
    """Members that have no column, there being too many."""


def table_of(value: Json) -> Table | None:
    """``value``, or the one array in it, as a table; None where it is none.

    At least two objects with two members or more, of which most have most: mostly values that fit on a line.
    """
    rows = _rows(value)
    if rows is None:
        return None
    some = rows[:LOOKED_AT]
    names: dict[str, int] = {}
    for row in some:
        for name in row:
            names[name] = names.get(name, 0) + 1
    if len(names) < 2 or sum(names.values()) < SHARED * len(names) * len(some):
        return None
    plain = sum(not isinstance(cell, dict | list) for row in some for cell in row.values())
    if plain * 2 < sum(names.values()):
        return None
    shown = list(names)[:COLUMNS]
    return Table(rows, tuple(_column(name, some) for name in shown), len(names) - len(shown))


def _rows(value: Json) -> Sequence[JsonObject] | None:
    if isinstance(value, dict):
        arrays = [one for one in value.values() if isinstance(one, list)]
        if len(value) != 1 or len(arrays) != 1:
            return None
        value = arrays[0]
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(row, dict) and row for row in value):
        return None
    return cast("list[JsonObject]", value)


def _column(name: str, rows: Sequence[JsonObject]) -> Column:
    width = max([cell_len(one_line(name, WIDEST)), *(cell_len(cell_text(row.get(name), name in row)) for row in rows)])
    there = [row[name] for row in rows if row.get(name) is not None]
    numeric = bool(there) and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in there)
    return Column(name, min(width, WIDEST), numeric)


def cell_text(value: Json, there: bool = True) -> str:
    """A cell on one line, safe to show; one that is not there is empty."""
    if not there:
        return ""
    if isinstance(value, str):
        return one_line(value[: WIDEST * 4], WIDEST + 1)
    if isinstance(value, dict | list) and len(value) > 8:
        return f"{{ }} {len(value)} members" if isinstance(value, dict) else f"[ ] {len(value)} items"
    return one_line(dumps(value)[: WIDEST * 4], WIDEST + 1)


def sorted_rows(table: Table, column: int, *, descending: bool) -> list[JsonObject]:
    """The rows by one column: numbers before texts before all else; what is missing stands last either way."""
    name = table.columns[column].name

    def key(row: JsonObject) -> tuple[int, float, str]:
        value = row.get(name)
        if isinstance(value, bool) or value is None or isinstance(value, dict | list):
            return 2, 0.0, dumps(value)[:200]
        if isinstance(value, int | float):
            try:
                return 0, float(value), ""
            except OverflowError:
                return 0, float("inf") if value > 0 else float("-inf"), ""
        return 1, 0.0, value.casefold()

    there = [row for row in table.rows if row.get(name) is not None]
    missing = [row for row in table.rows if row.get(name) is None]
    return sorted(there, key=key, reverse=descending) + missing


def shared_widths(asked: Sequence[int], room: int) -> list[int]:
    """Widths of columns in ``room`` cells: those that ask for little get it, the others share the rest."""
    widths = list(asked)
    if sum(widths) <= room:
        return widths
    left, open_columns = room, sorted(range(len(asked)), key=lambda at: asked[at])
    for number, at in enumerate(open_columns):
        fair = left // (len(open_columns) - number)
        widths[at] = max(3, min(asked[at], fair))
        left -= widths[at]
    return widths
