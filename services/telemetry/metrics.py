"""How the calls went: durations, rates, errors by kind and bytes, per server and per tool.

Owns the counting and when it is told. Never measures by itself: whoever made a call records it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Container

import anyio

from .. import events as ev
from ..models import CallStats
from ..state.bounds import LATENCIES
from ..state.model import CallState
from .histogram import Histogram
from .outcomes import outcome_of, tells_latency

EVERY = 0.5
"""Seconds between two times that a server's figures are told, at least."""
MINUTE = 60
"""Seconds that a rate looks back."""
COOLING = 5.0
"""Seconds between two looks at rates that only fall, because nothing is called any more."""
TOOLS_KEPT = 2_000
"""Tools of one server that are counted each for itself; beyond, those that were used longest ago are let go."""
_TOOL_CALL = "tools/call"


class _Tally:
    """The calls of one tool, or of one server."""

    __slots__ = ("_by_second", "_histogram", "by_kind", "bytes_received", "bytes_sent", "calls", "last_at")

    def __init__(self) -> None:
        self._histogram = Histogram()
        self._by_second: deque[list[int]] = deque()
        self.calls = 0
        self.by_kind: dict[str, int] = {}
        self.bytes_sent = 0
        self.bytes_received = 0
        self.last_at: float | None = None

    def add(self, now: float, kind: str | None, took: float | None, sent: int, received: int) -> None:
        """``kind`` of its failure, ``took`` in milliseconds; None: none."""
        self.calls += 1
        self.last_at = now
        self.bytes_sent += sent
        self.bytes_received += received
        if kind is not None:
            self.by_kind[kind] = self.by_kind.get(kind, 0) + 1
        if took is not None:
            self._histogram.add(took)
        second, seconds = int(now), self._by_second
        if seconds and seconds[-1][0] == second:
            seconds[-1][1] += 1
        else:
            seconds.append([second, 1])
            if len(seconds) > MINUTE:
                seconds.popleft()

    def rate(self, now: float) -> float:
        """Calls in the last minute."""
        seconds, since = self._by_second, int(now) - MINUTE
        while seconds and not since < seconds[0][0] <= now:  # a clock that was set back has a future to forget, too
            seconds.popleft()
        return float(sum(count for _, count in seconds))

    def stats(self, now: float) -> CallStats:
        p50, p95, p99 = self._histogram.percentiles(0.5, 0.95, 0.99)
        return CallStats(
            calls=self.calls,
            errors=sum(self.by_kind.values()),
            by_kind=dict(self.by_kind),
            p50=p50,
            p95=p95,
            p99=p99,
            longest=self._histogram.longest,
            rate=self.rate(now),
            bytes_sent=self.bytes_sent,
            bytes_received=self.bytes_received,
            last_at=self.last_at,
        )

    def median(self) -> float | None:
        return self._histogram.percentiles(0.5)[0]


class _ServerTally(_Tally):
    __slots__ = ("changed", "latest", "told_at", "told_calls", "tools", "warm")

    def __init__(self) -> None:
        super().__init__()
        self.tools: dict[str, _Tally] = {}
        self.changed: set[str] = set()
        """Tools that were used since it was told last."""
        self.warm: dict[str, float] = {}
        """Tools whose rate was told as something else than zero, and that rate; its own stands under the empty name."""
        self.told_at: float | None = None
        self.told_calls = 0
        self.latest: deque[float] = deque(maxlen=LATENCIES)
        """How long the last calls took that were not told yet, in milliseconds."""

    def tool(self, name: str) -> _Tally:
        tally = self.tools.pop(name, None) or _Tally()
        self.tools[name] = tally  # what was used last stands last
        if len(self.tools) > TOOLS_KEPT:
            oldest = next(iter(self.tools))
            del self.tools[oldest]
            self.changed.discard(oldest)
            self.warm.pop(oldest, None)
        return tally

    def cooled(self, now: float) -> bool:
        """A rate that was told is another one now; what cooled is told with the changed ones."""
        cooled = False
        for name, told in self.warm.items():
            if name and self.tools[name].rate(now) != told:
                self.changed.add(name)
                cooled = True
        return cooled or self.warm.get("", 0.0) != self.rate(now)

    def told(self, now: float) -> tuple[CallStats, dict[str, CallStats]]:
        """What is to be told, of itself and of the tools that changed."""
        own = self.stats(now)
        tools = {name: self.tools[name].stats(now) for name in self.changed}
        for name, stats in (("", own), *tools.items()):
            if stats.rate:
                self.warm[name] = stats.rate
            else:
                self.warm.pop(name, None)
        self.changed.clear()
        self.told_at, self.told_calls = now, self.calls
        return own, tools


class Metrics:
    """The figures of all servers. Not thread-safe: it belongs to the loop's thread.

    ``emit`` takes what is told; ``now`` gives wall seconds. Without ``run`` the last half second of a burst of calls is
    told with the next call, or by ``flush``. Without ``keep`` there are figures of every server that was ever called.
    """

    def __init__(self, emit: Callable[[ev.StatsMeasured], object], *, now: Callable[[], float] = time.time) -> None:
        self._emit = emit
        self._now = now
        self._servers: dict[str, _ServerTally] = {}
        self._recorded = anyio.Event()

    def record(self, call: CallState, *, bytes_sent: int = 0, bytes_received: int = 0) -> None:
        """Count a call that ended. Bytes are those of its arguments and of its result as JSON."""
        server = self._servers.get(call.server)
        if server is None:
            server = self._servers[call.server] = _ServerTally()
        now = self._now()
        outcome = outcome_of(call)
        kind = None if outcome == "success" else outcome
        took = call.duration_ms if tells_latency(call) else None
        server.add(now, kind, took, bytes_sent, bytes_received)
        if took is not None:
            server.latest.append(took)
        # A name that the server does not have is anything that somebody typed.
        if call.method == _TOOL_CALL and outcome != "not found":
            server.tool(call.tool).add(now, kind, took, bytes_sent, bytes_received)
            server.changed.add(call.tool)
        if server.told_at is None or not 0 <= now - server.told_at < EVERY:
            self._tell(call.server, server, now)
        self._recorded.set()

    def estimate(self, server: str, tool: str) -> float | None:
        """Milliseconds that a call of this tool takes, as observed: its median. None: it never answered."""
        known = self._servers.get(server)
        tally = known.tools.get(tool) if known is not None else None
        return tally.median() if tally is not None else None

    def stats(self, server: str) -> CallStats:
        """The figures of a server as they are now."""
        known = self._servers.get(server)
        return known.stats(self._now()) if known is not None else CallStats()

    def keep(self, servers: Container[str]) -> None:
        """Let go of the figures of all others: they are not configured any more, or never were."""
        for name in [name for name in self._servers if name not in servers]:
            del self._servers[name]

    def flush(self) -> None:
        """Tell everything that was not told yet, and every rate that fell."""
        now = self._now()
        for name, server in self._servers.items():
            if server.cooled(now) or server.told_calls != server.calls:
                self._tell(name, server, now)

    async def run(self) -> None:
        """Tell the end of every burst, and rates as they fall; sleeps once nothing was called for a minute."""
        while True:
            await self._recorded.wait()
            self._recorded = anyio.Event()
            await anyio.sleep(EVERY)
            self.flush()
            while not self._recorded.is_set() and any(server.warm for server in self._servers.values()):
                with anyio.move_on_after(COOLING):
                    await self._recorded.wait()
                    break
                self.flush()

    def _tell(self, name: str, server: _ServerTally, now: float) -> None:
        stats, tools = server.told(now)
        latest = tuple(server.latest)
        server.latest.clear()
        self._emit(ev.StatsMeasured(name, stats, tools, latest))
