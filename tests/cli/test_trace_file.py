"""What is written of a session, and what is heard of it."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from mcpdeck.app.heard import Heard
from mcpdeck.app.trace_file import traced
from mcpdeck.services.errors import UsageError
from mcpdeck.services.models import Json
from mcpdeck.services.telemetry.redaction import redacted
from mcpdeck.services.telemetry.trace import Trace, TraceRecord

RECORD = TraceRecord(1.5, 1, "s", 1, 1, "received", "http", "notification", None, "notifications/x", b'{"method": "x"}')


def note(method: str, params: object = None, *, server: str = "s") -> TraceRecord:
    return replace(RECORD, server=server, method=method, data=json.dumps({"method": method, "params": params}).encode())


def test_records_are_written_as_they_come_for_the_owner_alone(tmp_path: Path) -> None:
    trace, file = Trace(), tmp_path / "trace.jsonl"
    file.write_text("old")
    file.chmod(0o644)
    with traced(trace, str(file)):
        trace.add(RECORD)
        assert len(file.read_text().splitlines()) == 1
        trace.add(replace(RECORD, data=b"no json\xff", kind="malformed"))
    trace.add(RECORD)
    first, second = [json.loads(line) for line in file.read_text().splitlines()]
    assert first["message"] == {"method": "x"}
    assert set(first) >= {
        "time", "seq", "server", "connection", "generation", "direction", "transport", "kind", "id", "method", "bytes",
        "message",
    }  # fmt: skip
    assert second["message"] == "no json�"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_trace_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write"), traced(Trace(), str(tmp_path / "absent" / "t")):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said_once_and_the_session_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    trace = Trace()
    with traced(trace, "/dev/full"):
        trace.add(RECORD)
        trace.add(RECORD)
    assert capsys.readouterr().err.count("not written any further") == 1


@pytest.mark.parametrize(
    "value",
    [
        "POST /mcp\nAuthorization: Bearer s3cret\nAccept: */*",
        "authorization:s3cret",
        "Mcp-Session-Id: s3cret\r\nX: y",
        "Cookie: a=s3cret; b=s3cret",
        "GET http://h/messages?session_id=s3cret&x=1",
        "GET http://h/messages?sessionId=s3cret",
        "http://me:s3cret@h/?token=s3cret",
        {"headers": {"authorization": "Bearer s3cret", "mcp-session-id": "s3cret", "accept": "x"}},
        {"headers": {"X-Api-Key": ["s3cret"]}},
        {"headers": [["Authorization", "Bearer s3cret"], ["Accept", "x"]]},
        {"sessionId": "s3cret"},
    ],
)
def test_tokens_and_session_ids_never_stand_in_a_trace(value: Json, tmp_path: Path) -> None:
    assert "s3cret" not in json.dumps(redacted(value))
    trace, file = Trace(), tmp_path / "t"
    with traced(trace, str(file)):
        data = value.encode() if isinstance(value, str) else json.dumps(value).encode()
        trace.add(replace(RECORD, kind="http", data=data))
    assert "s3cret" not in file.read_text()


def test_a_message_is_written_as_it_was_on_the_wire(tmp_path: Path) -> None:
    trace, file = Trace(), tmp_path / "t"
    message = {"jsonrpc": "2.0", "id": 1, "result": {"token": "of the tool", "text": "key: value"}}
    with traced(trace, str(file)):
        trace.add(replace(RECORD, kind="response", data=json.dumps(message).encode()))
    assert json.loads(file.read_text())["message"] == message


# Waiting for notifications


async def test_what_came_before_the_wait_is_not_missed_and_is_given_once() -> None:
    trace, heard = Trace(), Heard("s")
    heard.listen(trace)
    trace.add(note("notifications/resources/updated", {"uri": "a"}))
    trace.add(note("notifications/message", {"data": 1}))
    trace.add(note("notifications/resources/updated", {"uri": "b"}))
    trace.add(note("notifications/resources/updated", server="another"))
    trace.add(replace(RECORD, kind="response"))
    trace.add(replace(RECORD, direction="sent"))
    with anyio.fail_after(5):
        assert len(await heard.next("notifications/resources/updated")) == 2
        assert heard.take("resources/updated") == []
        assert [record.method for record in await heard.next("log")] == ["notifications/message"]
    assert heard.take("any") == []


async def test_a_wait_ends_with_the_first_notification_of_its_kind() -> None:
    trace, heard = Trace(), Heard("s")
    heard.listen(trace)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:

            async def wait() -> None:
                assert len(await heard.next("x")) == 1

            tasks.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            trace.add(note("notifications/other"))
            await anyio.wait_all_tasks_blocked()
            trace.add(note("notifications/x"))


def test_what_nobody_asks_for_is_bounded_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcpdeck.app.heard.KEPT", 3)
    trace, heard = Trace(), Heard("s")
    heard.listen(trace)
    for number in range(5):
        trace.add(note("notifications/x", {"n": number}))
    assert heard.dropped == 2
    assert len(heard.take("any")) == 3
