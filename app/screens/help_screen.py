"""The help: every key, grouped, straight from the action registry.

Owns the layout of the table. Knows no action by name.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ...widgets.status_marks import MARKS, MORE_MARKS
from ..actions import GROUPS

LISTS: tuple[tuple[str, str], ...] = (
    ("↑ ↓", "Move (or k j)"),
    ("PgUp/Dn", "A page (or Ctrl+U, Ctrl+D)"),
    ("g G", "First and last (or Home, End)"),
    ("Click", "Select; a double click opens"),
)
KEY = 9
ON_THE_LEFT = ("Servers", "Configuration", "Around")
"""Groups; the others stand on the right."""


class HelpScreen(ModalScreen[None]):
    """Closes with Esc, ? or q."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (112, "-roomy")]  # noqa: RUF012 - typed by Textual
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,f1", "close", "Close", show=False),
    ]

    def compose(self) -> ComposeResult:
        groups = {title: [(action.shown, action.description) for action in actions] for title, actions in GROUPS}
        marks = [(mark.glyph, status.value) for status, mark in MARKS.items()]
        marks += [(mark.glyph, told) for mark, told in MORE_MARKS]
        with VerticalScroll(id="help") as box:
            box.border_title = "Keys"
            box.border_subtitle = "Esc closes"
            with Horizontal(id="columns"):
                with Vertical(classes="column"):
                    for title in ON_THE_LEFT:
                        yield from _table(title, groups.pop(title))
                with Vertical(classes="column"):
                    for title, rows in groups.items():
                        yield from _table(title, rows)
                    yield from _table("In lists", list(LISTS))
                    yield from _table("Status", marks)

    def action_close(self) -> None:
        self.dismiss(None)


def _table(title: str, rows: list[tuple[str, str]]) -> ComposeResult:
    yield Static(Content(title), classes="group")
    lines = [Content.assemble((f"{key:<{KEY}}", "bold $primary"), told) for key, told in rows]
    yield Static(Content("\n").join(lines), classes="keys")
