"""One text out of a result, whole, on the screen: as it is, with its own lines.

Owns scrolling through it and leaving again. Never asks for anything.
"""

from __future__ import annotations

from typing import ClassVar

from anyio import to_thread
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen

from ..services.state.text import one_line
from .app_of import app_of
from .json_view import TextLines
from .result_copy import copy_words
from .result_pages import Page
from .text_rows import lines_of

AT_ONCE = 100_000


class ValueScreen(ModalScreen[None]):
    """``text`` that stands at ``path``."""

    DEFAULT_CSS = """
    ValueScreen { background: $background 60%; align: center middle; }
    ValueScreen > Page {
        width: 100%; height: 100%; background: $background; border: round $border;
        border-title-color: $primary; border-title-style: bold; border-subtitle-color: $text-muted;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "Close", show=False),
        Binding("y", "copy", "Copy", show=False),
        Binding("j", "move(1)", "Down", show=False),
        Binding("k", "move(-1)", "Up", show=False),
    ]

    def __init__(self, text: str, path: str) -> None:
        super().__init__()
        self._text = text
        self._path = path
        self._lines = TextLines(lines_of(text) if len(text) <= AT_ONCE else ["laying out …"])

    def compose(self) -> ComposeResult:
        with Page() as page:
            page.border_title = Content(f"{one_line(self._path, 60)}  {len(self._text):,} characters")
            page.border_subtitle = Content("Esc close · y copy")
            yield self._lines

    def on_mount(self) -> None:
        self.query_one(Page).focus()
        if len(self._text) > AT_ONCE:
            self.run_worker(self._lay_out(), exit_on_error=False)

    async def _lay_out(self) -> None:
        self._lines.show(await to_thread.run_sync(lines_of, self._text))

    def action_copy(self) -> None:
        copy_words(app_of(self), self._text, "text")

    def action_move(self, step: int) -> None:
        self.query_one(Page).scroll_relative(y=step, animate=False)
