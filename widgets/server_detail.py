"""The overview of one server: what it is, how it is, and what stands in the way.

Owns the scrolling document. What the lines say is laid out in ``server_facts``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.reactive import reactive, var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ..services.models import Status
from ..services.state.model import McpState, ServerState
from .ink import INK_CLASSES, INK_CSS, InkWell, Line
from .process_lines import NO_PROCESS, ProcessFacts
from .provenance_lines import own_files_left_out
from .server_facts import overview, welcome
from .server_offer import NOTHING, Declared
from .status_marks import held_back
from .token_lines import counts_down


def ticks(server: ServerState) -> bool:
    """Seconds are shown of it, and go by."""
    return server.status is Status.RECONNECTING or counts_down(server) or held_back(server)


class ServerDetail(ScrollView, can_focus=True):
    """Lines laid out for the current width; laid out again only when the server object changed."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = set(INK_CLASSES)
    DEFAULT_CSS = (
        "ServerDetail { background: $background; color: $foreground; overflow-x: hidden; height: 1fr; "
        "scrollbar-size-vertical: 1; }\nServerDetail {" + INK_CSS + "}"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("home,g", "scroll_home", "Top", show=False),
        Binding("end,G", "scroll_end", "End", show=False),
        Binding("pagedown,ctrl+d", "page_down", "Page down", show=False),
        Binding("pageup,ctrl+u", "page_up", "Page up", show=False),
        Binding("enter", "screen.decide", "Decide", show=False),
    ]

    server: reactive[ServerState | None] = reactive[ServerState | None](None)
    declared: reactive[Declared] = reactive(NOTHING)
    """What we told the server about ourselves."""
    process: reactive[ProcessFacts] = reactive(NO_PROCESS)
    """How its process is started."""
    profile: reactive[str] = reactive("")
    """The permission profile that its tools are used under."""
    mcp: var[McpState] = var(McpState())

    def __init__(self, *, id: str | None = None, clock: Callable[[], float] = time.time) -> None:  # noqa: A002
        super().__init__(id=id)
        self._clock = clock
        self._inks = InkWell(self)
        self._lines: list[Line] = []

    def watch_server(self, old: ServerState | None, new: ServerState | None) -> None:
        if (old.id if old else None) != (new.id if new else None):
            self.scroll_to(y=0, animate=False, force=True)
        if self.display:
            self.lay_out()

    def watch_mcp(self) -> None:
        if self.server is None and self.display:
            self.lay_out()

    def watch_declared(self) -> None:
        if self.display:
            self.lay_out()

    def watch_process(self) -> None:
        if self.display:
            self.lay_out()

    def watch_profile(self) -> None:
        if self.display:
            self.lay_out()

    def on_show(self) -> None:
        self.lay_out()

    def tick(self) -> None:
        """A second went by: a countdown moves on."""
        server = self.server
        if server is not None and self.display and ticks(server):
            self.lay_out()

    def lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if width <= 0:
            return
        # Right margin of one cell; the left one is drawn in front of each line.
        room = max(20, width - 2)
        server = self.server
        self._lines = (
            welcome(own_files_left_out(self.mcp))
            if server is None
            else overview(server, room, self._clock(), self.declared, self.profile, self.process)
        )
        self.virtual_size = Size(0, len(self._lines))
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._inks.clear()

    def on_resize(self) -> None:
        self.lay_out()

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        line = self._lines[index] if index < len(self._lines) else ()
        return self._inks.strip(((" ", ""), *line), self.scrollable_content_region.width)
