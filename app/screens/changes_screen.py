"""How the tools of one server changed: every change that is known, newest first, with what is different.

Owns scrolling through it. What the lines say is laid out in ``tool_diff``.
"""

from __future__ import annotations

import time
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from ...services.state.model import ServerState
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.ink import Line
from ...widgets.line_document import LineDocument
from ...widgets.tool_diff import history_lines


class ReadDocument(LineDocument, can_focus=True):
    """A document that takes the keys for reading on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("home,g", "scroll_home", "Top", show=False),
        Binding("end,G", "scroll_end", "End", show=False),
        Binding("pagedown,ctrl+d", "page_down", "Page down", show=False),
        Binding("pageup,ctrl+u", "page_up", "Page up", show=False),
    ]


class ChangesScreen(ModalScreen[None]):
    """``server`` as it was when this was opened."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,H", "leave", "Close", show=False)]

    def __init__(self, server: ServerState) -> None:
        super().__init__()
        self._server = server
        self._laid_out: dict[int, list[Line]] = {}
        self._document = ReadDocument(self._lines, id="changes-lines")

    def compose(self) -> ComposeResult:
        with Vertical(id="changes") as box:
            box.border_title = Content(f"Tools of {one_line(self._server.id, 50)}: changes")
            box.border_subtitle = "Esc closes"
            yield self._document

    def on_mount(self) -> None:
        self._document.focus()

    def _lines(self, width: int) -> list[Line]:
        if width not in self._laid_out:  # comparing takes its time
            self._laid_out = {width: history_lines(self._server.tool_history, width, self._now())}
        return self._laid_out[width]

    def _now(self) -> float:
        from ..deck import Deck

        app = app_of(self)
        return app.clock() if isinstance(app, Deck) else time.time()

    def action_leave(self) -> None:
        self.dismiss()
