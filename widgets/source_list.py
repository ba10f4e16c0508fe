"""Every place that was looked at for servers, one line each, and what is to be said of the one under the cursor.

Owns the columns, the glyphs and the wording. Never looks anywhere itself.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from pathlib import PurePath

from rich.cells import cell_len
from textual.reactive import reactive

from ..services.models import SourceInfo, SourceStatus
from ..services.state.model import McpState
from ..services.state.text import one_line, visible
from .ink import Line, Span, fit, wrapped
from .status_marks import Mark
from .virtual_list import VirtualList

MARKS: dict[SourceStatus, Mark] = {
    SourceStatus.READ: Mark("●", "good"),
    SourceStatus.NOT_FOUND: Mark("○", "muted"),
    SourceStatus.UNREADABLE: Mark("✖", "bad"),
    SourceStatus.IGNORED: Mark("■", "warn"),
    SourceStatus.OFF: Mark("–", "muted"),
}
SOURCE_WIDTH, STATUS_WIDTH, SERVERS_WIDTH = 10, 10, 7


class SourceList(VirtualList[SourceInfo]):
    """Rows follow ``mcp.sources``: highest precedence first. ``home`` is shown as ``~``."""

    mcp: reactive[McpState] = reactive(McpState())

    def __init__(self, *, home: str = "", id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._home = home.rstrip("/")
        self._rows: tuple[SourceInfo, ...] = ()

    def watch_mcp(self, old: McpState, new: McpState) -> None:
        if self._rows != new.sources:
            self._rows = new.sources
            self.resized_items()

    def length(self) -> int:
        return len(self._rows)

    def item_at(self, index: int) -> SourceInfo:
        return self._rows[index]

    def stamp(self, item: SourceInfo) -> Hashable:
        return None

    def heading(self, width: int) -> Line | None:
        if not self._rows:
            return None
        words = fit("source", SOURCE_WIDTH) + " " + fit("status", STATUS_WIDTH)
        return (("   " + words + fit("servers", SERVERS_WIDTH, right=True) + "  place", "muted"),)

    def empty(self) -> Line:
        return (("  nothing was looked at yet", "muted"),)

    def paint(self, item: SourceInfo, width: int, *, current: bool) -> Line:
        mark = MARKS[item.status]
        found = item.status in (SourceStatus.READ, SourceStatus.UNREADABLE)
        ink = "bad" if item.status is SourceStatus.UNREADABLE else "" if found else "muted"
        count = str(item.servers) if item.servers else ""
        line: list[Span] = [
            (f"{mark.glyph} ", mark.ink),
            (fit(item.source.value, SOURCE_WIDTH), "strong" if current else ink),
            (" " + fit(item.status.value, STATUS_WIDTH), mark.ink),
            (fit(count, SERVERS_WIDTH, right=True), ink),
            ("  ", ""),
        ]
        odd = f" ▲ {len(item.lints)}" if item.lints else ""
        room = width - 1 - sum(cell_len(text) for text, _ in line) - cell_len(odd)
        line.append((fit(self._place(item.place, room), room), ink))
        if odd:
            line.append((odd, "warn"))
        return line

    def _place(self, place: str, room: int) -> str:
        """The end of a path says more than its beginning."""
        text = one_line(place)
        if self._home and text.startswith(self._home + "/"):
            text = "~" + text[len(self._home) :]
        if cell_len(text) <= room:
            return text
        if "/" not in text or "://" in text:
            return fit(text, room)
        kept = ""
        for part in reversed(PurePath(text).parts):
            longer = f"{part}/{kept}" if kept else part
            if cell_len(longer) + 2 > room:
                break
            kept = longer
        return f"…/{kept}" if kept else fit(text, room)


def source_words(source: SourceInfo | None, width: int) -> list[Line]:
    """The whole place, what came of it, and what is odd about it, in lines of ``width`` cells."""
    if source is None:
        return []
    return list(_words(source, max(20, width)))


def _words(source: SourceInfo, width: int) -> Iterable[Line]:
    for text in wrapped(visible(source.place), width):
        yield ((text, "strong"),)
    ink = "bad" if source.status is SourceStatus.UNREADABLE else ""
    for text in wrapped(visible(source.note), width) if source.note else ():
        yield ((text, ink),)
    for lint in source.lints:
        for index, text in enumerate(wrapped(visible(lint), width - 2)):
            yield (("▲ " if index == 0 else "  ", "warn"), (text, ""))
    if not source.note and not source.lints:
        count = f"{source.servers} servers" if source.servers != 1 else "1 server"
        yield ((count if source.status is SourceStatus.READ else source.status.value, "muted"),)
