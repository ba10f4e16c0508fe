"""The connection manager: one supervisor for each entry, and the pools they queue in.

Owns which servers exist (those that were configured, and those that the embedding program gives) and their
supervisors. Never touches a transport itself; knows the store only as ``emit``, and owns one when nobody
gives it another.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

import anyio
import anyio.abc

from . import events as ev
from .connections.approach import Surroundings, Timers
from .connections.barrier import Guard, refusal
from .connections.given import Given, GivenServer, entry_of
from .connections.logins import Authorized, Logins
from .connections.managed_logins import ManagedLogins
from .connections.reconcile import Changes, layered, placed, same, why_ended
from .connections.settings import Settings
from .connections.supervisor import Supervisor, beside
from .errors import ConnectionLost, McpDeckError, SessionExpired, UsageError
from .models import ErrorInfo, ServerEntry, SourceInfo, TransportKind
from .session import Ask, Emit, Memory, Offer, Session
from .state.store import Store
from .telemetry.trace import Trace

if TYPE_CHECKING:
    from .auth.kinds import Hands

__all__ = ["Changes", "ConnectionManager", "Given", "Guard", "Logins", "Settings"]

T = TypeVar("T")


class ConnectionManager(ManagedLogins):
    """Connects its servers while ``run()`` runs, or inside ``async with``; leaving ends every child process.

    ``guard`` is asked before a server is contacted and before each call. ``logins``: how to log in where a server wants
    it; None: nobody does. Without ``emit`` what happens is
    folded into a store of its own, ``store``. Every method runs on the thread of the event loop that runs the
    manager (before it runs: on any one thread); from another thread use ``anyio.from_thread`` or
    ``loop.call_soon_threadsafe``.
    """

    def __init__(
        self,
        entries: Sequence[ServerEntry] = (),
        *,
        emit: Emit | None = None,
        ask: Ask | None = None,
        offer: Offer | None = None,
        settings: Settings | None = None,
        memory: Memory | None = None,
        trace: Trace | None = None,
        guard: Guard | None = None,
        logins: Logins | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.store: Store | None = Store() if emit is None else None
        """What became of the servers, when nobody else keeps it."""
        self.trace = trace or Trace()
        self._emit: Emit = self.store.dispatch if self.store is not None else emit or _nowhere
        self._around = Surroundings(
            self._emit,
            ask,
            offer or Offer(),
            memory or Memory(),
            self.trace,
            self.settings.listens,
            self.settings.pings,
            self.settings.reads,
            self.settings.context,
            self.settings.max_message,
            guard,
        )
        self._logins = logins
        if logins is not None:
            self._around = replace(self._around, logins=Authorized(logins, self._emit, self._permit, self._spawn))
        # A pool, not lockstep batches: a place is free again as soon as one connect is over.
        self._local = anyio.CapacityLimiter(self.settings.local_pool)
        self._remote = anyio.CapacityLimiter(self.settings.remote_pool)
        self._supervisors: dict[str, Supervisor] = {}
        self._tasks: anyio.abc.TaskGroup | None = None
        self._entered: anyio.abc.TaskGroup | None = None
        self._ran = False
        self._generations: dict[str, int] = {}
        self._configured: tuple[ServerEntry, ...] = ()
        self._given: dict[str, GivenServer] = {}
        self._switches: dict[str, bool] = {}
        self.configure(entries)

    @property
    def entries(self) -> Mapping[str, ServerEntry]:
        return {name: supervisor.entry for name, supervisor in self._supervisors.items()}

    @property
    def running(self) -> bool:
        return self._tasks is not None

    # Running

    async def run(self) -> None:
        """Connect and stay connected until cancelled. It may be run again later, but not twice at a time."""
        if self._tasks is not None:
            raise UsageError("the connection manager runs already", hint="One run() or async with at a time.")
        if self._ran:
            self._build_again()
        self._ran = True
        try:
            async with anyio.create_task_group() as self._tasks:
                if self.store is not None:
                    self._tasks.start_soon(self.store.run)
                for supervisor in self._supervisors.values():
                    self._tasks.start_soon(supervisor.run)
                await anyio.sleep_forever()
        finally:
            self._tasks = None

    async def __aenter__(self) -> Self:
        self._entered = anyio.create_task_group()
        await self._entered.__aenter__()
        self._entered.start_soon(self.run)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        tasks, self._entered = self._entered, None
        assert tasks is not None
        tasks.cancel_scope.cancel()
        return await tasks.__aexit__(kind, error, traceback)

    def answered_by(self, ask: Ask, offer: Offer) -> None:
        """Who answers what servers ask, where nobody does yet; only while it does not run."""
        if self._around.ask is None and not self.running:
            self._around = replace(self._around, ask=ask, offer=offer)
            self._build_again()

    def logged_in_by(
        self, hands: Callable[[Ask], Hands], pauses: Callable[[str], AbstractContextManager[None]], ask: Ask | None
    ) -> None:
        """Who takes logins to the person (``ask`` reaches one; None: nobody is there), and what holds the clocks of a
        server's calls meanwhile; only while it does not run, and only where somebody logs in at all.
        """
        if self._logins is None or self.running:
            return
        logins = replace(self._logins, pauses=pauses)
        if ask is not None and logins.hands is None:
            logins = replace(logins, hands=lambda: hands(ask))
        self._around = replace(self._around, logins=Authorized(logins, self._emit, self._permit, self._spawn))
        self._build_again()

    # Which servers there are

    def configure(self, entries: Sequence[ServerEntry], sources: tuple[SourceInfo, ...] | None = None) -> Changes:
        """Take a new list: added entries start, removed ones stop, changed ones restart, others stay untouched.

        ``sources``: the places that were looked at, None when they are as they were.
        """
        self._configured = tuple(entries)
        return self._apply(sources)

    def set_servers(self, servers: Mapping[str, Given]) -> Changes:
        """Have exactly these servers beside those that are configured, which they stand above.

        Only servers that were set here before are removed. The same object and the same entry is the same
        server: it is not restarted. One that cannot be used, or that policy refuses, is an error; what stood
        under its name stays as it was, and so do all others.
        """
        errors: dict[str, ErrorInfo] = {}
        given: dict[str, GivenServer] = {}
        for name, value in servers.items():
            before = self._given.get(name)
            try:
                made = entry_of(name, value, before)
                refused = refusal(self._around.guard, made.entry)
                if refused is not None:
                    raise refused
            except McpDeckError as error:
                errors[str(name)] = ErrorInfo.of(error)
                if before is not None:
                    given[name] = before
            else:
                given[name] = made
        self._given = given
        return replace(self._apply(None), errors=errors)

    def set_enabled(self, name: str, enabled: bool) -> None:
        """Switch a server off or on again for as long as this manager lives. Raises ``UsageError``."""
        entry = self._find(name).entry
        if entry.suppressed_by is not None or entry.target is None:
            raise UsageError(f"{name} cannot be switched on or off", hint="See its row for the reason.", server=name)
        self._switches[name] = enabled
        self._apply(None)

    def _apply(self, sources: tuple[SourceInfo, ...] | None) -> Changes:
        given = [each.entry for each in self._given.values()]
        wanted = placed(layered(given, self._configured), lambda name: self._switches.get(name) is False)
        self._emit(ev.ServersConfigured(tuple(wanted.values()), sources))
        added = tuple(name for name in wanted if name not in self._supervisors)
        removed: list[str] = []
        changed: list[str] = []
        for name, supervisor in list(self._supervisors.items()):
            entry = wanted.get(name)
            if entry is not None and same(supervisor.entry, entry):
                supervisor.update(entry)
                supervisor.review()
                continue
            (removed if entry is None else changed).append(name)
            self._retire(name, supervisor, why_ended(supervisor.entry, entry))
        for name, entry in wanted.items():
            if name not in self._supervisors:
                self._add(entry)
        # The order of the list is the order of the configuration.
        self._supervisors = {name: self._supervisors[name] for name in wanted}
        return Changes(added, tuple(removed), tuple(changed))

    # Using them

    def session(self, name: str) -> Session | None:
        """The session when the server is connected."""
        supervisor = self._supervisors.get(name)
        return supervisor.session if supervisor else None

    def check(self, name: str) -> None:
        """Whether the server may be used now. Raises what the guard says, and leaves the connection then."""
        self._find(name).check()

    async def connected(self, name: str) -> Session:
        """Wait for the session. Raises ``UsageError`` for an unknown name, else what stands in the way."""
        return await self._find(name).connected()

    async def using(self, name: str, operation: Callable[[Session], Awaitable[T]]) -> T:
        """Do something on the session; once more on a new one when the session turned out to be gone.

        Only where the server certainly did not take the request (a 404 to it) is it sent again: what may
        have been done already is not done twice. Raises what ``operation`` or connecting raises, what the
        guard says, and why the server was taken away meanwhile.
        """
        supervisor = self._find(name)
        supervisor.check()
        session = await supervisor.connected()
        try:
            return await supervisor.using(session, operation)
        except SessionExpired as error:
            if not error.untaken:
                raise
        self.check(name)
        supervisor = self._find(name)
        return await supervisor.using(await supervisor.connected(after=session), operation)

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

    # Supervisors

    def _add(self, entry: ServerEntry) -> None:
        supervisor = self._supervisors[entry.name] = self._built(entry)
        if self._tasks is not None:
            self._tasks.start_soon(supervisor.run)

    def _built(self, entry: ServerEntry) -> Supervisor:
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
        return supervisor

    def _spawn(self, work: Callable[[], Awaitable[None]], failed: Callable[[Exception], None]) -> bool:
        """Begin what goes on without its caller (``beside``); False while nothing runs."""
        if self._tasks is None:
            return False
        self._tasks.start_soon(beside, work, failed)
        return True

    def _build_again(self) -> None:
        """Every supervisor anew: those of an earlier run have ended."""
        for name, supervisor in self._supervisors.items():
            self._generations[name] = supervisor.generation
            supervisor.end(ConnectionLost("the connection was closed", server=name))
            self._supervisors[name] = self._built(supervisor.entry)

    def _retire(self, name: str, supervisor: Supervisor, reason: McpDeckError) -> None:
        del self._supervisors[name]
        # One more: what the old one still says while it ends is older than all of the new one.
        self._generations[name] = supervisor.generation + 1
        supervisor.end(reason)
        if self._tasks is not None:
            self._tasks.start_soon(self._end, name, supervisor)
        elif name not in self._supervisors:
            self.trace.forget(name)

    async def _end(self, name: str, supervisor: Supervisor) -> None:
        await supervisor.stop()
        if name not in self._supervisors:
            self.trace.forget(name)


def _nowhere(event: object) -> None:
    """What happens before anybody listens is told to nobody."""
