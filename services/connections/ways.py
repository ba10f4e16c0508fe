"""The ways in which one server may be reached, tried in turn.

Owns which way comes first (the one that worked last time) and which others a failure suggests. Never connects: each
attempt is the supervisor's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeAlias

from ..errors import ConnectionLost, McpDeckError
from ..models import EraMode, EraName, HttpTarget, ServerEntry, SseTarget
from ..session import ServerMemory
from .approach import Approach, is_there, may_be_sse

Attempt: TypeAlias = Callable[[Approach], Awaitable[tuple[McpDeckError | None, float | None]]]
"""Connects and stays until the end: the reason (None: asked to start over), and how long it stood, in seconds."""


class ProbeKilled(ConnectionLost):
    """The child ended while the era was being found out."""


class Ways:
    """Of one entry. ``memory``: what is remembered of it."""

    def __init__(self, entry: ServerEntry, memory: ServerMemory) -> None:
        self._memory = memory
        self._target = entry.target

    def forget(self, entry: ServerEntry) -> None:
        """Find out the era and the transport anew, whatever was found before."""
        self._memory.forget_era()
        self._target = entry.target

    async def tried(self, entry: ServerEntry, attempt: Attempt) -> tuple[McpDeckError | None, float | None]:
        """Connect in the way that is known to work, else in the other ways that the failure suggests."""
        assert self._target is not None
        approach = Approach(self._target, entry.era)
        undecided = entry.era is EraMode.AUTO and entry.protocol_version is None
        if undecided and self._memory.era() is EraName.LEGACY:
            approach = replace(approach, mode=EraMode.LEGACY, decided="handshake, as at the last connection")
        error, lived = await attempt(approach)
        if error is not None and lived is None and approach.decided is not None and is_there(error):
            # What was remembered may not hold any more: was the server replaced by a newer one?
            self._memory.forget_era()
            approach = Approach(self._target, entry.era)
            error, lived = await attempt(approach)
        if isinstance(error, ProbeKilled):
            # Some servers end on any message before initialize (section 6.1, step 6).
            decided = "the server ended on the probe; started again"
            error, lived = await attempt(replace(approach, mode=EraMode.LEGACY, decided=decided))
        if error is not None and lived is None and may_be_sse(self._target, error):
            assert isinstance(self._target, HttpTarget)
            other = SseTarget(self._target.url, self._target.headers, self._target.tls)
            decided = f"handshake over HTTP+SSE: {error.title}"
            over_sse, lived = await attempt(Approach(other, EraMode.AUTO, decided))
            if over_sse is None or lived is not None:
                self._target = other
                return over_sse, lived
            # Neither shape: both reasons belong into one diagnosis (section 6.2, step 9).
            error.details["sse"] = over_sse.title
        return error, lived
