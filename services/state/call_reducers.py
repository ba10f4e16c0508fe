"""Folds of the calls: what each transition means for the one it is about.

Owns how many calls are kept. Pure, like the other reducers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from .. import events as ev
from .bounds import cut, held, lightened
from .model import AppState, CallState, CallStatus

CALLS_KEPT = 200

CallTransition: TypeAlias = ev.CallStarted | ev.CallWaits | ev.CallDecided | ev.CallBecameTask | ev.CallFinished


def reduce_call(state: AppState, event: CallTransition) -> AppState:
    """The state after ``event``; the same object when nothing changed."""
    match event:
        case ev.CallStarted(call, server, tool, arguments, at, method, caller):
            started = CallState(call, server, tool, arguments, at, method=method, caller=caller)
            return replace(state, calls=_trimmed((started, *state.calls)), revision=state.revision + 1)
        case ev.CallWaits(call, why):
            return _map_call(state, call, lambda known: replace(known, waits=why))
        case ev.CallDecided(call, decision):
            return _map_call(state, call, lambda known: replace(known, decision=decision))
        case ev.CallBecameTask(call, task):
            return _map_call(state, call, lambda known: replace(known, task=task))
        case ev.CallFinished():
            done = _map_call(state, event.call, lambda call: _finished(call, event))
            return done if done is state else replace(done, calls=lightened(done.calls, event.call))


def progressed(state: AppState, event: ev.CallProgressed) -> AppState:
    """Fold the newest progress sample of a running call."""

    def fold(call: CallState) -> CallState:
        if call.status is not CallStatus.RUNNING:
            return call
        message = None if event.message is None else cut(event.message)
        return replace(call, progress=event.progress, total=event.total, message=message)

    return _map_call(state, event.call, fold)


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
            calls = (*state.calls[:index], changed, *state.calls[index + 1 :])
            return replace(state, calls=calls, revision=state.revision + 1)
    return state


_STATUS_OF_ERROR = {
    "timeout": CallStatus.TIMED_OUT,
    "cancelled": CallStatus.CANCELLED,
    "permission": CallStatus.DENIED,
    "policy": CallStatus.DENIED,
}


def _finished(call: CallState, event: ev.CallFinished) -> CallState:
    if call.status is not CallStatus.RUNNING:
        return call
    if event.error is not None:
        status = _STATUS_OF_ERROR.get(event.error.kind, CallStatus.FAILED)
    elif event.result is not None and event.result.get("isError") is True:
        status = CallStatus.TOOL_ERROR
    else:
        status = CallStatus.SUCCESS
    return replace(
        call,
        status=status,
        duration_ms=event.duration_ms,
        result=event.result,
        error=event.error,
        rounds=event.rounds,
        held=held(event.result, event.error),
        waits="",
        measured=event.measured,
        attempts=event.attempts,
        cached_at=event.cached_at,
        instance=event.instance,
        output_problems=event.output_problems,
        trace_id=event.trace_id,
    )
