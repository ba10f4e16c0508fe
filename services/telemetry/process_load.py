"""CPU and memory of the processes of stdio servers: each child with all its descendants.

Owns the sampling, in a thread and only while somebody looks. Never starts, signals or ends a process, and never counts
one that merely got the number of a child that is gone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from .. import events as ev
from ..models import ProcessInfo, ProcessLoad
from ..state.model import McpState

if TYPE_CHECKING:
    import psutil

EVERY = 2.0
"""Seconds between two samples."""
TREE = 32
"""Processes of one server that are told one by one; the others are in its sums."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The process of one connection of a server."""

    server: str
    generation: int
    pid: int


@dataclass(slots=True)
class _Tree:
    """What is known of one child from the samples before. ``born`` tells it from a later process of its number."""

    born: float | None = None
    at: float = 0.0
    spent: dict[tuple[int, float], float] = field(default_factory=dict[tuple[int, float], float])
    """CPU seconds by process, which is a number and a time of birth."""


class Sampler:
    """Reads the process table; every method belongs to one thread at a time. ``ours`` is the pid of our process."""

    def __init__(self, *, ours: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._ours = os.getpid() if ours is None else ours
        self._clock = clock
        self._trees: dict[Watched, _Tree] = {}

    def sample(self, watched: Iterable[Watched]) -> dict[Watched, ProcessLoad | None]:
        """What each takes; None: its process is gone, is none of ours, or nothing can be told of it.

        ``cpu`` is what was spent since the sample before, in percent of one core; the first one of a process counts
        from its birth. A process that cannot be asked is counted with no CPU and no memory of its own.
        """
        wanted = list(watched)
        self._trees = {each: self._trees.get(each) or _Tree() for each in wanted}
        if not wanted:
            return {}
        children = self._children()
        return {each: self._load(each, children) for each in wanted}

    def _children(self) -> dict[int, list[psutil.Process]]:
        """Every process by its parent: the table is read once for all servers."""
        import psutil

        found: dict[int, list[psutil.Process]] = {}
        # One that is known from before is the same object, unless its number means another process now.
        for process in psutil.process_iter():
            try:
                found.setdefault(process.ppid(), []).append(process)
            except psutil.Error:
                continue
        return found

    def _load(self, watched: Watched, children: dict[int, list[psutil.Process]]) -> ProcessLoad | None:
        tree = self._trees[watched]
        root = next((each for each in children.get(self._ours, ()) if each.pid == watched.pid), None)
        if root is None:
            return None
        born = _born(root)
        if born is None or tree.born not in (None, born):
            return None
        tree.born = born
        now, first = self._clock(), not tree.at
        passed = now - tree.at
        if first:
            passed = max(0.0, time.time() - born)
        spent: dict[tuple[int, float], float] = {}
        processes, used, memory = 0, 0.0, 0
        told: list[ProcessInfo] = []
        for process, depth in _descent(root, children):
            taken = _taken(process)
            if taken is None:
                continue
            processes += 1
            key, seconds, resident, name = taken
            spent[key] = seconds
            memory += resident
            # What was not there at the sample before was born since: all of it was spent since.
            since = max(0.0, seconds - tree.spent.get(key, 0.0))
            used += since
            if len(told) < TREE:
                told.append(ProcessInfo(key[0], name, _percent(since, passed), resident, key[1], depth))
        tree.at, tree.spent = now, spent
        if not processes:
            return None
        return ProcessLoad(processes, _percent(used, passed), memory, time.time(), tuple(told))


def _percent(seconds: float, passed: float) -> float:
    return 100 * seconds / passed if passed > 0.001 else 0.0


def _born(process: psutil.Process) -> float | None:
    import psutil

    try:
        return process.create_time()
    except psutil.Error:
        return None


def _descent(root: psutil.Process, children: dict[int, list[psutil.Process]]) -> Generator[tuple[psutil.Process, int]]:
    """``root`` and everything that it started, directly or not, each below its parent, with its depth."""
    waiting, seen = [(root, 0)], {root.pid}
    while waiting:
        process, depth = waiting.pop()
        yield process, depth
        for child in sorted(children.get(process.pid, ()), key=lambda one: one.pid, reverse=True):
            if child.pid not in seen:
                seen.add(child.pid)
                waiting.append((child, depth + 1))


def _taken(process: psutil.Process) -> tuple[tuple[int, float], float, int, str] | None:
    """Identity, CPU seconds, resident bytes and the program's name; None for a process that ended, also where nobody
    collected it yet.
    """
    import psutil

    try:
        with process.oneshot():
            if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
                return None
            key, name = (process.pid, process.create_time()), process.name()
            try:
                times = process.cpu_times()
                return key, times.user + times.system, process.memory_info().rss, name
            except psutil.AccessDenied:
                return key, 0.0, 0, name
    except psutil.AccessDenied:
        return (process.pid, 0.0), 0.0, 0, ""
    except psutil.Error:
        return None


class ProcessLoads:
    """Tells of the load of every server that has a process, for as long as somebody looks.

    ``state`` gives the servers as they are. Belongs to the loop's thread; only the sampling is done in another.
    """

    def __init__(
        self,
        emit: Callable[[ev.LoadMeasured], object],
        state: Callable[[], McpState],
        *,
        sampler: Sampler | None = None,
        every: float = EVERY,
    ) -> None:
        self._emit = emit
        self._state = state
        self._sampler = sampler or Sampler()
        self._every = every
        self._lookers = 0
        self._looked = anyio.Event()
        self._told: dict[str, tuple[int, ProcessLoad | None]] = {}

    @contextmanager
    def looking(self) -> Generator[None]:
        """Somebody wants to see it."""
        self._lookers += 1
        self._looked.set()
        try:
            yield
        finally:
            self._lookers -= 1

    async def run(self) -> None:
        """Sample until cancelled, in the beat of ``every`` seconds while somebody looks."""
        while True:
            if not self._lookers:
                self._looked = anyio.Event()
                await self._looked.wait()
            await self._sample()
            await anyio.sleep(self._every)

    async def _sample(self) -> None:
        watched = [
            Watched(server.id, server.generation, server.pid)
            for server in self._state().servers.values()
            if server.pid is not None
        ]
        loads = await anyio.to_thread.run_sync(self._sampler.sample, watched)
        told: dict[str, tuple[int, ProcessLoad | None]] = {}
        for each, load in loads.items():
            told[each.server] = (each.generation, load)
            # That there is nothing to tell is said once.
            if load is not None or self._told.get(each.server, (0, None))[1] is not None:
                self._emit(ev.LoadMeasured(each.server, each.generation, load))
        self._told = told
