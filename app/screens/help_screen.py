"""The help: every key, grouped, straight from the action registry, narrowed by words.

Owns the layout of the table and what is looked for in it. Knows no action by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ...services.state.text import visible
from ...widgets.app_of import app_of
from ...widgets.ink import wrapped
from ...widgets.line_input import LineInput
from ...widgets.status_marks import MARKS, MORE_MARKS
from ..actions import GROUPS
from ..keymap import KeyMap

LISTS: tuple[tuple[str, str], ...] = (
    ("↑ ↓", "Move (or k j)"),
    ("PgUp/Dn", "A page (or Ctrl+U, Ctrl+D)"),
    ("g G", "First and last (or Home, End)"),
    ("Click", "Select; a double click opens"),
)
KEY = 9
ON_THE_LEFT = ("Servers", "Configuration", "Around")
"""Groups; the others stand on the right."""


class Row(NamedTuple):
    """A key and what it does; ``own``: a person gave it that key; ``id`` is how ``keys.json`` calls it."""

    key: str
    told: str
    id: str = ""
    own: bool = False


class HelpScreen(ModalScreen[None]):
    """Closes with Esc, ? or q; / looks for words."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (112, "-roomy")]  # noqa: RUF012 - typed by Textual
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", show=False),
        Binding("question_mark,q,f1", "close", "Close", show=False),
        Binding("slash", "find", "Find", show=False),
        Binding("i", "ids", "Ids", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("pagedown,ctrl+d", "scroll(12)", show=False),
        Binding("pageup,ctrl+u", "scroll(-12)", show=False),
        Binding("home,g", "to_end(False)", show=False),
        Binding("end,G", "to_end(True)", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._input = LineInput(placeholder="words, or a key", compact=True, id="help-find")
        self._tables: list[tuple[str, list[Row], Static, Static]] = []
        self._ids = False

    def compose(self) -> ComposeResult:
        groups = dict(_groups(_keys_of(self)))
        with Vertical(id="help") as box:
            box.border_title = "Keys"
            box.border_subtitle = "/ finds · i shows the ids for keys.json · Esc closes"
            remarks = _keys_of(self).remarks
            if remarks:
                yield Static(Content("\n".join(map(visible, remarks))), classes="remarks")
            yield self._input
            with VerticalScroll(id="help-rows"), Horizontal(id="columns"):
                with Vertical(classes="column"):
                    for title in ON_THE_LEFT:
                        yield from self._table(title, groups.pop(title))
                with Vertical(classes="column"):
                    for title, rows in groups.items():
                        yield from self._table(title, rows)

    def _table(self, title: str, rows: list[Row]) -> ComposeResult:
        head, keys = Static(Content(title), classes="group"), Static(classes="keys", markup=False)
        self._tables.append((title, rows, head, keys))
        yield head
        yield keys

    def on_mount(self) -> None:
        self._input.display = False
        self.query_one("#help-rows").focus()
        self._fill()

    def _fill(self) -> None:
        words = self._input.value.casefold().split()
        for title, rows, head, keys in self._tables:
            found = [row for row in rows if _matches(row, title, words)]
            head.display = keys.display = bool(found)
            if found:
                width = keys.size.width or 50
                keys.update(Content("\n").join(self._line(row, width) for row in found))

    def on_resize(self) -> None:
        self.call_after_refresh(self._fill)

    def _line(self, row: Row, width: int) -> Content:
        told = f"{row.told}  {row.id}" if self._ids and row.id else row.told
        told = ("\n" + " " * KEY).join(wrapped(told, width - KEY - 1))
        key = f"{row.key:<{KEY}}"
        if not key.endswith(" "):
            key += " "
        ink = "bold $accent" if row.own else "bold $primary"
        return Content.assemble((key, ink), told, " (yours)" if row.own else "")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._fill()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one("#help-rows").focus()

    def action_find(self) -> None:
        self._input.display = True
        self._input.focus()

    def action_ids(self) -> None:
        self._ids = not self._ids
        self._fill()

    def action_leave(self) -> None:
        """Clear what was looked for, else close."""
        if not self._input.display:
            self.dismiss(None)
            return
        self._input.value = ""
        self._input.display = False
        self.query_one("#help-rows").focus()

    def action_scroll(self, lines: int) -> None:
        self.query_one("#help-rows").scroll_relative(y=lines, animate=False)

    def action_to_end(self, last: bool) -> None:
        rows = self.query_one("#help-rows")
        rows.scroll_end(animate=False) if last else rows.scroll_home(animate=False)

    def action_close(self) -> None:
        self.dismiss(None)


def _groups(keys: KeyMap) -> Iterator[tuple[str, list[Row]]]:
    for title, actions in GROUPS:
        own = keys.changed
        yield title, [Row(keys.shown(one) or "none", one.description, one.id, one.id in own) for one in actions]
    yield "In lists", [Row(*row) for row in _moves(keys)]
    marks = [(mark.glyph, status.value) for status, mark in MARKS.items()]
    yield "Status", [Row(*row) for row in (*marks, *((mark.glyph, told) for mark, told in MORE_MARKS))]


def _moves(keys: KeyMap) -> Iterable[tuple[str, str]]:
    if keys.preset == "arrows":
        return (("↑ ↓", "Move"), ("PgUp/Dn", "A page"), ("Home End", "First and last"), LISTS[-1])
    return (*LISTS[:-1], ("h l", "Left and right (vi)"), LISTS[-1]) if keys.preset == "vi" else LISTS


def _matches(row: Row, title: str, words: list[str]) -> bool:
    if len(words) == 1 and words[0] == row.key.casefold():
        return True
    text = f"{row.key} {row.told} {row.id} {title}".casefold()
    return all(word in text for word in words)


def _keys_of(screen: HelpScreen) -> KeyMap:
    from ..comfort import Comfort

    app = app_of(screen)
    return app.keys if isinstance(app, Comfort) else KeyMap()
