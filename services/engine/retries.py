"""What is sent once more after a failure, and after which pause.

Owns which failures leave no doubt and which uses may be repeated at all. Only what changes nothing is: reads, prompts,
and tools whose vouched-for annotations say that calling them twice is calling them once. Never sends and never waits.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from ..errors import ConnectError, ConnectionLost, HttpStatusError, McpDeckError, RPCError, SessionExpired
from ..models import Act, Offered
from .limits import Limits

BUSY = frozenset({429, 503})
"""HTTP statuses with which a server says that it did not do what was asked, and may do it later."""


def is_repeatable(act: Act) -> bool:
    """Doing ``act`` twice is no different from doing it once, as far as somebody vouches for."""
    if act.kind is not Offered.TOOL:
        return True
    hints = act.annotations
    return act.trusted and (hints.get("readOnlyHint") is True or hints.get("idempotentHint") is True)


def may_pass(error: McpDeckError) -> bool:
    """No answer can come any more, or the server says that it is busy: another try may help."""
    if isinstance(error, HttpStatusError):
        return error.status in BUSY
    if isinstance(error, RPCError):
        return error.details.get("status") in BUSY
    return isinstance(error, (ConnectionLost, ConnectError, SessionExpired))


def wanted_pause(error: McpDeckError) -> float | None:
    """Seconds that the server asks us to wait (Retry-After); None: it does not say."""
    cause = error if isinstance(error, HttpStatusError) else error.__cause__
    return cause.retry_after if isinstance(cause, HttpStatusError) else None


class Retries:
    """The pauses, and a budget for each server: a server in trouble is not sent a multiple of what it cannot do."""

    def __init__(self, limits: Limits, *, chance: Callable[[], float] = random.random) -> None:
        self._limits = limits
        self._chance = chance
        self._saved: dict[str, float] = {}

    def earned(self, server: str) -> None:
        """A call is made: a share of a retry more."""
        saved = self._saved.get(server)
        if saved is not None:
            saved += self._limits.retry_share
            if saved >= self._limits.retries_saved:
                del self._saved[server]
            else:
                self._saved[server] = saved

    def pause(self, server: str, error: McpDeckError, attempt: int) -> float | None:
        """Seconds until attempt ``attempt + 1``; None: there is none."""
        if attempt > self._limits.retries or not may_pass(error):
            return None
        asked = wanted_pause(error)
        if asked is not None and asked > self._limits.patience:
            return None
        saved = self._saved.get(server, self._limits.retries_saved)
        if saved < 1:
            return None
        self._saved[server] = saved - 1
        # Between half of it and all of it, so that many do not come back at the same moment.
        longest = min(self._limits.pause * 2 * 3 ** (attempt - 1), self._limits.longest_pause)
        jittered = longest * (0.5 + self._chance() / 2)
        return max(jittered, asked or 0.0)
