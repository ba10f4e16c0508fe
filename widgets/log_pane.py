"""The log with its filter line above it and one record in full below it.

Owns what is typed into the filter, the least level, the open record, and the words about it all for the border. Which
servers' records are shown is told from outside.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from ..services.state.text import visible
from .line_input import LineInput
from .log_filter import LogFilter
from .log_lines import Entry, Sources
from .log_view import LogView
from .log_words import data_text, label_of
from .virtual_list import VirtualList

MOST_COPIED = 2_000
"""Lines; a clipboard is no file."""


class LogInput(LineInput):
    """One borderless line; Esc, Enter and the arrow hand over to the lines."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave(True)", "Clear", show=False),
        Binding("enter,down", "leave(False)", "To the lines", show=False),
    ]

    class Left(Message):
        def __init__(self, clear: bool) -> None:
            super().__init__()
            self.clear = clear

    def action_leave(self, clear: bool) -> None:
        self.post_message(self.Left(clear))


class LogPane(Vertical):
    """The log of the shown server or of all, and one record in full below it when asked for."""

    DEFAULT_CSS = """
    LogPane { height: 1fr; }
    LogPane #record { display: none; height: auto; max-height: 50%; border-top: solid $border; }
    LogPane.-open #record { display: block; }
    LogPane #record:focus { border-top: solid $primary; }
    LogPane #record Static { height: auto; padding: 0 1; }
    LogPane #log-filter { display: none; height: 1; background: $surface; }
    LogPane.-filtering #log-filter { display: block; }
    LogPane #log-filter Static { width: 2; color: $primary; text-style: bold; }
    LogPane LogInput, LogPane LogInput:focus {
        width: 1fr; height: 1; border: none; padding: 0; background: transparent; background-tint: transparent;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
    ]

    class Changed(Message):
        """What the border says about the log changed."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._input = LogInput(placeholder='words  -not  "two words"  level:warn  kind:stderr', compact=True)
        self._view = LogView(id="log-view")
        self._text = Static(markup=False)
        self.least = ""

    def compose(self) -> ComposeResult:
        with Horizontal(id="log-filter"):
            yield Static("/ ")
            yield self._input
        yield self._view
        with VerticalScroll(id="record"):  # Tab goes there, for a record that is longer than its place
            yield self._text

    @property
    def view(self) -> LogView:
        return self._view

    @property
    def typed(self) -> str:
        """What stands in the filter line."""
        return self._input.value

    def present(self, sources: Sources) -> None:
        if sources != self._view.lines.sources:
            self.remove_class("-open")
        self._view.present(sources)

    # Filtering.

    def open_filter(self) -> None:
        self.add_class("-filtering")
        self._input.focus()
        self._filter()

    def clear_filter(self) -> bool:
        """Show all lines again; False when they are shown."""
        was = self.has_class("-filtering")
        self.remove_class("-filtering")
        self._input.value = ""
        self._filter()
        return was

    def show_from(self, level: str) -> None:
        """Show no line that is less grave than ``level``; empty: all of them."""
        self.least = level
        self._filter()

    def _filter(self) -> None:
        self._view.look_for(LogFilter.of(self._input.value, self.least))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._filter()

    @on(LogInput.Left)
    def _left(self, event: LogInput.Left) -> None:
        event.stop()
        if event.clear or not self._input.value.strip():
            self.clear_filter()
        self._view.focus()

    # Words.

    def summary(self) -> str:
        """Counts for the border: held, shown, dropped, and whether the end is followed."""
        view, lines = self._view, self._view.lines
        held = lines.end - lines.first
        if not held:
            return ""
        found, looking = f"{lines.matching:,}", "…" if lines.unscanned else ""
        if lines.context:
            parts = [f"match {lines.place_of(lines.number_at(view.cursor)):,} of {found}{looking}"]
        elif lines.filter:
            parts = [f"{found}{looking} of {held:,} lines"]
        else:
            parts = [f"{held:,} lines"]
        if self.least:
            parts.append(f"from {self.least}")
        if lines.dropped:
            parts.append(f"{lines.dropped:,} dropped")
        if not view.follows:
            parts.append(f"paused, {view.news:,} new" if view.news else "paused, End follows")
        return " · ".join(parts)

    def shown_text(self) -> tuple[str, int]:
        """The lines that are shown as text, the newest of them where there are very many, and how many these are."""
        lines = self._view.lines
        start = max(0, len(lines) - MOST_COPIED)
        return "".join(self.texts(start)), len(lines) - start

    def kept_texts(self) -> Iterator[str] | None:
        """All lines that are shown, for whoever writes them in a thread: as they are now. None: there are none."""
        lines = self._view.lines
        entries, named = [lines.at(index) for index in range(len(lines))], len(lines.sources) != 1
        return (text_of(entry, named=named) + "\n" for entry in entries) if entries else None

    def texts(self, start: int = 0) -> Iterator[str]:
        """The lines that are shown from ``start`` on, each whole and with its line end."""
        lines = self._view.lines
        for index in range(start, len(lines)):
            yield text_of(lines.at(index), named=len(lines.sources) != 1) + "\n"

    # One record.

    def action_close(self) -> None:
        if self.has_class("-open"):
            if self.query_one("#record").has_focus:
                self._view.focus()
            self.remove_class("-open")
        else:
            self.clear_filter()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.has_class("-open") or self.has_class("-filtering") if action == "close" else True

    @on(VirtualList.Chosen)
    def _chosen(self, event: VirtualList.Chosen) -> None:
        event.stop()
        if self.has_class("-open"):
            self.remove_class("-open")
        else:
            self.add_class("-open")
            self._show_record()

    @on(VirtualList.Highlighted)
    def _highlighted(self, event: VirtualList.Highlighted) -> None:
        event.stop()
        if self.has_class("-open"):
            self._show_record()

    @on(LogView.Changed)
    def _view_changed(self, event: LogView.Changed) -> None:
        event.stop()
        self.post_message(self.Changed())

    def _show_record(self) -> None:
        entry = self._view.current
        if entry is None:
            return
        data = entry.record.data
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, indent=2)
        self._text.update(Content(visible(text).expandtabs(4)))
        self.query_one("#record").scroll_home(animate=False)


def text_of(entry: Entry, *, named: bool) -> str:
    """A record as a line of text to take elsewhere: nothing shortened, nothing that steers a terminal."""
    record = entry.record
    clock = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.at))
    who = [visible(part) for part in (entry.server if named else "", record.logger or "") if part]
    return " ".join([clock, label_of(record)[0], *who, visible(data_text(record.data)).rstrip("\n")])
