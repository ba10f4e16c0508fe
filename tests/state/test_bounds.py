"""What the state holds of what servers send: bounded by bytes as well as by number."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from mcpdeck.services import events as ev
from mcpdeck.services.models import (
    ErrorInfo,
    Json,
    JsonObject,
    ServerEntry,
    Source,
    StdioTarget,
    TaskInfo,
    TransportKind,
)
from mcpdeck.services.state import bounds
from mcpdeck.services.state.bounds import (
    FOREIGN_TASKS_KEPT,
    FOREIGN_UPDATES_KEPT,
    ID_KEPT,
    TASKS_KEPT,
    UPDATES_KEPT,
    lightened,
    weight,
)
from mcpdeck.services.state.call_reducers import CALLS_KEPT
from mcpdeck.services.state.model import AppState, CallState, CallStatus, ServerState
from mcpdeck.services.state.reducers import reduce
from mcpdeck.services.state.ring import LogRecord, LogRing
from mcpdeck.services.state.store import Store

MIB = 2**20


def configured() -> Store:
    store = Store()
    entry = ServerEntry("a", Source.USER, StdioTarget("x"), TransportKind.STDIO, "x", "1")
    store.dispatch(ev.ServersConfigured((entry,)))
    return store


def row(store: Store) -> ServerState:
    return store.state.mcp.servers["a"]


# The estimate


@pytest.mark.parametrize(
    "make",
    [
        lambda: "x" * 1_000_000,
        lambda: "\N{DECIDUOUS TREE}" * 1_000_000,
        lambda: [[] for _ in range(100_000)],
        lambda: [{} for _ in range(100_000)],
        lambda: [{"name": f"{number}", "value": number + 1_000} for number in range(50_000)],
        lambda: {f"key {number}": float(number) for number in range(50_000)},
        lambda: [f"\ud800{number}" for number in range(50_000)],
    ],
)
def test_the_estimate_of_a_value_is_near_the_memory_it_takes(make: Any) -> None:
    tracemalloc.start()
    try:
        value: Json = make()
        real, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert real / 4 < weight(value) < real * 4


def test_a_value_of_any_depth_has_an_estimate() -> None:
    deep: Json = []
    for _ in range(50_000):
        deep = [deep]
    assert weight(deep) > 50_000 * 56


# Results of calls


def finish(store: Store, call: str, result: Any, *, error: ErrorInfo | None = None, at: float = 0.0) -> CallState:
    store.dispatch(ev.CallStarted(call, "a", "t", {}, at))
    store.dispatch(ev.CallFinished(call, at + 1.0, 1_000.0, result, error))
    return next(known for known in store.state.calls if known.id == call)


def text(size: int) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": "x" * size}]}


def test_the_oldest_results_go_when_all_together_are_too_large_and_their_calls_stay() -> None:
    store = configured()
    for number in range(10):
        call = finish(store, f"c{number}", text(10 * MIB), at=float(number))
        assert call.result is not None
    kept = [call.id for call in store.state.calls if call.result is not None]
    assert kept == ["c9", "c8", "c7", "c6", "c5", "c4"]
    assert [call.result_dropped for call in store.state.calls] == [False] * 6 + [True] * 4
    assert {call.status for call in store.state.calls} == {CallStatus.SUCCESS}
    assert {call.duration_ms for call in store.state.calls} == {1_000.0}


def test_a_result_larger_than_the_room_for_all_stays_until_the_next_one_comes() -> None:
    store = configured()
    finish(store, "small", text(10))
    assert finish(store, "huge", text(80 * MIB)).result is not None
    finish(store, "next", text(10), at=5.0)
    assert [(call.id, call.result_dropped) for call in store.state.calls] == [
        ("next", False),
        ("huge", True),
        ("small", True),
    ]


def test_a_call_that_began_first_and_ends_last_keeps_its_result() -> None:
    store = configured()
    store.dispatch(ev.CallStarted("slow", "a", "t", {}, 0.0))
    for number in range(7):
        finish(store, f"c{number}", text(10 * MIB), at=1.0 + number)
    store.dispatch(ev.CallFinished("slow", 100.0, 100_000.0, text(10 * MIB), None))
    finish(store, "last", text(10), at=200.0)
    by_id = {call.id: call for call in store.state.calls}
    assert by_id["slow"].result is not None
    assert by_id["c0"].result_dropped


def test_an_error_that_had_to_go_keeps_what_it_says_in_short() -> None:
    store = configured()
    error = ErrorInfo("jsonrpc", "T" * 100_000, "look", {"data": "x" * (70 * MIB)})
    finish(store, "bad", None, error=error)
    finish(store, "next", text(10), at=5.0)
    bad = store.state.calls[1]
    assert (bad.status, bad.result_dropped, bad.held) == (CallStatus.FAILED, True, 0)
    assert bad.error is not None
    assert (bad.error.kind, bad.error.hint, dict(bad.error.details)) == ("jsonrpc", "look", {})
    assert len(bad.error.title) < 3_000


def test_calls_that_fit_are_the_same_objects() -> None:
    store = configured()
    finish(store, "one", text(10))
    calls = store.state.calls
    assert lightened(calls, "one") is calls
    finish(store, "two", text(10))
    assert store.state.calls[1] is calls[0]


def test_the_message_of_a_progress_is_cut() -> None:
    store = configured()
    store.dispatch(ev.CallStarted("c", "a", "t", {}, 0.0))
    store.dispatch(ev.CallProgressed("c", 1, None, "m" * 1_000_000))
    message = store.state.calls[0].message
    assert message is not None
    assert message.startswith("mmm")
    assert len(message) < 3_000


# Tasks


def tell(store: Store, task: str, tool: str = "", status: str = "working", **raw: Any) -> None:
    store.dispatch(ev.TaskChanged("a", 0, TaskInfo(task, status, tool, raw={"taskId": task, **raw})))


def test_tasks_that_nobody_here_began_are_fewer_and_never_push_out_ours() -> None:
    store = configured()
    tell(store, "ours", tool="t")
    for number in range(TASKS_KEPT + 200):
        tell(store, f"foreign {number}")
    tasks = row(store).tasks
    assert len(tasks) == FOREIGN_TASKS_KEPT + 1
    assert tasks[0].id == f"foreign {TASKS_KEPT + 199}"
    assert tasks[-1].id == "ours"


def test_our_tasks_are_bounded_too_and_a_late_answer_changes_nothing() -> None:
    store = configured()
    for number in range(TASKS_KEPT + 5):
        tell(store, f"t{number}", tool="t")
    assert len(row(store).tasks) == TASKS_KEPT
    tell(store, f"t{TASKS_KEPT}", tool="t", status="completed")
    done = row(store)
    tell(store, f"t{TASKS_KEPT}", tool="t", status="working")
    assert row(store) is done


@pytest.mark.parametrize(
    "raw",
    [
        {"result": text(MIB)},
        {"inputRequests": {"a": "x" * MIB}},
        {"x": "y" * MIB},
        {f"member {number}": "x" * 100 for number in range(10_000)},
        {"result": [[] for _ in range(10_000)]},
    ],
)
def test_a_large_description_of_a_task_is_kept_without_its_large_members_and_marked(raw: Any) -> None:
    store = configured()
    tell(store, "small", ttl=5)
    tell(store, "t", pollInterval=500, **raw)
    large, small = row(store).tasks
    assert (small.whole, small.raw) == (True, {"taskId": "small", "ttl": 5})
    assert not large.whole
    assert large.raw["taskId"] == "t"
    assert large.raw["pollInterval"] == 500
    assert weight(large.raw) <= bounds.TASK_KEPT + 2_048


def test_a_flood_of_large_tasks_takes_little_memory() -> None:
    store = configured()
    tracemalloc.start()
    try:
        for number in range(300):
            task = TaskInfo(f"{number}", "working", message="m" * 500_000, raw={"x": "y" * 500_000})
            store.dispatch(ev.TaskChanged("a", 0, task))
        tell(store, "i" * (ID_KEPT + 1))
        del task
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 2 * MIB
    assert len(row(store).tasks) == FOREIGN_TASKS_KEPT


# Changed resources


def changed(store: Store, *uris: str, at: float = 1.0) -> None:
    for uri in uris:
        store.dispatch(ev.ResourceUpdated("a", 0, uri, at))


def test_of_a_resource_that_changed_several_times_the_last_time_counts() -> None:
    store = configured()
    changed(store, "x:1", "x:2")
    changed(store, "x:1", at=2.0)
    assert list(row(store).updated.items()) == [("x:2", 1.0), ("x:1", 2.0)]
    changed(store, "x:2", at=3.0)
    assert list(row(store).updated.items()) == [("x:1", 2.0), ("x:2", 3.0)]


def test_changes_of_one_interval_are_told_once() -> None:
    store = configured()
    before = store.state.revision
    changed(store, *(f"x:{number}" for number in range(100)))
    assert store.state.revision == before + 1


def test_resources_that_nobody_subscribed_to_never_push_out_those_that_somebody_did() -> None:
    store = configured()
    store.dispatch(ev.SubscriptionsChanged("a", 0, ("file://dir", "file://one"), ""))
    changed(store, "file://one", "file://dir/below")
    changed(store, *(f"other:{number}" for number in range(5_000)), "file://directory")
    updated = row(store).updated
    assert {"file://one", "file://dir/below", "file://directory", "other:4999"} <= updated.keys()
    assert len(updated) == FOREIGN_UPDATES_KEPT + 2
    changed(store, *(f"file://dir/{number}" for number in range(5_000)))
    assert len(row(store).updated) == UPDATES_KEPT + FOREIGN_UPDATES_KEPT


def test_a_changed_resource_has_a_short_name_in_the_state() -> None:
    store = configured()
    changed(store, "u" * 1_000_000)
    assert [len(uri) for uri in row(store).updated] == [ID_KEPT]


def test_what_an_older_connection_said_changed_counts_and_what_it_says_late_does_not() -> None:
    store = configured()
    changed(store, "x:before")
    store.dispatch(ev.ConnectionQueued("a", 1))
    changed(store, "x:late")
    store.dispatch(ev.ResourceUpdated("a", 1, "x:new", 1.0))
    changed(store, "x:late")
    assert list(row(store).updated) == ["x:before", "x:new"]


# The log


def test_a_ring_keeps_fewer_records_when_they_are_large_and_the_newest_whatever_its_size() -> None:
    ring = LogRing(bytes_kept=10_000)
    for number in range(100):
        ring.add(LogRecord(0.0, "log", "info", None, f"{number:03}" + "x" * 1_000))
    assert [str(record.data)[:3] for record in ring] == [f"{number:03}" for number in range(100 - len(ring), 100)]
    assert len(ring) == 7
    assert (ring.total, ring.dropped) == (100, 93)
    ring.add(LogRecord(0.0, "log", "info", None, "x" * 100_000))
    assert (len(ring), ring.dropped) == (1, 100)


def test_what_all_calls_hold_is_known_without_adding_it_up_and_stays_right() -> None:
    state = AppState()
    for number in range(CALLS_KEPT + 20):
        name = f"c{number}"
        state = reduce(state, ev.CallStarted(name, "one", "tool", {}, float(number)))
        if number % 3:
            result: JsonObject = {"content": [{"type": "text", "text": "x" * number * 50}]}
            state = reduce(state, ev.CallFinished(name, float(number), 1.0, result, None))
        assert state.held == sum(call.held for call in state.calls)
