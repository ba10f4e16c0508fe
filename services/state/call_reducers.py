"""Folds of the calls: what each transition means for the one it is about.

Owns how many calls are kept. Pure, like the other reducers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from .. import events as ev
from .bounds import RESULTS_KEPT, cut, held, lightened, sum_held
from .model import AppState, CallState, CallStatus

CALLS_KEPT = 200

ANSWERED_KEPT = 20
"""Answers without a person that are told of one call."""

CallTransition: TypeAlias = (
    ev.CallStarted | ev.CallWaits | ev.CallDecided | ev.CallBecameTask | ev.CallAnswered | ev.CallFinished
)


def reduce_call(state: AppState, event: CallTransition) -> AppState:
    """The state after ``event``; the same object when nothing changed."""
    match event:
        case ev.CallStarted(call, server, tool, arguments, at, method, caller, decision):
            started = CallState(call, server, tool, arguments, at, method=method, caller=caller, decision=decision)
            known = (started, *state.calls)
            # One that runs, and is kept whatever its age, holds nothing yet.
            return _with_calls(state, _trimmed(known), _held(state) - sum_held(known[CALLS_KEPT:]))
        case ev.CallWaits(call, why, attempts):
            return _map_call(state, call, lambda known: replace(known, waits=why, attempts=attempts))
        case ev.CallDecided(call, decision):
            return _map_call(state, call, lambda known: replace(known, decision=decision))
        case ev.CallBecameTask(call, task):
            return _map_call(state, call, lambda known: replace(known, task=task))
        case ev.CallAnswered(call, how):
            return _map_call(
                state, call, lambda known: replace(known, answered=(*known.answered, how)[-ANSWERED_KEPT:])
            )
        case ev.CallFinished():
            return _ended(state, event)


def progressed(state: AppState, event: ev.CallProgressed) -> AppState:
    """Fold the newest progress sample of a running call."""

    def fold(call: CallState) -> CallState:
        if call.status is not CallStatus.RUNNING:
            return call
        message = None if event.message is None else cut(event.message)
        return replace(call, progress=event.progress, total=event.total, message=message)

    return _map_call(state, event.call, fold)


def _ended(state: AppState, event: ev.CallFinished) -> AppState:
    """A call that ran came to something; others may have to make room for it."""
    for index, call in enumerate(state.calls):
        if call.id == event.call:
            if call.status is not CallStatus.RUNNING:
                return state
            ended = finished(call, event)
            calls = (*state.calls[:index], ended, *state.calls[index + 1 :])
            total = _held(state) - call.held + ended.held
            if total > RESULTS_KEPT:
                calls = lightened(calls, event.call)
                total = sum_held(calls)
            return _with_calls(state, calls, total)
    return state


def _held(state: AppState) -> int:
    return sum_held(state.calls) if state.held is None else state.held


def _trimmed(calls: tuple[CallState, ...]) -> tuple[CallState, ...]:
    """Newest ``CALLS_KEPT`` calls; one that still runs is never let go."""
    if len(calls) <= CALLS_KEPT:
        return calls
    old = tuple(call for call in calls[CALLS_KEPT:] if call.status is CallStatus.RUNNING)
    return (*calls[:CALLS_KEPT], *old)


def _map_call(state: AppState, call_id: str, fold: Callable[[CallState], CallState]) -> AppState:
    for index, call in enumerate(state.calls):
        if call.id == call_id:
            changed = fold(call)
            if changed is call:
                return state
            # What a call holds changes only at its end.
            return _with_calls(state, (*state.calls[:index], changed, *state.calls[index + 1 :]), state.held)
    return state


def _with_calls(state: AppState, calls: tuple[CallState, ...], total: int | None) -> AppState:
    """Written out: ``replace`` takes three times as long, and every call comes by here twice."""
    return AppState(state.mcp, state.prompts, calls, state.revision + 1, total)


_STATUS_OF_ERROR = {
    "timeout": CallStatus.TIMED_OUT,
    "cancelled": CallStatus.CANCELLED,
    "permission": CallStatus.DENIED,
    "policy": CallStatus.DENIED,
}


def finished(call: CallState, event: ev.CallFinished) -> CallState:
    """``call`` at its end."""
    if event.error is not None:
        status = _STATUS_OF_ERROR.get(event.error.kind, CallStatus.FAILED)
    elif event.result is not None and event.result.get("isError") is True:
        status = CallStatus.TOOL_ERROR
    else:
        status = CallStatus.SUCCESS
    # Written out, as every call comes by here: ``replace`` asks each field for what it is.
    return CallState(
        call.id,
        call.server,
        call.tool,
        call.arguments,
        call.started_at,
        status,
        call.progress,
        call.total,
        call.message,
        event.duration_ms,
        event.result,
        event.error,
        event.rounds,
        call.task,
        call.result_dropped,
        held(event.result, event.error),
        call.method,
        call.caller,
        "",
        call.decision,
        event.measured,
        event.attempts,
        event.cached_at,
        event.instance,
        event.output_problems,
        event.trace_id,
        call.answered,
    )
