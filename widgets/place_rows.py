"""The lines of a search: what kind of place it is, its name with the letters marked, where it is, what is said of it.

Owns how one is drawn. Never knows how a place is gone to.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Protocol

from rich.cells import cell_len

from ..services.state.text import one_line
from .ink import Line, Span, cropped, fit, line_width
from .item_rows import first_line, marked
from .virtual_list import VirtualList

KIND = 10
TITLE_SHARE = 0.4
MEASURED = 100


class Shown(Protocol):
    """A place as it is drawn."""

    @property
    def kind(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def where(self) -> str: ...
    @property
    def about(self) -> str: ...
    @property
    def keys(self) -> str: ...
    def __hash__(self) -> int: ...


class PlaceRows(VirtualList[Shown], can_focus=False):
    """The best first."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._places: Sequence[Shown] = ()
        self._words = ""
        self._hint = ""
        self._titles = 0

    def present(self, places: Sequence[Shown], words: str, hint: str) -> None:
        self._places, self._words, self._hint = places, words, hint
        self._titles = max((cell_len(one_line(place.title, 80)) for place in places[:MEASURED]), default=0)
        self.resized_items()
        self.move_cursor(0, quiet=True)
        self.scroll_to(y=0, animate=False, force=True)
        self.refresh()

    def length(self) -> int:
        return len(self._places)

    def item_at(self, index: int) -> Shown:
        return self._places[index]

    def stamp(self, item: Shown) -> Hashable:
        return (self._words, self._titles)

    def empty(self) -> Line:
        return ((f"  {self._hint}", "muted"),)

    def paint(self, item: Shown, width: int, *, current: bool) -> Line:
        titles = max(12, min(self._titles, int(width * TITLE_SHARE)))
        strong = "strong" if current else ""
        title = [(text, ink or strong) for text, ink in marked(fit(one_line(item.title), titles), self._words)]
        line: list[Span] = [(fit(item.kind, KIND), "muted"), *title, ("  ", "")]
        if item.where:
            line += [(fit(one_line(item.where), min(18, max(8, width // 6))), "accent"), ("  ", "")]
        line.append((first_line(item.about), "muted"))
        if not item.keys:
            return cropped(line, width - 1)
        keys = f" {item.keys}"
        kept = cropped(line, width - 1 - cell_len(keys))
        return (*kept, (" " * (width - 1 - cell_len(keys) - line_width(kept)), ""), (keys, "accent"))
