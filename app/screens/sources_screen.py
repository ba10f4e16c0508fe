"""Every place that was looked at for servers: what was found there, and what is odd or wrong about it.

Owns the layout of list and detail. Never looks anywhere: the places come with the snapshot.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from ...services.models import SourceStatus
from ...services.state.model import McpState
from ...widgets.ink import Line
from ...widgets.line_document import LineDocument
from ...widgets.source_list import SourceList, source_words
from ...widgets.virtual_list import VirtualList
from ..bridge import FedScreen


class SourcesScreen(FedScreen, ModalScreen[str | None]):
    """Fed while it is open: a file that changes meanwhile is seen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,S", "close", "Close", show=False),
        Binding("right,l", "scroll_detail(1)", show=False),
        Binding("left,h", "scroll_detail(-1)", show=False),
    ]

    def __init__(self, mcp: McpState) -> None:
        super().__init__()
        self.set_reactive(SourcesScreen.mcp, mcp)
        self._list = SourceList(home=str(Path.home()), id="source-list")
        self._detail = LineDocument(self._words, id="source-detail")

    def compose(self) -> ComposeResult:
        with Vertical(id="sources") as box:
            box.border_subtitle = "← → scroll · Esc closes"
            yield self._list.data_bind(SourcesScreen.mcp)
            yield self._detail

    def on_mount(self) -> None:
        self._list.focus()
        self._count()

    def watch_mcp(self, old: McpState, new: McpState) -> None:
        if self.is_mounted:
            self._count()
            self.call_after_refresh(self._detail.lay_out)

    def _count(self) -> None:
        places = self.mcp.sources
        found = sum(place.status is SourceStatus.READ for place in places)
        title = f"Sources, highest precedence first · {found} of {len(places)} read" if places else "Sources"
        self.query_one("#sources").border_title = title

    @on(VirtualList.Highlighted)
    def _highlighted(self) -> None:
        self._detail.scroll_home(animate=False)
        self._detail.lay_out()

    def _words(self, width: int) -> list[Line]:
        return source_words(self._list.current, width)

    def action_scroll_detail(self, lines: int) -> None:
        self._detail.scroll_relative(y=lines, animate=False)

    def action_close(self) -> None:
        self.dismiss(None)
