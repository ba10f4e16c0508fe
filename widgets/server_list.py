"""The server list: the rows of ``ServerTable``, and what a person does to the list itself.

Owns what is ticked, which groups are folded and the filter that is typed. Posts ``Highlighted`` and ``Chosen`` of its
base and ``Changed``; never connects or decides anything.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from ..services.state.model import ServerState
from ..services.state.text import one_line
from .server_rows import GroupHead
from .server_table import ServerTable, key_of

LONGEST_WORDS = 60


class ServerList(ServerTable):
    """The cursor follows its server when the order changes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "fold(True)", "Fold", show=False),
        Binding("right", "fold(False)", "Unfold", show=False),
    ]

    @property
    def has_ticks(self) -> bool:
        return bool(self._ticked)

    @property
    def ticked(self) -> tuple[ServerState, ...]:
        """The servers that were ticked, in their order; on the head of a group and with none ticked, those of it."""
        if self._ticked:
            return tuple(row for row in self.mcp.listed() if row.id in self._ticked)
        head = self.current
        if isinstance(head, GroupHead):
            ids = next((ids for title, ids in self._layout if title == head.title), ())
            return tuple(self.mcp.servers[name] for name in ids if name in self.mcp.servers)
        return ()

    def tick_row(self) -> None:
        """Tick the row under the cursor, or not any more, and go on to the next; a head stands for its servers."""
        row = self.current
        if isinstance(row, GroupHead):
            self._tick_all(next((ids for title, ids in self._layout if title == row.title), ()))
        elif row is not None:
            self._ticked ^= {row.id}
            self.redraw_row(self.cursor)
            self.action_move(1)
            self.post_message(self.Changed())

    def tick_all(self) -> None:
        """Tick every server that was found; with all of them ticked, none."""
        self._tick_all(tuple(name for _, ids in self._layout for name in ids))

    def _tick_all(self, ids: tuple[str, ...]) -> None:
        chosen = frozenset(ids)
        self._ticked = self._ticked - chosen if chosen <= self._ticked else self._ticked | chosen
        self.refresh()
        self.post_message(self.Changed())

    def untick(self) -> bool:
        """Whether there was anything ticked."""
        had, self._ticked = bool(self._ticked), frozenset()
        if had:
            self.refresh()
            self.post_message(self.Changed())
        return had

    def action_fold(self, fold: bool) -> None:
        """Close or open the group of the row under the cursor; the cursor goes to its head."""
        row = self.current
        title = row.title if isinstance(row, GroupHead) else self._group_of(row) if row is not None else ""
        if title and (title in self._folded) is not fold:
            self._folded ^= {title}
            self._present(self._filled())
            if fold:
                self.move_cursor(next(i for i, one in enumerate(self._rows) if key_of(one) == (title,)))

    def _group_of(self, row: ServerState) -> str:
        return next((title for title, ids in self._layout if row.id in ids), "")

    def action_choose(self) -> None:
        row = self.current
        if isinstance(row, GroupHead):
            self.action_fold(not row.folded)
        else:
            super().action_choose()

    # The filter.

    @property
    def finding(self) -> bool:
        """Letters are typed into the filter."""
        return self._finding

    def begin_finding(self) -> None:
        self._finding = True
        self.styles.min_height = self.outer_size.height  # what stands below must not move with every letter
        self.resized_items()
        self.post_message(self.Changed())

    def find(self, words: str) -> bool:
        """Show only servers with these words; whether they are others than before."""
        before = self._wanted.words
        self.list_as(replace(self._wanted, words=words[:LONGEST_WORDS]))
        return before != words

    def end_finding(self) -> None:
        self._finding = False
        self.styles.min_height = None
        self.resized_items()
        self.post_message(self.Changed())

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return self._finding and character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        self._awaited = ""  # a person goes elsewhere meanwhile
        if self._settling is not None:
            self._settling.reset()  # no row moves away under the hands of somebody
        if self._finding and self._typed(event):
            event.stop()
            event.prevent_default()

    def _typed(self, event: events.Key) -> bool:
        """Whether the key belongs to the filter."""
        words = self._wanted.words
        match event.key:
            case "enter" | "tab":
                self.end_finding()
            case "escape":
                self._finding = False
                self.find("")
                self.end_finding()
            case "backspace" | "ctrl+h":
                self.find(words[:-1])
            case "ctrl+u":
                self.find("")
            case "ctrl+w":
                self.find(" ".join(words.split()[:-1]))
            case _ if event.is_printable and event.character is not None:
                self.find(words + event.character)
            case _:
                return False
        return True

    def on_paste(self, event: events.Paste) -> None:
        if self._finding:
            event.stop()
            self.find(self._wanted.words + one_line(event.text, LONGEST_WORDS))

    def on_blur(self) -> None:
        super().on_blur()
        if self._finding:
            self.end_finding()
