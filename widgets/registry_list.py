"""The results of a search in the registry: a line a server.

Owns the layout of a line. Never asks for more: it posts where the cursor is.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from rich.cells import cell_len

from ..services.state.text import one_line
from .ink import Line, cropped, fit
from .virtual_list import VirtualList

NAME_SHARE = 0.5
NAME_LEAST = 16
WAYS = 14
WITH_WAYS = 70
"""Cells from which there is room for the ways beside what it says of itself; the detail has them too."""


@dataclass(frozen=True, slots=True)
class RegistryRow:
    """A server of the registry as the list shows it. All texts are hostile."""

    name: str
    version: str
    ways: tuple[str, ...]
    about: str
    status: str = "active"


class RegistryList(VirtualList[RegistryRow]):
    """Lines of name, version, kinds of packages and remotes, and what it says of itself."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._rows: tuple[RegistryRow, ...] = ()
        self._names = 0
        self._versions = 0
        self._ways = 0
        self._hint = ""

    def present(self, rows: tuple[RegistryRow, ...], hint: str) -> None:
        """Show ``rows``; ``hint`` stands there when there are none. The cursor keeps its place."""
        self._rows = rows
        self._hint = hint
        self._names = max((cell_len(one_line(row.name)) for row in rows), default=0)
        self._versions = min(10, max((cell_len(one_line(row.version)) for row in rows), default=0))
        self._ways = min(WAYS, max((cell_len(_ways(row)) for row in rows), default=0))
        self.resized_items()

    def length(self) -> int:
        return len(self._rows)

    def item_at(self, index: int) -> RegistryRow:
        return self._rows[index]

    def stamp(self, item: RegistryRow) -> Hashable:
        return (self._names, self._versions, self._ways)

    def empty(self) -> Line:
        return ((f"  {self._hint}", "muted"),)

    def paint(self, item: RegistryRow, width: int, *, current: bool) -> Line:
        names = min(self._names, max(NAME_LEAST, int(width * NAME_SHARE)))
        mark = ("  ", "") if item.status == "active" else ("▲ ", "warn")
        ways = ((fit(_ways(item), self._ways) + " ", "accent"),) if width >= WITH_WAYS else ()
        line = (
            (fit(one_line(item.name), names), "strong" if current else ""),
            (" " + fit(one_line(item.version), self._versions) + " ", "muted"),
            mark,
            *ways,
            (one_line(item.about, 300), "muted"),
        )
        return cropped(line, width - 1)


def _ways(row: RegistryRow) -> str:
    return one_line(", ".join(row.ways))
