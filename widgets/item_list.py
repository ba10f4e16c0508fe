"""What one server offers: its tools, resources, templates, prompts and tasks, a kind at a time, narrowed by a filter.

Owns the filter line, which kind shows, and the rows. Posts ``ItemList.Highlighted`` and ``ItemList.Chosen`` with the
thing; never calls or reads one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive, var
from textual.widgets import Input, Static

from ..services.models import Status
from ..services.state.matching import Finder
from ..services.state.model import ServerState
from .call_facts import definitions
from .item_kinds import WORDS, Item, ItemKind, KindWords, items_of, key_of, offered, texts_of
from .item_rows import ItemRows
from .line_input import LineInput
from .server_offer import is_cached
from .virtual_list import VirtualList

NONE: Sequence[Item] = ()


class FilterInput(LineInput):
    """One borderless line; Esc, Enter and the arrows hand over to the rows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave(True)", "Clear", show=False),
        Binding("enter,down", "leave(False)", "To the list", show=False),
    ]

    class Left(Message):
        def __init__(self, clear: bool) -> None:
            super().__init__()
            self.clear = clear

    def action_leave(self, clear: bool) -> None:
        self.post_message(self.Left(clear))


class ItemList(Vertical):
    """Filter line (only while in use) above the rows; the kinds stand in the border and cost no row.

    ``wanted`` is the kind that a person chose; a server that offers none of it shows its tools meanwhile.
    """

    DEFAULT_CSS = """
    ItemList { height: 1fr; }
    ItemList #filter { display: none; height: 1; background: $surface; }
    ItemList.-filtering #filter { display: block; }
    ItemList #filter Static { width: 2; color: $primary; text-style: bold; }
    ItemList FilterInput, ItemList FilterInput:focus {
        width: 1fr; height: 1; border: none; padding: 0; background: transparent; background-tint: transparent;
    }
    """

    server: reactive[ServerState | None] = reactive[ServerState | None](None)
    wanted: var[ItemKind] = var(ItemKind.TOOLS)

    class Highlighted(Message):
        """Another thing is under the cursor; None when the list is empty."""

        def __init__(self, server: str, kind: ItemKind, item: Item | None) -> None:
            super().__init__()
            self.server = server
            self.kind = kind
            self.item = item

    class Filled(Message):
        """There are things to be seen where there were none, or none any more."""

    class Chosen(Message):
        def __init__(self, server: str, kind: ItemKind, item: Item) -> None:
            super().__init__()
            self.server = server
            self.kind = kind
            self.item = item

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._input = FilterInput(placeholder="filter tools", compact=True)
        self._rows = ItemRows(id="item-rows")
        self._finder = Finder(NONE, texts_of)
        self._shown: Sequence[Item] = ()
        self._kinds: tuple[ItemKind, ...] = (ItemKind.TOOLS,)
        self._left: dict[ItemKind, str] = {}
        """The key of what the cursor stood on in the other kinds of this server."""

    def compose(self) -> ComposeResult:
        with Horizontal(id="filter"):
            yield Static("/ ")
            yield self._input
        yield self._rows

    @property
    def rows(self) -> ItemRows:
        return self._rows

    @property
    def current(self) -> Item | None:
        return self._rows.current

    @property
    def kind(self) -> ItemKind:
        """The kind that shows."""
        return self.wanted if self.wanted in self._kinds else self._kinds[0]

    @property
    def kinds(self) -> tuple[ItemKind, ...]:
        """Those that can be shown."""
        return self._kinds

    @property
    def filter(self) -> str:
        return self._input.value

    def on_mount(self) -> None:
        self._present()

    def on_resize(self) -> None:
        self._title()

    def watch_server(self, old: ServerState | None, new: ServerState | None) -> None:
        another = (old.id if old else None) != (new.id if new else None)
        shown = self.kind
        if another or old is None or new is None or _told_of(old) != _told_of(new):
            self._kinds = offered(new)
        if another:
            self._left.clear()
            self._rows.move_cursor(0, quiet=True)
            self.clear_filter()
        self._rows.told(new)
        kind = self.kind
        same = not another and kind is shown and items_of(old, kind) is items_of(new, kind)
        if not same or old is None or new is None or _told_of(old) != _told_of(new):
            self._present()

    def watch_wanted(self, old: ItemKind, new: ItemKind) -> None:
        if not self.is_mounted:
            return
        current = self.current
        if current is not None:
            self._left[old] = key_of(current)
        self._present()
        self._put_back(self._left.get(self.kind, ""))
        self._highlighted()

    def show_kind(self, kind: ItemKind) -> bool:
        """Show another kind; False where this server has none of it."""
        if kind not in self._kinds:
            return False
        self.wanted = kind
        return True

    def step_kind(self, step: int) -> ItemKind:
        """The kind beside the one that shows."""
        return self._kinds[(self._kinds.index(self.kind) + step) % len(self._kinds)]

    def open_filter(self) -> None:
        self._input.placeholder = f"filter {self.kind.value}"
        self.add_class("-filtering")
        self._input.focus()
        self.call_later(self._read_ahead, self._finder)

    def clear_filter(self) -> bool:
        """End filtering; False when there was nothing to end."""
        was = self.has_class("-filtering")
        self.remove_class("-filtering")
        self._input.value = ""
        return was

    def show(self, kind: ItemKind, key: str) -> bool:
        """Put the cursor on a thing by what the server knows it by, without a filter in the way."""
        self.clear_filter()
        if not self.show_kind(kind):
            return False
        self._present()
        found = self._put_back(key)
        if found:
            self._highlighted()
        return found

    def _put_back(self, key: str) -> bool:
        index = next((i for i, known in enumerate(self._shown) if key_of(known) == key), None) if key else None
        self._rows.move_cursor(index or 0, quiet=True)
        return index is not None

    @on(Input.Changed)
    def _filter_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._present()

    @on(FilterInput.Left)
    def _filter_left(self, event: FilterInput.Left) -> None:
        event.stop()
        self._find_all()
        if event.clear or not self._input.value:
            self.clear_filter()
        self._rows.focus()

    @on(VirtualList.Highlighted)
    def _row_highlighted(self, event: VirtualList.Highlighted) -> None:
        event.stop()
        self._highlighted()

    @on(VirtualList.Chosen)
    def _row_chosen(self, event: VirtualList.Chosen) -> None:
        event.stop()
        item = self.current
        if item is not None and self.server is not None:
            self.post_message(self.Chosen(self.server.id, self.kind, item))

    def _highlighted(self) -> None:
        if self.server is not None:
            self.post_message(self.Highlighted(self.server.id, self.kind, self.current))

    # What is found.

    def _present(self) -> None:
        items = items_of(self.server, self.kind) or NONE
        if items is not self._finder.things:
            self._finder = Finder(items, texts_of)
        self._finder.begin(self._input.value)
        self._go_on(self._finder)

    def _go_on(self, finder: Finder[Item]) -> None:
        """The next slice; between two of them keys and the screen have their turn."""
        if finder is not self._finder:
            return
        finder.go_on()
        if finder.finished:
            self._found()
        else:
            self.call_later(self._go_on, finder)

    def _read_ahead(self, finder: Finder[Item]) -> None:
        """What is looked at of each thing is read before the first letter comes, a slice at a time."""
        if finder is self._finder and finder.finished and finder.read_ahead():
            self.call_later(self._read_ahead, finder)

    def _find_all(self) -> None:
        """Somebody goes to what was found: all of it, now."""
        if not self._finder.finished:
            while not self._finder.finished:
                self._finder.go_on()
            self._found()

    def _found(self) -> None:
        before = self.current
        self._shown = self._finder.found()
        self._rows.present(self._shown, self.kind, self._input.value, self._hint())
        self._title()
        if (self.current is None) is not (before is None):
            self.post_message(self.Filled())
        if self.current is not before and self.has_class("-filtering"):
            self._highlighted()

    # Words.

    def _hint(self) -> str:
        server, words = self.server, WORDS[self.kind]
        if server is None:
            return ""
        if self._input.value:
            return f"no {words.one} matches"
        match server.status:
            case Status.CONNECTED | Status.DEGRADED if words.method in server.failed_lists:
                return "the list could not be read · u reads it again"
            case Status.CONNECTED | Status.DEGRADED if items_of(server, self.kind) is None:
                return "listing…"
            case Status.CONNECTED | Status.DEGRADED if self.kind is ItemKind.TASKS:
                return "no task runs or ran · Ctrl+G calls a tool as one"
            case Status.CONNECTED | Status.DEGRADED:
                return f"this server offers no {self.kind.value}"
            case Status.CONNECTING | Status.WAITING | Status.RECONNECTING:
                return "not connected yet"
            case _:
                return "not connected"

    def _title(self) -> None:
        server = self.server
        cached = " · cached" if server is not None and is_cached(server) else ""
        room = max(20, self.outer_size.width - 6 - len(cached))
        told = [(WORDS[kind], self._count(kind)) for kind in self._kinds]
        fitting = next((one for one in _spelled(told, self.kind) if cell_len(" │ ".join(one)) <= room), None)
        if fitting is None:  # the keys of the others say where they are
            fitting = [_join(words.titles[0], count) if words.kind is self.kind else words.key for words, count in told]
        labels = [self._label(words, text) for (words, _), text in zip(told, fitting, strict=True)]
        self.border_title = Content.assemble(Content(" │ ").join(labels), (cached, "$text-muted not bold"))
        cost = definitions(server) if server is not None and self.kind is ItemKind.TOOLS else None
        self.border_subtitle = Content(f"~{cost.tokens:,} tokens (estimate)" if cost is not None else "")

    def _label(self, words: KindWords, text: str) -> Content:
        if len(self._kinds) == 1:
            return Content(text)
        look = "bold" if words.kind is self.kind else "$text-muted not bold"
        return Content.from_markup(f"[{look} @click=screen.kind('{words.kind.value}')]$text[/]", text=text)

    def _count(self, kind: ItemKind) -> str:
        total = len(items_of(self.server, kind) or ())
        if self._input.value and kind is self.kind:
            return f"{len(self._shown):,}/{total:,}"
        return f"{total:,}" if total else ""


def _spelled(told: list[tuple[KindWords, str]], shown: ItemKind) -> Iterator[list[str]]:
    """The kinds with their counts, from the most room to the least."""
    yield [_join(words.titles[0], count) for words, count in told]
    yield [_join(words.titles[words.kind is not shown], count) for words, count in told]
    yield [_join(words.titles[1], count) for words, count in told]


def _join(title: str, count: str) -> str:
    return f"{title} {count}" if count else title


def _told_of(server: ServerState) -> tuple[object, ...]:
    """What the list tells of a server beside the things that show: compared by identity where that is meant."""
    lists = tuple(len(items_of(server, kind) or ()) for kind in WORDS)
    return (
        server.status,
        server.failed_lists,
        server.freshness.get("tools/list"),
        server.instructions,
        id(server.capabilities),
        lists,
    )
