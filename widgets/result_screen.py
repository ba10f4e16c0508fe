"""One call's whole outcome on the whole screen.

Owns scrolling through it and leaving again. Never calls a service: saving is asked of whoever opened it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ..services.state.model import CallState
from ..services.state.text import one_line
from .app_of import app_of
from .call_words import MARKS, duration_words
from .result_blocks import size_words
from .result_copy import copy_result
from .result_view import ResultView


class ResultScreen(ModalScreen[None]):
    """``save`` is called with the call's id when the person asks for it."""

    DEFAULT_CSS = """
    ResultScreen { background: $background 60%; align: center middle; }
    ResultScreen > #result-frame {
        width: 100%; height: 100%; background: $background; border: round $border; padding: 0 1;
        border-title-color: $primary; border-title-style: bold; border-subtitle-color: $text-muted;
        scrollbar-size-vertical: 1;
    }
    ResultScreen #result-head { height: 1; color: $text-muted; margin: 0 0 1 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o", "leave", "Close", show=False),
        Binding("s", "save", "Save", show=False),
        Binding("y", "copy", "Copy", show=False),
        Binding("j", "scroll(1)", "Down", show=False),
        Binding("k", "scroll(-1)", "Up", show=False),
        Binding("g", "edge(False)", "Start", show=False),
        Binding("G", "edge(True)", "End", show=False),
    ]

    def __init__(self, call: CallState, *, save: Callable[[str], None]) -> None:
        super().__init__()
        self._call = call
        self._save = save

    def compose(self) -> ComposeResult:
        call = self._call
        view = ResultView(call, arguments=True)
        mark, ink = MARKS[call.status]
        style = {"good": "$text-success", "warn": "$text-warning", "bad": "$text-error"}.get(ink, "$text-muted")
        facts = [one_line(call.server, 60), duration_words(call.duration_ms)]
        if view.outcome.size:
            facts.append(size_words(view.outcome.size, exact=view.outcome.exact))
        with VerticalScroll(id="result-frame") as frame:
            frame.border_title = Content(one_line(call.tool, 80))
            frame.border_subtitle = Content("Esc close · s save · y copy")
            yield Static(
                Content.assemble(
                    (f"{mark} {call.status.value}", style), "  ", " · ".join(fact for fact in facts if fact)
                ),
                id="result-head",
            )
            yield view

    def on_mount(self) -> None:
        self.query_one("#result-frame").focus()

    def action_leave(self) -> None:
        self.dismiss()

    def action_save(self) -> None:
        self._save(self._call.id)

    def action_copy(self) -> None:
        copy_result(app_of(self), self._call)

    def action_scroll(self, step: int) -> None:
        self.query_one("#result-frame").scroll_relative(y=step, animate=False)

    def action_edge(self, end: bool) -> None:
        frame = self.query_one("#result-frame")
        if end:
            frame.scroll_end(animate=False)
        else:
            frame.scroll_home(animate=False)
