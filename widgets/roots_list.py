"""Roots that a server is told, a line each.

Owns the lines. Never changes a root.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from ..services.state.text import one_line
from .ink import Line, fit
from .virtual_list import VirtualList

NAME = 20


@dataclass(frozen=True, slots=True)
class RootRow:
    """``told``: servers are told it; ``remark``: what a person may want to know of the folder, empty for nothing."""

    uri: str
    name: str = ""
    told: bool = True
    remark: str = ""


class RootsList(VirtualList[RootRow]):
    """``show`` takes the roots; ``nothing`` is said where there is none."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._roots: tuple[RootRow, ...] = ()
        self._nothing = ""

    def show(self, roots: tuple[RootRow, ...], nothing: str) -> None:
        self._roots, self._nothing = roots, nothing
        self.resized_items()

    def length(self) -> int:
        return len(self._roots)

    def item_at(self, index: int) -> RootRow:
        return self._roots[index]

    def stamp(self, item: RootRow) -> Hashable:
        return None

    def empty(self) -> Line:
        return ((" ", ""), (self._nothing, "muted"))

    def paint(self, item: RootRow, width: int, *, current: bool) -> Line:
        mark, ink = ("●", "good") if item.told else ("○", "muted")
        remark = f"  ▲ {one_line(item.remark, 60)}" if item.remark else ""
        name = one_line(item.name, 60)
        left = max(10, width - 2 - (NAME + 2 if name else 0) - len(remark))
        line: list[tuple[str, str]] = [(f"{mark} ", ink), (fit(one_line(item.uri), left), "strong" if current else "")]
        line += [("  ", ""), (fit(name, NAME), "muted")] if name else []
        return [*line, (remark, "warn")]
