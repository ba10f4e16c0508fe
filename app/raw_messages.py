"""Which messages of the trace belong to a call.

Owns that judgement: requests of its method with its name and arguments in its time, what answered them, and the
progress that was told of them. Pure, and never changes a byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from ..services.models import Json, JsonObject, as_object, as_text
from ..services.models.json_values import same
from ..services.state.model import CallState, CallStatus
from ..services.telemetry.trace import TraceRecord
from ..widgets.raw_words import RawMessage, RawMessages

BEFORE, AFTER = 0.25, 2.0
"""Seconds around a call in which its messages pass: clocks of two places are compared."""
DECODED = 8_000_000
"""Bytes of a request up to which it is read to see whose it is."""
PROGRESS = 20
"""Notifications of progress that are shown of one request; the first of them."""
_NAMES = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
_OF_TASKS = frozenset(("tasks/get", "tasks/result", "tasks/cancel", "tasks/update"))
GONE = "the messages of this call are no longer kept: newer ones needed the room"


def raw_of(call: CallState, records: Sequence[TraceRecord]) -> RawMessages:
    """The messages of ``call`` among ``records`` of its server, oldest first."""
    if call.cached_at is not None:
        return RawMessages(why="this is an answer that was kept: nothing was sent")
    if call.status in (CallStatus.INVALID, CallStatus.DENIED) and not _requests(call, records):
        return RawMessages(why="nothing was sent")
    requests = _requests(call, records)
    if not requests:
        return RawMessages(why=GONE if call.status is not CallStatus.RUNNING or records else "nothing was sent yet")
    sure = True
    expected = max(call.rounds, call.attempts)
    if call.task is None and len(requests) > expected:
        requests, sure = _its_own(call, requests, records, expected)
    found: dict[int, RawMessage] = {}
    for request in requests:
        for record in (request, *_answers(request, records)):
            found[record.seq] = _shown(record)
    why = "" if sure else "calls of this tool with the same arguments ran at the same time: some of these may be theirs"
    return RawMessages(tuple(found[seq] for seq in sorted(found)), why)


def _requests(call: CallState, records: Sequence[TraceRecord]) -> list[TraceRecord]:
    start = call.started_at - BEFORE
    end = None if call.duration_ms is None else call.started_at + call.duration_ms / 1000 + AFTER
    found: list[TraceRecord] = []
    for record in reversed(records):
        if record.time < start:
            break
        if record.direction != "sent" or record.kind != "request" or (end is not None and record.time > end):
            continue
        of_task = call.task is not None and record.method in _OF_TASKS
        if (record.method == call.method or of_task) and _is_of(call, record):
            found.append(record)
    found.reverse()
    return found


def _is_of(call: CallState, record: TraceRecord) -> bool:
    if record.dropped or len(record.data) > DECODED:
        return record.method == call.method  # too long to be read: by its method and time alone
    params = as_object(as_object(_decoded(record.data)).get("params"))
    if record.method in _OF_TASKS:
        return as_text(params.get("taskId")) == call.task
    name = _NAMES.get(call.method)
    if name is not None and params.get(name) != call.tool:
        return False
    return call.method != "tools/call" or same(as_object(params.get("arguments")), dict(call.arguments))


def _answers(request: TraceRecord, records: Sequence[TraceRecord]) -> Iterator[TraceRecord]:
    """What came for a request: the progress told of it, and its answer."""
    token: Json = None
    if len(request.data) <= DECODED:
        sent: JsonObject = as_object(as_object(as_object(_decoded(request.data)).get("params")).get("_meta"))
        token = sent.get("progressToken", request.id)
    told = 0
    for record in records:
        if record.seq < request.seq or record.connection != request.connection or record.direction != "received":
            continue
        if record.kind in ("response", "error") and record.id == request.id:
            yield record
            return
        if record.method == "notifications/progress" and told < PROGRESS and token is not None:
            params = as_object(as_object(_decoded(record.data)).get("params"))
            if params.get("progressToken") == token:
                told += 1
                yield record


def _its_own(
    call: CallState, requests: list[TraceRecord], records: Sequence[TraceRecord], expected: int
) -> tuple[list[TraceRecord], bool]:
    """Of the requests of several calls those of this one; whether that is certain."""
    if call.result is not None:
        mine = [one for one in requests if _result_of(one, records) == call.result]
        if len(mine) == 1 and expected == 1:
            return mine, True
        requests = mine or requests
    nearest = sorted(requests, key=lambda one: abs(one.time - call.started_at))[:expected]
    return sorted(nearest, key=lambda one: one.seq), False


def _result_of(request: TraceRecord, records: Sequence[TraceRecord]) -> Json:
    for record in _answers(request, records):
        if record.kind == "response" and len(record.data) <= DECODED:
            return as_object(_decoded(record.data)).get("result")
    return None


def _decoded(data: bytes) -> Json:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _shown(record: TraceRecord) -> RawMessage:
    return RawMessage(
        record.time,
        record.direction == "sent",
        record.kind,
        record.id,
        record.method,
        record.data,
        record.dropped,
        record.label,
    )
