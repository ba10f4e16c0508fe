"""The session of one server, as those who use it see it.

Owns waiting for the session, the operations in flight on it, and what is told when there is none. Never
connects: the supervisor does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from ..config.redaction import Redaction
from ..errors import AuthorizationRequired, McpDeckError
from ..models import ServerEntry
from ..session import Session
from .uses import Uses

T = TypeVar("T")


class Access:
    """Every method runs on the loop's thread."""

    def __init__(self, entry: ServerEntry) -> None:
        self.entry = entry
        self._redaction = Redaction(entry.target.put_in if entry.target is not None else {})
        self.session: Session | None = None
        self._error: McpDeckError | None = None
        self._changed = anyio.Event()
        self._uses = Uses()
        self.healthy = True
        """The last ping was answered, as far as anybody asked."""
        self.told: Callable[[], None] | None = None
        """Called when a session or a reason came, for whoever waits for one of several servers."""

    @property
    def settled(self) -> bool:
        """Connected, or not and the reason is known."""
        return self.session is not None or self._error is not None

    @property
    def error(self) -> McpDeckError | None:
        """Why there is no session, when that is known."""
        return self._error

    @property
    def outstanding(self) -> int:
        """Operations that are being done on its sessions just now."""
        return len(self._uses)

    @property
    def wants_login(self) -> bool:
        """It is not connected, and a login is what it lacks."""
        return self.session is None and isinstance(self._error, AuthorizationRequired)

    async def connected(self, *, after: Session | None = None) -> Session:
        """The session as soon as there is one; another one than ``after``. Raises what stands in the way."""
        while self.session is None or self.session is after:
            if self._error is not None:
                raise self._error
            await self._changed.wait()
        return self.session

    async def using(self, session: Session, operation: Callable[[Session], Awaitable[T]]) -> T:
        """What ``operation`` gives; it ends at once, with the reason, when the server is taken away meanwhile."""
        return await self.doing(lambda: operation(session))

    async def doing(self, work: Callable[[], Awaitable[T]]) -> T:
        """What ``work`` gives, for which no session is needed; it ends at once when the server is taken away."""
        try:
            return await self._uses.run(work)
        except McpDeckError as error:
            self._redaction.error(error)
            raise

    async def until_settled(self) -> None:
        while not self.settled:
            await self._changed.wait()

    def _give_up(self, reason: McpDeckError) -> None:
        """Everything in flight ends now. Waiters first: so nobody is told that they were cancelled."""
        if self.session is not None:
            self.session.dispatcher.give_up(reason)
        self._uses.end(reason)

    def _fail(self, error: McpDeckError) -> None:
        error.server = self.entry.name
        self._error = error
        self._tell()

    def _tell(self) -> None:
        changed, self._changed = self._changed, anyio.Event()
        changed.set()
        if self.told is not None:
            self.told()
