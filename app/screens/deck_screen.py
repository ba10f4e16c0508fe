"""The main screen: servers and tools on the left, the one that is looked at on the right.

Owns the panes and which of them shows. Hands snapshots to the widgets and their requests to the
controller; decides nothing about a server.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.reactive import var

from ...services.models import JsonObject, Status, Tool
from ...services.state.model import CallState, McpState, PromptState, ServerState
from ...services.state.ring import LogRing
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.call_console import CallConsole
from ...widgets.footer_keys import FooterKeys
from ...widgets.header_bar import HeaderBar
from ...widgets.log_view import LogPane
from ...widgets.server_detail import ServerDetail, ticks
from ...widgets.server_list import ServerList
from ...widgets.server_offer import NOTHING
from ...widgets.tabbed_pane import TabbedPane
from ...widgets.tool_form import ToolForm
from ...widgets.tool_list import ToolList
from ...widgets.virtual_list import VirtualList
from ..actions import APP_ACTIONS, BY_ID, Zone, bindings
from ..controller import Intents
from ..hints import fixed_hints, hints
from .deck_focus import ZONES
from .deck_form import DeckForm

TABS: tuple[tuple[str, str], ...] = (("overview", "Overview"), ("log", "Log"), ("form", "Tool"))
PREVIEW_DELAY = 0.1
"""Seconds the cursor rests on a tool before its form is built: scrolling through builds none."""


class DeckScreen(DeckForm):
    """Fed by the bridge; ``go_to_server`` and ``go_to_tool`` are for the command palette."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (160, "-wide")]  # noqa: RUF012 - typed by Textual
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012 - typed by Textual
    BINDINGS: ClassVar[list[BindingType]] = bindings(app=False)

    server: var[ServerState | None] = var[ServerState | None](None)

    def __init__(
        self,
        intents: Intents,
        rings: Callable[[str], LogRing],
        *,
        version: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        calls = CallConsole(id="calls", clock=clock, for_model=intents.for_model)
        super().__init__(intents, ToolForm(id="form"), calls, clock)
        self._rings = rings
        self._header = HeaderBar(version, id="header")
        self._servers = ServerList(id="servers", clock=clock)
        self._tools = ToolList(id="tools")
        self._overview = ServerDetail(id="overview", clock=clock)
        self._logs = LogPane(id="log")
        self._work = TabbedPane(tabs=TABS, id="work")
        self._footer = FooterKeys(id="footer")

    def compose(self) -> ComposeResult:
        yield self._header.data_bind(DeckScreen.mcp, DeckScreen.calls, DeckScreen.prompts)
        with Horizontal(id="body"):
            with Vertical(id="nav"):
                yield self._servers.data_bind(DeckScreen.mcp)
                yield self._tools.data_bind(DeckScreen.server)
            with Vertical(id="desk"):
                for panel in self.question_panels():
                    yield panel.data_bind(DeckScreen.calls)
                with self._work:
                    yield self._overview.data_bind(DeckScreen.server, DeckScreen.mcp)
                    yield self._logs
                    yield self._form
                yield self._calls.data_bind(DeckScreen.calls)
        yield self._footer

    def on_mount(self) -> None:
        self._servers.border_title = "Servers"
        self._count_calls()
        self.watch(self._calls, "selected", self._hints, init=False)
        self._countdown = self.set_interval(1.0, self._tick, pause=True)
        self._resting = self.set_interval(PREVIEW_DELAY, self._show_preview, pause=True)
        self._servers.focus()
        self.show_question()
        self._show_declared()
        self._count_down()
        self.tell_focus()
        self.call_after_refresh(self._look)

    # What arrives.

    def watch_mcp(self, old: McpState, new: McpState) -> None:
        selected = self.server.id if self.server is not None else None
        if selected not in new.servers:
            selected = new.order[min(self._servers.cursor, len(new.order) - 1)] if new.order else None
        self.server = new.servers[selected] if selected is not None else None
        if not self.is_mounted:
            return
        self._count_down()
        self.refresh_form()

    def _count_down(self) -> None:
        """Seconds are counted only while there is something that they are shown of."""
        counts = any(row.status is Status.RECONNECTING for row in self.mcp.servers.values())
        if counts or (self.server is not None and ticks(self.server)):
            self._countdown.resume()
        else:
            self._countdown.pause()

    def watch_server(self, old: ServerState | None, new: ServerState | None) -> None:
        if not self.is_mounted:
            return
        self._show_log()
        self._show_declared()
        self._count_down()
        self._hints()
        self.tell_focus()

    def _show_declared(self) -> None:
        server = self.server
        self._overview.declared = self._intents.declared(server.id) if server is not None and server.usable else NOTHING
        self.permissions_changed()

    def permissions_changed(self) -> None:
        self._overview.profile = self._intents.profile_of(self.server.id) if self.server is not None else ""

    def watch_prompts(self, old: tuple[PromptState, ...], new: tuple[PromptState, ...]) -> None:
        mine = self.asked_by_hand(old, new)
        if mine is not None and self._zone() is not Zone.QUESTION:
            self._chosen = mine
        self.show_question()
        self.follow_questions(old, new)
        if self.is_mounted and (bool(old) != bool(new) or self._zone() is Zone.QUESTION):
            self._hints()

    def watch_calls(self, old: tuple[CallState, ...], new: tuple[CallState, ...]) -> None:
        if self.is_mounted:
            self._count_calls()
            if self._zone() is Zone.CALLS:
                self._hints()

    def _count_calls(self) -> None:
        self._calls.border_title = Content(f"Calls {len(self.calls)}" if self.calls else "Calls")

    def watch_tab(self, old: str, new: str) -> None:
        self.set_class(new == "form", "-tool")
        if self.is_mounted:
            self._work.show(new)
            self._show_log()
            self.tell_focus()
            self._hints()
            self._look()

    def _look(self) -> None:
        self._intents.look_at_load(self.tab == "overview")

    def _show_log(self) -> None:
        if self.server is not None and self.tab == "log":
            self._logs.present(self._rings(self.server.id))

    def on_screen_resume(self) -> None:
        from ..deck import Deck

        if isinstance(app := app_of(self), Deck):
            app.catch_up()

    def _tick(self) -> None:
        self._servers.tick()
        self._overview.tick()

    # The lists.

    @on(VirtualList.Highlighted, "#servers")
    def _server_highlighted(self) -> None:
        row = self._servers.current
        if row is not None:
            self._preview = None
            self.server = row
            # Told late, it may already be the server of the form that was just asked for by name.
            choosing = (self._going or self._zone()) is Zone.SERVERS
            if self.tab == "form" and (choosing or row.id != self._form.server):
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
        row = self._servers.current if self._zone() is Zone.SERVERS else None
        return self.server if row is None else self.mcp.servers.get(row.id, self.server)

    @on(ToolList.Highlighted)
    def _tool_highlighted(self, event: ToolList.Highlighted) -> None:
        if event.tool is not None:
            self._preview = (event.server, event.tool)
            self._resting.reset()
            self._resting.resume()

    @on(ToolList.Chosen)
    def _tool_chosen(self, event: ToolList.Chosen) -> None:
        self.open_form(event.server, event.tool)
        self.focus_zone(Zone.FORM)

    def _show_preview(self) -> None:
        self._resting.pause()
        preview, self._preview = self._preview, None
        if preview is not None and self._zone() in (Zone.TOOLS, Zone.FILTER):
            self.open_form(*preview)

    @property
    def looked_at(self) -> tuple[ServerState, Tool, JsonObject] | None:
        current = self._tools.current
        if self._zone() in (Zone.TOOLS, Zone.FILTER) and self.server is not None and current is not None:
            return self.server, current, {}
        if self._zone() is Zone.CALLS:
            call = self._call(self._calls.selected or "")
            row = self.mcp.servers.get(call.server) if call is not None else None
            tool = next((one for one in (row.tools if row else None) or () if call and one.name == call.tool), None)
            return (row, tool, call.arguments) if call is not None and row is not None and tool is not None else None
        return (self.server, current, {}) if self.server is not None and current is not None else None

    @on(ToolForm.CallRequested)
    def _call_requested(self, event: ToolForm.CallRequested) -> None:
        self.start_call(event.server, event.tool, event.arguments, validate=event.validate, as_task=event.as_task)
        self.focus_zone(Zone.CALLS)

    @on(HeaderBar.Pressed)
    def _badge_pressed(self, event: HeaderBar.Pressed) -> None:
        # Not by way of the action: a click on a badge counts also where its key is a letter that is typed.
        if event.action == "answer":
            self.action_answer()
        else:
            self.focus_zone(Zone.CALLS)

    @on(FooterKeys.Pressed)
    async def _key_pressed(self, event: FooterKeys.Pressed) -> None:
        app = app_of(self)
        await app.run_action(event.action, default_namespace=app if event.action in APP_ACTIONS else self)

    # Actions that move between panes; the others are in ``DeckActions``.

    def action_call(self) -> None:
        self._tools.rows.action_choose()

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

    def action_record(self) -> None:
        self._logs.view.action_choose()

    def action_overview(self) -> None:
        self.focus_zone(Zone.OVERVIEW)

    def action_log(self) -> None:
        self.focus_zone(Zone.LOG)

    def action_calls(self) -> None:
        self.focus_zone(Zone.CALLS)

    def action_show_tab(self, name: str) -> None:
        """A click on a tab's name in the border."""
        self.focus_zone(Zone.TOOLS if name == "form" and self._form.tool is None else ZONES[name])

    def action_filter(self) -> None:
        self.show_left()
        self._tools.open_filter()

    def action_zoom(self) -> None:
        self.toggle_class("-zoom")

    def action_back(self) -> None:
        if self.has_class("-zoom"):
            self.remove_class("-zoom")
            return
        match self._zone():
            case Zone.CALLS if self._form.tool is not None and not self.has_class("-wide"):
                self.focus_zone(Zone.FORM)
            case Zone.FORM | Zone.CALLS:
                self.focus_zone(Zone.TOOLS)
            case Zone.TOOLS if self._tools.clear_filter():
                pass
            case _:
                self.focus_zone(Zone.SERVERS)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        known = BY_ID.get(action)
        return known is None or self._zone() in known.zones

    # For the command palette.

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
        self._select(server)
        self._tools.show(tool)
        current = self._tools.current
        if current is not None and current.name == tool:
            self.open_form(server, current)
            self.focus_zone(Zone.FORM)

    # Focus.

    def focus_in(self, zone: Zone) -> None:
        match zone:
            case Zone.SERVERS:
                self._servers.focus()
            case Zone.TOOLS | Zone.FILTER:
                self._tools.rows.focus()
            case Zone.OVERVIEW:
                self._overview.focus()
            case Zone.LOG:
                self._logs.view.focus()
            case Zone.FORM:
                self._form.focus_first()
            case Zone.CALLS:
                self._calls.focus()
            case Zone.QUESTION:
                self.question.focus_first()

    def zone_entered(self, zone: Zone) -> None:
        if zone is Zone.TOOLS and self.tab != "form":
            current = self._tools.current
            if current is not None and self.server is not None and not self.has_class("-narrow"):
                self.open_form(self.server.id, current)
        elif zone is Zone.SERVERS and self.tab == "form" and self._going is None:
            self.tab = "overview"
        self._hints()

    # Borders and footer.

    def tell_focus(self) -> None:
        """Name the server in the border of the right side; the form names it by itself."""
        name = one_line(self.server.id, 40) if self.server is not None else ""
        said = self._logs.summary() if self.tab == "log" else ""
        self._work.tell("" if self.tab == "form" else f"{name} · {said}" if said else name)

    @on(LogPane.Changed)
    def _log_changed(self) -> None:
        self.tell_focus()

    def _hints(self) -> None:
        self._footer.fixed = fixed_hints(self._zone())
        call = self._call(self._calls.selected or "")
        embedded = self._intents.embedded
        self._footer.hints = hints(
            self._zone(),
            self.server,
            call,
            asked=bool(self.prompts),
            question=self.first_of(self.prompts),
            embedded=embedded,
        )
