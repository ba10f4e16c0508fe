"""The page of a resource or a task: everything that is known of one, scrolling.

Owns which one shows. Posts ``ItemPage.Chosen`` on Enter; never reads or fetches anything.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from ..services.models import Listed, TaskInfo
from ..services.state.model import ServerState
from .ink import Line
from .item_kinds import Item, ItemKind, items_of, key_of
from .item_words import resource_lines, task_lines
from .line_document import LineDocument


class ItemPage(LineDocument, can_focus=True):
    """``show`` puts a thing on it; ``told`` brings what its server says of it since."""

    DEFAULT_CSS = "ItemPage { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("home,g", "scroll_home", "Top", show=False),
        Binding("end,G", "scroll_end", "End", show=False),
        Binding("pagedown,ctrl+d", "page_down", "Page down", show=False),
        Binding("pageup,ctrl+u", "page_up", "Page up", show=False),
        Binding("enter", "choose", "Read", show=False),
    ]

    class Chosen(Message):
        """Enter on it."""

        def __init__(self, server: str, kind: ItemKind, item: Item) -> None:
            super().__init__()
            self.server = server
            self.kind = kind
            self.item = item

    def __init__(self, *, id: str | None = None, clock: Callable[[], float] = time.time) -> None:  # noqa: A002
        super().__init__(self._words, id=id)
        self._clock = clock
        self._server: ServerState | None = None
        self._kind = ItemKind.RESOURCES
        self._item: Item | None = None
        self._gone = False

    @property
    def server(self) -> str | None:
        return self._server.id if self._server is not None else None

    @property
    def kind(self) -> ItemKind:
        return self._kind

    @property
    def item(self) -> Item | None:
        return self._item

    def show(self, server: ServerState, kind: ItemKind, item: Item) -> None:
        another = self._item is None or key_of(self._item) != key_of(item) or self.server != server.id
        self._server, self._kind, self._item, self._gone = server, kind, item, False
        if another:
            self.scroll_to(y=0, animate=False, force=True)
        self.lay_out()

    def told(self, server: ServerState | None) -> None:
        """The server is described anew: of the thing on the page there may be news, or it may be gone."""
        shown, item = self._server, self._item
        if item is None or shown is None or server is shown:
            return
        if server is None:
            self._gone = True
        else:
            self._server = server
            if items_of(server, self._kind) is not items_of(shown, self._kind):
                now = next((one for one in items_of(server, self._kind) or () if key_of(one) == key_of(item)), None)
                self._gone = now is None and items_of(server, self._kind) is not None
                self._item = now or item
        if self.display:
            self.lay_out()

    def on_show(self) -> None:
        self.lay_out()

    def action_choose(self) -> None:
        if self._item is not None and self._server is not None:
            self.post_message(self.Chosen(self._server.id, self._kind, self._item))

    def _words(self, width: int) -> list[Line]:
        server, item = self._server, self._item
        if server is None or item is None:
            return [(("Nothing is chosen.", "muted"),)]
        lines: list[Line] = []
        if self._gone:
            lines = [(("It is not in the list of its server any more.", "warn"),), ()]
        match item:
            case Listed():
                return lines + resource_lines(server, item, width, self._clock())
            case TaskInfo():
                return lines + task_lines(server, item, width)
            case _:
                return lines
