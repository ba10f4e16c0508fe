"""The log of one server: what its ring holds, drawn only where it can be seen.

Owns the lines, following the end, and opening one record in full. Never copies the ring and keeps no
record of its own; what the ring dropped is counted in the border.
"""

from __future__ import annotations

import json
import time
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from ..services.models import Json
from ..services.state.ring import LogRecord, LogRing
from ..services.state.text import one_line, visible
from .ink import Line, cropped, fit
from .virtual_list import VirtualList

LEVELS: dict[str, tuple[str, str]] = {
    "debug": ("debug", "muted"),
    "info": ("info", "accent"),
    "notice": ("notice", "accent"),
    "warning": ("warn", "warn"),
    "error": ("error", "bad"),
    "critical": ("crit", "bad"),
    "alert": ("alert", "bad"),
    "emergency": ("emerg", "bad"),
}
KINDS: dict[str, tuple[str, str]] = {
    "stderr": ("stderr", "muted"),
    "stdout": ("stdout", "bad"),
    "malformed": ("odd", "bad"),
    "note": ("note", "accent"),
}
LINE_LIMIT = 600


def data_text(data: Json) -> str:
    """A record's data as text: strings as they are, everything else as JSON."""
    return data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)


def label_of(record: LogRecord) -> tuple[str, str]:
    """The word and ink of a record: its kind for stderr, stray stdout and notes, else its level."""
    known = KINDS.get(record.kind) or LEVELS.get(record.level.casefold())
    return known or (one_line(record.level, 6), "")


def _indented(text: str) -> str:
    """``one_line`` that keeps what the line begins with: tracebacks are read by their indentation."""
    text = text.lstrip("\r\n").expandtabs(4)
    return " " * (len(text) - len(text.lstrip(" "))) + one_line(text)


class LogView(VirtualList[LogRecord]):
    """Records oldest first. Follows the end until the cursor leaves it."""

    class Following(Message):
        """Following the end began or ended."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._ring = LogRing()
        self._total = self._dropped = 0
        self.follows = True

    def present(self, ring: LogRing) -> None:
        """Show ``ring`` as it is now; called once a flush."""
        if ring is not self._ring:
            self._ring, self.follows = ring, True
            self._dropped = ring.dropped
            self._total = -1
        if ring.total == self._total:
            return
        gone, self._dropped, self._total = ring.dropped - self._dropped, ring.dropped, ring.total
        if self.follows:
            self._cursor = max(0, len(ring) - 1)
            self.resized_items()
            self.reveal(self._cursor)
            return
        if gone:
            # The ring let its oldest records go: the same records stay under the eyes.
            self._cursor = max(0, self._cursor - gone)
            self.scroll_to(y=max(0, self.scroll_offset.y - gone), animate=False, force=True)
        self.resized_items()

    def move_cursor(self, index: int, *, quiet: bool = False) -> None:
        super().move_cursor(index, quiet=quiet)
        follows = self._cursor >= self.length() - 1
        if follows != self.follows:
            self.follows = follows
            self.post_message(self.Following())

    def length(self) -> int:
        return len(self._ring)

    def item_at(self, index: int) -> LogRecord:
        return self._ring.slice(index, index + 1)[0]

    def empty(self) -> Line:
        return (("  nothing logged yet", "muted"),)

    def paint(self, item: LogRecord, width: int, *, current: bool) -> Line:
        word, ink = label_of(item)
        seconds, milliseconds = divmod(round(item.at * 1000), 1000)
        clock = f"{time.strftime('%H:%M:%S', time.localtime(seconds))}.{milliseconds:03d}"
        line = [(clock if width >= 60 else clock[:8], "muted"), (" " + fit(word, 6) + " ", ink)]
        if item.logger:
            line.append((one_line(item.logger, 24) + " ", "muted"))
        line.append((_indented(data_text(item.data)[:LINE_LIMIT]), ink if ink == "bad" else ""))
        return cropped(line, width - 1)


class LogPane(Vertical):
    """The log of the shown server, and one record in full below it when asked for."""

    DEFAULT_CSS = """
    LogPane { height: 1fr; }
    LogPane #record { display: none; height: auto; max-height: 50%; border-top: solid $border; }
    LogPane.-open #record { display: block; }
    LogPane #record:focus { border-top: solid $primary; }
    LogPane #record Static { height: auto; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close_record", "Close", show=False),
    ]

    class Changed(Message):
        """What the border says about the log changed."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._view = LogView(id="log-view")
        self._text = Static(markup=False)
        self._ring: LogRing | None = None

    def compose(self) -> ComposeResult:
        yield self._view
        with VerticalScroll(id="record"):  # Tab goes there, for a record that is longer than its place
            yield self._text

    @property
    def view(self) -> LogView:
        return self._view

    def present(self, ring: LogRing) -> None:
        if ring is not self._ring:
            self._ring = ring
            self.remove_class("-open")
        self._view.present(ring)

    def summary(self) -> str:
        """Counts for the border: held, dropped, and whether the end is followed."""
        ring = self._ring
        if ring is None or not len(ring):
            return ""
        parts = [f"{len(ring):,} lines"]
        if ring.dropped:
            parts.append(f"{ring.dropped:,} dropped")
        if not self._view.follows:
            parts.append("paused, End follows")
        return " · ".join(parts)

    def action_close_record(self) -> None:
        if self.query_one("#record").has_focus:
            self._view.focus()
        self.remove_class("-open")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.has_class("-open") if action == "close_record" else True

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

    @on(LogView.Following)
    def _following(self, event: LogView.Following) -> None:
        event.stop()
        self.post_message(self.Changed())

    def _show_record(self) -> None:
        record = self._view.current
        if record is None:
            return
        data = record.data
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, indent=2)
        self._text.update(Content(visible(text).expandtabs(4)))
        self.query_one("#record").scroll_home(animate=False)
