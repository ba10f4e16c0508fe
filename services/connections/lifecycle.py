"""The life of a connection as a table: which status may follow which, and what a failure leads to.

Owns the rules of retrying (config contract, section 6). Never waits and never connects.
"""

from __future__ import annotations

import random
from collections import deque
from enum import Enum

from ..errors import AuthorizationRequired, McpDeckError, SessionExpired, SpawnError

CONNECT_RETRIES = 3
"""Further attempts when the first connect fails for a passing reason."""
LOST_RETRIES = 5
DELAYS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each attempt."""
STABLE = 10.0
"""Seconds after which a connection counts as good and attempts start from one again."""
CRASHES = 3
CRASH_WINDOW = 10.0
"""``CRASHES`` ends within this many seconds are a crash loop."""


class Next(Enum):
    """What follows a failure."""

    NEEDS_AUTH = "needs-auth"
    FAIL = "fail"
    RETRY = "retry"
    AT_ONCE = "at once"


class RetryPlan:
    """Counts attempts and crashes of one server; ``now`` values are monotonic seconds."""

    def __init__(self, connect_retries: int = CONNECT_RETRIES) -> None:
        self._connect_retries = connect_retries
        self.attempt = 0
        self.was_connected = False
        self._ends: deque[float] = deque(maxlen=CRASHES)
        self._expired: float | None = None

    @property
    def attempts(self) -> int:
        """How many attempts there will be at the most."""
        return LOST_RETRIES if self.was_connected else self._connect_retries

    def connected(self) -> None:
        self.was_connected = True

    def reset(self) -> None:
        """A person asked for a fresh start."""
        self.attempt = 0
        self._ends.clear()

    def after(self, error: McpDeckError, *, lived: float | None, now: float) -> Next:
        """What to do after ``error``; ``lived`` is how long the connection stood, None if it never did."""
        if isinstance(error, AuthorizationRequired):
            return Next.NEEDS_AUTH
        if isinstance(error, SessionExpired) and lived is not None:
            # One fresh initialize at once; a server that forgets every session is retried like any other.
            before, self._expired = self._expired, now
            if lived >= STABLE or before is None or now - before >= STABLE:
                return Next.AT_ONCE
        if lived is not None:
            if lived >= STABLE:
                self.attempt = 0
            self._ends.append(now)
            if len(self._ends) == CRASHES and now - self._ends[0] <= CRASH_WINDOW:
                return Next.FAIL
        elif isinstance(error, SpawnError) and not self.was_connected:
            return Next.FAIL
        if not error.retryable and lived is None:
            return Next.FAIL
        if self.attempt >= self.attempts:
            return Next.FAIL
        self.attempt += 1
        return Next.RETRY

    def crash_looping(self, now: float) -> bool:
        """The last ends came so fast that trying again is pointless."""
        return len(self._ends) == CRASHES and now - self._ends[0] <= CRASH_WINDOW

    def delay(self) -> float:
        """Seconds to wait before the attempt that ``after`` counted, with jitter."""
        return DELAYS[min(self.attempt, len(DELAYS)) - 1] * random.uniform(0.85, 1.15)
