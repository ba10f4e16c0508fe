"""Leaving a server alone whose transport fails again and again.

Owns the breaker of each server: closed, open for a while, half open while one call finds out. Counts failures to carry
a message only: an error that the server answers, a tool's error and a time-out mean that it is there. Never waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace

from .. import events as ev
from ..errors import CircuitOpen, HttpStatusError, McpDeckError, ProtocolError, RPCError, TransportError
from ..models import Breaker, BreakerState
from .limits import Limits

_CLOSED = Breaker()


@dataclass(slots=True)
class _Server:
    """What is held against one server. ``retry_at`` on the monotonic clock; ``rests``: how often it was opened."""

    breaker: Breaker = _CLOSED
    retry_at: float = 0.0
    rests: int = 0
    probing: bool = False
    incident: Hashable = None


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """One call that was let through. ``probe``: it is the one that finds out."""

    server: str
    digest: str
    since: int
    probe: bool = False


class Breakers:
    """One breaker for each server. ``monotonic`` decides, ``wall`` is what is shown."""

    def __init__(
        self,
        emit: Callable[[ev.BreakerChanged], None],
        limits: Limits,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._emit = emit
        self._limits = limits
        self._monotonic = monotonic
        self._wall = wall
        self._servers: dict[str, _Server] = {}
        self._digests: dict[str, str] = {}
        self._resets: dict[str, int] = {}

    def of(self, server: str) -> Breaker:
        known = self._servers.get(server)
        return _CLOSED if known is None else known.breaker

    def lets(self, server: str) -> bool:
        """Whether a call would be let through now."""
        known = self._servers.get(server)
        if known is None or known.breaker.state is BreakerState.CLOSED:
            return True
        return not known.probing and self._monotonic() >= known.retry_at

    def enter(self, server: str, digest: str = "") -> Pass:
        """Let a call through. Raises ``CircuitOpen``. ``digest`` is that of the server's entry: nothing is held
        against another one.
        """
        known = self._servers.get(server)
        if known is not None and self._digests.get(server) != digest:
            self.reset(server)
            known = None
        since = self._resets.get(server, 0)
        if known is None or known.breaker.state is BreakerState.CLOSED:
            return Pass(server, digest, since)
        if not self.lets(server):
            raise self._held_back(server, known)
        known.probing = True
        self._change(server, known, replace(known.breaker, state=BreakerState.HALF_OPEN))
        return Pass(server, digest, since, probe=True)

    def ended(self, let: Pass, error: McpDeckError | None, incident: Hashable = None) -> None:
        """How a call went that was let through. ``incident``: failures of the same one count once, such as those of
        all calls on one connection that broke.
        """
        if error is None or isinstance(error, (RPCError, ProtocolError)):
            if let.server in self._servers and self._resets.get(let.server, 0) == let.since:
                self.reset(let.server)
        elif breaks(error):
            self._failed(let, error, incident)
        else:
            self.undecided(let)

    def undecided(self, let: Pass) -> None:
        """It ended without telling anything (given up, out of time): if it was to find out, the next one is."""
        known = self._servers.get(let.server)
        if let.probe and known is not None and self._resets.get(let.server, 0) == let.since:
            known.probing = False

    def reset(self, server: str) -> None:
        """Close it, and forget what was held against the server; calls that are under way do not count any more."""
        self._resets[server] = self._resets.get(server, 0) + 1
        self._digests.pop(server, None)
        known = self._servers.pop(server, None)
        if known is not None and known.breaker.state is not BreakerState.CLOSED:
            self._emit(ev.BreakerChanged(server, _CLOSED))

    def _failed(self, let: Pass, error: McpDeckError, incident: Hashable) -> None:
        server = let.server
        if self._resets.get(server, 0) != let.since:
            return  # it began before somebody said: from now on
        known = self._servers.setdefault(server, _Server())
        self._digests[server] = let.digest
        if incident is not None and incident == known.incident and not let.probe:
            return
        known.incident = incident
        before = known.breaker
        if before.state is not BreakerState.CLOSED and not let.probe:
            return  # it was under way when the breaker opened
        failures = before.failures + 1
        if failures < self._limits.failures and not let.probe:
            known.breaker = replace(before, failures=failures, reason=error.title)
            return
        known.probing = False
        rest = min(self._limits.rest * 2**known.rests, self._limits.longest_rest)
        known.rests += 1
        known.retry_at = self._monotonic() + rest
        now = self._wall()
        opened = before.opened_at if before.opened_at is not None else now
        self._change(server, known, Breaker(BreakerState.OPEN, failures, error.title, opened, now + rest))

    def _change(self, server: str, known: _Server, breaker: Breaker) -> None:
        known.breaker = breaker
        self._emit(ev.BreakerChanged(server, breaker))

    def _held_back(self, server: str, known: _Server) -> CircuitOpen:
        breaker = known.breaker
        since = time.strftime("%H:%M:%S", time.localtime(breaker.opened_at))
        wait = max(0.0, known.retry_at - self._monotonic())
        then = "one call finds out just now" if known.probing else f"the next try is in {wait:.0f} s"
        return CircuitOpen(
            f"no calls are made since {since}, after {breaker.failures} in a row that could not be carried; {then}",
            hint=f"The last one failed with: {breaker.reason}. Reset the breaker, or connect again, to try at once.",
            server=server,
            retryable=True,
            details={
                "failures": breaker.failures,
                "reason": breaker.reason,
                "openedAt": breaker.opened_at,
                "retryAt": breaker.retry_at,
            },
        )


def breaks(error: McpDeckError) -> bool:
    """Whether ``error`` means that the transport failed, and not the server's judgement of this one call."""
    if isinstance(error, HttpStatusError):
        return error.status >= 500 or error.status == 429
    return isinstance(error, TransportError) and error.kind in ("connect", "http")
