"""One task a server: it alone enters, uses and leaves its transport and session.

Owns the connection's life from waiting in the pool to the last retry. A failure never leaves it:
it becomes an event with the reason.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

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
from ..models import EraMode, ErrorInfo, Json, JsonObject, ServerEntry, Status, TransportKind
from ..session import Ask, Emit, Session
from ..transports.base import Hooks
from .lifecycle import CONNECT_RETRIES, Next, RetryPlan
from .reasons import gate_error, refused, silent
from .targets import open_transport

TAIL = 20
"""Last stderr and stray stdout lines that go into an error."""
HEALTH_INTERVAL = 30.0
"""Seconds between two measurements of latency."""
HEALTH_TIMEOUT = 10.0
LOOK_AGAIN = 1.0
"""Seconds between two looks at a server that lost an answer."""


@dataclass(frozen=True, slots=True)
class Timers:
    """Seconds: ``connect`` for one attempt, ``probe`` for ``server/discover`` where silence means legacy.

    ``connect_retries``: further attempts when the first one fails for a passing reason.
    """

    connect: float = 30.0
    probe: float = 8.0
    connect_retries: int = CONNECT_RETRIES


class Supervisor:
    """Keeps one entry connected. Every method runs on the loop's thread."""

    def __init__(
        self, entry: ServerEntry, *, emit: Emit, ask: Ask | None, timers: Timers, pool: anyio.CapacityLimiter
    ) -> None:
        self.entry = entry
        self.session: Session | None = None
        self.generation = 0
        self._emit = emit
        self._ask = ask
        self._timers = timers
        self._pool = pool
        self._plan = RetryPlan(timers.connect_retries)
        self._error: McpDeckError | None = None
        self._changed = anyio.Event()
        self._again = anyio.Event()
        self._scope: anyio.CancelScope | None = None
        self._done = anyio.Event()
        self._stderr: deque[str] = deque(maxlen=TAIL)
        self._strays: deque[str] = deque(maxlen=TAIL)

    # For others

    @property
    def settled(self) -> bool:
        """Connected, or not and the reason is known."""
        return self.session is not None or self._error is not None

    async def connected(self) -> Session:
        """The session as soon as there is one. Raises what stands in the way."""
        while self.session is None:
            if self._error is not None:
                raise self._error
            await self._changed.wait()
        return self.session

    async def until_settled(self) -> None:
        while not self.settled:
            await self._changed.wait()

    def reconnect(self) -> None:
        """Start over now: the connection that stands is left, counters start from one."""
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
        began_mode, decided = self.entry.era, None
        error, lived = await self._attempt(began_mode, decided)
        if error is None:
            return
        if isinstance(error, _ProbeKilled):
            # Some servers end on any message before initialize (section 6.1, step 6).
            error, lived = await self._attempt(EraMode.LEGACY, "the server ended on the probe; started again")
            if error is None:
                return
        now = time.monotonic()
        match self._plan.after(error, lived=lived, now=now):
            case Next.NEEDS_AUTH:
                self._emit(ev.AuthorizationNeeded(self.entry.name, self.generation, self._info(error)))
                self._fail(error)
                await self._wait_again(None)
            case Next.FAIL:
                info = self._info(error)
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
                        self._info(error),
                        self._plan.attempt,
                        self._plan.attempts,
                        time.time() + delay,
                    )
                )
                self._fail(error)
                await self._wait_again(delay)
            case Next.AT_ONCE:
                pass

    async def _wait_again(self, seconds: float | None) -> None:
        with anyio.move_on_after(seconds):
            await self._again.wait()
        self._again = anyio.Event()

    async def _attempt(self, mode: EraMode, decided: str | None) -> tuple[McpDeckError | None, float | None]:
        """Connect and stay until the end. Returns the reason (None: asked to start over) and how long it stood."""
        entry = self.entry
        self.generation += 1
        self._error = None
        self._again = anyio.Event()
        self._stderr.clear()
        self._strays.clear()
        self._emit(ev.ConnectionQueued(entry.name, self.generation))
        await self._pool.acquire_on_behalf_of(self)
        connecting = _Once(lambda: self._pool.release_on_behalf_of(self))
        since: list[float] = []
        try:
            self._emit(ev.ConnectionStarted(entry.name, self.generation))
            try:
                # Silence means the handshake only if time is left for it.
                probe = min(self._timers.probe, self._timers.connect / 2)
                wish = Wish(mode, entry.protocol_version, probe)
                return await self._connect(wish, decided, connecting, since), _lived(since)
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

    async def _connect(
        self, wish: Wish, decided: str | None, connecting: Callable[[], None], since: list[float]
    ) -> McpDeckError | None:
        entry = self.entry
        assert entry.target is not None
        reasons: list[McpDeckError] = []
        began = time.perf_counter()
        hooks = Hooks(stderr=self._on_stderr, started=self._on_started, note=self._on_note)
        async with open_transport(entry.target, hooks) as transport:
            session = Session(
                entry.name,
                self.generation,
                transport,
                emit=self._on_event,
                client=client_side(self._ask is not None),
                ask=self._ask,
            )
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._read, session, tasks.cancel_scope, reasons)
                try:
                    with anyio.fail_after(self._timers.connect):
                        greeting = await session.open(wish)
                except TimeoutError:
                    reasons.append(silent(self._timers.connect, wrote=bool(self._strays)))
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
                    self._emit(
                        ev.ConnectionEstablished(
                            entry.name,
                            self.generation,
                            session.era,
                            session.version,
                            greeting.info,
                            greeting.capabilities,
                            greeting.instructions,
                            decided or greeting.decided,
                            (time.perf_counter() - began) * 1000,
                            time.time(),
                        )
                    )
                    self.session = session
                    self._tell()
                    tasks.start_soon(session.lists.keep, greeting.capabilities)
                    tasks.start_soon(self._watch_health, session)
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
            scope.cancel()
        finally:
            session.lists.end()

    async def _watch_health(self, session: Session) -> None:
        """Latency now and then, and whether the server is still there as soon as an answer was lost."""
        await session.lists.tools_settled()
        while True:
            try:
                with anyio.fail_after(HEALTH_TIMEOUT):
                    latency = await session.ping()
            except TimeoutError:
                self._on_note(f"no answer to a ping within {HEALTH_TIMEOUT:g} s")
            except ConnectionLost as error:
                # Is it gone, or was it only this answer? A refused connection tells, and ends this one.
                self._on_note(f"ping failed: {error.title}")
                await anyio.sleep(LOOK_AGAIN)
                continue
            except McpDeckError as error:
                self._on_note(f"ping failed: {error.title}")
                return
            else:
                self._emit(ev.LatencyMeasured(self.entry.name, self.generation, latency))
            with anyio.move_on_after(HEALTH_INTERVAL):
                await session.suspect.wait()
            session.suspect = anyio.Event()

    # Facts

    def _on_event(self, event: ev.ServerEvent | object) -> None:
        if isinstance(event, ev.LogReceived) and event.kind == "stdout":
            self._strays.append(str(event.data))
        self._emit(event)  # type: ignore[arg-type]

    def _on_stderr(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace")
        self._stderr.append(text)
        self._emit(ev.LogReceived(self.entry.name, self.generation, time.time(), "stderr", "info", None, text))

    def _on_started(self, pid: int) -> None:
        self._emit(ev.ProcessStarted(self.entry.name, self.generation, pid))

    def _on_note(self, text: str) -> None:
        self._emit(ev.LogReceived(self.entry.name, self.generation, time.time(), "note", "info", None, text))

    def _info(self, error: McpDeckError) -> ErrorInfo:
        details: dict[str, Json] = dict(error.details)
        if self._stderr and not details.get("stderr"):
            details["stderr"] = [*self._stderr]
        if self._strays:
            details["stdout"] = [*self._strays]
            if isinstance(error, (SpawnError, ConnectionLost)) and not self._stderr:
                error.hint = "What it wrote on stdout is no MCP message: is this an MCP server?"
        error.details = details
        error.server = self.entry.name
        return ErrorInfo.of(error)

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


def client_side(can_ask: bool) -> ClientSide:
    """Only what can be kept right now is declared (section 5)."""
    capabilities: JsonObject = {"elicitation": {"form": {}, "url": {}}} if can_ask else {}
    return ClientSide({"name": "mcpdeck", "title": "mcpdeck", "version": VERSION}, capabilities)
