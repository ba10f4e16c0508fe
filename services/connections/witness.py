"""What a connection leaves behind beside its messages: stderr, stray output, notes, the life of the child.

Owns the last lines that explain an end, and puts everything down in the log and the trace. Never decides
what follows from it.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from functools import partial

from .. import events as ev
from ..config.redaction import Redaction
from ..eras.base import Greeting
from ..errors import ConnectionLost, McpDeckError, SpawnError
from ..models import During, ErrorInfo, Json, JsonObject, as_list, as_object, as_text, untold
from ..protocol.jsonrpc import dump
from ..session import Emit, Session
from ..telemetry.trace import TracedConnection
from ..transports.base import Hooks
from .approach import Approach
from .lifecycle import Next, RetryPlan
from .timeline import Timeline

TAIL = 20
"""Last stderr and stray stdout lines that go into an error."""


class Witness:
    """One connection attempt of one server."""

    def __init__(
        self,
        server: str,
        generation: int,
        emit: Emit,
        trace: TracedConnection | None,
        redaction: Redaction | None = None,
        timeline: Timeline | None = None,
    ) -> None:
        self._timeline = timeline
        self._connecting = timeline is not None
        self._redaction = redaction or Redaction({})
        self._server = server
        self._generation = generation
        self._emit = emit
        self._trace = trace
        self._stderr: deque[str] = deque(maxlen=TAIL)
        self._strays: deque[str] = deque(maxlen=TAIL)

    @property
    def hooks(self) -> Hooks:
        """What the transport is to report to."""
        return Hooks(
            stderr=self._on_stderr,
            started=self._on_started,
            note=self.note,
            exchange=self._on_exchange,
            body=self._on_body,
            hide=self._redaction.hide,
            hide_token=partial(self._redaction.hide, token=True),
            step=self._on_step,
            steps=lambda: self._connecting,
        )

    @property
    def phase(self) -> During:
        """Whom to tell of the phases of this connection."""
        return self._timeline.during if self._timeline is not None else untold

    @property
    def wrote_strays(self) -> bool:
        """Something that is no message came on stdout."""
        return bool(self._strays)

    def emit(self, event: ev.ServerEvent | object) -> None:
        """Pass a session's event on; stray lines are remembered on the way, and texts of ours are redacted.

        What a server sent by the protocol, its log messages included, is passed on as received.
        """
        match event:
            case ev.LogReceived(kind="log"):
                pass
            case ev.LogReceived():
                event = replace(event, data=self._redaction.json(event.data))
            case ev.ListFailed():
                event = replace(event, error=self._redacted(event.error))
            case ev.RuleBroken():
                event = replace(event, rule=self._redaction.text(event.rule))
            case _:
                pass
        if isinstance(event, ev.LogReceived) and event.kind == "stdout":
            self._strays.append(str(event.data))
        self._emit(event)  # type: ignore[arg-type]

    def note(self, text: str) -> None:
        """A sentence of ours for the log and the trace."""
        shown = self._redaction.text(text)
        self._emit(ev.LogReceived(self._server, self._generation, time.time(), "note", "info", None, shown))
        self.lived(text)

    def lived(self, text: str) -> None:
        """A step in the connection's life, for the trace."""
        if self._trace is not None:
            self._trace.note(time.time(), "received", "lifecycle", text.encode("utf-8", "replace"))

    def established(self, session: Session, greeting: Greeting, approach: Approach, connect_ms: float) -> None:
        """The connection stands."""
        decided = approach.decided or greeting.decided
        self.lived(f"connected: {session.version}, {decided}")
        self._connecting = False
        if self._timeline is not None:
            self._timeline.connected(f"{session.version}, {session.era.value}")
        self._emit(
            ev.ConnectionEstablished(
                self._server,
                self._generation,
                session.era,
                session.version,
                greeting.info,
                greeting.capabilities,
                greeting.instructions,
                decided,
                connect_ms,
                time.time(),
                approach.target.kind,
            )
        )

    def _on_stderr(self, line: bytes) -> None:
        text = self._redaction.text(line.decode("utf-8", "replace"))
        self._stderr.append(text)
        at = time.time()
        self._emit(ev.LogReceived(self._server, self._generation, at, "stderr", "info", None, text))
        if self._trace is not None:
            self._trace.note(at, "received", "stderr", line)

    def _on_exchange(self, exchange: JsonObject) -> None:
        if self._trace is not None:
            request = as_object(exchange["request"])
            shown: JsonObject = {
                **exchange,
                "request": {
                    **request,
                    "url": self._redaction.json(request.get("url")),
                    "headers": self._headers(request.get("headers")),
                },
                "reason": self._redaction.json(exchange.get("reason")),
                "headers": self._headers(exchange.get("headers")),
            }
            method = as_text(request.get("method"))
            self._trace.note(time.time(), "received", "http", dump(shown), method=method)

    def _headers(self, pairs: Json) -> Json:
        """Pairs of name and value; a value may be as short as it likes."""
        return [
            [as_list(pair)[0], *(self._redaction.value(str(value)) for value in as_list(pair)[1:])]
            for pair in as_list(pairs)
        ]

    def _redacted(self, info: ErrorInfo) -> ErrorInfo:
        return replace(
            info,
            title=self._redaction.text(info.title),
            hint=self._redaction.text(info.hint),
            details={key: self._redaction.json(item) for key, item in info.details.items()},
        )

    def _on_step(self, name: str, began: float, said: str = "", *, failed: bool = False) -> None:
        if self._connecting and self._timeline is not None:
            self._timeline.step(name, began, said, failed=failed)

    def _on_body(self, what: str, data: bytes) -> None:
        if self._trace is not None:
            self._trace.note(time.time(), "received", "malformed", data, label=what)

    def _on_started(self, pid: int) -> None:
        self._emit(ev.ProcessStarted(self._server, self._generation, pid))
        self.lived(f"process {pid} started")

    def ended(self, what: Next, error: McpDeckError, plan: RetryPlan) -> float | None:
        """Tell what a failure leads to; the seconds until another attempt, None: there is none by itself."""
        info = self.info(error)
        where = (self._server, self._generation)
        timeline = self._timeline
        match what:
            case Next.NEEDS_AUTH:
                self._emit(ev.AuthorizationNeeded(*where, info))
            case Next.RETRY:
                delay = plan.delay()
                if timeline is not None:
                    timeline.failed(info.title, waits=f"attempt {plan.attempt} of {plan.attempts} in {delay:.1f} s")
                retry_at = time.time() + delay
                self._emit(ev.ReconnectScheduled(*where, info, plan.attempt, plan.attempts, retry_at))
                return delay
            case _:
                if plan.crash_looping(time.monotonic()):
                    info = replace(info, title=f"ended three times within 10 s: {info.title}")
                self._emit(ev.ConnectionFailed(*where, info))
        if timeline is not None:
            timeline.failed(info.title)
        return None

    def info(self, error: McpDeckError) -> ErrorInfo:
        """The error with the last lines that may explain it."""
        details: dict[str, Json] = dict(error.details)
        if self._stderr and not details.get("stderr"):
            details["stderr"] = [*self._stderr]
        if self._strays:
            details["stdout"] = [*self._strays]
            if isinstance(error, (SpawnError, ConnectionLost)) and not self._stderr:
                error.hint = "What it wrote on stdout is no MCP message: is this an MCP server?"
        error.details = details
        error.server = self._server
        return ErrorInfo.of(error)
