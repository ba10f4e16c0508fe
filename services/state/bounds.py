"""How much of what servers send the state may hold.

Owns the memory estimate of a JSON value and the rules by which results, tasks and updates are let go. Never
reads a clock; every function is pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from operator import attrgetter
from sys import getsizeof

from pydantic_core import to_json

from ..models import ErrorInfo, Json, JsonObject, TaskInfo
from .model import CallState, CallStatus

RESULTS_KEPT = 64 * 1024 * 1024
"""Bytes (estimated) of what finished calls came to; the one that finished last keeps its own."""
TEXT_KEPT = 2_000
"""Characters of a sentence that a server said about a call or a task."""
TASKS_KEPT = 500
FOREIGN_TASKS_KEPT = 100
"""Tasks of one server that nobody here began."""
TASK_KEPT = 64 * 1024
"""Bytes (estimated) of one task's description."""
ID_KEPT = 4_096
"""Characters of a URI or of a task's id. A longer id cannot be cut and still name its task."""
UPDATES_KEPT = 1_000
"""Changed resources at or below those we subscribed to."""
FOREIGN_UPDATES_KEPT = 200
"""Changed resources that nobody here subscribed to."""
LATENCIES = 32
"""How many of the last pings and calls of a server are kept."""
_LOOKED_AT = 10_000
_held = attrgetter("held")
_CONTAINER, _ITEM = 100, 16
"""Bytes that an object or array, and each thing in it, take beside their text."""


def weight(value: Json) -> int:
    """About how many bytes of memory ``value`` takes; fast for small values and for long texts."""
    if isinstance(value, str):
        return getsizeof(value)
    parts: list[Json] = [value]
    for index, part in enumerate(parts):  # which grows on the way
        if isinstance(part, dict):
            parts.extend(part)
            parts.extend(part.values())
        elif isinstance(part, list):
            parts.extend(part)
        if index == _LOOKED_AT:
            try:
                text = to_json(parts[index + 1 :])
            except ValueError:  # too deep, or a lone surrogate: look at all of it
                continue
            containers = text.count(b"[") + text.count(b"{")
            rest = len(text) + _CONTAINER * containers + _ITEM * text.count(b",")
            return sum(map(getsizeof, parts[: index + 1])) + rest
    return sum(map(getsizeof, parts))


def cut(text: str, limit: int = TEXT_KEPT) -> str:
    """``text``, and what is missing of a longer one."""
    return text if len(text) <= limit else f"{text[:limit]} … ({len(text):,} characters)"


# Results


def held(result: JsonObject | None, error: ErrorInfo | None) -> int:
    """About how many bytes the end of a call takes."""
    if error is not None:
        return weight([error.title, error.hint, dict(error.details)])
    return 0 if result is None else weight(result)


def sum_held(calls: tuple[CallState, ...]) -> int:
    """What they hold together, in bytes (estimated)."""
    return sum(map(_held, calls))


def lightened(calls: tuple[CallState, ...], latest: str, budget: int = RESULTS_KEPT) -> tuple[CallState, ...]:
    """``calls`` without the results that ended first, as far as all of them are heavier than ``budget``."""
    total = sum_held(calls)
    if total <= budget:
        return calls
    dropped: dict[str, CallState] = {}
    for call in sorted(calls, key=_ended_at):
        if total <= budget:
            break
        if call.held and call.id != latest and call.status is not CallStatus.RUNNING:
            dropped[call.id] = _without_result(call)
            total -= call.held
    return tuple(dropped.get(call.id, call) for call in calls)


def _ended_at(call: CallState) -> float:
    return call.started_at + (call.duration_ms or 0.0) / 1000


def _without_result(call: CallState) -> CallState:
    error = call.error
    if error is not None:
        error = ErrorInfo(error.kind, cut(error.title), cut(error.hint))
    return replace(call, result=None, error=error, result_dropped=True, held=0)


# Tasks


def with_task(tasks: tuple[TaskInfo, ...], new: TaskInfo) -> tuple[TaskInfo, ...]:
    """``tasks``, newest first, with ``new`` in its place; the same object when nothing changes."""
    if len(new.id) > ID_KEPT:
        return tasks
    known = next((task for task in tasks if task.id == new.id), None)
    if known is not None:
        if known.over and not new.over:
            return tasks  # a late answer: what is over stays over (section 36.1)
        slim = _slim(new)
        return tuple(slim if task is known else task for task in tasks)
    kept = (_slim(new), *tasks)
    if not new.tool and sum(not task.tool for task in kept) > FOREIGN_TASKS_KEPT:
        oldest = next(index for index in range(len(kept) - 1, -1, -1) if not kept[index].tool)
        kept = (*kept[:oldest], *kept[oldest + 1 :])
    return kept[:TASKS_KEPT]


def _slim(task: TaskInfo) -> TaskInfo:
    """A task without what is too large to be kept; ``whole`` tells."""
    task = replace(
        task,
        status=cut(task.status, 100),
        message=cut(task.message),
        created_at=cut(task.created_at, 100),
        updated_at=cut(task.updated_at, 100),
    )
    if weight(task.raw) <= TASK_KEPT:
        return task
    # What a task asks and what it came to are used when they arrive; the state only shows the task.
    raw: JsonObject = {}
    room = TASK_KEPT
    for name, value in task.raw.items():
        size = getsizeof(name) + weight(value) + _CONTAINER
        if size <= room and name not in ("inputRequests", "result"):
            raw[name] = value
            room -= size
    return replace(task, raw=raw, whole=False)


# Updates


def with_updates(
    known: Mapping[str, float], new: Mapping[str, float], subscribed: tuple[str, ...]
) -> Mapping[str, float]:
    """When resources changed last, by URI, the latest change last; ``new`` comes in the order of its changes."""
    below = tuple(uri if uri.endswith("/") else f"{uri}/" for uri in subscribed)
    ours, kept = frozenset(subscribed), list[tuple[str, float]]()
    room = {True: UPDATES_KEPT, False: FOREIGN_UPDATES_KEPT}
    merged = {uri: at for uri, at in known.items() if uri not in new} | dict(new)
    for uri in reversed(merged):
        expected = uri in ours or uri.startswith(below)
        if room[expected]:
            room[expected] -= 1
            kept.append((uri, merged[uri]))
    return dict(reversed(kept))


def with_latencies(known: tuple[float, ...], latest: tuple[float, ...]) -> tuple[float, ...]:
    """The last of ``known`` and ``latest``, in milliseconds."""
    return (*known, *latest)[-LATENCIES:] if latest else known
