"""Hearing that files changed: folders that are watched, and what is worth telling of them.

Owns the watching itself, with its fall-back where the system tells nothing. Never reads a file and never
decides what follows from a change. What watches (watchfiles) is imported when the watching begins.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import anyio

DEBOUNCE = 1_000
"""Milliseconds after which a burst of changes is told, even if it goes on."""
STEP = 100
"""Milliseconds of silence after which changes are told at once."""
LOOK = 5.0
"""Seconds between two looks at the files themselves: not every file system tells what happens in it."""
POLL = 1_000
"""Milliseconds between two looks where the system cannot tell at all."""
LINKS = 10
"""Symbolic links that are followed one after the other."""
LISTED = 500
"""Entries of a watched folder that are looked at."""

Stamp: TypeAlias = "tuple[tuple[str, int, int, int], ...]"
"""Path, time of change (ns), size and inode of each file that is there; equal stamps: nothing happened."""


@dataclass(frozen=True)
class Plan:
    """``folders`` to watch, each by its real path and not what is below it; ``wanted`` says which paths matter."""

    folders: frozenset[str]
    wanted: Callable[[str], bool] = field(compare=False)
    names: frozenset[str] = frozenset()


Planning: TypeAlias = Callable[[], Awaitable[Plan]]
Told: TypeAlias = Callable[[frozenset[str]], Awaitable[None]]


async def hear(planning: Planning, told: Told, again: anyio.Event | None = None) -> None:
    """Call ``told`` with the paths that changed, and with none now and then: it is time to look at the files then.

    ``planning`` is asked again after each change: folders come and go. Ends when ``again`` is set, else when cancelled.
    """
    stop = anyio.Event()

    async def hold() -> None:
        try:
            await (again or anyio.Event()).wait()
        finally:
            # Watching waits in a thread, which cancelling alone would not end.
            stop.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hold)
        polling = False
        while not stop.is_set():
            plan = await planning()
            try:
                if plan.folders:
                    await _hear(plan, planning, told, stop, polling=polling)
                else:
                    with anyio.move_on_after(LOOK):
                        await stop.wait()
                    await told(frozenset())
            except FileNotFoundError:
                pass  # a folder went between planning and watching
            except OSError:
                if polling:
                    raise
                polling = True  # no more watches to be had, or none at all on this system


async def _hear(plan: Plan, planning: Planning, told: Told, stop: anyio.Event, *, polling: bool) -> None:
    """Watch by one plan until another is needed."""
    from watchfiles import awatch  # pyright: ignore[reportUnknownVariableType] - with its native part 10 ms, needed here alone

    def wanted(_: object, path: str) -> bool:
        return path in plan.folders or plan.wanted(path)

    watching = awatch(
        *plan.folders,
        watch_filter=wanted,
        debounce=DEBOUNCE,
        step=STEP,
        stop_event=stop,
        rust_timeout=int(LOOK * 1000),
        yield_on_timeout=True,
        force_polling=True if polling else None,
        poll_delay_ms=POLL,
        recursive=False,
        ignore_permission_denied=True,
    )
    turn = anyio.Lock()

    async def look() -> None:
        # What happened between the reading of the files and this moment was told by nobody.
        async with turn:
            await told(frozenset())

    async with anyio.create_task_group() as tasks, aclosing(watching):
        tasks.start_soon(look)  # its turn comes once the watching below has begun and waits
        async for changes in watching:
            async with turn:
                await told(frozenset(path for _, path in changes))
            if await planning() != plan:
                return


def files_plan(files: Iterable[Path]) -> Plan:
    """Watch ``files``, whether they exist or not; of a folder among them everything that stands directly in it.

    A file that is not there is waited for in the nearest folder that is; of a symbolic link both ends are watched.
    """
    folders: set[str] = set()
    names: set[str] = set()
    whole: set[str] = set()
    for file in files:
        if file.is_dir():
            real = os.path.realpath(file)
            folders.add(real)
            whole.add(real)
        for step in _links(file):
            folder, name = _nearest(step)
            folders.add(folder)
            names.add(name)

    def wanted(path: str) -> bool:
        return path in names or path.rpartition(os.sep)[0] in whole

    return Plan(frozenset(folders), wanted, frozenset(names | whole))


def stamp(files: Iterable[Path]) -> Stamp:
    """What tells whether one of ``files`` is another than before; what cannot be looked at is not there."""
    found: list[tuple[str, int, int, int]] = []
    for file in files:
        try:
            status = file.stat()
        except OSError:
            continue
        found.append((str(file), status.st_mtime_ns, status.st_size, status.st_ino))
        if file.is_dir():
            found += _listed(file)
    return tuple(sorted(found))


def _listed(folder: Path) -> list[tuple[str, int, int, int]]:
    found: list[tuple[str, int, int, int]] = []
    try:
        with os.scandir(folder) as entries:
            for entry, _ in zip(entries, range(LISTED), strict=False):
                try:
                    status = entry.stat()
                except OSError:
                    continue
                found.append((entry.path, status.st_mtime_ns, status.st_size, status.st_ino))
    except OSError:
        pass  # it is not for us, or went this moment
    return found


def _links(file: Path) -> list[Path]:
    """``file`` and, where it is a symbolic link, what it points to, link by link."""
    steps = [file]
    while len(steps) <= LINKS and steps[-1].is_symlink():
        try:
            steps.append(steps[-1].parent / steps[-1].readlink())
        except OSError:
            break
    return steps


def _nearest(file: Path) -> tuple[str, str]:
    """The real path of the nearest folder above ``file`` that exists, and of what is waited for in it."""
    missing = file
    for folder in file.absolute().parents:
        if folder.is_dir():
            real = os.path.realpath(folder)
            return real, str(Path(real, missing.name))
        missing = folder
    return os.sep, str(missing)
