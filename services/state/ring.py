"""A bounded log: keeps the newest records, counts what it had to drop.

Owns one server's log records, bounded by number and by bytes. Never formats them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from ..models import Json
from .bounds import weight

BYTES_KEPT = 8 * 1024 * 1024
"""Bytes (estimated) of one server's records."""
RECORD = 200
"""Bytes of a record beside its data, about."""


@dataclass(frozen=True, slots=True, eq=False)
class LogRecord:
    """One record; ``kind`` is ``log``, ``stderr``, ``stdout`` (stray) or ``note``; ``at`` wall time."""

    at: float
    kind: str
    level: str
    logger: str | None
    data: Json


class LogRing:
    """The newest ``limit`` records, and fewer when they are large; the newest stays whatever its size.

    ``total`` ever added, ``dropped`` of them no longer held.
    """

    __slots__ = ("_bytes", "_bytes_kept", "_limit", "_records", "_sizes", "total")

    def __init__(self, limit: int = 5_000, *, bytes_kept: int = BYTES_KEPT) -> None:
        self._records: deque[LogRecord] = deque()
        self._sizes: deque[int] = deque()
        self._limit = limit
        self._bytes_kept = bytes_kept
        self._bytes = 0
        self.total = 0

    def add(self, record: LogRecord) -> None:
        size = weight(record.data) + RECORD
        self._records.append(record)
        self._sizes.append(size)
        self._bytes += size
        self.total += 1
        while (self._bytes > self._bytes_kept or len(self._records) > self._limit) and len(self._records) > 1:
            self._records.popleft()
            self._bytes -= self._sizes.popleft()

    @property
    def dropped(self) -> int:
        return self.total - len(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[LogRecord]:
        return iter(self._records)

    def __getitem__(self, index: int) -> LogRecord:
        """The record at ``index`` of those held, 0 the oldest. Raises ``IndexError``."""
        return self._records[index]

    def newest(self, count: int) -> list[LogRecord]:
        """The last ``count`` of those held, or all, oldest first; costs as much as it gives."""
        found = list(islice(reversed(self._records), max(0, count)))
        found.reverse()
        return found

    def slice(self, start: int, stop: int) -> list[LogRecord]:
        """Records ``start`` to ``stop`` of those held, oldest first."""
        return list(islice(self._records, max(0, start), max(0, stop)))
