"""Running somebody else's code in this process: what it raises is a value, never our end.

Owns the two ways to run it, in the loop and in a worker thread. Never decides what a failure means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from .server_thread import in_worker

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Raised:
    """What the code raised instead of giving an answer."""

    error: BaseException


async def outcome(run: Callable[[], Awaitable[T]]) -> T | Raised:
    """What ``run`` gives, or raised. Cancelling goes through; what wants to end the program does not."""
    try:
        return await run()
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        return Raised(error)  # nobody cancelled us: the code raised it itself
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        return Raised(error)


async def outcome_in_thread(run: Callable[[], T]) -> T | Raised:
    """The same for a function that blocks. When it is cancelled its thread is left to itself."""
    # Caught in the thread: a StopIteration cannot be carried by a future.
    return await in_worker(lambda: _outcome_now(run))


def _outcome_now(run: Callable[[], T]) -> T | Raised:
    try:
        return run()
    except BaseException as error:  # it has the thread to itself
        return Raised(error)
