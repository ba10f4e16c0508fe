"""The lists on the left of the main screen: the servers, and what the chosen one offers.

Owns which server is chosen, what the cursor of the lower list rests on, and the way to a thing by its name. What is
done with a thing is in ``DeckItems``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import on
from textual.reactive import var

from ...services.models import JsonObject, Tool
from ...services.state.model import ServerState
from ...widgets.call_console import CallConsole
from ...widgets.item_kinds import Item, ItemKind
from ...widgets.item_list import ItemList
from ...widgets.server_list import ServerList
from ...widgets.tool_form import ToolForm
from ...widgets.virtual_list import VirtualList
from ..actions import Zone
from ..controller import Intents
from .deck_fill import DeckFill

if TYPE_CHECKING:
    from textual.timer import Timer

PREVIEW_DELAY = 0.1
"""Seconds the cursor rests on a thing before its page is built: scrolling through builds none."""
OF_ITEMS = frozenset({"form", "item"})
"""Tabs that show one thing of the lower list."""


class DeckLists(DeckFill):
    """Base of the deck screen. ``go_to_server`` and ``go_to_item`` are for whoever found one by its name."""

    server: var[ServerState | None] = var[ServerState | None](None)
    _resting: Timer

    def __init__(self, intents: Intents, form: ToolForm, calls: CallConsole, clock: Callable[[], float]) -> None:
        super().__init__(intents, form, calls, clock)
        self._servers = ServerList(id="servers", clock=clock)
        self._tools = ItemList(id="tools")

    def show_item(self, server: str, kind: ItemKind, item: Item) -> None:
        """Show its form or its page on the right, without going there."""
        raise TypeError("the deck screen shows things")

    def use_item(self, server: str, kind: ItemKind, item: Item) -> None:
        """Enter on it."""
        raise TypeError("the deck screen knows what is done with things")

    @property
    def item_server(self) -> str | None:
        """The server of the thing that shows on the right."""
        return self._form.server

    @on(VirtualList.Highlighted, "#servers")
    def _server_highlighted(self) -> None:
        row = self._servers.server
        if row is not None:
            self._preview = None
            self.server = row
            # Told late, it may already be the server of the form that was just asked for by name.
            choosing = (self._going or self._zone()) is Zone.SERVERS
            if self.tab in OF_ITEMS and (choosing or row.id != self.item_server):
                self.tab = "overview"

    @on(VirtualList.Chosen, "#servers")
    def _server_chosen(self) -> None:
        self.action_open()

    @property
    def selected(self) -> ServerState | None:
        call = self._call(self._calls.selected or "") if self._zone() is Zone.CALLS else None
        if call is not None:  # among the calls it is the one that was called
            return self.mcp.servers.get(call.server, self.server)
        # In the list it is the row under the cursor, even before the list told that the cursor moved.
        row = self._servers.server if self._zone() is Zone.SERVERS else None
        return self.server if row is None else self.mcp.servers.get(row.id, self.server)

    @on(ItemList.Highlighted)
    def _item_highlighted(self, event: ItemList.Highlighted) -> None:
        if event.item is not None:
            self._preview = (event.server, event.kind, event.item)
            self._resting.reset()
            self._resting.resume()
        self._hints()

    @on(ItemList.Filled)
    def _items_filled(self) -> None:
        self._hints()

    @on(ItemList.Chosen)
    def _item_chosen(self, event: ItemList.Chosen) -> None:
        self.use_item(event.server, event.kind, event.item)

    def opens_form(self) -> bool:
        forms = (ItemKind.TOOLS, ItemKind.TEMPLATES, ItemKind.PROMPTS)
        return self._tools.kind in forms and self._tools.current is not None

    def _show_preview(self) -> None:
        self._resting.pause()
        preview, self._preview = self._preview, None
        if preview is not None and self._zone() in (Zone.TOOLS, Zone.FILTER):
            self.show_item(*preview)

    def _hints(self) -> None:
        """The footer: another key may be useful now."""

    @property
    def looked_at(self) -> tuple[ServerState, Tool, JsonObject] | None:
        current = self._tools.current
        tool = current if isinstance(current, Tool) else None
        if self._zone() is Zone.CALLS:
            call = self._call(self._calls.selected or "")
            row = self.mcp.servers.get(call.server) if call is not None else None
            tool = next((one for one in (row.tools if row else None) or () if call and one.name == call.tool), None)
            return (row, tool, call.arguments) if call is not None and row is not None and tool is not None else None
        return (self.server, tool, {}) if self.server is not None and tool is not None else None

    def action_send(self) -> None:
        if self._preview is not None:  # the cursor moved on: what would be called is not what can be read
            self._show_preview()
        else:
            super().action_send()

    def action_send_task(self) -> None:
        if self._preview is not None:
            self._show_preview()
        else:
            super().action_send_task()

    def action_filter(self) -> None:
        self.show_left()
        self._tools.open_filter()

    # By name.

    def go_to_server(self, server: str) -> None:
        self._select(server)
        self.tab = "overview"
        self.focus_zone(Zone.SERVERS)

    def show_server(self, server: str) -> None:
        self._servers.show(server)

    def _select(self, server: str) -> None:
        self._servers.show(server)
        self.server = self.mcp.servers.get(server, self.server)

    def go_to_tool(self, server: str, tool: str) -> None:
        self.go_to_item(server, ItemKind.TOOLS, tool)

    def go_to_item(self, server: str, kind: ItemKind, key: str) -> None:
        """Show a thing where it is listed, and go to its form or its page."""
        self._select(server)
        if not self._tools.show(kind, key):
            self.focus_zone(Zone.TOOLS)
            return
        current = self._tools.current
        if current is not None:
            self.show_item(server, kind, current)
            self.focus_zone(Zone.FORM if self.tab == "form" else Zone.ITEM)
