"""The connection manager: one supervisor for each entry, and the pools they queue in.

Owns which servers exist (those that were configured, and those that the embedding program gives) and their
supervisors. Never touches a transport itself; knows the store only as ``emit``, and owns one when nobody
gives it another.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

import anyio
import anyio.abc

from . import events as ev
from .config.several import spread
from .connections.approach import Surroundings, Timers
from .connections.barrier import Guard, refusal
from .connections.given import Given, GivenServer, entry_of
from .connections.logins import Authorized, Logins
from .connections.managed_logins import ManagedLogins
from .connections.managed_roots import ManagedRoots
from .connections.reconcile import Changes, layered, placed, same, why_ended
from .connections.replicas import Group, members_of
from .connections.settings import Settings
from .connections.supervisor import Supervisor, beside
from .connections.turns import Turn
from .errors import ConnectionLost, McpDeckError, SessionExpired, TransportError, UsageError
from .models import ErrorInfo, ServerEntry, SourceInfo, TransportKind
from .session import Ask, Emit, Memory, Offer, Session
from .state.store import Store
from .telemetry.trace import Trace

if TYPE_CHECKING:
    from .auth.kinds import Hands

__all__ = ["Changes", "ConnectionManager", "Given", "Guard", "Logins", "Settings"]

T = TypeVar("T")


class ConnectionManager(ManagedLogins, ManagedRoots):
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
        self._groups: dict[str, Group] = {}
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

    def listed_after(self, turn: Turn) -> None:
        """Lists are read again when ``turn`` lets them: calls that somebody waits for go first."""
        self._around.turns.given_by(turn)

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
        """Switch a server, all instances of it, off or on for as long as this manager lives. Raises ``UsageError``."""
        entry = self._find(name).entry
        if entry.suppressed_by is not None or entry.target is None:
            raise UsageError(f"{name} cannot be switched on or off", hint="See its row for the reason.", server=name)
        self._anew(entry)
        self._switches[entry.configured_as] = enabled
        self._apply(None)

    def _apply(self, sources: tuple[SourceInfo, ...] | None) -> Changes:
        given = [each.entry for each in self._given.values()]
        entries = placed(layered(given, self._configured), lambda name: self._switches.get(name) is False)
        wanted = {entry.name: entry for entry in spread(entries.values(), processes=self.settings.replicas)}
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
        fresh = [self._added(entry) for name, entry in wanted.items() if name not in self._supervisors]
        # The order of the list is the order of the configuration.
        self._supervisors = {name: self._supervisors[name] for name in wanted}
        self._group(wanted.values())
        if self._tasks is not None:
            for supervisor in fresh:
                self._tasks.start_soon(supervisor.run)
        return Changes(added, tuple(removed), tuple(changed))

    # Using them

    def entry(self, name: str) -> ServerEntry | None:
        """The entry of a server as it is used now; None for an unknown name."""
        supervisor = self._supervisors.get(name)
        return supervisor.entry if supervisor is not None else None

    def session(self, name: str) -> Session | None:
        """The session when the server is connected; of several instances that of the one with this very name."""
        supervisor = self._supervisors.get(name)
        return supervisor.session if supervisor else None

    def outstanding(self, name: str) -> int:
        """Operations under way on a server, on all its instances. Raises ``UsageError`` for an unknown name."""
        return sum(each.outstanding for each in self._each(name))

    def check(self, name: str) -> None:
        """Whether the server may be used now. Raises what the guard says, and leaves the connection then."""
        first, *others = self._each(name)
        first.check()
        for other in others:
            if other.entry.target is not first.entry.target:  # of several processes all are alike
                other.check()

    async def connected(self, name: str) -> Session:
        """Wait for the session, of several instances for that of the next to be used.

        Raises ``UsageError`` for an unknown name, else what stands in the way.
        """
        group = self._groups.get(name)
        supervisor = await group.chosen() if group is not None else self._find(name)
        return await supervisor.connected()

    async def using(
        self,
        name: str,
        operation: Callable[[Session], Awaitable[T]],
        *,
        picked: Callable[[str], None] | None = None,
        bound: bool = False,
        checked: bool = False,
    ) -> T:
        """Do something on the session; once more on a new one when the session turned out to be gone.

        Of several instances the one with the least to do is used, and another one when that cannot be reached;
        ``bound``: the one with this very name, for what belongs to one session. ``picked`` is told the name of the one
        that is used, each time. Only where the server certainly did not take the request (a 404 to it; nobody listened)
        is it sent again: what may have been done already is not done twice. An ``operation`` of several requests must
        be one that may begin anew. ``checked``: ``check`` was asked just now, and let it pass. Raises what
        ``operation`` or connecting raises, what the guard says, and why the server was taken away meanwhile.
        """
        group = None if bound else self._groups.get(name)
        failed: list[str] = []
        session: Session | None = None
        supervisor = self._find(name) if group is None else await group.chosen()
        while True:
            if not checked or group is not None or session is not None:
                supervisor.check()
            if group is not None:
                group.take(supervisor)
            if picked is not None:
                picked(supervisor.entry.name)
            session = await supervisor.connected(after=session)
            try:
                return await supervisor.using(session, operation)
            except TransportError as error:
                if not error.untaken:
                    raise
                failed.append(supervisor.entry.name)
                other = await group.other(failed) if group is not None else None
                if other is not None:
                    supervisor, session = other, None
                elif isinstance(error, SessionExpired) and failed.count(failed[-1]) == 1:
                    supervisor = self._find(failed[-1])
                else:
                    raise

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
        """Start over now, with every instance; ``redetect``: find out the era and the transport anew."""
        for supervisor in self._each(name):
            self._anew(supervisor.entry)
            supervisor.reconnect(redetect=redetect)

    # Supervisors

    def _added(self, entry: ServerEntry) -> Supervisor:
        supervisor = self._supervisors[entry.name] = self._built(entry)
        return supervisor

    def _group(self, entries: Iterable[ServerEntry]) -> None:
        """Several instances of one entry belong together from now on; whoever waits for one looks again."""
        before, self._groups = self._groups, {}
        for name, members in members_of(entries).items():
            self._groups[name] = before.pop(name, None) or Group(name)
            self._groups[name].consist_of(members, self._supervisors)
        for name, group in before.items():
            group.consist_of((name,), self._supervisors)

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
        self._group([supervisor.entry for supervisor in self._supervisors.values()])

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
