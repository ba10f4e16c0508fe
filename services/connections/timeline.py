"""What one server's connections went through: every phase with how long it took, told as transitions.

Owns the clock readings and the numbering. Never keeps a phase that has ended (the state does, as many as it likes), and
costs nothing for a message: only what happens once a connection is a phase.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING

from .. import events as ev
from ..errors import McpDeckError
from ..models import CONNECTED, WAITS, Phase, PhaseState, TransportKind

if TYPE_CHECKING:
    from ..session import Emit
    from ..transports.base import Transport

STEPS = 24
"""Parts of phases (a TCP connect, a TLS handshake) that are told of one attempt."""
SAID = 200
"""Characters of what is said of a phase."""

_HTTP = "make the client"
OPENS: dict[TransportKind, str] = {
    TransportKind.STDIO: "start the process",
    TransportKind.HTTP: _HTTP,
    TransportKind.CONNECTOR: _HTTP,
    TransportKind.SSE: "open the stream",
    TransportKind.SSE_IDE: "open the stream",
    TransportKind.WS: "open the socket",
    TransportKind.WS_IDE: "open the socket",
    TransportKind.IN_PROCESS: "load the server",
}
CLOSES = "close"


class Timeline:
    """The phases of one server over all its attempts. ``redact`` takes secrets out of what is said."""

    def __init__(
        self,
        server: str,
        emit: Emit,
        redact: Callable[[str], str] = str,
        *,
        clock: Callable[[], float] = time.perf_counter,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._server = server
        self._emit = emit
        self._redact = redact
        self._clock = clock
        self._wall = wall
        self._generation = 0
        self._last = 0
        self._steps = 0
        self._known: dict[str, tuple[int, int]] = {}  # by name: number of its repetitions, and how often it was done
        self._standing: Phase | None = None  # what goes on by itself: a connection, the wait for another
        self._gate = ""

    # What happens

    def attempt(self, generation: int) -> None:
        """Another attempt to connect begins."""
        waited = self._standing is not None and self._standing.name == WAITS
        self.stands_no_more(PhaseState.DONE if waited else PhaseState.LEFT)
        self._generation = generation
        self._steps, self._gate = 0, ""
        self._known.clear()

    @contextmanager
    def during(self, name: str, *, least: float = 0.0) -> Generator[None]:
        """What is done inside is a phase; see ``During``."""
        phase = self._begun(name)
        if not least:
            self._tell(phase)
        try:
            yield
        except McpDeckError as error:
            self._end(phase, PhaseState.FAILED, error.title)
            raise
        except BaseException:
            self._end(phase, PhaseState.LEFT)
            raise
        if not least or self._clock() - phase.since >= least / 1000:
            self._end(phase, PhaseState.DONE)

    def step(self, name: str, began: float, said: str = "", *, failed: bool = False) -> None:
        """A part of a phase is over that began at ``began`` (``time.perf_counter``)."""
        self._steps += 1
        if self._steps > STEPS:
            return
        passed = max(0.0, self._clock() - began)
        self._last += 1
        phase = Phase(self._last, self._generation, name, self._wall() - passed, began, depth=1)
        self._end(phase, PhaseState.FAILED if failed else PhaseState.DONE, said)

    def mark(self, name: str, said: str = "", state: PhaseState = PhaseState.DONE) -> None:
        """A moment: something was so from now on."""
        self._tell(replace(self._begun(name), state=state, said=self._redact(said)[:SAID]))

    def gated(self, gate: str, said: str = "") -> None:
        """The server may not be contacted; told once, however often it is looked at."""
        if gate != self._gate:
            self.stands_no_more(PhaseState.LEFT)
            self._gate = gate
            self.mark(gate, said, PhaseState.LEFT)

    def stands(self, name: str, said: str = "") -> None:
        """From now on ``name`` goes on by itself, until something else does."""
        self.stands_no_more(PhaseState.DONE)
        self._standing = replace(self._begun(name), said=self._redact(said)[:SAID])
        self._tell(self._standing)

    def stands_no_more(self, state: PhaseState, said: str = "") -> None:
        """What went on by itself is over."""
        phase, self._standing = self._standing, None
        if phase is not None:
            self._end(phase, state, said)

    def failed(self, said: str, *, waits: str = "") -> None:
        """A connection that stood is lost, or there was none; ``waits``: what is waited for before another attempt."""
        if self._standing is not None:
            self.stands_no_more(PhaseState.FAILED, said)
        elif not waits:
            self.mark("gave up", said, PhaseState.FAILED)
        if waits:
            self.stands(WAITS, waits)

    def connected(self, said: str) -> None:
        self.stands(CONNECTED, said)

    def opening(self, transport: Transport) -> Opening:
        """``transport``, of which it is told how long entering and leaving took."""
        return Opening(self, transport)

    # Telling

    def _begun(self, name: str) -> Phase:
        number, times = self._known.get(name, (0, 0))
        if times < 2:  # the first time stands for itself; all the later ones share a place
            self._last += 1
            number = self._last
        self._known[name] = (number, times + 1)
        return Phase(number, self._generation, name, self._wall(), self._clock(), times=max(1, times))

    def _end(self, phase: Phase, state: PhaseState, said: str = "") -> None:
        passed = max(0.0, (self._clock() - phase.since) * 1000)
        words = self._redact(said)[:SAID] if said else phase.said
        self._tell(replace(phase, ms=passed, state=state, said=words))

    def _tell(self, phase: Phase) -> None:
        self._emit(ev.PhaseTold(self._server, phase))


class Opening:
    """A transport that is entered and left as two phases."""

    def __init__(self, timeline: Timeline, transport: Transport) -> None:
        self._timeline = timeline
        self._transport = transport

    async def __aenter__(self) -> Transport:
        with self._timeline.during(OPENS[self._transport.kind]):
            return await self._transport.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        # Told only where somebody waited for it: a child that does not leave by itself takes seconds.
        with self._timeline.during(CLOSES, least=20.0):
            return await self._transport.__aexit__(kind, error, traceback)
