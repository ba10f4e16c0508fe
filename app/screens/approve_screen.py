"""Approving a project's server: everything that would be run or contacted, and three explicit answers.

Owns the question. Never starts anything: it dismisses with ``approve``, ``reject`` or None (not now).
"""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from ...services.models import TransportKind
from ...services.state.model import McpState, ServerState
from ...services.state.text import visible
from ..bridge import FedScreen


class ApproveScreen(FedScreen, ModalScreen[str | None]):
    """Asks about one server as it stands in the file now; an entry that changes meanwhile closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "answer('approve')", "Approve", show=False),
        Binding("x", "answer('reject')", "Reject", show=False),
        Binding("escape,q", "answer('')", "Not now", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
        Binding("down,j", "scroll_facts(1)", show=False),
        Binding("up,k", "scroll_facts(-1)", show=False),
        Binding("pagedown,ctrl+d", "scroll_facts(8)", show=False),
        Binding("pageup,ctrl+u", "scroll_facts(-8)", show=False),
        Binding("home,g", "scroll_facts(-100000)", show=False),
        Binding("end,G", "scroll_facts(100000)", show=False),
    ]

    def __init__(self, server: ServerState) -> None:
        super().__init__()
        self._server = server

    def compose(self) -> ComposeResult:
        server = self._server
        runs = server.transport in (TransportKind.STDIO, TransportKind.IN_PROCESS)
        with Vertical(id="approve") as box:
            box.border_title = Content("Approve ") + Content(visible(server.id))
            yield Static(
                Content(
                    "This project's file wants to run this command on your machine."
                    if runs
                    else "This project's file wants to connect to this address."
                ),
                classes="lead",
            )
            with VerticalScroll(id="facts", can_focus=False):
                yield Static(Content("Command" if runs else "URL"), classes="label")
                yield Static(Content(visible(server.endpoint)), classes="value endpoint")
                if server.env_names:
                    yield Static(Content("Environment it is given"), classes="label")
                    yield Static(Content(visible("\n".join(server.env_names))), classes="value")
                yield Static(Content("Asked for in"), classes="label")
                yield Static(Content(visible(str(server.origin) or server.source.value)), classes="value")
                for lint in server.lints:
                    yield Static(Content("▲ " + visible(lint)), classes="lint")
            yield Static(Content("Remembered for this project, until the entry changes."), classes="note")
            with Horizontal(id="answers"):
                yield Button("Not now (Esc)", id="later", compact=True)
                yield Button("Reject (x)", id="reject", compact=True)
                yield Button("Approve (a)", id="approve-it", compact=True)

    def on_mount(self) -> None:
        # Enter opened this: the same key again must not approve by accident.
        self.query_one("#later").focus()
        self.call_after_refresh(self._tell_more)

    def on_resize(self) -> None:
        self.call_after_refresh(self._tell_more)

    def _tell_more(self) -> None:
        """Nobody should approve a command whose end is out of sight without knowing that it is."""
        more = self.query_one("#facts").max_scroll_y > 0
        self.query_one("#approve").border_subtitle = "↑ ↓ shows the rest" if more else ""

    def action_scroll_facts(self, lines: int) -> None:
        self.query_one("#facts").scroll_relative(y=lines, animate=False)

    def watch_mcp(self, old: McpState, new: McpState) -> None:
        if not new.servers:
            return
        now = new.servers.get(self._server.id)
        if now is None or now.digest != self._server.digest:
            self.notify("Its entry changed; look at it again.", title="Not approved", severity="warning")
            self.dismiss(None)

    def action_answer(self, answer: str) -> None:
        self.dismiss(answer or None)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss({"approve-it": "approve", "reject": "reject"}.get(event.button.id or ""))
