"""The trace: what passed, verbatim and bounded."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import anyio
import pytest

from mcpdeck.app.main import running
from mcpdeck.services.telemetry.trace import ALL_KEPT, HEAD_KEPT, RECORD, TAIL_KEPT, Trace, TraceRecord, line
from tests import entries
from tests.entries import SERVERS
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


def put(trace: Trace, size: int, count: int = 1, server: str = "one") -> None:
    connection = trace.connection(server, 1, "stdio")
    for number in range(count):
        connection.note(float(number), "received", "response", b"x" * size, message_id=number, method="tools/call")


def size(data: int) -> int:
    """What a record of ``put`` counts for."""
    return data + RECORD


def held(trace: Trace, *servers: str) -> int:
    return sum(size(len(record.data)) for server in servers for record in trace.of(server))


def test_the_oldest_records_go_first_and_are_counted() -> None:
    trace = Trace(bytes_kept=10 * size(100))
    put(trace, 100, 25)
    kept = trace.of("one")
    assert [record.id for record in kept] == list(range(15, 25))
    assert trace.dropped("one") == 15


def test_the_newest_record_stays_however_large_it_is() -> None:
    trace = Trace(bytes_kept=3 * size(100))
    put(trace, 100, 3)
    put(trace, 5_000)
    assert [len(record.data) for record in trace.of("one")] == [5_000]


def test_a_record_larger_than_half_of_what_is_kept_loses_its_middle_and_listeners_get_all_of_it() -> None:
    trace = Trace(bytes_kept=2_000_000)
    heard: list[bytes] = []
    trace.tap(lambda record: heard.append(record.data))
    data = b"{" + b"x" * 1_500_000 + b"}"
    trace.connection("one", 1, "stdio").note(1.0, "received", "response", data, message_id=1)
    (record,) = trace.of("one")
    assert len(record.data) == HEAD_KEPT + TAIL_KEPT
    assert (record.size, record.id) == (len(data), 1)
    assert record.data.startswith(b"{x")
    assert record.data.endswith(b"x}")
    assert line(record, "")["bytes"] == len(data)
    assert heard == [data]


def test_a_flood_of_one_server_costs_another_nothing() -> None:
    trace = Trace(bytes_kept=2 * size(500))
    put(trace, 100, 2, "quiet")
    put(trace, 500, 100, "loud")
    assert len(trace.of("quiet")) == 2
    assert trace.dropped("quiet") == 0


def test_all_servers_together_have_one_budget_and_the_largest_pays_first() -> None:
    trace = Trace(bytes_kept=100 * size(100), all_kept=150 * size(100))
    put(trace, 100, 20, "quiet")
    put(trace, 100, 99, "loud")
    put(trace, 100, 90, "louder")
    assert len(trace.of("quiet")) == 20
    assert trace.dropped("quiet") == 0
    loud, louder = len(trace.of("loud")), len(trace.of("louder"))
    assert abs(loud - louder) <= 3
    assert 145 <= 20 + loud + louder <= 150
    assert (trace.dropped("loud"), trace.dropped("louder")) == (99 - loud, 90 - louder)
    assert trace.of("louder")[-1].id == 89


def test_the_newest_record_of_all_stays_and_everything_else_makes_room_for_it() -> None:
    trace = Trace(bytes_kept=10 * size(100), all_kept=20 * size(100))
    for server in ("a", "b"):
        put(trace, 100, 10, server)
    put(trace, 100_000, server="c")
    assert [len(trace.of(server)) for server in "abc"] == [0, 0, 1]
    put(trace, 100, server="a")
    assert [len(trace.of(server)) for server in "abc"] == [1, 0, 0]


def test_three_hundred_servers_stay_within_the_budget_of_all() -> None:
    trace = Trace()
    names = [f"server {number}" for number in range(300)]
    data = b"x" * 100_000
    for _ in range(10):
        for name in names:
            trace.connection(name, 1, "stdio").note(0.0, "received", "response", data)
    kept = [len(trace.of(name)) for name in names]
    assert sum(kept) * len(data) <= ALL_KEPT
    assert max(kept) - min(kept) <= 4


def test_the_method_and_the_id_of_a_record_are_short_and_its_data_whole() -> None:
    trace = Trace()
    long = "m" * 100_000
    trace.connection("one", 1, "stdio").note(0.0, "received", "request", long.encode(), message_id=long, method=long)
    (record,) = trace.of("one")
    assert (record.method, record.id, record.data) == ("m" * 500, "m" * 500, long.encode())


def test_a_server_that_was_forgotten_leaves_its_room_to_the_others() -> None:
    trace = Trace(bytes_kept=10 * size(100), all_kept=10 * size(100))
    put(trace, 100, 9, "gone")
    trace.forget("gone")
    trace.forget("never there")
    assert (trace.of("gone"), trace.dropped("gone")) == ((), 0)
    put(trace, 100, 10, "one")
    assert len(trace.of("one")) == 10
    assert held(trace, "one", "gone") == 10 * size(100)


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


async def test_what_passed_with_a_server_that_was_taken_out_is_not_kept() -> None:
    one, two = (entries.stdio(name, sys.executable, str(SERVERS / "tiny_stdio.py")) for name in ("one", "two"))
    with anyio.fail_after(30):
        async with running([one, two]) as services:
            await services.manager.connected("one")
            await services.manager.connected("two")
            services.manager.configure([two])
            await eventually(lambda: not services.trace.of("one"), "empty trace")
            assert services.trace.of("two")
