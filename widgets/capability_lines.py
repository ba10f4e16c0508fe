"""The capabilities of both sides as they were sent, as a tree: known members, unknown ones, settings and all.

Owns the layout. Pure: two objects and a width give lines.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..services.models import Json, JsonObject
from ..services.state.text import one_line
from .fact_lines import heading
from .ink import Line, fit
from .json_text import dumps

ROWS = 200
"""Rows of one side's tree; an object that is larger is cut, and that is said."""
DEEPEST = 8


def capabilities_in_full(theirs: JsonObject, ours: JsonObject, width: int) -> Iterator[Line]:
    """Both trees, that of the server first; nothing of a side that sent none."""
    for title, said, tree in (
        ("Capabilities of the server", "as received", theirs),
        ("Capabilities of mcpdeck", "as sent to it", ours),
    ):
        if not tree:
            continue
        yield from heading(title, said)
        rows = [*_rows(tree, 0)]
        for depth, name, value in rows[:ROWS]:
            label = "  " * depth + name
            yield ((fit(f"  {label}", min(34, max(14, width // 2))), ""), (fit(value, max(0, width - 36)), "muted"))
        if len(rows) > ROWS:
            yield ((f"  … and {len(rows) - ROWS:,} more", "muted"),)


def _rows(value: JsonObject, depth: int) -> Iterator[tuple[int, str, str]]:
    for name, inner in value.items():
        label = one_line(name, 80)
        if isinstance(inner, dict) and inner and depth < DEEPEST:
            yield depth, label, ""
            yield from _rows(inner, depth + 1)
        else:
            yield depth, label, _shown(inner)


def _shown(value: Json) -> str:
    return "yes" if value == {} or value is True else "no" if value is False else one_line(dumps(value), 200)
