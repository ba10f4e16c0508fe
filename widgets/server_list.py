"""The server list: one aligned line a server, drawn from ``McpState``.

Owns which columns fit and what a row says. Posts ``Highlighted`` and ``Chosen`` of its base; never
connects or decides anything.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from rich.cells import cell_len
from textual.reactive import var

from ..services.models import Status
from ..services.state.model import McpState, ServerState
from ..services.state.text import one_line
from .app_of import app_of
from .ink import Line, Span, fit
from .provenance_lines import own_files_left_out
from .status_marks import (
    held_back,
    mark_of,
    milliseconds,
    needs_human,
    of_whole_file,
    shown_name,
    status_words,
    transport_word,
)
from .virtual_list import VirtualList

STATUS_WIDTH, ERA_WIDTH, TOOLS_WIDTH, PING_WIDTH = 10, 6, 5, 6
ERA_AND_VERSION = 17
"""``legacy 2025-11-25``, where there is room."""
NAME_LEAST, NAME_MOST = 8, 28


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths in cells; 0 for a column that is left out."""

    name: int
    transport: int
    era: int
    tools: int
    ping: int

    @property
    def wide(self) -> int:
        """Cells from the status column to the end of the row: where a sentence may stand."""
        return STATUS_WIDTH + sum(width + 1 for width in (self.era, self.tools, self.ping) if width)


def columns_for(width: int, names: int, transport: int) -> Columns:
    """Columns of a row of ``width`` cells; ``names`` and ``transport`` are the longest texts there.

    While the names do not fit, latency goes first, then era, then transport, then the tool count.
    """
    wanted = max(NAME_LEAST, min(names, NAME_MOST))
    comfortable = min(wanted, 14)
    columns = {"ping": PING_WIDTH, "era": ERA_WIDTH, "transport": transport, "tools": TOOLS_WIDTH}
    fixed = 2 + 1 + STATUS_WIDTH + 1  # glyph and blank, blank before the status, right margin

    def left() -> int:
        return width - fixed - sum(value + 1 for value in columns.values() if value)

    for drop in ("ping", "era", "transport", "tools"):
        if left() >= comfortable:
            break
        columns[drop] = 0
    if columns["ping"] and left() >= comfortable + 4 + ERA_AND_VERSION - ERA_WIDTH:
        columns["era"] = ERA_AND_VERSION
    return Columns(
        name=max(4, left()),
        transport=columns["transport"],
        era=columns["era"],
        tools=columns["tools"],
        ping=columns["ping"],
    )


def _era_words(server: ServerState, width: int) -> str:
    era = server.era.value if server.era else ""
    return f"{era} {one_line(server.version or '')}" if width > ERA_WIDTH else era


class ServerList(VirtualList[ServerState]):
    """Rows follow ``mcp.order``; the cursor follows its server when the order changes."""

    mcp: var[McpState] = var(McpState())
    """Not reactive: the rows that changed are drawn again, never all of them."""

    def __init__(self, *, id: str | None = None, clock: Callable[[], float] = time.time) -> None:  # noqa: A002
        super().__init__(id=id)
        self._clock = clock
        self._rows: tuple[ServerState, ...] = ()
        self._widths: dict[str, tuple[ServerState, int, int]] = {}
        self._names: int = 0
        self._transport: int = 0
        self._awaited = ""

    def watch_mcp(self, old: McpState, new: McpState) -> None:
        current = self.current
        before, self._rows = self._rows, new.listed()
        reordered = old.order != new.order
        widest = self._measured()
        if reordered or widest != (self._names, self._transport) or not self._rows:
            self._names, self._transport = widest
            self.resized_items()
        else:
            for index, (was, row) in enumerate(zip(before, self._rows, strict=True)):
                if was is not row:
                    self.redraw_row(index)
        if reordered and current is not None and current.id in new.order:
            self.move_cursor(new.order.index(current.id), quiet=True)
        if self._awaited in new.servers:
            self.show(self._awaited)

    def _measured(self) -> tuple[int, int]:
        """Cells of the longest name and of the longest transport; only rows that changed are measured again."""
        known, self._widths = self._widths, {}
        names = transport = 0
        for row in self._rows:
            width = known.get(row.id)
            if width is None or width[0] is not row:
                width = (row, cell_len(shown_name(row)), len(transport_word(row.transport)))
            self._widths[row.id] = width
            names, transport = max(names, width[1]), max(transport, width[2])
        return names, transport

    def show(self, server: str) -> None:
        """Put the cursor on a server; on one that is not listed yet, once it is."""
        self._awaited = "" if server in self.mcp.order else server
        if not self._awaited:
            self.move_cursor(self.mcp.order.index(server))

    def on_key(self) -> None:
        self._awaited = ""  # a person goes elsewhere meanwhile

    def tick(self) -> None:
        """A second went by: draw the rows that count down."""
        for index, row in enumerate(self._rows):
            if row.status is Status.RECONNECTING:
                self.redraw_row(index)

    def length(self) -> int:
        return len(self._rows)

    def item_at(self, index: int) -> ServerState:
        return self._rows[index]

    def stamp(self, item: ServerState) -> Hashable:
        counting = status_words(item, self._clock()) if item.status is Status.RECONNECTING else None
        return (self._names, self._transport, counting)

    def headed(self) -> bool:
        return bool(self._rows) and app_of(self).size.height >= 20

    def heading(self, width: int) -> Line | None:
        if not self.headed():
            return None
        columns = self._columns(width - 1)
        text = "   " + fit("name", columns.name)
        if columns.transport:
            text += " " + fit("via", columns.transport)
        text += " " + fit("status", STATUS_WIDTH)
        if columns.era:
            text += " " + fit("era", columns.era)
        if columns.tools:
            text += " " + fit("tools", TOOLS_WIDTH, right=True)
        if columns.ping:
            text += " " + fit("ping", PING_WIDTH, right=True)
        return ((text, "muted"),)

    def empty(self) -> Line:
        adds = "" if own_files_left_out(self.mcp) else ": n adds one"
        return ((f"  no servers configured{adds}", "muted"),)

    def paint(self, item: ServerState, width: int, *, current: bool) -> Line:
        columns = self._columns(width)
        mark = mark_of(item)
        quiet = item.status in (Status.DISABLED, Status.REJECTED)
        name_ink = "strong" if current else "muted" if quiet else ""
        line: list[Span] = [(f"{mark.glyph} ", mark.ink), (fit(shown_name(item), columns.name), name_ink)]
        if columns.transport:
            via = "" if of_whole_file(item) else transport_word(item.transport)
            line.append((" " + fit(via, columns.transport), "muted"))
        line.append((" ", ""))
        if not item.usable:
            return (*line, *self._sentence(item, columns.wide, mark.ink))
        held = held_back(item)
        line.append((fit("held back" if held else item.status.value, STATUS_WIDTH), "bad" if held else mark.ink))
        if columns.era:
            line.append((" " + fit(_era_words(item, columns.era), columns.era), "muted"))
        if columns.tools:
            count = "…" if item.tools is None else str(len(item.tools))
            line.append((" " + fit(count, TOOLS_WIDTH, right=True), ""))
        if columns.ping:
            ping = "" if item.latency_ms is None else milliseconds(item.latency_ms)
            line.append((" " + fit(ping, PING_WIDTH, right=True), "muted"))
        return line

    def _sentence(self, item: ServerState, width: int, ink: str) -> Line:
        """Status and reason across the columns that have nothing to say; ``↵`` where Enter helps."""
        words = status_words(item, self._clock())
        if not needs_human(item) and item.status is not Status.FAILED:
            return ((fit(words, width), ink),)
        return ((fit(words, width - 2), ink), (" ↵", "accent"))

    def _columns(self, width: int) -> Columns:
        return columns_for(width, self._names, self._transport)
