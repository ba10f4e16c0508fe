"""The store: the one place where state changes, and the throttle that tells the screens.

Owns the current ``AppState``, the log rings and the sample tallies. ``dispatch`` is synchronous and
must be called on the loop's thread. Never performs I/O, never knows who subscribes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import anyio

from .. import events as ev
from .bounds import ID_KEPT
from .call_reducers import progressed
from .model import AppState, CallState, Counters, ServerState
from .reducers import Transition, reduce, resources_updated, with_servers
from .ring import LogRecord, LogRing

Event: TypeAlias = "Transition | ev.CallProgressed | ev.LogReceived | ev.FrameSeen | ev.ResourceUpdated"
Subscriber: TypeAlias = Callable[[AppState], None]

FLUSH_INTERVAL = 0.08
"""Seconds between two flushes: at most 12.5 a second."""
FLOOD = 200
"""Samples between two flushes from which on, as long as nothing else changes, every second flush is left out: nobody
reads that many, and what is saved is half of the drawing."""
NOT_ONLY_SAMPLES = -1_000_000
"""Where the count of samples begins once something else changed: it does not get from there to a flood."""
UPDATES_WAITING = 2_000
"""Changed resources of one server that wait for a flush before they are folded at once."""


class _Tally:
    """Frames and bytes of one server's generation since the last fold."""

    __slots__ = ("broken", "bytes_received", "bytes_sent", "generation", "received", "sent")

    def __init__(self, generation: int) -> None:
        self.generation = generation
        self.sent = self.received = self.bytes_sent = self.bytes_received = self.broken = 0


class Store:
    """Folds events into ``state`` and calls subscribers once per flush."""

    def __init__(self, state: AppState | None = None, *, interval: float = FLUSH_INTERVAL) -> None:
        self._state = state or AppState()
        self._interval = interval
        self._flushed: AppState | None = None
        self._subscribers: list[Subscriber] = []
        self._rings: dict[str, LogRing] = {}
        self._tallies: dict[str, _Tally] = {}
        self._progress: dict[str, ev.CallProgressed] = {}
        self._updates: dict[str, tuple[int, dict[str, float]]] = {}
        self._touched_rings: set[str] = set()
        self._samples = 0
        self._dirty = anyio.Event()

    @property
    def state(self) -> AppState:
        """The state after every transition so far, with samples folded in."""
        self._fold_samples()
        return self._state

    def call(self, call: str) -> CallState | None:
        """The call of that id, without what samples said since the last flush; None when it is no longer kept."""
        return next((known for known in self._state.calls if known.id == call), None)

    def server(self, name: str) -> ServerState | None:
        """The row of a server, without what samples said since the last flush."""
        return self._state.mcp.servers.get(name)

    def ring(self, server: str) -> LogRing:
        """The log ring of a server: the same object until the server is removed; an empty one for any other."""
        ring = self._rings.get(server)
        if ring is None:
            ring = LogRing()
            if server in self._state.mcp.servers:
                self._rings[server] = ring
        return ring

    def dispatch(self, event: Event) -> None:
        """Take one fact. Transitions are reduced now; samples are counted and folded at a flush."""
        match event:
            case ev.FrameSeen(server, generation, sent, size):
                self._count(server, generation, sent, size)
            case ev.LogReceived():
                if event.server not in self._state.mcp.servers:
                    return  # its connection is still ending, and nobody can look at it any more
                self.ring(event.server).add(LogRecord(event.at, event.kind, event.level, event.logger, event.data))
                self._touched_rings.add(event.server)
                self._samples += 1
            case ev.CallProgressed():
                self._progress[event.call] = event
            case ev.ResourceUpdated():
                self._note_update(event)
            case _:
                if not isinstance(event, ev.RuleBroken):  # of which there may be one a record
                    self._samples = NOT_ONLY_SAMPLES
                if isinstance(event, ev.CallFinished):
                    self._fold_progress(event.call)
                elif isinstance(event, (ev.ConnectionQueued, ev.SubscriptionsChanged)):
                    # What changed before belongs to the connection and the subscriptions of before.
                    self._fold_updates(event.server)
                elif isinstance(event, ev.RuleBroken):
                    self._tally(event.server, event.generation).broken += 1
                self._state = reduce(self._state, event)
                if isinstance(event, ev.ServersConfigured):
                    self._forget_removed()
        if not self._dirty.is_set():
            self._dirty.set()

    def _forget_removed(self) -> None:
        """Nothing is kept of servers that are gone; a name that comes back begins with nothing."""
        here = self._state.mcp.servers
        for kept in (self._rings, self._tallies, self._updates):
            for name in kept.keys() - here.keys():
                del kept[name]
        self._touched_rings &= here.keys()

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call ``subscriber`` with the state once per flush; returns the way to stop."""
        self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)

        return unsubscribe

    def flush(self) -> None:
        """Tell the subscribers now, if anything changed since the last flush."""
        state = self.state
        if state is self._flushed:
            return
        self._flushed = state
        for subscriber in tuple(self._subscribers):
            subscriber(state)

    def pause(self) -> float:
        """Seconds until the next flush, from what came since this was asked last."""
        flooded, self._samples = self._samples >= FLOOD, 0
        return 2 * self._interval if flooded else self._interval

    async def run(self) -> None:
        """Flush when something changed, at most once an interval; no timer runs while nothing does."""
        while True:
            await self._dirty.wait()
            self._dirty = anyio.Event()
            pause = self.pause()
            self.flush()
            await anyio.sleep(pause)

    def _tally(self, server: str, generation: int) -> _Tally:
        tally = self._tallies.get(server)
        if tally is None or tally.generation < generation:
            tally = self._tallies[server] = _Tally(generation)
        return tally

    def _count(self, server: str, generation: int, sent: bool, size: int) -> None:
        tally = self._tally(server, generation)
        if sent:
            tally.sent += 1
            tally.bytes_sent += size
        else:
            tally.received += 1
            tally.bytes_received += size

    def _note_update(self, event: ev.ResourceUpdated) -> None:
        generation, updates = self._updates.get(event.server, (event.generation, {}))
        if event.generation > generation:
            self._fold_updates(event.server)
            generation, updates = event.generation, {}
        if event.generation == generation:
            uri = event.uri[:ID_KEPT]
            updates.pop(uri, None)
            updates[uri] = event.at
            self._updates[event.server] = (generation, updates)
            if len(updates) >= UPDATES_WAITING:
                self._fold_updates(event.server)

    def _fold_updates(self, server: str) -> None:
        waiting = self._updates.pop(server, None)
        if waiting is not None:
            self._state = resources_updated(self._state, server, *waiting)

    def _fold_progress(self, call: str) -> None:
        sample = self._progress.pop(call, None)
        if sample is not None:
            self._state = progressed(self._state, sample)

    def _fold_samples(self) -> None:
        if self._progress:
            for call in list(self._progress):
                self._fold_progress(call)
        for server in list(self._updates):
            self._fold_updates(server)
        if self._tallies or self._touched_rings:
            servers = self._state.mcp.servers
            names = servers.keys() & (self._tallies.keys() | self._touched_rings)
            if names:
                self._state = with_servers(self._state, *[self._folded(servers[name]) for name in names])
            self._tallies.clear()
            self._touched_rings.clear()

    def _folded(self, server: ServerState) -> ServerState:
        old, ring = server.counters, self._rings.get(server.id)
        logged, dropped = (ring.total, ring.dropped) if ring else (old.logged, old.dropped)
        tally = self._tallies.get(server.id)
        if tally is None or tally.generation != server.generation:
            counters = replace(old, logged=logged, dropped=dropped)
        else:
            counters = Counters(
                sent=old.sent + tally.sent,
                received=old.received + tally.received,
                bytes_sent=old.bytes_sent + tally.bytes_sent,
                bytes_received=old.bytes_received + tally.bytes_received,
                broken=old.broken + tally.broken,
                logged=logged,
                dropped=dropped,
            )
        return replace(server, counters=counters)
