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

from ...services.models import Status
from ...services.state.model import CallState, McpState, PromptState, ServerState
from ...services.state.ring import LogRing
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.call_console import CallConsole
from ...widgets.footer_keys import FooterKeys
from ...widgets.header_bar import HeaderBar
from ...widgets.process_lines import NO_PROCESS
from ...widgets.server_detail import ServerDetail, ticks
from ...widgets.server_offer import NOTHING
from ...widgets.tabbed_pane import TabbedPane
from ...widgets.tool_form import ToolForm
from ..actions import APP_ACTIONS, BY_ID, Zone, bindings
from ..controller import Intents
from ..hints import fixed_hints, hints
from .deck_detail import DeckDetail
from .deck_focus import ZONES
from .deck_layout import keys_of
from .deck_lists import OF_ITEMS, PREVIEW_DELAY
from .deck_results import result_asks

TABS: tuple[tuple[str, str], ...] = (
    ("overview", "Overview"),
    ("timeline", "Timeline"),
    ("doctor", "Doctor"),
    ("log", "Log"),
    ("form", "Tool"),
    ("item", "Resource"),
)


class DeckScreen(DeckDetail):
    """Fed by the bridge; ``go_to_server`` and ``go_to_item`` are for the search."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (160, "-wide")]  # noqa: RUF012 - typed by Textual
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012 - typed by Textual
    BINDINGS: ClassVar[list[BindingType]] = bindings(app=False)

    def __init__(
        self,
        intents: Intents,
        rings: Callable[[str], LogRing],
        *,
        version: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        calls = CallConsole(id="calls", clock=clock, asks=result_asks(self, intents))
        super().__init__(intents, ToolForm(id="form"), calls, clock)
        self._rings = rings
        self._header = HeaderBar(version, id="header")
        self._overview = ServerDetail(id="overview", clock=clock)
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
                    yield self._timeline.data_bind(DeckScreen.server)
                    yield self._doctor.data_bind(DeckScreen.server)
                    yield self._logs
                    yield self._form
                    yield self._page
                yield self._calls.data_bind(DeckScreen.calls)
        yield self._footer

    def on_mount(self) -> None:
        self.list_as_kept()
        self.sized_as_kept()
        self.recall_kind()
        self.remember_values()
        self._work.call_tab("item", None)
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
        self.call_after_refresh(self.begin_saved)

    # What arrives.

    def watch_mcp(self, old: McpState, new: McpState) -> None:
        self.follow_servers(new)
        if not self.is_mounted:
            return
        self.follow_logs(new)
        self._count_down()
        self.refresh_form()
        self.refresh_item()

    def _count_down(self) -> None:
        """Seconds are counted only while there is something that they are shown of."""
        counts = any(row.status is Status.RECONNECTING for row in self.mcp.servers.values())
        if counts or self._timeline.ticks or (self.server is not None and ticks(self.server)):
            self._countdown.resume()
        else:
            self._countdown.pause()

    def watch_server(self, old: ServerState | None, new: ServerState | None) -> None:
        if not self.is_mounted:
            return
        self.show_log()
        self.show_examined(new)
        self._show_declared()
        self._count_down()
        self._hints()
        self.tell_focus()

    def _show_declared(self) -> None:
        server = self.server
        self._overview.process = self._intents.process_of(server.id) if server is not None else NO_PROCESS
        self._overview.declared = self._intents.declared(server.id) if server is not None and server.usable else NOTHING
        self.permissions_changed()

    def roots_changed(self) -> None:
        self._show_declared()

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
        self.set_class(not self.calls, "-uncalled")

    def watch_tab(self, old: str, new: str) -> None:
        self.set_class(new in OF_ITEMS, "-tool")
        self.lay_out()
        if self.is_mounted:
            self._work.show(new)
            self.show_log()
            self._count_down()
            self.tell_focus()
            self._hints()
            self._look()

    def _look(self) -> None:
        self._intents.look_at_load(self.tab == "overview")

    def on_screen_resume(self) -> None:
        from ..deck import Deck

        if isinstance(app := app_of(self), Deck):
            app.catch_up()

    def _tick(self) -> None:
        self._servers.tick()
        self._overview.tick()
        self._timeline.tick()

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

    def action_overview(self) -> None:
        self.focus_zone(Zone.OVERVIEW)

    def action_calls(self) -> None:
        self.focus_zone(Zone.CALLS)

    def action_show_tab(self, name: str) -> None:
        """A click on a tab's name in the border."""
        self.focus_zone(Zone.TOOLS if name == "form" and self._form.subject is None else ZONES[name])

    def action_zoom(self) -> None:
        self.toggle_class("-zoom")

    def action_back(self) -> None:
        if self.has_class("-zoom"):
            self.remove_class("-zoom")
            return
        match self._zone():
            case Zone.CALLS if self.has_form and not self.has_class("-wide"):
                self.focus_zone(Zone.FORM)
            case Zone.FORM | Zone.ITEM | Zone.CALLS:
                self.focus_zone(Zone.TOOLS)
            case Zone.TOOLS if self._tools.clear_filter():
                pass
            case Zone.SERVERS if self.leave_servers():
                pass
            case Zone.DOCTOR if self.stop_examining():
                pass
            case _:
                self.focus_zone(Zone.SERVERS)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        known = BY_ID.get(action)
        return known is None or self._zone() in known.zones

    # Focus.

    def focus_in(self, zone: Zone) -> None:
        match zone:
            case Zone.SERVERS | Zone.FIND:
                self._servers.focus()
            case Zone.TOOLS | Zone.FILTER:
                self._tools.rows.focus()
            case Zone.OVERVIEW:
                self._overview.focus()
            case Zone.TIMELINE:
                self._timeline.focus()
            case Zone.DOCTOR:
                self._doctor.focus()
            case Zone.LOG | Zone.SEARCH:
                self._logs.view.focus()
            case Zone.FORM:
                self._form.focus_first()
            case Zone.ITEM:
                self._page.focus()
            case Zone.CALLS:
                self._calls.focus()
            case Zone.QUESTION:
                self.question.focus_first()

    def zone_entered(self, zone: Zone) -> None:
        super().zone_entered(zone)
        if zone is Zone.TOOLS and not self.shows_item:
            current = self._tools.current
            if current is not None and self.server is not None and not self.has_class("-narrow"):
                self.show_item(self.server.id, self._tools.kind, current)
        elif zone is Zone.SERVERS and self.shows_item and self._going is None:
            self.tab = "overview"
        self._hints()

    # Borders and footer.

    def name_item_tab(self, name: str, title: str) -> None:
        for one in OF_ITEMS:
            self._work.call_tab(one, title if one == name else None)

    def tell_focus(self) -> None:
        """Name the server in the border of the right side; the form names it by itself."""
        name = one_line(self.server.id, 40) if self.server is not None else ""
        said = self._logs.summary() if self.tab == "log" else ""
        if self.tab == "log":
            name = self.log_of
        self._work.tell("" if self.shows_item else f"{name} · {said}" if said else name)

    def _hints(self) -> None:
        keys = keys_of(self)
        self._footer.fixed = keys.told(fixed_hints(self._zone()))
        call = self._call(self._calls.selected or "")
        embedded = self._intents.embedded
        shown = hints(
            self._zone(),
            self.server,
            call,
            asked=bool(self.prompts),
            question=self.first_of(self.prompts),
            embedded=embedded,
            many=self._servers.ticked,
            things=self.things,
        )
        self._footer.hints = keys.told(shown)
