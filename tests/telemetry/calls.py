"""Calls as the pipeline hands them on when they ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mcpdeck.services.errors import ConnectError, RPCError
from mcpdeck.services.models import Caller, Decision, Effect, ErrorInfo, Measured
from mcpdeck.services.state.model import CallState, CallStatus

ALLOWED = Decision(Effect.ALLOW, "mcp__files__*", "user settings")


def call(number: int = 1, **facts: Any) -> CallState:
    """A call that went well; ``facts`` are other members of it."""
    ended = CallState(
        f"call-{number}",
        "files",
        "read_file",
        {"path": f"/srv/data/{number}.txt"},
        1_700_000_000.0,
        status=CallStatus.SUCCESS,
        duration_ms=12.5,
        result={"content": [{"type": "text", "text": "hello"}]},
        measured=Measured(60, 15, 25_000),
        decision=ALLOWED,
        caller=Caller.COMMAND,
    )
    return replace(ended, **facts)


def failed(number: int = 1, **facts: Any) -> CallState:
    """A call whose server could not be reached."""
    error = ErrorInfo.of(ConnectError("nobody listens"))
    return call(number, status=CallStatus.FAILED, error=error, result=None, measured=None, **facts)


def refused_by_server(code: int = -32602) -> CallState:
    error = ErrorInfo.of(RPCError(code, "no such thing"))
    return call(status=CallStatus.FAILED, error=error, result=None, measured=None)
