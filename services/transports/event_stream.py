"""One stream of server-sent events that may go on over several connections (protocol section 12).

Owns what a stream remembers: its last event id, the pause its server asked for, which events it has
brought already. Knows neither requests nor sockets.
"""

from __future__ import annotations

import random
import re
import time

from .base import BODY_KEPT, MAX_FRAME, Frame, Hooks
from .sse_parser import SseEvent, SseParser

DELAYS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before each attempt to go on when the server named no ``retry``."""
SHORTEST, LONGEST = 0.02, 60.0
"""Seconds: bounds of a pause that the server asked for."""
KEPT = 1024
"""Events that are known again when they are sent a second time."""
TYPES = 8
"""Unknown types of events that are named before the rest is ignored in silence."""

_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")


class EventStream:
    """``begin`` each connection, ``feed`` its bytes. Events that are no messages go to ``hooks.body``."""

    def __init__(self, hooks: Hooks, limit: int = MAX_FRAME) -> None:
        self._note = hooks.note
        self._body = hooks.body
        self._parser = SseParser(limit)
        self._earlier: dict[str, int] = {}
        self._now: dict[str, int] = {}
        self._types: set[str] = set()
        self._repeated = False
        self.alive = False
        """This connection has brought bytes."""
        self.messages = 0
        """Messages that this connection has brought."""

    @property
    def resume_id(self) -> str | None:
        """What to send as ``Last-Event-ID``; None when the stream cannot be resumed."""
        last = self._parser.last_id
        return last if last and _HEADER_VALUE.fullmatch(last) else None

    def begin(self) -> None:
        """A new connection: what was left unfinished is dropped, what was complete is known again."""
        self._parser.restart()
        self._earlier.update(self._now)
        while len(self._earlier) > KEPT:
            del self._earlier[next(iter(self._earlier))]
        self._now.clear()
        self.alive, self.messages = False, 0

    def feed(self, chunk: bytes) -> list[Frame]:
        """The messages that ``chunk`` completes. Raises ``FrameTooLarge``."""
        self.alive = True
        events, at = self._parser.feed(chunk), time.time()
        return [Frame(event.data, at) for event in events if self._is_message(event)]

    def check(self) -> None:
        """Raises the ``FrameTooLarge`` that follows what ``feed`` gave last."""
        self._parser.check()

    def delay(self, attempt: int) -> float:
        """Seconds before attempt number ``attempt`` (from 0): what the server asked for, else growing, with jitter.

        The server's wish is the least; where going on brings nothing again and again, it grows too.
        """
        own = DELAYS[min(attempt, len(DELAYS) - 1)] * random.uniform(0.8, 1.2)
        retry = self._parser.retry
        if retry is None:
            return own
        asked = min(max(retry / 1000, SHORTEST), LONGEST)
        return asked if attempt < 2 else max(asked, own)

    def _is_message(self, event: SseEvent) -> bool:
        if not event.data:
            return False  # priming and keep-alive (2025-11-25 transports, SSE polling)
        if event.event != "message":
            self._body(f"event of type {event.event!r}", event.data[:BODY_KEPT])
            if event.event not in self._types and len(self._types) < TYPES:
                self._types.add(event.event)
                self._note(f"Events of the unknown type {event.event!r} are ignored.")
            return False
        if event.own_id and event.id:
            # The data too: a server that counts from one in each connection sends nothing twice.
            print_of = hash(event.data)
            if self._earlier.get(event.id) == print_of:
                self._body("event sent again", event.data[:BODY_KEPT])
                if not self._repeated:
                    self._repeated = True
                    self._note("Events that had arrived before the stream broke were sent again; they count once.")
                return False
            self._now[event.id] = print_of
            if len(self._now) > KEPT:
                del self._now[next(iter(self._now))]
        self.messages += 1
        return True
