from __future__ import annotations

import anyio
import pytest

from mcpdeck.services import events as ev
from mcpdeck.services.models import EraName, ErrorInfo, ServerEntry, Source, Status, StdioTarget, TransportKind
from mcpdeck.services.state.call_reducers import CALLS_KEPT
from mcpdeck.services.state.model import AppState, CallStatus
from mcpdeck.services.state.reducers import reduce
from mcpdeck.services.state.store import FLOOD, Store
from tests.waiting import eventually

FAULT = ErrorInfo("connect", "gone")


def entry(name: str, digest: str = "1", gate: Status | None = None) -> ServerEntry:
    return ServerEntry(name, Source.USER, StdioTarget("x"), TransportKind.STDIO, "x", digest, gate=gate)


def configured(*entries: ServerEntry) -> Store:
    store = Store()
    store.dispatch(ev.ServersConfigured(entries))
    return store


def establish(store: Store, server: str, generation: int) -> None:
    store.dispatch(ev.ConnectionQueued(server, generation))
    store.dispatch(ev.ConnectionStarted(server, generation))
    store.dispatch(
        ev.ConnectionEstablished(server, generation, EraName.LEGACY, "2025-11-25", None, {}, None, "asked", 5.0, 1.0)
    )


def test_an_event_of_an_older_generation_changes_nothing_at_all() -> None:
    store = configured(entry("a"))
    establish(store, "a", 1)
    establish(store, "a", 2)
    before = store.state
    for late in (
        ev.ConnectionFailed("a", 1, FAULT),
        ev.ToolsChanged("a", 1, ()),
        ev.ReconnectScheduled("a", 1, FAULT, 1, 5, 0.0),
        ev.ConnectionQueued("a", 1),
    ):
        store.dispatch(late)
    assert store.state is before


def test_a_late_event_never_resurrects_a_removed_server() -> None:
    store = configured(entry("a"), entry("b"))
    establish(store, "a", 1)
    store.dispatch(ev.ServersConfigured((entry("b"),)))
    before = store.state
    store.dispatch(ev.ToolsChanged("a", 1, ()))
    store.dispatch(ev.FrameSeen("a", 1, True, 10))
    assert store.state is before
    assert store.state.mcp.order == ("b",)


def test_an_unchanged_server_keeps_the_same_object() -> None:
    store = configured(entry("a"), entry("b"))
    a = store.state.mcp.servers["a"]
    establish(store, "b", 1)
    store.dispatch(ev.ServersConfigured((entry("a"), entry("b", "2"), entry("c"))))
    assert store.state.mcp.servers["a"] is a
    assert store.state.mcp.servers["b"].status is Status.WAITING
    assert store.state.mcp.order == ("a", "b", "c")


def test_what_was_learned_stays_readable_while_reconnecting() -> None:
    store = configured(entry("a"))
    establish(store, "a", 1)
    store.dispatch(ev.ToolsChanged("a", 1, ()))
    store.dispatch(ev.ReconnectScheduled("a", 1, FAULT, 2, 5, 99.0))
    server = store.state.mcp.servers["a"]
    assert (server.status, server.attempt, server.attempts, server.retry_at) == (Status.RECONNECTING, 2, 5, 99.0)
    assert server.tools == ()
    assert server.version == "2025-11-25"


def test_a_failed_list_degrades_a_connected_server_and_keeps_the_last_good_one() -> None:
    store = configured(entry("a"))
    establish(store, "a", 1)
    store.dispatch(ev.ToolsChanged("a", 1, ()))
    store.dispatch(ev.ListFailed("a", 1, "tools/list", FAULT))
    server = store.state.mcp.servers["a"]
    assert (server.status, server.tools) == (Status.DEGRADED, ())


def test_calls_are_newest_first_and_the_running_ones_are_never_let_go() -> None:
    store = configured(entry("a"))
    store.dispatch(ev.CallStarted("old", "a", "t", {}, 0.0))
    for number in range(CALLS_KEPT + 5):
        store.dispatch(ev.CallStarted(f"c{number}", "a", "t", {}, 0.0))
        store.dispatch(ev.CallFinished(f"c{number}", 1.0, 1.0, {"content": []}, None))
    ids = [call.id for call in store.state.calls]
    assert ids[0] == f"c{CALLS_KEPT + 4}"
    assert "old" in ids
    assert "c0" not in ids


@pytest.mark.parametrize(
    ("result", "error", "status"),
    [
        ({"content": []}, None, CallStatus.SUCCESS),
        ({"content": [], "isError": True}, None, CallStatus.TOOL_ERROR),
        (None, ErrorInfo("jsonrpc", "no"), CallStatus.FAILED),
        (None, ErrorInfo("timeout", "no"), CallStatus.TIMED_OUT),
        (None, ErrorInfo("cancelled", "no"), CallStatus.CANCELLED),
    ],
)
def test_every_end_of_a_call_has_its_status(result: object, error: ErrorInfo | None, status: CallStatus) -> None:
    store = configured(entry("a"))
    store.dispatch(ev.CallStarted("c", "a", "t", {}, 0.0))
    store.dispatch(ev.CallProgressed("c", 1, 2, "half"))
    store.dispatch(ev.CallFinished("c", 1.0, 12.5, result, error))  # type: ignore[arg-type]
    call = store.state.calls[0]
    assert (call.status, call.duration_ms, call.message) == (status, 12.5, "half")
    store.dispatch(ev.CallProgressed("c", 2, 2, "late"))
    assert store.state.calls[0] is call


def test_frames_are_counted_per_generation() -> None:
    store = configured(entry("a"))
    establish(store, "a", 1)
    store.dispatch(ev.FrameSeen("a", 1, True, 10))
    establish(store, "a", 2)
    store.dispatch(ev.FrameSeen("a", 2, False, 7))
    store.dispatch(ev.FrameSeen("a", 2, False, 8))
    counters = store.state.mcp.servers["a"].counters
    assert (counters.sent, counters.received, counters.bytes_received) == (0, 2, 15)


def test_what_a_log_ring_lost_is_counted_in_the_state() -> None:
    store = configured(entry("a"))
    limit = 5_000
    for number in range(limit + 480):
        store.dispatch(ev.LogReceived("a", 0, 0.0, "log", "info", None, number))
    counters = store.state.mcp.servers["a"].counters
    assert (counters.logged, counters.dropped) == (limit + 480, 480)
    assert next(iter(store.ring("a"))).data == 480


def test_nothing_changed_means_nobody_is_told() -> None:
    store = configured(entry("a"))
    told: list[AppState] = []
    stop = store.subscribe(told.append)
    store.flush()
    store.flush()
    assert len(told) == 1
    store.dispatch(ev.FrameSeen("a", 0, True, 1))
    store.flush()
    stop()
    store.dispatch(ev.FrameSeen("a", 0, True, 1))
    store.flush()
    assert len(told) == 2


@pytest.mark.anyio
async def test_a_flood_of_events_is_told_once_an_interval_and_the_last_state_arrives() -> None:
    store = Store(interval=0.02)
    store.dispatch(ev.ServersConfigured((entry("a"),)))
    told: list[AppState] = []
    store.subscribe(told.append)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(store.run)
        for _ in range(20):
            for _ in range(50):
                store.dispatch(ev.FrameSeen("a", 0, False, 1))
            await anyio.lowlevel.checkpoint()
        await eventually(lambda: told and told[-1].mcp.servers["a"].counters.received == 1_000, "the last state")
        tasks.cancel_scope.cancel()
    assert len(told) < 20


def test_in_a_flood_of_log_records_alone_every_second_flush_is_left_out() -> None:
    store = configured(entry("a"))
    establish(store, "a", 1)
    usual = store.pause()

    def flood() -> None:
        for _ in range(FLOOD):
            store.dispatch(ev.LogReceived("a", 1, 0.0, "log", "info", None, "again"))

    assert store.pause() == usual
    flood()
    assert store.pause() == 2 * usual
    flood()
    store.dispatch(ev.PromptOpened("q1", "a", None, "elicitation/create", {}, 0.0))
    assert store.pause() == usual


def test_a_prompt_is_there_until_it_is_closed() -> None:
    state = reduce(AppState(), ev.PromptOpened("q1", "a", None, "elicitation/create", {}, 0.0))
    assert [prompt.id for prompt in state.prompts] == ["q1"]
    assert reduce(state, ev.PromptClosed("other")) is state
    assert reduce(state, ev.PromptClosed("q1")).prompts == ()


def test_a_gate_puts_the_row_back_to_what_its_entry_says() -> None:
    store = configured(entry("a"))
    establish(store, "a", 1)
    store.dispatch(ev.ServerGated("a", 1, entry("a", gate=Status.DISABLED)))
    server = store.state.mcp.servers["a"]
    assert (server.status, server.tools, server.connected_at) == (Status.DISABLED, None, None)


def test_a_degraded_server_is_connected_again_when_every_failed_list_was_read() -> None:
    store = configured(entry("a"))
    establish(store, "a", 1)
    store.dispatch(ev.ListFailed("a", 1, "tools/list", FAULT))
    store.dispatch(ev.ListFailed("a", 1, "prompts/list", FAULT))
    store.dispatch(ev.ToolsChanged("a", 1, ()))
    assert store.state.mcp.servers["a"].status is Status.DEGRADED
    store.dispatch(ev.PromptsChanged("a", 1, ()))
    row = store.state.mcp.servers["a"]
    assert (row.status, row.error) == (Status.CONNECTED, None)
