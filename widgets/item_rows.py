"""The lines of the list of things that a server offers: one each, of whichever kind.

Owns how a thing is drawn on one line, with what was typed marked in its name. Posts what a virtual list posts.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rich.cells import cell_len

from ..services.models import Listed, TaskInfo, Tool
from ..services.models.json_values import as_list, as_object, as_text
from ..services.state.matching import places
from ..services.state.model import ServerState
from ..services.state.text import one_line
from .fact_lines import size
from .ink import Line, Span, cropped, fit, line_width
from .item_kinds import Item, ItemKind, key_of
from .server_offer import TASK_MARKS
from .virtual_list import VirtualList

NAME_SHARE = 0.45
NAME_LEAST = 10
BESIDE_FROM = 44
"""Cells from which on there is room for a column on the right."""
COST = 7
MEASURED = 500
"""Names that are measured for the width of their column."""


def first_line(text: str) -> str:
    """The first line of a description that says something, on one line."""
    for line in text[:2_000].splitlines():
        shown = one_line(line)
        if shown:
            return shown
    return ""


def marked(name: str, words: str) -> list[Span]:
    """``name`` with the letters that were looked for in the match ink."""
    hits = set(places(name, words))
    spans: list[Span] = []
    for index, char in enumerate(name):
        ink = "match" if index in hits else ""
        if spans and spans[-1][1] == ink:
            spans[-1] = (spans[-1][0] + char, ink)
        else:
            spans.append((char, ink))
    return spans or [(name, "")]


def name_of(item: Item) -> str:
    """The first words of its line."""
    match item:
        case Tool():
            return one_line(item.name)
        case Listed():
            return one_line(item.name) or one_line(item.key) or "(no name)"
        case TaskInfo():
            return one_line(item.tool) or "(not ours)"


class ItemRows(VirtualList[Item]):
    """Name, what is said of it, and on the right what it costs, how large it is, or how it stands."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._items: Sequence[Item] = ()
        self._kind = ItemKind.TOOLS
        self._names = 0
        self._beside = 0
        self._words = ""
        self._hint = ""
        self._subscribed: frozenset[str] = frozenset()
        self._server: ServerState | None = None

    def present(self, items: Sequence[Item], kind: ItemKind, words: str, hint: str) -> None:
        """Show ``items`` found with the filter ``words``; ``hint`` stands there when there are none."""
        same = items is self._items
        self._words, self._hint, self._kind = words, hint, kind
        if not same:
            keep = self.current
            self._items = items
            self._beside = _beside(items, kind)
            self._names = max((cell_len(name_of(item)) for item in items[:MEASURED]), default=0)
            kept = key_of(keep) if keep is not None else None
            index = next((i for i, item in enumerate(items) if key_of(item) == kept), 0) if kept is not None else 0
            self.resized_items()
            self.move_cursor(index, quiet=True)
        self.refresh()

    def told(self, server: ServerState | None) -> None:
        """Whose things they are: what it tells of them may change what is drawn."""
        old, self._server = self._server, server
        if server is None or old is None or server.subscriptions is not old.subscriptions:
            self._subscribed = frozenset(server.subscriptions) if server is not None else frozenset()
        if server is None or old is None:
            return
        if server.updated is not old.updated or server.subscriptions is not old.subscriptions:
            self.refresh()

    def length(self) -> int:
        return len(self._items)

    def item_at(self, index: int) -> Item:
        return self._items[index]

    def stamp(self, item: Item) -> Hashable:
        news = self._news(item) if self._kind is ItemKind.RESOURCES else ""
        return (self._words, self._names, self._beside, news, bool(self._subscribed))

    def empty(self) -> Line:
        return ((f"  {self._hint}", "muted"),)

    def paint(self, item: Item, width: int, *, current: bool) -> Line:
        share = max(NAME_LEAST, int(width * NAME_SHARE))
        name = fit(name_of(item), min(self._names, share))
        strong = "strong" if current else ""
        line: list[Span] = (
            [(text, ink or strong) for text, ink in marked(name, self._words)] if self._words else [(name, strong)]
        )
        beside: Span = ("", "")
        match item:
            case Tool():
                if item.excluded is not None:
                    return cropped((*line, ("  ✖ ", "bad"), (one_line(item.excluded), "muted")), width - 1)
                label = "" if item.label == item.name else one_line(item.label)
                line += [(" ▲", "warn") if item.problems else ("  ", ""), (_said(item.description, label), "muted")]
                beside = (f"~{item.tokens:,}" if item.size else "", "muted")
            case Listed():
                line += [self._flag(item), (_said(item.description, _second(item, name)), "muted")]
                beside = (_right(item, self._kind), "muted")
            case TaskInfo():
                glyph, ink = TASK_MARKS.get(item.status, ("·", "muted"))
                line = [(f"{glyph} ", ink), *line, ("  ", ""), (one_line(item.message) or one_line(item.id), "muted")]
                told = "input required" if item.status == "input_required" else one_line(item.status, 20)
                beside = (told, ink)
        if not self._beside or width < BESIDE_FROM:
            return cropped(line, width - 1)
        room = width - 1 - self._beside
        kept = cropped(line, room - 1)
        return (*kept, (" " * (room - line_width(kept)), ""), (fit(beside[0], self._beside, right=True), beside[1]))

    def _flag(self, item: Listed) -> Span:
        """Whether changes of it are told, and whether one was."""
        match self._news(item):
            case "changed":
                return (" ◆ ", "accent")
            case "subscribed":
                return (" ◇ ", "accent")
            case _:
                return ("   " if self._subscribed else "  ", "")

    def _news(self, item: Item) -> str:
        server = self._server
        if server is None or not isinstance(item, Listed) or item.key not in self._subscribed:
            return ""
        return "changed" if item.key in server.updated else "subscribed"


def _said(description: str, other: str) -> str:
    return first_line(description) or other


def _second(item: Listed, shown: str) -> str:
    """What is said of it where it has no description: its other name, or what the server knows it by."""
    title = one_line(item.title or "")
    return title or (one_line(item.key) if shown.rstrip() != one_line(item.key) else "")


def _right(item: Listed, kind: ItemKind) -> str:
    match kind:
        case ItemKind.RESOURCES:
            held = item.raw.get("size")
            mime = one_line(as_text(item.raw.get("mimeType")) or "", 24)
            known = isinstance(held, (int, float)) and not isinstance(held, bool) and 0 <= held < 1e15
            return size(int(held)) if known and isinstance(held, (int, float)) else mime
        case ItemKind.TEMPLATES:
            return one_line(as_text(item.raw.get("mimeType")) or "", 24)
        case ItemKind.PROMPTS:
            arguments = [as_object(one) for one in as_list(item.raw.get("arguments"))]
            return f"{len(arguments)} arg{'' if len(arguments) == 1 else 's'}" if arguments else ""
        case _:
            return ""


def _beside(items: Sequence[Item], kind: ItemKind) -> int:
    """Cells of the column on the right; 0: there is nothing to say there."""
    match kind:
        case ItemKind.TOOLS:
            return COST if any(isinstance(item, Tool) and item.size for item in items) else 0
        case ItemKind.TASKS:
            return 14
        case _:
            words = (_right(item, kind) for item in items[:MEASURED] if isinstance(item, Listed))
            return min(24, max((cell_len(word) for word in words), default=0))
