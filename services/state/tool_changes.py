"""How one list of tools differs from another.

Owns what counts as a change of a tool, and how much of the past is kept. Definitions are kept as the objects they
were received as, never copied.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..models import Json, Tool
from .bounds import weight
from .model import ToolChange, ToolChanges

SETS_KEPT = 20
"""Changes of a server's list of tools that are remembered."""
DETAILS_KEPT = 50
"""Changed tools of one such change whose definitions are remembered."""
DEFINITIONS_KEPT = 1024 * 1024
"""Bytes (estimated) of the definitions of one such change; a tool whose own do not fit is only named."""

_WORDS = {"inputSchema": "input schema", "outputSchema": "output schema"}
_FIRST = ("title", "description", "input schema", "output schema", "annotations")
_UNSAID = ("_meta", "icons")
"""What says nothing of what a tool does (see ``Tool.digest``)."""


def compared(before: tuple[Tool, ...], now: tuple[Tool, ...], at: float) -> ToolChanges | None:
    """What came, went and is described differently; None: nothing. ``at`` in wall seconds."""
    old = {tool.name: tool for tool in before}
    new = {tool.name: tool for tool in now}
    changed = [(old[name], tool) for name, tool in new.items() if name in old and not _is_equal(old[name], tool)]
    changes = ToolChanges(
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        changed=tuple(tool.name for _, tool in changed),
        at=at,
        details=tuple(_details(changed)),
    )
    return changes if changes.added or changes.removed or changes.changed else None


def differences(before: Tool, now: Tool) -> tuple[str, ...]:
    """What of a definition is another: ``description``, ``input schema``, ``annotations`` …; other members by name."""
    one, other = before.raw, now.raw
    found = {
        _WORDS.get(name, name)
        for name in {**one, **other}
        if name not in one or name not in other or _text(one[name]) != _text(other[name])
    }
    return (*(word for word in _FIRST if word in found), *sorted(found.difference(_FIRST)))


def is_the_same(before: Tool, now: Tool) -> bool:
    """Both say the same of what the tool does: they have the same digest."""
    return _is_equal(before, now) or all(name in _UNSAID for name in differences(before, now))


def remembered(history: tuple[ToolChanges, ...], new: ToolChanges) -> tuple[ToolChanges, ...]:
    """The history, newest first, with ``new`` at its head."""
    return (new, *history[: SETS_KEPT - 1])


def _details(changed: list[tuple[Tool, Tool]]) -> Iterator[ToolChange]:
    room = DEFINITIONS_KEPT
    for before, now in changed[:DETAILS_KEPT]:
        size = weight(before.raw) + weight(now.raw)
        if size <= room:
            room -= size
            yield ToolChange(now.name, differences(before, now), before.raw, now.raw)


def _is_equal(before: Tool, now: Tool) -> bool:
    if before.raw is now.raw:
        return True
    try:
        # Python takes 1, 1.0 and true for the same; their texts are of other lengths.
        return before.wire_bytes == now.wire_bytes and before.raw == now.raw
    except RecursionError:  # nested as deeply as only a reader can go
        return False


def _text(value: Json) -> object:
    """What two values have in common exactly when they are the same JSON, whatever the order of their members."""
    try:
        return json.dumps(value, sort_keys=True)
    except RecursionError:
        return id(value)
