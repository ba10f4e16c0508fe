"""The MCP Registry: search it, look at what a server would run, go on to installing it.

Owns the field, the list and the detail beside it. Never awaits the registry: answers come by callback, and
one that is late for what is asked now changes nothing. Nothing is run here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, Static

from ...services.discovery.registry import Page
from ...services.discovery.server_json import RegistryServer
from ...services.models import ErrorInfo
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.ink import Line
from ...widgets.line_document import LineDocument
from ...widgets.line_input import LineInput
from ...widgets.registry_list import RegistryList, RegistryRow
from ...widgets.virtual_list import VirtualList
from ..entry_intents import Entries
from ..registry_intents import Details, Registry
from .registry_words import problem_lines, server_lines

RESTS = 0.4
"""Seconds the cursor rests on a server before the registry is asked for its versions."""
WIDE = 100
"""Columns from which the detail stands beside the list."""


class SearchInput(LineInput):
    """One line; the arrows and Enter lead to the results."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "to_results", "To the results", show=False)]

    def action_to_results(self) -> None:
        self.screen.query_one(RegistryList).focus()


class RegistryScreen(ModalScreen[None]):
    """``registry`` is asked, ``entries`` is where an installed server goes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
        Binding("slash", "search", "Search", show=False),
        Binding("i", "install", "Install", show=False),
        Binding("q", "close", "Close", show=False),
        Binding("right,l", "scroll_detail(4)", show=False),
        Binding("left,h", "scroll_detail(-4)", show=False),
    ]

    def __init__(self, registry: Registry, entries: Entries) -> None:
        super().__init__()
        self._registry = registry
        self._entries = entries
        self._field = SearchInput(placeholder="part of a server's name, then Enter", compact=True, id="registry-search")
        self._list = RegistryList(id="registry-list")
        self._detail = LineDocument(self._words, id="registry-detail")
        self._servers: dict[str, RegistryServer] = {}
        self._details: dict[str, Details] = {}
        self._failed: dict[str, ErrorInfo] = {}  # of the newest question about a server; it is asked again
        self._left_out: tuple[str, ...] = ()  # what of the answer is told where no server is
        self._cursor: str | None = None
        self._query = ""
        self._asked = 0  # the number of the newest request: older answers come too late
        self._waiting = False
        self._resting: Timer | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="registry") as box:
            box.border_title = Content(f"MCP Registry · {one_line(self._registry.url.partition('://')[2], 50)}")
            box.border_subtitle = "Enter installs · / searches · ← → scroll · Esc closes"
            with Horizontal(id="registry-line"):
                yield Static("/ ")
                yield self._field
            yield Static("", id="registry-said")
            with Container(id="registry-body"):
                yield self._list
                yield self._detail

    def on_mount(self) -> None:
        self._field.focus()
        self._search("")

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width >= WIDE, "-beside")

    # Asking.

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._search(event.value)
        self._list.focus()

    def _search(self, query: str) -> None:
        self._query, self._cursor, self._servers, self._left_out = query.strip(), None, {}, ()
        self._present("")
        self._ask()

    def _ask(self) -> None:
        """The next page of what is looked for; an answer to an older question is not shown any more."""
        self._asked += 1
        number = self._asked
        self._waiting = True
        self._say([("Asking the registry …", "$text-muted")])

        def done(answer: Page | ErrorInfo) -> None:
            if number == self._asked and self.is_attached:
                self._answered(answer)

        self._registry.search(self._query, self._cursor, done)

    def _answered(self, answer: Page | ErrorInfo) -> None:
        self._waiting = False
        if isinstance(answer, ErrorInfo):
            hint = [(f"\n  {one_line(answer.hint, 400)}", "")] if answer.hint else []
            self._say([(f"✖ {one_line(answer.title, 400)}", "$text-error"), *hint])
            self._present("nothing was found out")
            return
        first = not self._servers
        for server in answer.servers:
            self._servers.setdefault(server.name, server)
        self._cursor = answer.cursor
        count = len(self._servers)
        words = f"{count} server{'' if count == 1 else 's'}{', more below' if answer.cursor else ''}"
        self._left_out = (*self._left_out, *answer.problems)
        nothing = "No server in the answer can be shown" if self._left_out else "No server has that in its name"
        said = [(words if count else nothing, "$text-muted")]
        if self._left_out:
            # Beside servers it takes one line; without any the whole list of them stands below.
            room = max(20, self.size.width - 50) if count else 200
            reason = one_line(self._left_out[0], room)
            said.append((f" · ▲ {len(self._left_out)} left out: {reason}", "$text-warning"))
        self._say(said)
        self._present("no server; try a shorter word")
        if first:
            self._list.move_cursor(0, quiet=True)
        self._look()

    def _say(self, parts: list[tuple[str, str]]) -> None:
        self.query_one("#registry-said", Static).update(Content.assemble(*parts))

    # Showing.

    def _present(self, hint: str) -> None:
        rows = tuple(
            RegistryRow(server.name, server.version, server.ways, server.description, server.status)
            for server in self._servers.values()
        )
        self._list.present(rows, hint)
        self._detail.lay_out()

    @property
    def current(self) -> RegistryServer | None:
        row = self._list.current
        return self._servers.get(row.name) if row is not None else None

    def _words(self, width: int) -> list[Line]:
        server = self.current
        if server is None:
            return problem_lines(self._left_out, width)
        details = self._details.get(server.name)
        versions = details.versions if details is not None and details.versions else None
        return server_lines(server, versions, width, self._failed.get(server.name))

    @on(VirtualList.Highlighted)
    def _highlighted(self) -> None:
        self._look()
        if self._cursor and not self._waiting and self._list.cursor >= self._list.length() - 1:
            self._ask()

    def _look(self) -> None:
        """Show the server under the cursor; what the list does not tell is asked for once the cursor rests."""
        self._detail.scroll_home(animate=False)
        self._detail.lay_out()
        if self._resting is not None:
            self._resting.stop()
        server = self.current
        if server is not None and server.name not in self._details:
            self._resting = self.set_timer(RESTS, lambda: self._fetch(server.name, lambda: None))

    def _fetch(self, name: str, then: Callable[[], None]) -> None:
        def done(answer: Details | ErrorInfo) -> None:
            self._failed.pop(name, None)
            if isinstance(answer, ErrorInfo):
                self._failed[name] = answer
            else:
                self._details[name] = answer
            if self.is_attached:
                self._detail.lay_out()
                then()

        self._registry.details(name, done)

    # Going on.

    @on(VirtualList.Chosen)
    def _chosen(self) -> None:
        self.action_install()

    def action_install(self) -> None:
        server = self.current
        if server is None:
            return
        from .install_screen import InstallScreen

        app_of(self).push_screen(InstallScreen(server, self._entries), self._installed)

    def _installed(self, told: str | None) -> None:
        if told is not None:
            self._say([("✔ ", "$text-success"), (one_line(told), "")])

    def action_search(self) -> None:
        self._field.focus()

    def action_scroll_detail(self, lines: int) -> None:
        self._detail.scroll_relative(y=lines, animate=False)

    def action_close(self) -> None:
        self.dismiss(None)
