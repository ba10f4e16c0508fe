"""What is put down of a session: messages in the trace, sentences in the log, broken rules.

Owns how each of them is bounded. Never decides anything: it is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

from .. import events as ev
from ..models import Json
from ..protocol.jsonrpc import ErrorResponse, Malformed, Message, Notification, Request, Response, dump
from ..state.store import Event
from ..telemetry.trace import TracedConnection
from ..transports.base import Frame, Outgoing, RequestId

STRAY_KEPT = 2_000
"""Characters of a stray line that go to the log."""
LOG_KEPT = 16_000
"""Bytes of one log message that are kept."""
OBJECT_KEPT = 1_024
"""Bytes of JSON up to which an object or array is kept as such; a larger one takes up to 30 times its text."""
LOGGER_KEPT = 200
"""Characters of a logger's name that are kept."""
RULE_KEPT = 500
"""Characters of a sentence about a broken rule, which may quote the server."""

Emit: TypeAlias = Callable[[Event], None]


class Record:
    """One session's pen. ``has_stdout``: what is no message came from a child's output."""

    def __init__(
        self, server: str, generation: int, emit: Emit, trace: TracedConnection | None, *, has_stdout: bool
    ) -> None:
        self._server = server
        self._generation = generation
        self._emit = emit
        self._trace = trace
        self._has_stdout = has_stdout
        self.asked: Callable[[RequestId], Outgoing | None] = lambda request_id: None
        """Finds the request in flight that an answer belongs to."""

    def sent(self, message: Outgoing) -> None:
        self._emit(ev.FrameSeen(self._server, self._generation, True, len(message.data)))
        if self._trace is not None:
            self._trace.note(
                time.time(),
                "sent",
                message.kind,
                message.data,
                message_id=message.id,
                method=message.method,
                label=message.label,
            )

    def received(self, frame: Frame, message: Message) -> None:
        self._emit(ev.FrameSeen(self._server, self._generation, False, len(frame.data)))
        if self._trace is None:
            return
        method, message_id, label = None, None, ""
        match message:
            case Response():
                kind, message_id = "response", message.id
            case ErrorResponse():
                kind, message_id = "error", message.id
            case Request():
                kind, message_id, method = "request", message.id, message.method
            case Notification():
                kind, method = "notification", message.method
            case Malformed():
                kind, label = "malformed", message.reason
        if method is None and message_id is not None:
            asked = self.asked(message_id)
            if asked is not None:
                method, label = asked.method, asked.label
        if frame.dropped:
            label = f"{frame.dropped:,} bytes in the middle are not kept"
        self._trace.note(frame.at, "received", kind, frame.data, message_id=message_id, method=method, label=label)

    def stray(self, stray: Malformed) -> None:
        """Bytes that are no message go to the log as well."""
        text = stray.data[:STRAY_KEPT].decode("utf-8", "replace")
        self.log("stdout" if self._has_stdout else "malformed", "warning", None, f"{text}  ({stray.reason})")

    def note(self, text: str, *, level: str = "info") -> None:
        """A sentence of ours for the server's log."""
        self.log("note", level, None, text)

    def log(self, kind: str, level: str, logger: str | None, data: Json) -> None:
        if logger is not None:
            logger = logger[:LOGGER_KEPT]
        self._emit(
            ev.LogReceived(self._server, self._generation, time.time(), kind, level[:20], logger, _bounded(data))
        )

    def broke(self, rule: str) -> None:
        """The server broke a rule: shown, counted, never fatal."""
        self._emit(ev.RuleBroken(self._server, self._generation, rule[:RULE_KEPT]))


def _bounded(data: Json) -> Json:
    """Log data as it is kept: thousands of records stay in memory, so one must not be a megabyte."""
    if isinstance(data, str):
        return data if len(data) <= LOG_KEPT else f"{data[:LOG_KEPT]} … ({len(data):,} characters)"
    if not isinstance(data, (dict, list, int)):
        return data
    try:
        text = dump(data)
    except (ValueError, RecursionError):
        return "(data that cannot be written as JSON)"
    if len(text) <= OBJECT_KEPT:
        return data
    shown = text[:LOG_KEPT].decode("utf-8", "replace")
    return shown if len(text) <= LOG_KEPT else f"{shown} … ({len(text):,} bytes)"
