"""Bounded waits: a test waits for something to be so, never for time to pass."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

import anyio
import psutil

T = TypeVar("T")
_EVERY = 0.02
_tick = threading.Event()


def until(found: Callable[[], T], what: str, *, seconds: float = 10) -> T:
    """The first truthy value of ``found()``; fails naming ``what`` after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (value := found()):
        if time.monotonic() > deadline:
            raise AssertionError(f"within {seconds} s there was no {what}")
        _tick.wait(_EVERY)
    return value


async def eventually(found: Callable[[], T], what: str, *, seconds: float = 10) -> T:
    """``until`` for async tests: the loop goes on meanwhile."""
    deadline = time.monotonic() + seconds
    while not (value := found()):
        if time.monotonic() > deadline:
            raise AssertionError(f"within {seconds} s there was no {what}")
        await anyio.sleep(_EVERY)
    return value


def gone(processes: Iterable[psutil.Process], *, seconds: float = 5) -> None:
    """Waits until none of them runs any more. A zombie is gone: its parent just has not asked yet."""
    family = list(processes)
    until(lambda: not [each for each in family if _runs(each)], f"end of {family}", seconds=seconds)


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
