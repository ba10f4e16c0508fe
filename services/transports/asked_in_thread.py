"""Asking a helper for what a connection needs, without holding up the loop.

Owns the thread, and that nothing goes on for somebody who no longer waits. Knows nothing of the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread

from ..config.short_command import LEASH, Leash

T = TypeVar("T")


async def asked_in_thread(ask: Callable[[], T]) -> T:
    """What ``ask`` returns or raises. When this is cancelled, a command that it runs is killed: a thread that
    waits for it would hold up the end of this process.
    """
    leash = Leash()
    before = LEASH.set(leash)
    try:
        return await anyio.to_thread.run_sync(ask, abandon_on_cancel=True)
    finally:
        leash.pull()
        LEASH.reset(before)
