"""A bounded log: keeps the newest records, counts what it had to drop.

Owns one server's log records. Never formats them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from ..models import Json


@dataclass(frozen=True, slots=True, eq=False)
class LogRecord:
    """One record; ``kind`` is ``log``, ``stderr``, ``stdout`` (stray) or ``note``; ``at`` wall time."""

    at: float
    kind: str
    level: str
    logger: str | None
    data: Json


class LogRing:
    """The newest ``limit`` records. ``total`` ever added, ``dropped`` of them no longer held."""

    __slots__ = ("_records", "total")

    def __init__(self, limit: int = 5_000) -> None:
        self._records: deque[LogRecord] = deque(maxlen=limit)
        self.total = 0

    def add(self, record: LogRecord) -> None:
        self._records.append(record)
        self.total += 1

    @property
    def dropped(self) -> int:
        return self.total - len(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[LogRecord]:
        return iter(self._records)

    def slice(self, start: int, stop: int) -> list[LogRecord]:
        """Records ``start`` to ``stop`` of those held, oldest first."""
        return list(islice(self._records, max(0, start), max(0, stop)))
