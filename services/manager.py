"""The connection manager: one supervisor for each entry, and the pools they queue in.

Owns which servers exist and their supervisors. Never touches a transport itself; knows the store
only as ``emit``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import anyio
import anyio.abc

from . import events as ev
from .connections.lifecycle import CONNECT_RETRIES
from .connections.supervisor import Supervisor, Timers
from .errors import ConfigValidationError, UsageError
from .models import ServerEntry, TransportKind
from .session import Ask, Emit, Session


@dataclass(frozen=True, slots=True)
class Settings:
    """Numbers of the config contract, sections 5 and 6. Times in seconds."""

    connect_timeout: float = 30.0
    call_timeout: float = 100_000.0
    probe_timeout: float = 8.0
    connect_retries: int = CONNECT_RETRIES
    local_pool: int = 3
    remote_pool: int = 20

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read the variables that are set. Raises ``ConfigValidationError`` for one that is no positive number."""

        def number(name: str, default: float) -> float:
            text = environ.get(name)
            if text is None or not text.strip():
                return default
            try:
                value = float(text)
            except ValueError:
                value = 0.0
            if not 0 < value < 1e12:
                raise ConfigValidationError(
                    f"environment variable {name} is {text!r}, which is not a positive number",
                    hint=f"Unset it or give a number; the default is {default:g}.",
                )
            return value

        return cls(
            connect_timeout=number("MCP_TIMEOUT", 30_000) / 1000,
            call_timeout=number("MCP_TOOL_TIMEOUT", 100_000_000) / 1000,
            local_pool=max(1, int(number("MCP_SERVER_CONNECTION_BATCH_SIZE", 3))),
            remote_pool=max(1, int(number("MCP_REMOTE_SERVER_CONNECTION_BATCH_SIZE", 20))),
        )


class ConnectionManager:
    """Runs until cancelled; leaving ends every connection and every child process."""

    def __init__(
        self, entries: Sequence[ServerEntry], *, emit: Emit, ask: Ask | None = None, settings: Settings | None = None
    ) -> None:
        self.settings = settings or Settings()
        self._emit = emit
        self._ask = ask
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

    async def settled(self) -> None:
        """Wait until every server is connected, or the reason why it is not is known."""
        for supervisor in list(self._supervisors.values()):
            await supervisor.until_settled()

    def call_timeout(self, name: str) -> float:
        """Seconds one tool call may take: the entry's own bound before the general one."""
        return self._find(name).entry.call_timeout or self.settings.call_timeout

    def reconnect(self, name: str) -> None:
        self._find(name).reconnect()

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
            emit=self._emit,
            ask=self._ask,
            timers=Timers(self.settings.connect_timeout, self.settings.probe_timeout, self.settings.connect_retries),
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
            self._tasks.start_soon(supervisor.stop)


def _same(old: ServerEntry, new: ServerEntry) -> bool:
    """Nothing that matters for the connection changed."""
    return old.digest == new.digest and old.gate == new.gate and old.target == new.target
