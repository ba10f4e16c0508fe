"""What is being done on the sessions of one server just now.

Owns ending it at once and with the right reason when its server is taken away: a call that waits for an
answer, for a human or for the end of a task must not learn only that "the connection was closed".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from ..errors import McpDeckError

T = TypeVar("T")


class Uses:
    """Operations in flight. Every method runs on the loop's thread."""

    def __init__(self) -> None:
        self._reasons: dict[anyio.CancelScope, McpDeckError | None] = {}

    def __len__(self) -> int:
        return len(self._reasons)

    async def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """What ``work`` gives or raises; the reason given to ``end``, when that comes first."""
        scope = anyio.CancelScope()
        self._reasons[scope] = None
        try:
            with scope:
                return await work()
        finally:
            reason = self._reasons.pop(scope)
        assert reason is not None  # nobody else cancels this scope
        raise reason

    def end(self, reason: McpDeckError) -> None:
        """End everything in flight."""
        for scope in self._reasons:
            self._reasons[scope] = reason
            scope.cancel()
