"""The timeline of a server's connections: what is told of each phase, what it is bounded by, what is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from mcpdeck.app.main import Services, running
from mcpdeck.services import events as ev
from mcpdeck.services.connections.timeline import STEPS, Timeline
from mcpdeck.services.errors import ConnectError
from mcpdeck.services.models import CONNECTED, WAITS, Phase, PhaseState, ServerEntry, Status
from mcpdeck.services.state.store import Store
from mcpdeck.services.state.timeline import PHASES, with_phase
from tests import entries
from tests.waiting import eventually


class Told:
    """A timeline on a clock that a test moves, and what it told."""

    def __init__(self) -> None:
        self.now = 0.0
        self.phases: tuple[Phase, ...] = ()
        self.events = 0
        self.timeline = Timeline(
            "desk",
            self._emit,
            lambda text: text.replace("secret", "***"),
            clock=lambda: self.now,
            wall=lambda: 1000 + self.now,
        )

    def _emit(self, event: object) -> None:
        assert isinstance(event, ev.PhaseTold)
        self.events += 1
        self.phases = with_phase(self.phases, event.phase)


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_phase_is_told_when_it_begins_and_how_long_it_took_when_it_ends(told: Told) -> None:
    told.timeline.attempt(1)
    with told.timeline.during("queue"):
        assert told.phases[0].state is PhaseState.GOING
        told.now += 0.25
    [phase] = told.phases
    assert (phase.name, phase.state, phase.ms, phase.at, phase.generation) == (
        "queue",
        PhaseState.DONE,
        250.0,
        1000.0,
        1,
    )


def test_a_failed_phase_says_why_without_secrets(told: Told) -> None:
    with pytest.raises(ConnectError), told.timeline.during("open"):
        raise ConnectError("no way to secret")
    assert (told.phases[0].state, told.phases[0].said) == (PhaseState.FAILED, "no way to ***")


def test_what_is_quick_is_not_told_where_only_slowness_is_news(told: Told) -> None:
    with told.timeline.during("close", least=20.0):
        told.now += 0.01
    assert told.phases == ()
    with told.timeline.during("close", least=20.0):
        told.now += 0.5
    assert told.phases[0].ms == 500.0


def test_repetitions_share_one_place_and_are_counted(told: Told) -> None:
    told.timeline.attempt(1)
    for _ in range(1000):
        with told.timeline.during("tools/list"):
            told.now += 0.001
    assert [(phase.name, phase.times) for phase in told.phases] == [("tools/list", 1), ("tools/list", 999)]


def test_parts_of_a_phase_are_bounded(told: Told) -> None:
    told.timeline.attempt(1)
    for _ in range(10 * STEPS):
        told.timeline.step("TLS", told.now, "TLSv1.3")
    assert len(told.phases) == STEPS
    assert all(phase.depth == 1 for phase in told.phases)


def test_a_connection_that_is_lost_ends_its_phase_and_the_wait_begins(told: Told) -> None:
    told.timeline.attempt(1)
    told.timeline.connected("2025-11-25, legacy")
    told.now += 5
    told.timeline.failed("it went away", waits="attempt 1 of 5 in 1.0 s")
    told.now += 1
    told.timeline.attempt(2)
    stood, waited = told.phases
    assert (stood.name, stood.state, stood.ms, stood.said) == (CONNECTED, PhaseState.FAILED, 5000.0, "it went away")
    assert (waited.name, waited.state, waited.ms) == (WAITS, PhaseState.DONE, 1000.0)


def test_a_gate_is_told_once_however_often_it_is_looked_at(told: Told) -> None:
    for _ in range(5):
        told.timeline.gated("disabled")
    told.timeline.gated("blocked")
    assert [phase.name for phase in told.phases] == ["disabled", "blocked"]


def test_the_state_keeps_the_last_phases_of_each_server() -> None:
    phases: tuple[Phase, ...] = ()
    for number in range(3 * PHASES):
        phases = with_phase(phases, Phase(number, 1, "tools/list", 0.0, 0.0))
    assert [phase.id for phase in phases] == [*range(2 * PHASES, 3 * PHASES)]


def test_phases_outlive_a_gate_and_a_changed_entry() -> None:
    store = Store()
    entry = entries.stdio("desk", "cat")
    store.dispatch(ev.ServersConfigured((entry,)))
    store.dispatch(ev.PhaseTold("desk", Phase(1, 1, "queue", 0.0, 0.0)))
    store.dispatch(ev.ServerGated("desk", 1, entry))
    store.dispatch(ev.ServersConfigured((entries.stdio("desk", "cat", "-u"),)))
    row = store.state.mcp.servers["desk"]
    assert [phase.name for phase in row.timeline] == ["queue"]
    store.dispatch(ev.PhaseTold("gone", Phase(1, 1, "queue", 0.0, 0.0)))  # of a server that is not there: nothing


@asynccontextmanager
async def connected(entry: ServerEntry) -> AsyncIterator[Services]:
    with anyio.fail_after(40):
        async with running([entry]) as services:
            yield services


def names(services: Services, server: str) -> list[str]:
    return [phase.name for phase in services.store.state.mcp.servers[server].timeline]


async def test_a_real_connection_tells_every_phase_from_the_queue_to_the_first_ping() -> None:
    async with connected(entries.misbehaving("plain")) as services:
        await eventually(lambda: "ping" in names(services, "plain"), "first ping")
        timeline = services.store.state.mcp.servers["plain"].timeline
        found = [phase.name for phase in timeline if phase.name != "load modules"]
        assert found == ["queue", "start the process", "server/discover", "initialize", CONNECTED, "tools/list", "ping"]
        assert all(phase.ms is not None for phase in timeline if phase.name not in (CONNECTED, "ping"))
        assert next(phase for phase in timeline if phase.name == CONNECTED).state is PhaseState.GOING
        before = len(timeline)
        for _ in range(5):
            await services.executor.call("plain", "echo", {"text": "hello"})
        assert len(services.store.state.mcp.servers["plain"].timeline) == before  # nothing is told of a message


async def test_a_refused_connect_tells_the_step_that_failed_and_the_wait_after_it() -> None:
    async with connected(entries.http("closed", "http://127.0.0.1:9/mcp")) as services:
        await eventually(lambda: WAITS in names(services, "closed"), "wait for another attempt")
        timeline = services.store.state.mcp.servers["closed"].timeline
        failed = {phase.name: phase for phase in timeline if phase.state is PhaseState.FAILED}
        assert failed["TCP"].depth == 1
        assert "refused" in failed["server/discover"].said


async def test_a_server_that_is_never_contacted_says_only_why() -> None:
    from dataclasses import replace

    entry = replace(entries.misbehaving("plain"), gate=Status.DISABLED)
    async with connected(entry) as services:
        await services.manager.settled()
        assert names(services, "plain") == ["disabled"]
