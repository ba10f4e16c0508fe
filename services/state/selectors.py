"""Questions to a snapshot that more than one reader asks.

Owns derived values. Never caches: a snapshot is cheap to read and its parts keep their identity.
"""

from __future__ import annotations

from .model import AppState, CallState, CallStatus, ServerState


def running_calls(state: AppState) -> tuple[CallState, ...]:
    return tuple(call for call in state.calls if call.status is CallStatus.RUNNING)


def tool_count(server: ServerState) -> int | None:
    """How many tools a server lists; None while that is not known."""
    return None if server.tools is None else len(server.tools)
