"""The lines of a log, drawn only where they can be seen.

Owns the cursor among them, following the end and pausing, and how a record looks on one line. Keeps no record: which
ones there are is asked of ``LogLines``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from textual.message import Message

from ..services.state.ring import LogRing
from ..services.state.text import one_line
from .ink import Line, Span, cropped, fit, line_width
from .log_filter import LogFilter
from .log_lines import GONE, Entry, LogLines, Sources
from .log_words import data_text, label_of
from .virtual_list import VirtualList

if TYPE_CHECKING:
    from textual.timer import Timer

LINE_LIMIT = 600
SLICE = 0.006
"""Seconds of looking for matches in one go."""
SLICE_EVERY = 0.02
NAME = 14
"""Cells of a server's name, where those of all stand together."""


def _indented(text: str) -> str:
    """``one_line`` that keeps what the line begins with: tracebacks are read by their indentation."""
    text = text.lstrip("\r\n").expandtabs(4)
    return " " * (len(text) - len(text.lstrip(" "))) + one_line(text)


class LogView(VirtualList[Entry]):
    """Records oldest first. Follows the end until the cursor leaves it, or somebody pauses."""

    class Changed(Message):
        """What the border says about the log changed."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.lines = LogLines()
        self.lines.look_at((("", LogRing()),))
        self.follows = True
        self._paused_at = 0
        self._shown = (0, 0)
        self._searching: Timer | None = None

    def on_mount(self) -> None:
        self._searching = self.set_interval(SLICE_EVERY, self._search_on, pause=True)

    # What is shown.

    def present(self, sources: Sources) -> None:
        """Show ``sources`` as they are now; called once a flush."""
        if sources != self.lines.sources:
            self.lines.look_at(sources)
            self.lines.look_for(self.lines.filter)
            self.follows = True
            self._shown = (-1, -1)
        self._renew(self.lines.update)
        self._search_on()

    def look_for(self, wanted: LogFilter) -> None:
        """Show what passes. The cursor stays with its record, or goes to the newest."""
        if wanted == self.lines.filter and not self.lines.context:
            return
        number = self.lines.number_at(self._cursor)
        self.lines.look_for(wanted)
        self._shown = (-1, -1)
        self._search_on()
        if not self.follows:
            self._cursor = self.lines.index_of(number)
            self.resized_items()
            self.reveal(self._cursor)
        self.post_message(self.Changed())

    def _search_on(self) -> None:
        done = True

        def scan() -> None:
            nonlocal done
            done = self.lines.scan(SLICE)

        self._renew(scan)
        if self._searching is not None:
            self._searching.pause() if done else self._searching.resume()
        if self.lines.filter:
            self.post_message(self.Changed())

    def _renew(self, change: Callable[[], None]) -> None:
        """Let the lines change, and keep the same records under the eyes."""
        lines = self.lines
        cursor, top = lines.number_at(self._cursor), lines.number_at(self.scroll_offset.y)
        height = self._rows_visible
        change()
        shown = (lines.end, len(lines))
        if shown == self._shown and lines.index_of(cursor) == self._cursor:
            return
        self._shown = shown
        if self.follows:
            self._cursor = max(0, len(lines) - 1)
            self.resized_items()
            self.reveal(self._cursor)
            return
        index = lines.index_of(top)
        self._cursor = lines.index_of(cursor)
        self.resized_items()
        if index != self.scroll_offset.y and height > 0:
            self.scroll_to(y=index, animate=False, force=True)

    # Following and pausing.

    def pause(self) -> None:
        """The lines stay where they are, or follow the end again."""
        if self.follows:
            self._stop_following()
        else:
            self.action_move_to_end(True)

    @property
    def news(self) -> int:
        """Lines that came since the end is no longer followed."""
        return 0 if self.follows else self.lines.since(self._paused_at)

    def _stop_following(self) -> None:
        self.follows = False
        self._paused_at = self.lines.end
        self.post_message(self.Changed())

    def move_cursor(self, index: int, *, quiet: bool = False) -> None:
        super().move_cursor(index, quiet=quiet)
        follows = self._cursor >= self.length() - 1
        if follows and not self.follows:
            self.follows = True
            self.post_message(self.Changed())
        elif self.follows and not follows:
            self._stop_following()
        elif self.lines.context:
            self.post_message(self.Changed())

    def go_to_match(self, step: int) -> bool:
        """To the next matching line, or the one before it, the others around it; False: there is none that way."""
        lines = self.lines
        current = lines.number_at(self._cursor)
        number = lines.next_match(current, step)
        if number is None:
            return False
        lines.context = True
        self._shown = (-1, -1)
        self._cursor = -1  # the numbers of the lines are others from now on
        self.resized_items()
        self.move_cursor(lines.index_of(number))
        self._center()
        self.post_message(self.Changed())
        return True

    def _center(self) -> None:
        middle = self._cursor - self._rows_visible // 2
        self.scroll_to(y=max(0, middle), animate=False, force=True)

    # The list.

    def length(self) -> int:
        return len(self.lines)

    def item_at(self, index: int) -> Entry:
        return self.lines.at(index)

    def stamp(self, item: Entry) -> Hashable:
        return len(self.lines.sources) != 1, self.lines.filter.words

    def empty(self) -> Line:
        if self.lines.filter and self.lines.end > self.lines.first:
            return (("  looking…" if self.lines.unscanned else "  no line matches", "muted"),)
        return (("  nothing logged yet", "muted"),)

    def paint(self, item: Entry, width: int, *, current: bool) -> Line:
        record = item.record
        if record is GONE:
            return ((f"{'no longer kept':>28}", "muted"),)
        word, ink = label_of(record)
        seconds, milliseconds = divmod(round(record.at * 1000), 1000)
        clock = f"{time.strftime('%H:%M:%S', time.localtime(seconds))}.{milliseconds:03d}"
        line: list[Span] = [(clock if width >= 60 else clock[:8], "muted"), (" " + fit(word, 6) + " ", ink)]
        if len(self.lines.sources) != 1:
            line.append((fit(one_line(item.server, 60), NAME if width >= 60 else NAME // 2) + " ", "strong"))
        if record.logger:
            line.append((one_line(record.logger, 24) + " ", "muted"))
        words = self.lines.filter.words
        text = _from_match(data_text(record.data), words, width - 1 - line_width(line))
        line += _marked(text, "bad" if ink == "bad" else "", words)
        return cropped(line, width - 1)


def _from_match(text: str, words: tuple[str, ...], room: int) -> str:
    """``text`` on one line, from a little before the first of ``words`` where that would lie beyond ``room``."""
    shown = _indented(text[:LINE_LIMIT])
    if not words or room < 12:
        return shown
    found = [at for at in map(text.lower().find, words) if at >= 0]
    if not found or min(found) + len(words[0]) < room:
        return shown
    start = max(0, min(found) - room // 3)
    return "…" + one_line(text[start : start + LINE_LIMIT])


def _marked(text: str, ink: str, words: tuple[str, ...]) -> list[Span]:
    """``text`` with ``words`` in it in the ink of matches."""
    lower = text.lower()
    if not words or len(lower) != len(text):  # a few letters grow when they become small
        return [(text, ink)]
    found: set[int] = set()
    for word in words:
        at = lower.find(word)
        while at >= 0:
            found.update(range(at, at + len(word)))
            at = lower.find(word, at + len(word))
    spans: list[Span] = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and (end in found) is (start in found):
            end += 1
        spans.append((text[start:end], "match" if start in found else ink))
        start = end
    return spans
