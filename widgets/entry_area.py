"""The fields of an entry: the line of its name, and its JSON, that is typed or pasted as a snippet.

Owns what a paste is: text put into an empty area, or over all of it, or too long to lay out, is handed up
whole to be recognised. Never reads JSON.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from ..services.state.text import one_line
from .json_text import escape_unsafe
from .line_input import LineInput

EDITABLE = 20_000
"""Longest text that is laid out, in characters."""


class EntryArea(TextArea):
    """Several lines of JSON."""

    DEFAULT_CSS: ClassVar[str] = """
    EntryArea, EntryArea:focus {
        height: 1fr; border: none; padding: 0 1 !important; background: $surface; color: $foreground;
        scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1; background-tint: transparent;
        scrollbar-background: $surface; scrollbar-background-hover: $surface; scrollbar-background-active: $surface;
    }
    EntryArea > .text-area--placeholder { color: $text-muted; }
    EntryArea > .text-area--cursor-line { background: transparent; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+a", "select_all", "All", show=False)]

    class Snippet(Message):
        """A text was pasted that stands for the whole entry."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def on_paste(self, event: events.Paste) -> None:
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        start, end = sorted((self.selection.start, self.selection.end))
        whole = start == (0, 0) and end == self.document.end
        event.prevent_default()
        event.stop()
        if whole or not self.text.strip() or len(text) + len(self.text) > EDITABLE:
            self.post_message(self.Snippet(text))
        else:
            # In JSON an escape says the same, and can be seen.
            self.replace(escape_unsafe(text), start, end, maintain_selection_offset=False)


class NameInput(LineInput):
    """The line of the name: what is pasted becomes one visible line."""

    def on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self.insert_text_at_cursor(one_line(event.text[:1_000], 200))
