"""One task a server: it alone enters, uses and leaves its transport and session.

Owns the connection's life from waiting in the pool to the last retry. A failure never leaves it:
it becomes an event with the reason.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import anyio

from .. import events as ev
from ..eras.base import ClientSide
from ..eras.negotiate import Wish
from ..eras.versions import VERSION
from ..errors import (
    ConnectionLost,
    McpDeckError,
    ProtocolError,
    RPCError,
    SpawnError,
)
from ..models import (
    EraMode,
    EraName,
    HttpTarget,
    JsonObject,
    ServerEntry,
    SseTarget,
    Status,
    TransportKind,
)
from ..session import Session, Standing
from ..telemetry.trace import TracedConnection
from .approach import Approach, Surroundings, Timers, is_there, may_be_sse, offer_to
from .health import watch
from .lifecycle import Next, RetryPlan
from .reasons import gate_error, refused, silent
from .targets import open_transport
from .witness import Witness

SAVE_TIMEOUT = 2.0
"""Seconds that writing down what is remembered may take when a connection ends."""


class Supervisor:
    """Keeps one entry connected. Every method runs on the loop's thread."""

    def __init__(
        self, entry: ServerEntry, *, around: Surroundings, timers: Timers, pool: anyio.CapacityLimiter
    ) -> None:
        self.entry = entry
        self.session: Session | None = None
        self.generation = 0
        self._emit = around.emit
        self._around = around
        self._timers = timers
        self._pool = pool
        self._plan = RetryPlan(timers.connect_retries)
        self._memory = around.memory.of(entry)
        self._standing = Standing(offer_to(around.offer, entry), context=around.context)
        self._target = entry.target
        self._error: McpDeckError | None = None
        self._changed = anyio.Event()
        self._again = anyio.Event()
        self._scope: anyio.CancelScope | None = None
        self._done = anyio.Event()
        self._witness = Witness(entry.name, 0, around.emit, None)

    # For others

    @property
    def settled(self) -> bool:
        """Connected, or not and the reason is known."""
        return self.session is not None or self._error is not None

    async def connected(self, *, after: Session | None = None) -> Session:
        """The session as soon as there is one; another one than ``after``. Raises what stands in the way."""
        while self.session is None or self.session is after:
            if self._error is not None:
                raise self._error
            await self._changed.wait()
        return self.session

    async def until_settled(self) -> None:
        while not self.settled:
            await self._changed.wait()

    def reconnect(self, *, redetect: bool = False) -> None:
        """Start over now: the connection that stands is left, counters start from one.

        ``redetect``: find out the era and the transport anew, whatever was found before.
        """
        if redetect:
            self._memory.forget_era()
            self._target = self.entry.target
        self._plan.reset()
        self._error = None
        self._again.set()

    async def stop(self) -> None:
        """Leave the connection and end; returns when nothing is left of it."""
        if self._scope is not None:
            self._scope.cancel()
            await self._done.wait()

    # The one task

    async def run(self) -> None:
        try:
            with anyio.CancelScope() as self._scope:
                while True:
                    if self._held_back():
                        await self._again.wait()
                        self._again = anyio.Event()
                        continue
                    await self._live()
        finally:
            self.session = None
            self._error = self._error or ConnectionLost("the connection was closed")
            self._tell()
            self._done.set()

    def _held_back(self) -> bool:
        """The entry's gate or problem keeps it from being contacted at all."""
        entry = self.entry
        gate = entry.gate or (Status.NOT_CONFIGURED if entry.target is None else None)
        if gate is None:
            return False
        self._emit(ev.ServerGated(entry.name, self.generation, replace(entry, gate=gate)))
        self._fail(gate_error(entry, gate))
        return True

    async def _live(self) -> None:
        """One connection and what follows its end."""
        await self._memory.load()
        error, lived = await self._approaches()
        if error is None:
            return
        now = time.monotonic()
        match self._plan.after(error, lived=lived, now=now):
            case Next.NEEDS_AUTH:
                self._emit(ev.AuthorizationNeeded(self.entry.name, self.generation, self._witness.info(error)))
                self._fail(error)
                await self._wait_again(None)
            case Next.FAIL:
                info = self._witness.info(error)
                if self._plan.crash_looping(now):
                    info = replace(info, title=f"ended three times within 10 s: {info.title}")
                self._emit(ev.ConnectionFailed(self.entry.name, self.generation, info))
                self._fail(error)
                await self._wait_again(None)
            case Next.RETRY:
                delay = self._plan.delay()
                self._emit(
                    ev.ReconnectScheduled(
                        self.entry.name,
                        self.generation,
                        self._witness.info(error),
                        self._plan.attempt,
                        self._plan.attempts,
                        time.time() + delay,
                    )
                )
                self._fail(error)
                await self._wait_again(delay)
            case Next.AT_ONCE:
                self._witness.note(f"{error.title}; a new session is begun.")

    async def _wait_again(self, seconds: float | None) -> None:
        with anyio.move_on_after(seconds):
            await self._again.wait()
        self._again = anyio.Event()

    async def _approaches(self) -> tuple[McpDeckError | None, float | None]:
        """Connect in the way that is known to work, else in the other ways that the failure suggests."""
        assert self._target is not None
        approach = Approach(self._target, self.entry.era)
        undecided = self.entry.era is EraMode.AUTO and self.entry.protocol_version is None
        if undecided and self._memory.era() is EraName.LEGACY:
            approach = replace(approach, mode=EraMode.LEGACY, decided="handshake, as at the last connection")
        error, lived = await self._attempt(approach)
        if error is not None and lived is None and approach.decided is not None and is_there(error):
            # What was remembered may not hold any more: was the server replaced by a newer one?
            self._memory.forget_era()
            approach = Approach(self._target, self.entry.era)
            error, lived = await self._attempt(approach)
        if isinstance(error, _ProbeKilled):
            # Some servers end on any message before initialize (section 6.1, step 6).
            decided = "the server ended on the probe; started again"
            error, lived = await self._attempt(replace(approach, mode=EraMode.LEGACY, decided=decided))
        if error is not None and lived is None and may_be_sse(self._target, error):
            assert isinstance(self._target, HttpTarget)
            other = SseTarget(self._target.url, self._target.headers, self._target.tls)
            decided = f"handshake over HTTP+SSE: {error.title}"
            over_sse, lived = await self._attempt(Approach(other, EraMode.AUTO, decided))
            if over_sse is None or lived is not None:
                self._target = other
                return over_sse, lived
            # Neither shape: both reasons belong into one diagnosis (section 6.2, step 9).
            error.details["sse"] = over_sse.title
        return error, lived

    async def _attempt(self, approach: Approach) -> tuple[McpDeckError | None, float | None]:
        """Connect and stay until the end. Returns the reason (None: asked to start over) and how long it stood."""
        entry = self.entry
        self.generation += 1
        self._error = None
        self._again = anyio.Event()
        traced = self._around.trace.connection(entry.name, self.generation, approach.target.kind)
        self._witness = Witness(entry.name, self.generation, self._emit, traced)
        self._emit(ev.ConnectionQueued(entry.name, self.generation, self._timers.shown))
        await self._pool.acquire_on_behalf_of(self)
        connecting = _Once(lambda: self._pool.release_on_behalf_of(self))
        since: list[float] = []
        try:
            self._emit(ev.ConnectionStarted(entry.name, self.generation))
            try:
                return await self._connect(approach, traced, connecting, since), _lived(since)
            except McpDeckError as error:
                return error, _lived(since)
            except Exception as error:  # a server's failure never crosses its supervisor
                return (
                    ProtocolError(
                        f"internal error: {type(error).__name__}: {error}",
                        hint="This is a fault of mcpdeck; please report it.",
                    ),
                    _lived(since),
                )
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
        async with open_transport(approach.target, witness.hooks, self._around.max_frame) as transport:
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
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._read, session, tasks.cancel_scope, reasons)
                try:
                    with anyio.fail_after(self._timers.connect):
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
                else:
                    connecting()
                    since.append(time.monotonic())
                    self._plan.connected()
                    if wish.era is None:
                        self._memory.found(session.era)
                    witness.lived(f"connected: {session.version}, {approach.decided or greeting.decided}")
                    self._emit(
                        ev.ConnectionEstablished(
                            entry.name,
                            self.generation,
                            session.era,
                            session.version,
                            greeting.info,
                            greeting.capabilities,
                            greeting.instructions,
                            approach.decided or greeting.decided,
                            (time.perf_counter() - began) * 1000,
                            time.time(),
                            approach.target.kind,
                        )
                    )
                    self.session = session
                    self._tell()
                    tasks.start_soon(session.keep)
                    if self._around.pings:
                        tasks.start_soon(watch, session, witness)
                    await self._again.wait()
                tasks.cancel_scope.cancel()
            self.session = None
        if not reasons:
            return None
        error = reasons[0]
        ended = isinstance(error, (SpawnError, ConnectionLost)) and transport.kind is TransportKind.STDIO
        if ended and session.probing and not since:
            return _ProbeKilled(error.title, hint=error.hint, details=error.details)
        return error

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

    def _fail(self, error: McpDeckError) -> None:
        error.server = self.entry.name
        self._error = error
        self._tell()

    def _tell(self) -> None:
        changed, self._changed = self._changed, anyio.Event()
        changed.set()


class _ProbeKilled(ConnectionLost):
    """The child ended while the era was being found out."""


class _Once:
    """Calls at most once."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action: Callable[[], None] | None = action

    def __call__(self) -> None:
        action, self._action = self._action, None
        if action is not None:
            action()


def _lived(since: list[float]) -> float | None:
    return time.monotonic() - since[0] if since else None


CLIENT_INFO: JsonObject = {"name": "mcpdeck", "title": "mcpdeck", "version": VERSION}
