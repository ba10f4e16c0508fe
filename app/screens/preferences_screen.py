"""Preferences: the theme, which keys move, the plain mode, and where all of it is kept.

Owns the list of what can be chosen. Each choice holds at once; Esc leaves it so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ...services.state.text import visible
from ...widgets.app_of import app_of
from ..comfort import Comfort
from ..keymap import PRESETS
from ..themes import BY_NAME, TITLES

WIDTH = 26


class PreferencesScreen(ModalScreen[None]):
    """``remarks``: what is wrong with the file of keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,comma,q", "close", "Close", show=False),
        Binding("j", "move(1)", "Down", show=False),
        Binding("k", "move(-1)", "Up", show=False),
        Binding("space", "choose", "Choose", show=False),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(id="choice", classes="preferences") as box:
            box.border_title = "Preferences"
            box.border_subtitle = "Enter chooses · Esc closes"
            yield OptionList(*self._options(), compact=True)
            remarks = self._deck.keys.remarks
            if remarks:
                yield Static(Content("\n".join(visible(remark) for remark in remarks)), classes="about")

    @property
    def _deck(self) -> Comfort:
        app = app_of(self)
        assert isinstance(app, Comfort)
        return app

    def _options(self) -> Iterator[Option | None]:
        deck = self._deck
        yield _heading("Theme")
        for name, (title, note) in TITLES.items():
            yield _choice(f"theme:{name}", title, note, chosen=deck.theme == name)
        yield _heading("Keys")
        for name, note in PRESETS.items():
            yield _choice(f"keys:{name}", name.capitalize(), note, chosen=deck.keys.preset == name)
        yield _heading("Screen readers")
        yield _choice("plain:", "Plain mode", "no boxes, no animation, the real cursor", chosen=deck.plain)
        yield _heading("Panes")
        yield _choice("sizes:", "The usual sizes", "Ctrl+arrows change them, or drag a line", chosen=None)

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    def action_move(self, step: int) -> None:
        options = self.query_one(OptionList)
        options.action_cursor_down() if step > 0 else options.action_cursor_up()

    def action_choose(self) -> None:
        self.query_one(OptionList).action_select()

    def action_close(self) -> None:
        self.dismiss(None)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        deck = self._deck
        what, _, name = (event.option_id or "").partition(":")
        match what:
            case "theme":
                deck.set_theme(BY_NAME[name])
            case "keys":
                deck.set_preset(name)
            case "plain":
                deck.set_plain(not deck.plain)
            case _:
                deck.usual_sizes()
        options = self.query_one(OptionList)
        at = options.highlighted
        options.clear_options()
        options.add_options(self._options())
        options.highlighted = at


def _heading(title: str) -> Option:
    return Option(Content(title).stylize("bold $primary"), disabled=True)


def _choice(key: str, title: str, note: str, *, chosen: bool | None) -> Option:
    mark = "  " if chosen is None else "● " if chosen else "○ "
    return Option(Content.assemble(f"  {mark}{title:<{WIDTH}}", (note, "$text-muted")), key)
