"""Which messages of the trace belong to a call."""

from __future__ import annotations

import json
from dataclasses import replace

from mcpdeck.app.raw_messages import raw_of
from mcpdeck.services.models import Json, JsonObject
from mcpdeck.services.state.model import CallState, CallStatus
from mcpdeck.services.telemetry.trace import Direction, TraceKind, TraceRecord

CALL = CallState(
    "c1", "demo", "echo", {"text": "hi"}, 1000.0, status=CallStatus.SUCCESS, result={"a": 1}, duration_ms=100.0
)


def record(
    seq: int, direction: Direction, kind: TraceKind, message: Json, *, at: float, connection: int = 1
) -> TraceRecord:
    fields: JsonObject = message if isinstance(message, dict) else {}
    request, method = fields.get("id"), fields.get("method")
    return TraceRecord(
        at, seq, "demo", connection, 1, direction, "stdio", kind,
        request if isinstance(request, int) else None, method if isinstance(method, str) else None,
        json.dumps(message).encode(),
    )  # fmt: skip


def asked(seq: int, number: int, at: float, *, name: str = "echo", text: str = "hi") -> TraceRecord:
    params: JsonObject = {"name": name, "arguments": {"text": text}, "_meta": {"progressToken": number}}
    return record(seq, "sent", "request", {"id": number, "method": "tools/call", "params": params}, at=at)


def answered(seq: int, number: int, at: float, result: Json) -> TraceRecord:
    return record(seq, "received", "response", {"id": number, "result": result}, at=at)


def progressed(seq: int, number: int, at: float) -> TraceRecord:
    params: JsonObject = {"progressToken": number, "progress": 1}
    message: JsonObject = {"method": "notifications/progress", "params": params}
    return record(seq, "received", "notification", message, at=at)


def seen(call: CallState, *records: TraceRecord) -> list[tuple[bool, str]]:
    return [(one.sent, one.kind) for one in raw_of(call, records).messages]


def test_request_progress_and_answer_of_a_call_are_found_among_those_of_others() -> None:
    records = (
        asked(1, 4, 900.0),
        asked(2, 5, 1000.01),
        asked(3, 6, 1000.02, name="other"),
        asked(4, 7, 1000.02, text="else"),
        progressed(5, 6, 1000.03),
        progressed(6, 5, 1000.04),
        answered(7, 6, 1000.05, {"b": 2}),
        answered(8, 5, 1000.1, {"a": 1}),
        answered(9, 7, 1000.1, {"c": 2}),
    )
    assert seen(CALL, *records) == [(True, "request"), (False, "notification"), (False, "response")]
    assert raw_of(CALL, records).why == ""


def test_of_two_same_calls_at_once_the_one_with_this_result_is_shown() -> None:
    records = (
        asked(1, 5, 1000.0), asked(2, 6, 1000.0),
        answered(3, 5, 1000.05, {"a": 2}), answered(4, 6, 1000.06, {"a": 1}),
    )  # fmt: skip
    raw = raw_of(CALL, records)
    assert [one.id for one in raw.messages] == [6, 6]
    assert not raw.why


def test_where_it_cannot_be_told_apart_that_is_said() -> None:
    records = (
        asked(1, 5, 1000.0), asked(2, 6, 1000.0),
        answered(3, 5, 1000.05, {"a": 1}), answered(4, 6, 1000.06, {"a": 1}),
    )  # fmt: skip
    assert "may be theirs" in raw_of(CALL, records).why


def test_messages_that_had_to_go_a_kept_answer_and_a_refused_call_say_so() -> None:
    assert "no longer kept" in raw_of(CALL, ()).why
    assert "nothing was sent" in raw_of(replace(CALL, cached_at=990.0), ()).why
    assert raw_of(replace(CALL, status=CallStatus.INVALID), ()).why == "nothing was sent"


def test_rounds_of_one_call_are_all_shown() -> None:
    records = (
        asked(1, 5, 1000.0),
        answered(2, 5, 1000.02, {}),
        asked(3, 6, 1000.05),
        answered(4, 6, 1000.08, {"a": 1}),
    )
    assert [one.id for one in raw_of(replace(CALL, rounds=2), records).messages] == [5, 5, 6, 6]


def test_an_answer_on_another_connection_is_not_taken_for_its_answer() -> None:
    other = replace(answered(2, 5, 1000.05, {"a": 1}), connection=2)
    assert seen(CALL, asked(1, 5, 1000.0), other) == [(True, "request")]
