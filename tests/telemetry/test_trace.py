"""The trace: what passed, verbatim and bounded."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import anyio
import pytest

from mcpdeck.app.main import running
from mcpdeck.services.telemetry.trace import Trace, TraceRecord, line
from tests import entries
from tests.entries import SERVERS

pytestmark = pytest.mark.anyio


def put(trace: Trace, size: int, count: int = 1, server: str = "one") -> None:
    connection = trace.connection(server, 1, "stdio")
    for number in range(count):
        connection.note(float(number), "received", "response", b"x" * size, message_id=number, method="tools/call")


def test_the_oldest_records_go_first_and_are_counted() -> None:
    trace = Trace(bytes_kept=1_000)
    put(trace, 100, 25)
    kept = trace.of("one")
    assert [record.id for record in kept] == list(range(15, 25))
    assert trace.dropped("one") == 15


def test_the_newest_record_stays_however_large_it_is() -> None:
    trace = Trace(bytes_kept=1_000)
    put(trace, 100, 3)
    put(trace, 5_000)
    assert [len(record.data) for record in trace.of("one")] == [5_000]


def test_a_flood_of_one_server_costs_another_nothing() -> None:
    trace = Trace(bytes_kept=1_000)
    put(trace, 100, 2, "quiet")
    put(trace, 500, 100, "loud")
    assert len(trace.of("quiet")) == 2
    assert trace.dropped("quiet") == 0


def test_a_listener_hears_everything_until_it_stops() -> None:
    trace = Trace()
    heard: list[TraceRecord] = []
    stop = trace.tap(heard.append)
    put(trace, 1, 2)
    stop()
    put(trace, 1)
    assert [record.seq for record in heard] == [1, 2]


def test_a_line_has_the_members_of_the_command_line_contract() -> None:
    trace = Trace()
    put(trace, 3)
    shown = line(trace.of("one")[0], "xxx")
    assert shown == {
        "time": "1970-01-01T00:00:00.000Z",
        "seq": 1,
        "server": "one",
        "connection": 1,
        "generation": 1,
        "direction": "received",
        "transport": "stdio",
        "kind": "response",
        "id": 0,
        "method": "tools/call",
        "bytes": 3,
        "message": "xxx",
    }


async def test_everything_that_passes_is_kept_verbatim_the_probe_labelled_and_answers_named() -> None:
    entry = entries.stdio("peer", sys.executable, str(SERVERS / "tiny_stdio.py"))
    with anyio.fail_after(30):
        async with running([entry]) as services:
            await services.executor.call("peer", "echo", {"text": "spaced   out \u00e9"})
            records = services.trace.of("peer")
    probe = [record for record in records if record.label == "probe"]
    assert [(record.direction, record.method) for record in probe] == [
        ("sent", "server/discover"),
        ("received", "server/discover"),
    ]
    answer = next(record for record in records if record.kind == "response" and record.method == "tools/call")
    assert json.loads(answer.data)["result"]["content"][0]["text"] == "spaced   out \u00e9"
    assert [record.seq for record in records] == sorted(record.seq for record in records)
    assert {record.transport for record in records} == {"stdio"}
    assert all(records[0].time <= record.time for record in records)


async def test_bytes_that_are_no_message_are_kept_as_malformed(tmp_path: Path) -> None:
    script = tmp_path / "rubbish.py"
    script.write_text("import time\nprint('\\x1b[31mnot json', flush=True)\ntime.sleep(30)\n")
    with anyio.fail_after(30):
        async with running([entries.stdio("peer", sys.executable, str(script))]) as services:
            heard = anyio.Event()
            services.trace.tap(lambda record: heard.set() if record.kind == "malformed" else None)
            await heard.wait()
            record = next(record for record in services.trace.of("peer") if record.kind == "malformed")
    assert record.data == b"\x1b[31mnot json"
    assert "not JSON" in record.label
