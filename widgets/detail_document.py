"""A tab of lines about one server that is read by scrolling: keys, focus, and when it is laid out.

Owns that. What the lines say is its children's.
"""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.reactive import reactive

from ..services.state.model import ServerState
from .line_document import LineDocument


class DetailDocument(LineDocument, can_focus=True):
    """Laid out while it is shown, when the server changed."""

    DEFAULT_CSS = "DetailDocument { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("home,g", "scroll_home", "Top", show=False),
        Binding("end,G", "scroll_end", "End", show=False),
        Binding("pagedown,ctrl+d", "page_down", "Page down", show=False),
        Binding("pageup,ctrl+u", "page_up", "Page up", show=False),
    ]

    server: reactive[ServerState | None] = reactive[ServerState | None](None)

    def watch_server(self, old: ServerState | None, new: ServerState | None) -> None:
        if (old.id if old else None) != (new.id if new else None):
            self.scroll_to(y=0, animate=False, force=True)
        self.show_again()

    def on_show(self) -> None:
        self.lay_out()

    def show_again(self) -> None:
        """Something that is shown changed."""
        if self.display and self.is_mounted:
            self.lay_out()
