"""How many calls run at a time: on each server, and in all.

Owns the places and the order in which they are given. First come, first served, and whoever a person waits for comes
before what runs in the background. Never knows what is done in a place.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager

import anyio

BACKGROUND_WAIT = 10.0
"""Seconds after which a list is read although calls still take all places: they may take for ever."""


_CALLS, _BACKGROUND, _LISTS = range(3)
"""The queues, in the order in which they are served. Lists take a place of their server, and none of those in all."""


class Place:
    """A place that is held. It can be lent to others for a time, and is given back once."""

    __slots__ = ("_held", "_in_all", "_lent", "_limiter", "server")

    def __init__(self, limiter: Limiter, server: str, *, in_all: bool = True) -> None:
        self.server = server
        self._in_all = in_all
        self._limiter = limiter
        self._held = True
        self._lent = 0

    def leave(self) -> None:
        """Give the place back; later calls do nothing."""
        if self._held:
            self._held = False
            if not self._lent:
                self._limiter.left(self.server, in_all=self._in_all)

    @contextmanager
    def lent(self) -> Generator[None]:
        """Somebody else may have the place meanwhile. It is taken again at once, even if it was given away.

        A call whose server asks a human does nothing, perhaps for hours; and the answer may itself need calls to be
        made, which must not wait for this one. Waiting for a place afterwards would hold up an answer that is there.
        """
        if self._lent == 0 and self._held:
            self._limiter.left(self.server, in_all=self._in_all)
        self._lent += 1
        try:
            yield
        finally:
            self._lent -= 1
            if self._lent == 0 and self._held:
                self._limiter.took(self.server, in_all=self._in_all)


class _Waiting:
    __slots__ = ("given", "ticket")

    def __init__(self, ticket: int) -> None:
        self.ticket = ticket
        self.given = anyio.Event()


class Limiter:
    """Every method runs on the loop's thread."""

    def __init__(self, per_server: int, in_all: int) -> None:
        self._per_server = per_server
        self._in_all = in_all
        self._total = 0
        self._busy: dict[str, int] = {}
        self._queues: tuple[dict[str, deque[_Waiting]], ...] = ({}, {}, {})
        self._tickets = itertools.count()

    @property
    def running(self) -> int:
        """Places that calls have taken in all."""
        return self._total

    def busy(self, server: str) -> int:
        """Places that are taken on one server."""
        return self._busy.get(server, 0)

    def waiting(self, server: str) -> int:
        """How many wait for a place on one server."""
        return sum(len(queue.get(server, ())) for queue in self._queues)

    async def enter(self, server: str, *, background: bool = False, waits: Callable[[], None] | None = None) -> Place:
        """A place, as soon as there is one; ``waits`` is called where it does not come at once."""
        return await self._entered(server, _BACKGROUND if background else _CALLS, waits)

    @asynccontextmanager
    async def background(self, server: str) -> AsyncGenerator[None]:
        """A turn for what nobody waits for, on a server whose places all are taken by calls: after them, but not never.

        It takes a place of its server, and none of those in all: three hundred servers whose lists are read at the
        start must not wait for each other, nor for calls of others.
        """
        place: Place | None = None
        if self.busy(server) >= self._per_server or self.waiting(server):
            with anyio.move_on_after(BACKGROUND_WAIT):
                place = await self._entered(server, _LISTS)
        try:
            yield
        finally:
            if place is not None:
                place.leave()

    def took(self, server: str, *, in_all: bool = True) -> None:
        """One more place is taken, whether there is one or not."""
        self._total += in_all
        self._busy[server] = self._busy.get(server, 0) + 1

    def left(self, server: str, *, in_all: bool = True) -> None:
        """A place is free: whoever waits longest for one that there is now gets it."""
        self._total -= in_all
        if self._busy[server] == 1:
            del self._busy[server]
        else:
            self._busy[server] -= 1
        while self._give():
            pass

    async def _entered(self, server: str, queue: int, waits: Callable[[], None] | None = None) -> Place:
        if not self._has_room(server, queue):
            if waits is not None:
                waits()
            await self._turn(server, queue)
        else:
            self.took(server, in_all=queue != _LISTS)
        return Place(self, server, in_all=queue != _LISTS)

    def _has_room(self, server: str, queue: int) -> bool:
        return (queue == _LISTS or self._total < self._in_all) and self._busy.get(server, 0) < self._per_server

    async def _turn(self, server: str, queue: int) -> None:
        waiting = _Waiting(next(self._tickets))
        queues = self._queues[queue]
        queues.setdefault(server, deque()).append(waiting)
        try:
            await waiting.given.wait()
        except BaseException:
            if waiting.given.is_set():
                self.left(server, in_all=queue != _LISTS)  # it was given just when it was given up
            else:
                self._forget(queues, server, waiting)
            raise

    def _give(self) -> bool:
        """Give one place away; False when there is none, or nobody who could take it."""
        for queue, queues in enumerate(self._queues):
            free = [server for server in queues if self._has_room(server, queue)]
            if free:
                server = min(free, key=lambda name: queues[name][0].ticket)
                waiting = queues[server][0]
                self._forget(queues, server, waiting)
                self.took(server, in_all=queue != _LISTS)
                waiting.given.set()
                return True
        return False

    def _forget(self, queues: dict[str, deque[_Waiting]], server: str, waiting: _Waiting) -> None:
        queue = queues[server]
        queue.remove(waiting)
        if not queue:
            del queues[server]
