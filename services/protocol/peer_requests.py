"""What the peer asks of us: every request waits its turn, and every one is answered.

Owns the order, the number of answers under way and the bounds of what waits. Nothing is dropped and nothing
refused for its number: beyond the bounds ``room`` says that reading must stop, which slows the peer down.
Knows no method; two lanes are told apart by whoever takes a request in.

Stopping to read is a last resort: answers to our own requests stand behind the questions in the same stream.
So the bounds are generous, an answer that needs nobody never stands behind one that needs a human, and
sending an answer is bounded in time (see ``Dispatcher``), so that a peer that does not read gets on too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import anyio
import anyio.abc

from ..transports.base import RequestId
from .jsonrpc import Request

MOST_TASKS = 64
"""Requests of one lane that are worked on at a time."""
MOST_WAITING = 1_000
"""Requests of one lane that may wait for their turn before reading stops."""
MOST_BYTES = 16 * 1024 * 1024
"""Bytes of the messages worked on in one lane, and of those that wait in it; one always fits."""

Key: TypeAlias = tuple[type, RequestId]


class _Entry:
    """One request without an answer, and the bytes it came in."""

    __slots__ = ("key", "lane", "request", "scope", "size")

    def __init__(self, request: Request, size: int, lane: _Lane) -> None:
        self.key: Key = (type(request.id), request.id)
        self.request = request
        self.size = size
        self.lane = lane
        self.scope: anyio.CancelScope | None = None


class _Lane:
    """Requests that are answered in the order in which they came, some of them at a time."""

    __slots__ = ("bytes_running", "bytes_waiting", "running", "waiting")

    def __init__(self) -> None:
        self.waiting: dict[Key, _Entry] = {}
        self.running = 0
        self.bytes_waiting = 0
        self.bytes_running = 0

    @property
    def full(self) -> bool:
        return len(self.waiting) >= MOST_WAITING or self.bytes_waiting > MOST_BYTES

    def may_begin(self, entry: _Entry) -> bool:
        return self.running == 0 or (self.running < MOST_TASKS and self.bytes_running + entry.size <= MOST_BYTES)

    def queue(self, entry: _Entry) -> None:
        self.waiting[entry.key] = entry
        self.bytes_waiting += entry.size

    def unqueue(self, entry: _Entry) -> None:
        del self.waiting[entry.key]
        self.bytes_waiting -= entry.size


class PeerRequests:
    """``answer`` works on one request to its end and never raises, except when it is cancelled."""

    def __init__(self, answer: Callable[[Request], Awaitable[None]]) -> None:
        self._answer = answer
        self._open: dict[Key, _Entry] = {}
        self._patient = _Lane()
        self._prompt = _Lane()
        self._room: anyio.Event | None = None

    def __len__(self) -> int:
        return len(self._open)

    @property
    def room(self) -> anyio.Event | None:
        """What to wait for before more is read; None when there is room."""
        if self._room is None and (self._patient.full or self._prompt.full):
            self._room = anyio.Event()
        return self._room

    def is_open(self, request_id: RequestId) -> bool:
        """A request with this id (and its JSON type) has no answer yet."""
        return (type(request_id), request_id) in self._open

    def take(self, request: Request, size: int, tasks: anyio.abc.TaskGroup, *, prompt: bool) -> None:
        """Answer ``request``, which came in ``size`` bytes, in ``tasks``. ``prompt``: nobody need be asked for it."""
        lane = self._prompt if prompt else self._patient
        entry = _Entry(request, size, lane)
        self._open[entry.key] = entry
        if not lane.waiting and lane.may_begin(entry):
            self._begin(entry, tasks)
        else:
            lane.queue(entry)

    def cancel(self, request_id: RequestId) -> None:
        """The peer gave this request up: it is not worked on any more and gets no answer."""
        entry = self._open.get((type(request_id), request_id))
        if entry is None:
            return
        if entry.scope is not None:
            entry.scope.cancel()
            return
        entry.lane.unqueue(entry)
        del self._open[entry.key]
        self._make_room()

    def clear(self) -> None:
        """The connection is over: nothing of what waits can be answered."""
        self._open.clear()
        for lane in (self._patient, self._prompt):
            for entry in list(lane.waiting.values()):
                lane.unqueue(entry)
        self._make_room()

    def _begin(self, entry: _Entry, tasks: anyio.abc.TaskGroup) -> None:
        entry.scope = anyio.CancelScope()
        entry.lane.running += 1
        entry.lane.bytes_running += entry.size
        tasks.start_soon(self._work, entry, entry.scope, tasks)

    async def _work(self, entry: _Entry, scope: anyio.CancelScope, tasks: anyio.abc.TaskGroup) -> None:
        lane = entry.lane
        try:
            with scope:
                await self._answer(entry.request)
        finally:
            self._open.pop(entry.key, None)
            lane.running -= 1
            lane.bytes_running -= entry.size
        while lane.waiting:
            following = next(iter(lane.waiting.values()))
            if not lane.may_begin(following):
                break
            lane.unqueue(following)
            self._begin(following, tasks)
        self._make_room()

    def _make_room(self) -> None:
        if self._room is not None and not (self._patient.full or self._prompt.full):
            self._room.set()
            self._room = None
