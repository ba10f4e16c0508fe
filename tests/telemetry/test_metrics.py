"""Statistics of calls: what counts as what, how often they are told, that they stay small."""

from __future__ import annotations

from dataclasses import replace

import anyio
import pytest

from mcpdeck.app.worker import running
from mcpdeck.services import events as ev
from mcpdeck.services.models import CallStats
from mcpdeck.services.state.model import CallState, CallStatus
from mcpdeck.services.telemetry.metrics import TOOLS_KEPT, Metrics
from tests.entries import in_process
from tests.telemetry.calls import call, failed, refused_by_server
from tests.waiting import eventually


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Told:
    """What was told last of each server, and every event."""

    def __init__(self) -> None:
        self.events: list[ev.StatsMeasured] = []

    def __call__(self, event: ev.StatsMeasured) -> None:
        self.events.append(event)

    @property
    def stats(self) -> CallStats:
        return self.events[-1].stats


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def metrics(clock: Clock, told: Told) -> Metrics:
    return Metrics(told, now=clock)


def test_calls_bytes_and_errors_are_told_per_server_and_per_tool(metrics: Metrics, told: Told, clock: Clock) -> None:
    metrics.record(call(1), bytes_sent=10, bytes_received=100)
    clock.now += 1
    metrics.record(call(2, tool="write_file", status=CallStatus.TOOL_ERROR), bytes_sent=5, bytes_received=7)
    event = told.events[-1]
    assert (event.stats.calls, event.stats.errors, dict(event.stats.by_kind)) == (2, 1, {"tool error": 1})
    assert (event.stats.bytes_sent, event.stats.bytes_received, event.stats.last_at) == (15, 107, 1_001.0)
    assert set(event.tools) == {"write_file"}
    assert event.tools["write_file"].calls == 1
    assert set(told.events[0].tools) == {"read_file"}


KINDS: list[tuple[str, CallState, str | None]] = [
    ("success", call(), None),
    ("tool-error", call(status=CallStatus.TOOL_ERROR), "tool error"),
    ("timeout", call(status=CallStatus.TIMED_OUT), "timeout"),
    ("cancelled", call(status=CallStatus.CANCELLED), "cancelled"),
    ("denied", call(status=CallStatus.DENIED), "denied"),
    ("invalid", call(status=CallStatus.INVALID), "invalid"),
    ("not-found", call(status=CallStatus.NOT_FOUND), "not found"),
    ("connect", failed(), "connect"),
    ("jsonrpc", refused_by_server(), "jsonrpc"),
]


@pytest.mark.parametrize(("ended", "kind"), [row[1:] for row in KINDS], ids=[row[0] for row in KINDS])
def test_every_outcome_has_its_word(metrics: Metrics, told: Told, ended: CallState, kind: str | None) -> None:
    metrics.record(ended)
    assert dict(told.stats.by_kind) == ({} if kind is None else {kind: 1})


@pytest.mark.parametrize(
    ("ended", "counts"),
    [
        (call(), True),
        (call(status=CallStatus.TIMED_OUT), True),
        (refused_by_server(), True),
        (failed(), False),
        (call(status=CallStatus.DENIED), False),
        (call(cached_at=5.0), False),
    ],
    ids=["answered", "timed-out", "error-answer", "not-reached", "denied", "from-the-cache"],
)
def test_percentiles_are_those_of_the_server_and_not_of_our_refusals(
    metrics: Metrics, told: Told, ended: CallState, counts: bool
) -> None:
    metrics.record(ended)
    assert (told.stats.p50 is not None) is counts


def test_percentiles_tell_the_slow_ones(metrics: Metrics, told: Told, clock: Clock) -> None:
    for number in range(100):
        metrics.record(call(number, duration_ms=1_000.0 if number >= 97 else 10.0))
    clock.now += 1
    metrics.flush()
    stats = told.stats
    assert stats.p50 == pytest.approx(10, rel=0.05)
    assert stats.p95 == pytest.approx(10, rel=0.05)
    assert stats.p99 == pytest.approx(1_000, rel=0.05)
    assert stats.longest == 1_000
    assert metrics.estimate("files", "read_file") == pytest.approx(10, rel=0.05)
    assert metrics.estimate("files", "unknown") is None


def test_the_rate_is_that_of_the_last_minute(metrics: Metrics, told: Told, clock: Clock) -> None:
    for _ in range(90):
        metrics.record(call())
        clock.now += 1
    assert metrics.stats("files").rate == 59  # this second has had none yet
    clock.now += 61
    metrics.flush()
    assert told.stats.rate == 0
    assert told.events[-1].tools["read_file"].rate == 0
    assert told.stats.calls == 90


def test_a_clock_that_is_set_back_neither_stops_nor_inflates_the_rate(metrics: Metrics, clock: Clock) -> None:
    metrics.record(call())
    clock.now -= 500
    metrics.record(call())
    assert metrics.stats("files").rate <= 2
    clock.now += 70
    assert metrics.stats("files").rate == 0


def test_a_burst_is_told_at_most_twice_a_second(metrics: Metrics, told: Told, clock: Clock) -> None:
    for number in range(1_000):
        metrics.record(call(number))
        clock.now += 0.002
    assert len(told.events) <= 5
    metrics.flush()
    assert told.stats.calls == 1_000
    before = len(told.events)
    metrics.flush()
    assert len(told.events) == before  # nothing is new


def test_names_that_a_server_does_not_have_are_not_remembered(metrics: Metrics, told: Told) -> None:
    metrics.record(call(tool="typo", status=CallStatus.NOT_FOUND))
    assert told.events[-1].tools == {}
    assert told.stats.calls == 1
    metrics.record(call(tool="file:///a", method="resources/read"))
    metrics.flush()
    assert told.events[-1].tools == {}


def test_a_server_with_endless_tools_keeps_those_used_last(metrics: Metrics) -> None:
    for number in range(TOOLS_KEPT + 10):
        metrics.record(call(tool=f"tool-{number}"))
    assert metrics.estimate("files", "tool-0") is None
    assert metrics.estimate("files", f"tool-{TOOLS_KEPT + 9}") is not None
    assert len(metrics._servers["files"].tools) == TOOLS_KEPT
    metrics.flush()


@pytest.mark.anyio
async def test_the_end_of_a_burst_is_told_without_another_call(told: Told) -> None:
    metrics = Metrics(told)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(metrics.run)
        metrics.record(call(1))
        metrics.record(call(2))
        metrics.record(replace(call(3), server="other"))
        await eventually(lambda: [each for each in told.events if each.stats.calls == 2], "the second call")
        tasks.cancel_scope.cancel()
    assert {each.server for each in told.events} == {"files", "other"}


def test_only_the_figures_of_these_servers_are_kept(metrics: Metrics) -> None:
    metrics.record(call())
    metrics.record(call(server="gone"))
    metrics.keep({"files"})
    assert (metrics.stats("files").calls, metrics.stats("gone")) == (1, CallStats())


async def test_figures_of_servers_that_are_not_configured_are_let_go() -> None:
    with anyio.fail_after(20):
        async with running([in_process("files", "nowhere:server")]) as services:
            figures = services.metrics
            for server in ("files", *(f"typo-{number}" for number in range(50))):
                figures.record(call(server=server))
            assert figures.stats("typo-49").calls == 1
            await eventually(lambda: figures.stats("typo-49").calls == 0, "the unknown ones to be forgotten")
            assert figures.stats("files").calls == 1
            services.manager.configure(())
            await eventually(lambda: figures.stats("files").calls == 0, "the removed one to be forgotten")
