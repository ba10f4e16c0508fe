"""Work that is begun for whoever needs it first, that others wait for as well, and that none of them takes along.

Owns that it goes on when they leave, and how it ends with the program. Never knows what the work is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import anyio
import anyio.lowlevel

from ..errors import AuthError, McpDeckError

LAST = 2.0
"""Seconds that an exchange on its way still has when the program ends: its answer may be a token to be kept."""

Work: TypeAlias = Callable[[], Awaitable[None]]
Spawn: TypeAlias = Callable[[Work, Callable[[Exception], None]], bool]
"""Begins work that belongs to no caller, and hands over what it fails with; False where nothing runs that could."""


def nobody(_work: Work, _failed: Callable[[Exception], None]) -> bool:
    """Where nothing runs: whoever needs the work does it."""
    return False


@dataclass(slots=True)
class Errand:
    """Another token in the place of ``stale``. ``began`` in seconds of the event loop's clock."""

    stale: str = field(repr=False)
    began: float = field(default_factory=anyio.current_time)
    over: anyio.Event = field(default_factory=anyio.Event)
    result: bool | None = None
    """None: it did not come to an end."""
    error: Exception | None = None

    async def run(self, work: Callable[[], Awaitable[bool]]) -> None:
        """Do it. What ``McpDeckError`` it fails with is for ``outcome``, and everything else is raised."""
        try:
            self.result = await work()
        except McpDeckError as error:
            self.error = error
        finally:
            self.over.set()

    def failed(self, error: Exception) -> None:
        """A fault of ours ended it."""
        self.error = error

    def outcome(self) -> bool:
        """What came of it; raises what it failed with."""
        if self.error is not None:
            raise self.error
        if self.result is None:
            raise AuthError("the login was not refreshed: the program is ending", retryable=True)
        return self.result


async def unhurried(work: Work) -> None:
    """Do what must not be broken off; whoever cancels it waits for ``LAST`` seconds at the most."""
    error: McpDeckError | None = None
    last = anyio.CancelScope(shield=True)

    async def hurry() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            last.deadline = anyio.current_time() + LAST

    async with anyio.create_task_group() as tasks:
        with last:
            tasks.start_soon(hurry)
            try:
                await work()
            except McpDeckError as failure:  # raised in here it would come out as one of a group
                error = failure
        tasks.cancel_scope.cancel()
    if last.cancelled_caught:
        await anyio.lowlevel.checkpoint()  # which is where it is cancelled
    if error is not None:
        raise error
