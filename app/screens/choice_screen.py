"""A short list to choose one thing from: a log level, a task.

Owns the list on the screen. Never does what was chosen: it dismisses with the key of the choice, or None.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ...services.state.text import one_line
from ...widgets.ink import fit

TITLE = 32
ROOM = 56
"""Cells of a line in the list."""


class ChoiceScreen(ModalScreen[str | None]):
    """``choices`` are (key, title, note); ``now`` is the key that the cursor stands on first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "Close", show=False),
        Binding("j", "move(1)", "Down", show=False),
        Binding("k", "move(-1)", "Up", show=False),
    ]

    def __init__(self, title: str, about: str, choices: tuple[tuple[str, str, str], ...], now: str = "") -> None:
        super().__init__()
        self._title = title
        self._about = about
        self._choices = choices
        self._now = now

    def compose(self) -> ComposeResult:
        with Vertical(id="choice") as box:
            box.border_title = Content(one_line(self._title, 60))
            box.border_subtitle = "Enter chooses · Esc closes"
            if self._about:
                yield Static(Content(one_line(self._about, 200)), classes="about")
            yield OptionList(*self._options(), compact=True)

    def _options(self) -> Iterable[Option]:
        titles = [one_line(title, TITLE) for _, title, _ in self._choices]
        width = max(map(cell_len, titles), default=0)
        for title, (key, _, note) in zip(titles, self._choices, strict=True):
            room = max(8, ROOM - width - 2)
            yield Option(
                Content.assemble(fit(title, width + 2), (fit(one_line(note), room).rstrip(), "$text-muted")), key
            )

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        keys = [key for key, _, _ in self._choices]
        options.highlighted = keys.index(self._now) if self._now in keys else 0
        options.focus()

    def action_move(self, step: int) -> None:
        options = self.query_one(OptionList)
        options.action_cursor_down() if step > 0 else options.action_cursor_up()

    def action_close(self) -> None:
        self.dismiss(None)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option_id)
