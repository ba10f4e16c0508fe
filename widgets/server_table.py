"""Servers as rows: in the order and the groups that were chosen, drawn from ``McpState``.

Owns which rows there are, what is drawn of them, and when they change their place: with what is configured at once,
with figures that move at most once a second and never while keys are pressed. Never takes a key.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import TypeAlias

from rich.cells import cell_len
from textual.message import Message
from textual.reactive import var
from textual.timer import Timer

from ..services.models import Status
from ..services.state.model import McpState, ServerState
from ..services.state.text import one_line
from .app_of import app_of
from .ink import Line
from .provenance_lines import own_files_left_out
from .server_columns import Columns, Facts, columns_for
from .server_order import Arrangement, Layout, arranged
from .server_rows import GroupHead, head_line, heading, server_line
from .status_marks import needs_human, shown_name, status_words, transport_word
from .virtual_list import VirtualList

Row: TypeAlias = ServerState | GroupHead
SETTLES = 1.0
"""Seconds between two times that rows change their place by themselves, and after the last key."""
TICK = 20.0
"""Seconds between two looks at what changes by the minute."""


class ServerTable(VirtualList[Row]):
    """The cursor follows its server when the order changes."""

    mcp: var[McpState] = var(McpState())
    """Not reactive: the rows that changed are drawn again, never all of them."""

    class Changed(Message):
        """What is ticked, found or shown is something else than before."""

    def __init__(self, *, id: str | None = None, clock: Callable[[], float] = time.time) -> None:  # noqa: A002
        super().__init__(id=id)
        self._clock = clock
        self._rows: tuple[Row, ...] = ()
        self._layout: Layout = ()
        self._wanted = Arrangement()
        self._folded: frozenset[str] = frozenset()
        self._ticked: frozenset[str] = frozenset()
        self._facts = Facts()
        self._widths: dict[str, tuple[ServerState, int, int]] = {}
        self._names: int = 0
        self._transport: int = 0
        self._awaited = ""
        self._finding = False
        self._settling: Timer | None = None

    def on_mount(self) -> None:
        self.set_interval(TICK, self._minute)

    # What arrives.

    def watch_mcp(self, old: McpState, new: McpState) -> None:
        if old.order != new.order:
            self._arrange()
            self._forget_gone()
        else:
            self._present(self._filled())
            if self._wanted.moves and self._settling is None:
                self._settling = self.set_timer(SETTLES, self._settle)
        if self._awaited in new.servers:
            self.show(self._awaited)

    def _settle(self) -> None:
        self._settling = None
        self._arrange()

    def _arrange(self) -> None:
        """Put the rows where they belong now."""
        self._facts.now = self._clock()
        before, self._layout = self._layout, arranged(self.mcp.listed(), self._wanted, self._facts)
        self._present(self._filled())
        if sum(len(ids) for _, ids in before) != self.shown:
            self.post_message(self.Changed())

    def _filled(self) -> tuple[Row, ...]:
        """The rows of the layout with what is known now. What is not there any more has none."""
        servers = self.mcp.servers
        rows: list[Row] = []
        for title, ids in self._layout:
            members = [servers[name] for name in ids if name in servers]
            if title:
                usable = sum(1 for row in members if row.usable)
                needing = sum(1 for row in members if needs_human(row))
                rows.append(GroupHead(title, len(members), usable, needing, title in self._folded))
            if title not in self._folded:
                rows.extend(members)
        return tuple(rows)

    def _present(self, rows: tuple[Row, ...]) -> None:
        key = key_of(self.current)
        before, self._rows = self._rows, rows
        widest = self._measured()
        if widest != (self._names, self._transport) or not rows or [*map(key_of, before)] != [*map(key_of, rows)]:
            self._names, self._transport = widest
            self.resized_items()
            if key is not None:
                index = next((index for index, row in enumerate(rows) if key_of(row) == key), None)
                if index is not None:
                    self.move_cursor(index, quiet=True)
        else:
            for index, (was, row) in enumerate(zip(before, rows, strict=True)):
                if was is not row and was != row:
                    self.redraw_row(index)

    def _measured(self) -> tuple[int, int]:
        """Cells of the longest name and of the longest transport; only rows that changed are measured again.

        Of all servers, not of those that are found: a filter moves no column.
        """
        known, self._widths = self._widths, {}
        names = transport = 0
        for row in self.mcp.servers.values():
            width = known.get(row.id)
            if width is None or width[0] is not row:
                width = (row, cell_len(shown_name(row)), len(transport_word(row.transport)))
            self._widths[row.id] = width
            names, transport = max(names, width[1]), max(transport, width[2])
        return names, transport

    def _forget_gone(self) -> None:
        self._facts.keep(self.mcp.order)
        if self._ticked - self.mcp.servers.keys():
            self._ticked = self._ticked & self.mcp.servers.keys()
            self.post_message(self.Changed())

    # What a person chose.

    @property
    def wanted(self) -> Arrangement:
        return self._wanted

    def list_as(self, wanted: Arrangement) -> None:
        """Another order, other groups or other words; the cursor stays on its server where that is still there."""
        if wanted == self._wanted:
            return
        if wanted.group is not self._wanted.group:
            self._folded = frozenset()
        told = (wanted.words, self._wanted.words)
        self._wanted = wanted
        before = self.server
        self._arrange()
        if told[0] != told[1]:
            self.resized_items()  # the heading may come or go
        if self.server is not before:
            self.announce()
        self.post_message(self.Changed())

    @property
    def server(self) -> ServerState | None:
        """The server under the cursor; None on the head of a group and in an empty list."""
        row = self.current
        return row if isinstance(row, ServerState) else None

    @property
    def shown(self) -> int:
        """How many servers were found, those in folded groups too."""
        return sum(len(ids) for _, ids in self._layout)

    def show(self, server: str) -> None:
        """Put the cursor on a server, also where the filter or a folded group hides it; once it is listed."""
        self._awaited = "" if server in self.mcp.servers else server
        if self._awaited:
            return
        if all(server not in ids for _, ids in self._layout):
            self.list_as(replace(self._wanted, words=""))
        title = next((title for title, ids in self._layout if server in ids), "")
        if title in self._folded:
            self._folded -= {title}
            self._present(self._filled())
        self.move_cursor(next((i for i, row in enumerate(self._rows) if key_of(row) == server), 0))

    # Drawing.

    def tick(self) -> None:
        """A second went by: draw the rows that count down."""
        for index, row in enumerate(self._rows):
            if isinstance(row, ServerState) and row.status is Status.RECONNECTING:
                self.redraw_row(index)

    def _minute(self) -> None:
        """Rows whose words changed with the time are drawn anew, where they can be seen; the others are not."""
        if self._columns(self.scrollable_content_region.width - 1).ticking:
            self.refresh()

    def length(self) -> int:
        return len(self._rows)

    def item_at(self, index: int) -> Row:
        return self._rows[index]

    def stamp(self, item: Row) -> Hashable:
        if isinstance(item, GroupHead):
            return None
        now = self._facts.now = self._clock()
        if item.usable:
            columns = self._columns(self.scrollable_content_region.width - 1)
            ticking: Hashable = tuple(column.cell(item, self._facts, width) for column, width in columns.ticking)
        else:
            ticking = status_words(item, now) if item.status is Status.RECONNECTING else None
        return (self._names, self._transport, ticking, item.id in self._ticked, self._wanted.words)

    def headed(self) -> bool:
        if self._finding or self._wanted.words:
            return True
        return bool(self._rows) and app_of(self).size.height >= 20

    def heading(self, width: int) -> Line | None:
        if self._finding or self._wanted.words:
            room = max(4, width - 6)
            words = one_line(self._wanted.words)
            shown = words if cell_len(words) <= room else "…" + words[-(room // 2) :]
            return ((" / ", "accent"), (shown, "strong"), ("▏" if self._finding else "", "accent"))
        return heading(self._columns(width - 1)) if self.headed() else None

    def empty(self) -> Line:
        if self.mcp.order:
            return (("  no server has these words · Esc shows all", "muted"),)
        adds = "" if own_files_left_out(self.mcp) else ": n adds one"
        return ((f"  no servers configured{adds}", "muted"),)

    def paint(self, item: Row, width: int, *, current: bool) -> Line:
        if isinstance(item, GroupHead):
            return head_line(item, current=current)
        return server_line(
            item,
            self._columns(width),
            self._facts,
            current=current,
            ticked=item.id in self._ticked,
            words=self._wanted.words,
        )

    def _columns(self, width: int) -> Columns:
        return columns_for(width, self._names, self._transport)


def key_of(row: Row | None) -> Hashable:
    """What a row stands for, whatever is known of it: the id of a server, or the title of a group in a tuple."""
    return (row.title,) if isinstance(row, GroupHead) else None if row is None else row.id
