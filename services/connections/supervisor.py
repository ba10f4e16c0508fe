"""One task a server: it alone enters, uses and leaves its transport and session.

Owns the connection's life from waiting in the pool to the last retry. A failure never leaves it:
it becomes an event with the reason.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import anyio

from .. import events as ev
from ..eras.base import ClientSide, Greeting
from ..eras.negotiate import Wish
from ..errors import (
    AuthError,
    ConnectionLost,
    McpDeckError,
    PolicyDenied,
    RPCError,
    SpawnError,
)
from ..models import PhaseState, ServerEntry, Status, TransportKind
from ..session import Session, Standing
from ..telemetry.trace import TracedConnection
from .access import Access
from .approach import CLIENT_INFO, Approach, Once, Surroundings, Timers
from .barrier import held_back, refusal
from .health import watch
from .lifecycle import Next, RetryPlan
from .reasons import internal, refused, silent
from .targets import loaded, open_transport
from .timeline import Timeline
from .ways import ProbeKilled, Ways
from .witness import Witness

if TYPE_CHECKING:
    from ..auth.entry_authorization import EntryAuthorization

SAVE_TIMEOUT = 2.0
"""Seconds that writing down what is remembered may take when a connection ends."""


class Supervisor(Access):
    """Keeps one entry connected. Every method runs on the loop's thread."""

    def __init__(
        self, entry: ServerEntry, *, around: Surroundings, timers: Timers, pool: anyio.CapacityLimiter
    ) -> None:
        super().__init__(entry)
        self.generation = 0
        self._emit = around.emit
        self._around = around
        self._timers = timers
        self._pool = pool
        self._plan = RetryPlan(timers.connect_retries)
        self._memory = around.memory.of(entry)
        self._standing = Standing(around.roots.offer(around.offer, entry), context=around.context)
        self._ways = Ways(entry, self._memory)
        self._wanted = False
        self._again = anyio.Event()
        self._scope: anyio.CancelScope | None = None
        self._done = anyio.Event()
        self._stopped = False
        self._barred = False
        self._opening: anyio.CancelScope | None = None
        self._timeline = Timeline(entry.name, around.emit, self._redaction.text)
        self._witness = Witness(entry.name, 0, around.emit, None, self._redaction, self._timeline)

    # For others

    @property
    def authorization(self) -> EntryAuthorization | None:
        """Who logs in to the server; nobody where it takes no login."""
        return self._around.logins.of(self.entry) if self._around.logins is not None else None

    @property
    def standing(self) -> Standing:
        """What outlives its connections."""
        return self._standing

    def barred(self) -> McpDeckError | None:
        """Why nothing may be contacted for it now: its gate, its problem, or what the guard says; None when it may."""
        held = held_back(lambda _: self._refusal(), self.entry)
        return held[1] if held is not None else None

    def check(self) -> None:
        """Ask the guard now. Raises what it says; a connection that stands is left then."""
        error = self._refusal()
        if error is None:
            return
        error.server = error.server or self.entry.name
        if not self._barred and self.entry.gate is None:
            self._give_up(error)
            self.session = None
            self._over_again()
        raise error

    def review(self) -> None:
        """The rules may have changed: leave what is refused now, try again what is not any more."""
        if self._barred == (self._refusal() is not None):
            return
        if self._barred:
            self.reconnect()
            return
        try:
            self.check()
        except McpDeckError:
            return  # the row says why

    def update(self, entry: ServerEntry) -> None:
        """Take what changed around an entry whose text did not: its place, its lints, why it is held back."""
        old, self.entry = self.entry, entry
        if entry.gate is not None and (old.problem, old.blocked) != (entry.problem, entry.blocked):
            self._held_back()

    def reconnect(self, *, redetect: bool = False) -> None:
        """Start over now: the connection that stands is left, counters start from one.

        ``redetect``: find out the era and the transport anew, whatever was found before.
        """
        if redetect:
            self._ways.forget(self.entry)
        self._plan.reset()
        self._error = None
        self._wanted = True
        self._over_again()

    def end(self, reason: McpDeckError) -> None:
        """Tell everyone who uses the server why it is taken away; ``stop`` is to follow."""
        self._stopped = True
        self._error = reason
        self._give_up(reason)
        self.session = None
        self._tell()

    async def stop(self) -> None:
        """Leave the connection and end; returns when nothing is left of it."""
        self._stopped = True
        if self._scope is not None:
            self._scope.cancel()
            await self._done.wait()

    # The one task

    async def run(self) -> None:
        try:
            with anyio.CancelScope() as self._scope:
                while not self._stopped:
                    if self._held_back():
                        self._again = anyio.Event()
                        await self._again.wait()
                        continue
                    await self._live()
        finally:
            self.session = None
            self._error = self._error or ConnectionLost("the connection was closed")
            self._tell()
            self._done.set()

    def _held_back(self) -> bool:
        """The entry's gate, its problem or the guard keeps it from being contacted at all."""
        held = held_back(lambda _: self._refusal(), self.entry)
        self._barred = held is not None and self.entry.gate is None and self.entry.target is not None
        if held is None:
            return False
        shown, error = held
        self._emit(ev.ServerGated(self.entry.name, self.generation, shown))
        self._timeline.gated((shown.gate or Status.BLOCKED).value, error.title)
        self._fail(error)
        return True

    def _refusal(self) -> McpDeckError | None:
        try:
            return refusal(self._around.guard, self.entry)
        except Exception as error:  # whoever embeds us may have written it: what cannot tell lets nothing through
            title = f"the guard failed: {type(error).__name__}: {error}"
            return PolicyDenied(title, hint="Nothing is contacted that it cannot judge.", server=self.entry.name)

    def _over_again(self) -> None:
        self._again.set()
        if self._opening is not None:
            self._opening.cancel()

    async def _live(self) -> None:
        """One connection and what follows its end."""
        await self._memory.load()
        if self._around.logins is not None:
            await self._around.logins.ready(self.entry)
        auth = self.authorization
        if auth is not None and self._wanted:
            auth.forget_need()
        self._wanted = False
        held = auth.held() if auth is not None else None
        try:
            error, lived = (held, None) if held is not None else await self._ways.tried(self.entry, self._attempt)
            if held is None and lived is None and await self._let_in(auth, error):
                return
        except _HeldBack:
            return
        except McpDeckError as failure:
            error, lived = failure, None
        if error is None:
            return
        what = self._plan.after(error, lived=lived, now=time.monotonic())
        if what is Next.AT_ONCE:
            self._timeline.stands_no_more(PhaseState.FAILED, error.title)
            self._witness.note(f"{error.title}; a new session is begun.")
            return
        if what is Next.NEEDS_AUTH and auth is not None and held is None:
            auth.needed(error)
        delay = self._witness.ended(what, error, self._plan)
        self._fail(error)
        await self._wait_again(delay)

    async def _wait_again(self, seconds: float | None) -> None:
        with anyio.move_on_after(seconds):
            await self._again.wait()
        self._again = anyio.Event()

    async def _let_in(self, auth: EntryAuthorization | None, error: McpDeckError | None) -> bool:
        """Whether a login helped what refused us. It takes its time, and no place in the pool meanwhile.

        Raises why it could not be done.
        """
        if auth is None or not isinstance(error, AuthError):
            return False
        with anyio.CancelScope() as login, self._timeline.during("login"):
            self._opening = login
            try:
                return await auth.obtain(error)
            except McpDeckError as failure:
                self._redaction.error(failure)
                raise
            except Exception as failure:  # a server's failure never crosses its supervisor
                raise internal(failure) from failure
            finally:
                self._opening = None
        return True  # somebody asked for a fresh start instead

    async def _attempt(self, approach: Approach) -> tuple[McpDeckError | None, float | None]:
        """Connect and stay until the end. Returns the reason (None: asked to start over) and how long it stood."""
        entry = self.entry
        self.generation += 1
        self._error = None
        traced = self._around.trace.connection(entry.name, self.generation, approach.target.kind, self._redaction.data)
        self._timeline.attempt(self.generation)
        self._witness = Witness(entry.name, self.generation, self._emit, traced, self._redaction, self._timeline)
        self._emit(ev.ConnectionQueued(entry.name, self.generation, self._timers.shown))
        with self._timeline.during("queue"):
            await self._pool.acquire_on_behalf_of(self)
        connecting = Once(lambda: self._pool.release_on_behalf_of(self))
        since: list[float] = []
        try:
            await self._around.turns.mine()
            self._again = anyio.Event()  # whoever asked for a fresh start until now gets it
            # The last moment before anything is contacted: it may have waited for long, or be another approach.
            if self._refusal() is not None:
                raise _HeldBack
            self._emit(ev.ConnectionStarted(entry.name, self.generation))
            try:
                failure = await self._connect(approach, traced, connecting, since)
            except McpDeckError as error:
                failure = error
            except Exception as error:  # a server's failure never crosses its supervisor
                failure = internal(error)
            if failure is not None:
                self._redaction.error(failure)
            return failure, _lived(since)
        finally:
            connecting()
            self.session = None
            with anyio.CancelScope(shield=True), anyio.move_on_after(SAVE_TIMEOUT):
                await self._memory.save()

    async def _connect(
        self, approach: Approach, traced: TracedConnection, connecting: Callable[[], None], since: list[float]
    ) -> McpDeckError | None:
        entry, witness = self.entry, self._witness
        # Silence means the handshake only if time is left for it.
        probe = min(self._timers.probe, self._timers.connect / 2)
        wish = Wish(approach.mode, entry.protocol_version, probe)
        reasons: list[McpDeckError] = []
        began = time.perf_counter()
        with self._timeline.during("load modules", least=5.0):
            await loaded(approach.target)
        auth = self.authorization
        if auth is not None:
            auth.begin(witness.hooks.exchange)
        transport = open_transport(approach.target, witness.hooks, self._around.max_frame, auth)
        async with self._timeline.opening(transport):
            session = Session(
                entry.name,
                self.generation,
                transport,
                emit=witness.emit,
                client=ClientSide(CLIENT_INFO, self._standing.offer),
                ask=self._around.ask,
                standing=self._standing,
                memory=self._memory,
                trace=traced,
                listens=self._around.listens,
                reads=self._around.reads,
                request_timeout=self._timers.request,
            )
            session.lists.turn, session.lists.phase = self._around.turns.background, self._timeline.during
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._read, session, tasks.cancel_scope, reasons)
                greeting: Greeting | None = None
                try:
                    with anyio.fail_after(self._timers.connect) as self._opening:
                        if self._again.is_set():
                            self._opening.cancel()  # a fresh start was asked for while the transport was opened
                        greeting = await session.open(wish)
                except TimeoutError:
                    reasons.append(silent(self._timers.connect, wrote=witness.wrote_strays))
                except RPCError as error:
                    reasons.append(refused(error))
                except McpDeckError as error:
                    # The end of reading tells more than the request that it broke.
                    if isinstance(error, ConnectionLost) and not reasons and not transport.stream_per_request:
                        with anyio.move_on_after(2.0):
                            await anyio.sleep_forever()
                    reasons.append(error)
                finally:
                    self._opening = None
                if greeting is not None:
                    if auth is not None:
                        auth.connected(session.dispatcher.waiting_for_a_human)
                    connecting()
                    since.append(time.monotonic())
                    if wish.era is None:
                        self._memory.found(session.era)
                    self._established(session, greeting, approach, began)
                    tasks.start_soon(session.keep)
                    if self._around.pings or self.told is not None:  # of several, one that is ill gets no calls
                        tasks.start_soon(watch, session, witness, self._answers)
                    await self._again.wait()
                tasks.cancel_scope.cancel()
            self.session = None
        if not reasons:
            return None
        error = reasons[0]
        ended = isinstance(error, (SpawnError, ConnectionLost)) and transport.kind is TransportKind.STDIO
        if ended and session.probing and not since:
            return ProbeKilled(error.title, hint=error.hint, details=error.details)
        return error

    def _established(self, session: Session, greeting: Greeting, approach: Approach, began: float) -> None:
        self._plan.connected()
        self.healthy = True
        self._witness.established(session, greeting, approach, (time.perf_counter() - began) * 1000)
        self.session = session
        self._tell()

    def _answers(self, well: bool) -> None:
        self.healthy = well

    async def _read(self, session: Session, scope: anyio.CancelScope, reasons: list[McpDeckError]) -> None:
        try:
            await session.dispatcher.run()
        except McpDeckError as error:
            reasons.insert(0, error)
            # Whoever comes from now on waits for the next session, and gets no error of this one.
            self.session = None
            scope.cancel()
        finally:
            session.lists.end()
            session.tasks.end()


async def beside(work: Callable[[], Awaitable[None]], failed: Callable[[Exception], None]) -> None:
    """What belongs to no connection and to no caller, such as a refresh; ``failed`` hears of a fault of ours in it."""
    try:
        await work()
    except Exception as error:  # a server's failure never crosses to the others
        failed(error)


class _HeldBack(Exception):
    """The guard refused the server between two steps: the loop asks it again and shows why."""


def _lived(since: list[float]) -> float | None:
    return time.monotonic() - since[0] if since else None
