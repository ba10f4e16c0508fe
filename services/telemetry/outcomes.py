"""How a call ended, in the few words that statistics, the audit log and spans have in common.

Owns the words. Never decides how a call ended.
"""

from __future__ import annotations

from ..state.model import CallState, CallStatus

_WORDS = {
    CallStatus.SUCCESS: "success",
    CallStatus.TOOL_ERROR: "tool error",
    CallStatus.TIMED_OUT: "timeout",
    CallStatus.CANCELLED: "cancelled",
    CallStatus.NOT_FOUND: "not found",
    CallStatus.DENIED: "denied",
    CallStatus.INVALID: "invalid",
    CallStatus.RUNNING: "running",
}
ANSWERED = frozenset((CallStatus.SUCCESS, CallStatus.TOOL_ERROR))


def outcome_of(call: CallState) -> str:
    """``success``, ``tool error``, ``timeout``, ``cancelled``, ``not found``, ``denied``, ``invalid``; of a call
    that failed the kind of its error (``connect``, ``http``, ``protocol``, ``jsonrpc`` …).
    """
    word = _WORDS.get(call.status)
    return word if word is not None else call.error.kind if call.error is not None else "failed"


def tells_latency(call: CallState) -> bool:
    """Its duration is the server's: it answered, or let the time run out. A refusal of ours is no latency."""
    if call.cached_at is not None:
        return False
    if call.status in ANSWERED or call.status is CallStatus.TIMED_OUT:
        return True
    return call.status is CallStatus.FAILED and call.error is not None and call.error.kind == "jsonrpc"
