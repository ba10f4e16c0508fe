"""Who waits for which answer.

Owns the table of requests in flight, keyed by id *and* its JSON type. A waiter leaves on every path;
closing the table wakes everyone with the reason.
"""

from __future__ import annotations

import anyio

from ..errors import McpDeckError, TransportError
from ..models import Json
from ..transports.base import Outgoing, RequestId


class Waiter:
    """One request in flight."""

    __slots__ = ("_done", "error", "outgoing", "result")

    def __init__(self, outgoing: Outgoing) -> None:
        self.outgoing = outgoing
        self.result: Json = None
        self.error: McpDeckError | None = None
        self._done = anyio.Event()

    def succeed(self, result: Json) -> None:
        if not self._done.is_set():
            self.result = result
            self._settle()

    def fail(self, error: McpDeckError) -> None:
        if not self._done.is_set():
            self.error = error
            self._settle()

    def _settle(self) -> None:
        self.outgoing.settled = True
        self._done.set()

    async def wait(self) -> Json:
        """The result. Raises the error it was settled with."""
        await self._done.wait()
        if self.error is not None:
            raise self.error
        return self.result


class PendingTable:
    """Waiters by id; ``1`` and ``"1"`` are different ids."""

    def __init__(self) -> None:
        self._waiters: dict[tuple[type, RequestId], Waiter] = {}
        self._closed: McpDeckError | None = None

    def __len__(self) -> int:
        return len(self._waiters)

    @property
    def closed(self) -> McpDeckError | None:
        """Why no request can be made any more."""
        return self._closed

    def add(self, outgoing: Outgoing) -> Waiter:
        """Raises what the table was closed with."""
        if isinstance(self._closed, TransportError):
            raise self._closed.for_unsent()  # it may be asked for again in a new session, or elsewhere
        if self._closed is not None:
            raise self._closed
        assert outgoing.id is not None
        waiter = Waiter(outgoing)
        self._waiters[type(outgoing.id), outgoing.id] = waiter
        return waiter

    def find(self, request_id: RequestId) -> Waiter | None:
        return self._waiters.get((type(request_id), request_id))

    def remove(self, request_id: RequestId) -> None:
        self._waiters.pop((type(request_id), request_id), None)

    def close(self, error: McpDeckError) -> None:
        """Fail everyone who waits, and everyone who comes later."""
        if self._closed is None:
            self._closed = error
        for waiter in list(self._waiters.values()):
            waiter.fail(error)
