"""What a server said unasked: its notifications, kept until somebody asks for them.

Owns the waiting for one, so that none is missed between two waits. Reads the trace, where every message
stands as it came; never takes anything from the session.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import anyio

from ..services.models import JsonObject, as_object
from ..services.telemetry.trace import Trace, TraceRecord, iso

KEPT = 10_000
"""Notifications that wait to be asked for."""
BYTES_KEPT = 16 * 1024 * 1024

ANY, LOG = "any", "log"
MESSAGE = "notifications/message"


def matches(record: TraceRecord, kind: str) -> bool:
    """``kind``: ``any``, ``log``, a whole method, or one without ``notifications/`` before it."""
    return kind == ANY or record.method in (MESSAGE if kind == LOG else kind, f"notifications/{kind}")


def is_notification(record: TraceRecord, server: str) -> bool:
    return record.server == server and record.direction == "received" and record.kind == "notification"


def shown(record: TraceRecord) -> JsonObject:
    """``time`` (RFC 3339), ``method`` and ``params`` as received."""
    try:
        message = as_object(json.loads(record.data))
    except (ValueError, RecursionError):
        message = cast("JsonObject", {})
    return {"time": iso(record.time), "method": record.method, "params": message.get("params")}


@dataclass(eq=False)
class Heard:
    """Notifications of one server since they were last taken; the oldest are dropped and counted."""

    server: str
    dropped: int = 0
    _records: deque[TraceRecord] = field(default_factory=deque["TraceRecord"])
    _bytes: int = 0
    _news: anyio.Event = field(default_factory=anyio.Event)

    def listen(self, trace: Trace) -> Callable[[], None]:
        """Take what comes from now on; returns the way to stop."""
        return trace.tap(self._take)

    def _take(self, record: TraceRecord) -> None:
        if not is_notification(record, self.server):
            return
        self._records.append(record)
        self._bytes += len(record.data)
        while len(self._records) > KEPT or (self._bytes > BYTES_KEPT and len(self._records) > 1):
            self._bytes -= len(self._records.popleft().data)
            self.dropped += 1
        self._news.set()

    def take(self, kind: str) -> list[TraceRecord]:
        """Those of one kind that came since they were last taken, oldest first; the others stay."""
        taken = [record for record in self._records if matches(record, kind)]
        if taken:
            self._records = deque(record for record in self._records if not matches(record, kind))
            self._bytes = sum(len(record.data) for record in self._records)
        return taken

    async def next(self, kind: str) -> list[TraceRecord]:
        """As ``take``, and waits for the first one where there is none."""
        while not (taken := self.take(kind)):
            self._news = anyio.Event()
            await self._news.wait()
        return taken
