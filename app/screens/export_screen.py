"""An entry as another client writes it: choose the client, read the snippet, copy it.

Owns the choice and the clipboard. Never writes another program's file: a person pastes it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ...services.models import ErrorInfo
from ...services.state.text import one_line, visible
from ...widgets.app_of import app_of
from ..entry_intents import Entries

if TYPE_CHECKING:
    from ...services.config.clients import Exported

SAID = 4
"""Sentences before a snippet about what it lacks; the rest is counted."""
SHOWN = 20_000
"""Characters of a snippet that are laid out; all of it is copied."""
COPIED = 500_000
"""Characters; terminals drop longer clipboard sequences."""


class ExportScreen(ModalScreen[None]):
    """Of one ``server``; ``a`` takes all of ``own`` and back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,X", "close", "Close", show=False),
        Binding("y", "copy", "Copy", show=False),
        Binding("a", "all", "All servers", show=False),
        Binding("j", "move(1)", "Down", show=False),
        Binding("k", "move(-1)", "Up", show=False),
        Binding("pagedown,ctrl+d", "scroll_text(8)", show=False),
        Binding("pageup,ctrl+u", "scroll_text(-8)", show=False),
    ]

    def __init__(self, entries: Entries, server: str, own: tuple[str, ...]) -> None:
        super().__init__()
        self._entries = entries
        self._server = server
        self._own = own
        self._clients = tuple(entries.clients())
        self._all = False

    def compose(self) -> ComposeResult:
        with Vertical(id="export") as box:
            box.border_subtitle = "Enter copies · a all or one · Esc closes"
            with Horizontal():
                yield OptionList(
                    *(Option(Content(one_line(title, 24)), key) for key, title in self._clients), compact=True
                )
                with VerticalScroll(can_focus=False):
                    yield Static("", id="snippet")

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()
        self._show()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._show()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_copy()

    def _show(self) -> None:
        count = len(self._own)
        of = f"{count} server{'s' if count != 1 else ''}" if self._all else one_line(self._server, 40)
        self.query_one("#export").border_title = Content(f"Export {of}")
        snippet = self.query_one("#snippet", Static)
        if not self._clients:
            return
        found = self._exported(masked=True)
        if isinstance(found, ErrorInfo):
            told = [(f"✖ {visible(found.title)}", "$error")] + ([(visible(found.hint), "")] if found.hint else [])
        else:
            text = found.text.rstrip("\n")
            cut = "" if len(text) <= SHOWN else f"\n… {len(text):,} characters in all"
            told = [(f"▲ {one_line(lint, 200)}", "$warning") for lint in found.lints[:SAID]]
            if len(found.lints) > SAID:
                told.append((f"  and {len(found.lints) - SAID} more: mcpdeck export prints them", "$text-muted"))
            told += [*([("", "")] if told else []), (visible(text[:SHOWN]) + cut, "")]
        snippet.update(Content("\n").join(Content.assemble(line) for line in told))
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def _exported(self, *, masked: bool) -> Exported | ErrorInfo:
        client = self._clients[self.query_one(OptionList).highlighted or 0][0]
        return self._entries.export(self._own if self._all else (self._server,), client, masked=masked)

    def action_copy(self) -> None:
        found = self._exported(masked=False)
        app = app_of(self)
        if isinstance(found, ErrorInfo):
            return  # it stands there already
        text = found.text
        if len(text) > COPIED:
            app.notify("Too long for the clipboard: mcpdeck export prints it.", severity="warning", markup=False)
            return
        app.copy_to_clipboard(text)
        app.notify(f"{len(text):,} characters copied, secrets too.", markup=False)

    def action_all(self) -> None:
        self._all = not self._all and bool(self._own)
        self._show()

    def action_move(self, step: int) -> None:
        options = self.query_one(OptionList)
        options.action_cursor_down() if step > 0 else options.action_cursor_up()

    def action_scroll_text(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_close(self) -> None:
        self.dismiss(None)
