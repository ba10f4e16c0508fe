"""The connection manager: one supervisor for each entry, and the pools they queue in.

Owns which servers exist and their supervisors. Never touches a transport itself; knows the store
only as ``emit``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar

import anyio
import anyio.abc

from . import events as ev
from .connections.approach import Surroundings, Timers
from .connections.lifecycle import CONNECT_RETRIES
from .connections.supervisor import Supervisor
from .errors import ConfigValidationError, SessionExpired, UsageError
from .models import ServerEntry, Timer, TransportKind
from .protocol.dispatcher import REQUEST_TIMEOUT
from .session import Ask, Emit, Memory, Offer, Session, TraceContext
from .telemetry.trace import Trace
from .transports.base import MAX_FRAME

T = TypeVar("T")

_VARIABLES = {
    "connect": ("connect_timeout", "MCP_TIMEOUT"),
    "request": ("request_timeout", "MCPDECK_REQUEST_TIMEOUT"),
    "call": ("call_timeout", "MCP_TOOL_TIMEOUT"),
    "idle": ("idle_timeout", "MCPDECK_IDLE_TIMEOUT"),
    "probe": ("probe_timeout", "MCPDECK_PROBE_TIMEOUT"),
}
"""The five timers: field of the settings, and the variable that sets it (milliseconds)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Numbers of the config contract, sections 5 and 6. Times in seconds.

    ``idle_timeout``: how long a call may go without progress. ``listens``: hear of changed lists without
    asking (2026-07-28); ``pings``: measure the latency now and then; ``reads``: methods of the lists that
    are read unasked, None: all. ``sources`` says of a timer where
    its value comes from, when that is not the default. ``context``: of the trace that requests belong to.
    ``max_message``: bytes of the largest message that is taken.
    """

    connect_timeout: float = 30.0
    request_timeout: float = REQUEST_TIMEOUT
    call_timeout: float = 100_000.0
    idle_timeout: float = 1_800.0
    probe_timeout: float = 8.0
    connect_retries: int = CONNECT_RETRIES
    local_pool: int = 3
    remote_pool: int = 20
    listens: bool = True
    pings: bool = True
    reads: frozenset[str] | None = None
    context: TraceContext | None = None
    max_message: int = MAX_FRAME
    sources: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read the variables that are set. Raises ``ConfigValidationError`` for one that is no positive number."""
        values: dict[str, float] = {}
        sources: dict[str, str] = {}
        for timer, (name, variable) in _VARIABLES.items():
            given = _number(environ, variable)
            if given is not None:
                values[name] = given / 1000
                sources[timer] = variable
        default = cls()
        local = _number(environ, "MCP_SERVER_CONNECTION_BATCH_SIZE")
        remote = _number(environ, "MCP_REMOTE_SERVER_CONNECTION_BATCH_SIZE")
        largest = _number(environ, "MCPDECK_MAX_MESSAGE")
        settings = cls(
            local_pool=default.local_pool if local is None else max(1, int(local)),
            remote_pool=default.remote_pool if remote is None else max(1, int(remote)),
            context=TraceContext.from_environment(environ),
            max_message=MAX_FRAME if largest is None else max(1024, int(largest)),
            sources=sources,
        )
        return replace(settings, **values)

    def within(self, seconds: float, source: str) -> Self:
        """Connecting and calls bounded by ``seconds``, which ``source`` asked for."""
        sources = {**self.sources, "connect": source, "call": source}
        return replace(self, connect_timeout=seconds, call_timeout=seconds, sources=sources)

    def timers(self, entry: ServerEntry) -> tuple[Timer, ...]:
        """The five time limits as they apply to one server, each with its source."""
        shown = [
            Timer(timer, getattr(self, name), self.sources.get(timer, "default"))
            for timer, (name, _) in _VARIABLES.items()
        ]
        if entry.call_timeout is not None:
            place = str(entry.origin) or "the command line"
            shown = [Timer("call", entry.call_timeout, place) if timer.name == "call" else timer for timer in shown]
        return tuple(shown)


def _number(environ: Mapping[str, str], name: str) -> float | None:
    text = environ.get(name)
    if text is None or not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e12:
        raise ConfigValidationError(
            f"environment variable {name} is {text!r}, which is not a positive number",
            hint="Unset it or give a number; mcpdeck then uses its default.",
        )
    return value


class ConnectionManager:
    """Runs until cancelled; leaving ends every connection and every child process."""

    def __init__(
        self,
        entries: Sequence[ServerEntry],
        *,
        emit: Emit,
        ask: Ask | None = None,
        offer: Offer | None = None,
        settings: Settings | None = None,
        memory: Memory | None = None,
        trace: Trace | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self._emit = emit
        self._around = Surroundings(
            emit,
            ask,
            offer or Offer(),
            memory or Memory(),
            trace or Trace(),
            self.settings.listens,
            self.settings.pings,
            self.settings.reads,
            self.settings.context,
            self.settings.max_message,
        )
        # A pool, not lockstep batches: a place is free again as soon as one connect is over.
        self._local = anyio.CapacityLimiter(self.settings.local_pool)
        self._remote = anyio.CapacityLimiter(self.settings.remote_pool)
        self._supervisors: dict[str, Supervisor] = {}
        self._tasks: anyio.abc.TaskGroup | None = None
        self._generations: dict[str, int] = {}
        self.configure(entries)

    @property
    def entries(self) -> Mapping[str, ServerEntry]:
        return {name: supervisor.entry for name, supervisor in self._supervisors.items()}

    async def run(self) -> None:
        async with anyio.create_task_group() as self._tasks:
            for supervisor in self._supervisors.values():
                self._tasks.start_soon(supervisor.run)
            await anyio.sleep_forever()

    def configure(self, entries: Sequence[ServerEntry]) -> None:
        """Take a new list: added entries start, removed ones stop, changed ones restart, others stay untouched."""
        wanted = {entry.name: entry for entry in entries}
        self._emit(ev.ServersConfigured(tuple(wanted.values())))
        for name, supervisor in list(self._supervisors.items()):
            entry = wanted.get(name)
            if entry is None or not _same(supervisor.entry, entry):
                self._retire(name, supervisor)
        for name, entry in wanted.items():
            if name not in self._supervisors:
                self._add(entry)
        # The order of the list is the order of the configuration.
        self._supervisors = {name: self._supervisors[name] for name in wanted}

    def session(self, name: str) -> Session | None:
        """The session when the server is connected."""
        supervisor = self._supervisors.get(name)
        return supervisor.session if supervisor else None

    async def connected(self, name: str) -> Session:
        """Wait for the session. Raises ``UsageError`` for an unknown name, else what stands in the way."""
        return await self._find(name).connected()

    async def using(self, name: str, operation: Callable[[Session], Awaitable[T]]) -> T:
        """Do something on the session; once more on a new one when the session turned out to be gone.

        Only where the server certainly did not take the request (a 404 to it) is it sent again: what may
        have been done already is not done twice. Raises what ``operation`` or connecting raises.
        """
        session = await self.connected(name)
        try:
            return await operation(session)
        except SessionExpired as error:
            if not error.untaken:
                raise
        return await operation(await self._find(name).connected(after=session))

    async def settled(self) -> None:
        """Wait until every server is connected, or the reason why it is not is known."""
        for supervisor in list(self._supervisors.values()):
            await supervisor.until_settled()

    def call_timeout(self, name: str) -> float:
        """Seconds one tool call may take: the entry's own bound before the general one."""
        return self._find(name).entry.call_timeout or self.settings.call_timeout

    def idle_timeout(self, name: str) -> float:
        """Seconds one tool call may go without progress."""
        return self.settings.idle_timeout

    def reconnect(self, name: str, *, redetect: bool = False) -> None:
        """Start over now; ``redetect``: find out the era and the transport anew."""
        self._find(name).reconnect(redetect=redetect)

    def _find(self, name: str) -> Supervisor:
        supervisor = self._supervisors.get(name)
        if supervisor is None:
            known = ", ".join(self._supervisors) or "none"
            raise UsageError(f"no server is called {name!r}", hint=f"Known servers: {known}.", server=name)
        return supervisor

    def _add(self, entry: ServerEntry) -> None:
        local = entry.transport in (TransportKind.STDIO, TransportKind.IN_PROCESS)
        supervisor = Supervisor(
            entry,
            around=self._around,
            timers=Timers(
                self.settings.connect_timeout,
                self.settings.probe_timeout,
                self.settings.request_timeout,
                self.settings.connect_retries,
                self.settings.timers(entry),
            ),
            pool=self._local if local else self._remote,
        )
        # A name that comes back continues its numbering, so that late events of the old one stay old.
        supervisor.generation = self._generations.get(entry.name, 0)
        self._supervisors[entry.name] = supervisor
        if self._tasks is not None:
            self._tasks.start_soon(supervisor.run)

    def _retire(self, name: str, supervisor: Supervisor) -> None:
        del self._supervisors[name]
        # One more: what the old one still says while it ends is older than all of the new one.
        self._generations[name] = supervisor.generation + 1
        if self._tasks is not None:
            self._tasks.start_soon(self._end, name, supervisor)

    async def _end(self, name: str, supervisor: Supervisor) -> None:
        await supervisor.stop()
        if name not in self._supervisors:
            self._around.trace.forget(name)


def _same(old: ServerEntry, new: ServerEntry) -> bool:
    """Nothing that matters for the connection changed."""
    return old.digest == new.digest and old.gate == new.gate and old.target == new.target
