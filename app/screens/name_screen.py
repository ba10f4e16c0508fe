"""One name, typed.

Owns the field. Dismisses with the name, or None.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ...services.state.text import one_line
from ...widgets.line_input import LineInput


class NameScreen(ModalScreen["str | None"]):
    """``check`` says what is wrong with a name, empty: nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close", show=False)]

    def __init__(self, title: str, name: str, check: Callable[[str], str]) -> None:
        super().__init__()
        self._title = title
        self._before = name
        self._check = check

    def compose(self) -> ComposeResult:
        with Vertical(id="name-box") as box:
            box.border_title = Content(one_line(self._title, 60))
            box.border_subtitle = "Enter takes it · Esc closes"
            yield LineInput(self._before, compact=True, max_length=80)
            yield Static("", id="name-problem", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        name = event.value.strip()
        problem = self._check(name) if name else "a name is wanted"
        if problem:
            self.query_one("#name-problem", Static).update(Content.styled(one_line(problem), "$text-error"))
        else:
            self.dismiss(name)

    def action_close(self) -> None:
        self.dismiss(None)
