"""Which records stand in which line of the log: one server's, or those of all merged by time; all or the matching.

Owns the order of merged records and the numbers of those that match. Never copies a record: rings keep them, and what
a ring let go is gone here too. Costs as much as what is new, and looking through what was there before is done in
slices (``scan``), the newest first.
"""

from __future__ import annotations

import heapq
import time
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from ..services.state.ring import LogRecord, LogRing
from .log_filter import LogFilter

MOST_MERGED = 10_000
"""Records of all servers together, the newest."""
GONE = LogRecord(0.0, "gone", "", None, "no longer kept")
"""Stands for a record that its ring let go while others of its time are still there."""
_CLOCK_EVERY = 64

Sources: TypeAlias = "tuple[tuple[str, LogRing], ...]"


class Entry(NamedTuple):
    """A record and whose it is."""

    server: str
    record: LogRecord


class LogLines:
    """Lines of ``sources``. Each record has a number that only grows; ``len`` and ``at`` count what is shown."""

    def __init__(self) -> None:
        self.sources: Sources = ()
        self.filter = LogFilter()
        self.context = False
        """The lines that do not match stand there too, between those that do."""
        self._order: deque[tuple[int, int]] = deque()
        self._first = 0
        self._seen: list[int] = []
        self._dropped_then = 0
        self._matches: deque[int] = deque()
        self._scanned = (0, 0)
        """The records from one number up to another that were looked at."""

    # What is looked at.

    def look_at(self, sources: Sources) -> None:
        self.sources = sources
        self._begin()

    def look_for(self, wanted: LogFilter) -> None:
        """Show what passes; it is found by ``scan``."""
        self.filter, self.context = wanted, False
        self._matches.clear()
        self._scanned = (self.end, self.end)

    def update(self) -> None:
        """Take what was logged since the last time; called once a flush."""
        if self._merges:
            self._merge_new()
        first = self.first
        while self._matches and self._matches[0] < first:
            self._matches.popleft()
        low, high = self._scanned
        if high < first:
            low = high = first
        self._scanned = (max(low, first), high)

    @property
    def _merges(self) -> bool:
        return len(self.sources) != 1

    # Numbers.

    @property
    def first(self) -> int:
        """The number of the oldest record that is there."""
        return self._first if self._merges else self.sources[0][1].dropped

    @property
    def end(self) -> int:
        """One more than the number of the newest."""
        return self._first + len(self._order) if self._merges else self.sources[0][1].total

    @property
    def dropped(self) -> int:
        """Records that the rings let go, ever."""
        return sum(ring.dropped for _, ring in self.sources)

    @property
    def filters(self) -> bool:
        """Only some of the records are lines."""
        return bool(self.filter) and not self.context

    @property
    def matching(self) -> int:
        """How many matching ones were found so far; all, where nothing is looked for."""
        return len(self._matches) if self.filter else self.end - self.first

    def __len__(self) -> int:
        return len(self._matches) if self.filters else self.end - self.first

    def number_at(self, index: int) -> int:
        """The number of the record in a line; ``end`` beyond the last."""
        if not self.filters:
            return min(self.first + index, self.end)
        return self._matches[index] if 0 <= index < len(self._matches) else self.end

    def index_of(self, number: int) -> int:
        """The line of that record, or of the one after it."""
        return bisect_left(self._matches, number) if self.filters else max(0, number - self.first)

    def at(self, index: int) -> Entry:
        return self._entry(self.number_at(index))

    def matches(self, index: int) -> bool:
        """Whether that line is one that was looked for."""
        if not self.filter or self.filters:
            return False
        number = self.number_at(index)
        place = bisect_left(self._matches, number)
        return place < len(self._matches) and self._matches[place] == number

    def next_match(self, number: int, step: int) -> int | None:
        """The number of the matching record after ``number``, or (``step`` -1) before it."""
        place = bisect_right(self._matches, number) if step > 0 else bisect_left(self._matches, number) - 1
        return self._matches[place] if 0 <= place < len(self._matches) else None

    def place_of(self, number: int) -> int:
        """How many of the matching ones there are up to that number."""
        return bisect_right(self._matches, number)

    def since(self, number: int) -> int:
        """How many lines came since ``end`` was ``number``."""
        return len(self._matches) - bisect_left(self._matches, number) if self.filters else max(0, self.end - number)

    def _entry(self, number: int) -> Entry:
        if not self._merges:
            server, ring = self.sources[0]
            place = number - ring.dropped
        else:
            source, number = self._order[number - self._first]
            server, ring = self.sources[source]
            place = number - ring.dropped
        return Entry(server, ring[place] if 0 <= place < len(ring) else GONE)

    # Looking through them.

    @property
    def unscanned(self) -> int:
        """Records that nobody looked at yet."""
        if not self.filter:
            return 0
        low, high = self._scanned
        return (self.end - high) + (low - self.first)

    def scan(self, seconds: float, clock: Callable[[], float] = time.perf_counter) -> bool:
        """Look at records for about that long, what is new first, then back in time; False: there are more."""
        if not self.filter:
            return True
        until = clock() + seconds
        low, high = self._scanned
        first, end, accepts = self.first, self.end, self.filter.accepts
        left = _CLOCK_EVERY
        while high < end or low > first:
            number = high if high < end else low - 1
            entry = self._entry(number)
            if entry.record is not GONE and accepts(entry.server, entry.record):
                if high < end:
                    self._matches.append(number)
                else:
                    self._matches.appendleft(number)
            low, high = (low, high + 1) if high < end else (low - 1, high)
            left -= 1 + _weight(entry.record)
            if left <= 0:
                left = _CLOCK_EVERY
                if clock() >= until:
                    break
        self._scanned = (low, high)
        return low <= first and high >= end

    # Merging.

    def _begin(self) -> None:
        end = self._first + len(self._order)
        self._order.clear()
        self._seen = [ring.total for _, ring in self.sources]
        self._dropped_then = self.dropped
        if self._merges:
            newest = heapq.merge(*(_newest_first(source, ring) for source, (_, ring) in enumerate(self.sources)))
            for _, source, number in newest:
                self._order.appendleft((-source, -number))
                if len(self._order) >= MOST_MERGED:
                    break
            # The newest keep about the number they had: what is under the eyes stays there.
            self._first = max(end, len(self._order)) - len(self._order)
        self._matches.clear()
        self._scanned = (self.end, self.end)

    def _merge_new(self) -> None:
        new: list[tuple[float, int, int]] = []
        for source, (_, ring) in enumerate(self.sources):
            count = ring.total - self._seen[source]
            if count:
                start = max(ring.dropped, self._seen[source])
                if len(new) + ring.total - start > MOST_MERGED:
                    self._begin()
                    return
                records = ring.newest(ring.total - start)
                new += [(record.at, source, start + place) for place, record in enumerate(records)]
                self._seen[source] = ring.total
        if new:
            new.sort()
            self._order.extend((source, number) for _, source, number in new)
        while len(self._order) > MOST_MERGED:
            self._order.popleft()
            self._first += 1
        while self._order and self._is_gone(*self._order[0]):
            self._order.popleft()
            self._first += 1
        if self.dropped - self._dropped_then > MOST_MERGED:
            self._begin()  # what is gone in the middle makes room

    def _is_gone(self, source: int, number: int) -> bool:
        return number < self.sources[source][1].dropped


def _newest_first(source: int, ring: LogRing) -> Iterator[tuple[float, int, int]]:
    records: Sequence[LogRecord] = ring.newest(MOST_MERGED)
    total = ring.total
    for place, record in enumerate(reversed(records)):
        yield -record.at, -source, -(total - 1 - place)


def _weight(record: LogRecord) -> int:
    """How much longer than a usual line it takes to look through it."""
    data = record.data
    return len(data) // 4_096 if isinstance(data, str) else 1
