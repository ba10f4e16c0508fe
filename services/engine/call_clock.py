"""The two time limits of a call: for all of it, and without a word of how it goes.

Owns both as one deadline of one scope, and holding them while a human is asked (protocol section 22). Never sends.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager

import anyio

from ..errors import RequestTimeout


class CallClock:
    """Of a scope that was just entered; ``whole`` and ``idle`` in seconds. Pauses nest."""

    __slots__ = ("_began", "_heard", "_idle", "_left", "_pauses", "_scope", "_whole")

    def __init__(self, scope: anyio.CancelScope, whole: float, idle: float) -> None:
        self._scope = scope
        self._whole = whole
        self._idle = idle
        self._began = self._heard = anyio.current_time()
        self._pauses = 0
        self._left = 0.0
        self._set()

    @property
    def deadline(self) -> float:
        """On the loop's clock; ``inf`` while it stands still."""
        return self._scope.deadline

    def went_on(self) -> None:
        """The server said how it goes."""
        self._heard = anyio.current_time()
        self._set()

    def no_idling(self) -> None:
        """From now on only the whole call is bounded."""
        self._idle = math.inf
        self._set()

    @contextmanager
    def paused(self) -> Generator[None]:
        """What was left is left afterwards."""
        if self._pauses == 0:
            self._left = anyio.current_time()
        self._pauses += 1
        self._set()
        try:
            yield
        finally:
            self._pauses -= 1
            if self._pauses == 0:
                # As if the time in between had not been; what came meanwhile begins with its end.
                now = anyio.current_time()
                self._began = min(self._began + now - self._left, now)
                self._heard = min(self._heard + now - self._left, now)
            self._set()

    def late(self) -> RequestTimeout:
        """Why the scope ended, which it did by its deadline."""
        if self._heard + self._idle < self._began + self._whole:
            return RequestTimeout(
                f"no result and no progress within {self._idle:g} s",
                hint="Raise the idle time-out (MCPDECK_IDLE_TIMEOUT), or look at the server's log.",
            )
        return RequestTimeout(
            f"no result within {self._whole:g} s", hint="Raise the time-out, or look at the server's log."
        )

    def _set(self) -> None:
        ends = min(self._began + self._whole, self._heard + self._idle)
        self._scope.deadline = math.inf if self._pauses else ends
