"""A server whose transport fails again and again is left alone for a while."""

from __future__ import annotations

import pytest

from mcpdeck.services import events as ev
from mcpdeck.services.engine.breaker import Breakers, Pass, breaks
from mcpdeck.services.engine.limits import Limits
from mcpdeck.services.errors import (
    AuthorizationRequired,
    CircuitOpen,
    ConnectError,
    ConnectionLost,
    FrameTooLarge,
    HttpStatusError,
    McpDeckError,
    RemoteProtocolError,
    RequestTimeout,
    RPCError,
    SpawnError,
    TransportTimeout,
)
from mcpdeck.services.models import BreakerState

LOST = ConnectionLost("the server went away")


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """Breakers on a clock that stands until it is moved, and what was told of them."""

    def __init__(self, failures: int = 5) -> None:
        self.clock = Clock()
        self.told: list[ev.BreakerChanged] = []
        limits = Limits(failures=failures)
        self.breakers = Breakers(self.told.append, limits, monotonic=self.clock, wall=self.clock)

    def fails(self, times: int = 1, error: McpDeckError = LOST) -> None:
        for _ in range(times):
            self.breakers.ended(self.breakers.enter("a", "d"), error)

    @property
    def states(self) -> list[str]:
        return [event.breaker.state.value for event in self.told]

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    def probe(self) -> Pass:
        let = self.breakers.enter("a", "d")
        assert let.probe
        return let


def test_it_opens_after_five_failures_in_a_row_and_says_since_when_why_and_until_when() -> None:
    it = Bench()
    it.fails(4)
    assert it.states == []
    it.fails()
    breaker = it.breakers.of("a")
    assert it.states == ["open"]
    assert (breaker.failures, breaker.reason, breaker.opened_at, breaker.retry_at) == (5, LOST.title, 1_000, 1_030)
    with pytest.raises(CircuitOpen) as caught:
        it.breakers.enter("a", "d")
    assert "after 5 in a row" in caught.value.title
    assert "the next try is in 30 s" in caught.value.title
    assert LOST.title in caught.value.hint
    assert caught.value.details["retryAt"] == 1_030


def test_an_answer_between_two_failures_begins_the_count_anew() -> None:
    it = Bench()
    it.fails(4)
    it.breakers.ended(it.breakers.enter("a", "d"), None)
    it.fails(4)
    assert it.states == []


@pytest.mark.parametrize(
    "error",
    [RPCError(-32603, "it broke"), RemoteProtocolError("an answer without a result")],
    ids=["an error of the server", "an answer nobody can read"],
)
def test_an_error_that_came_over_the_wire_means_that_the_wire_works(error: McpDeckError) -> None:
    it = Bench()
    it.fails(4)
    it.breakers.ended(it.breakers.enter("a", "d"), error)
    it.fails(4)
    assert it.states == []


def test_a_time_out_says_nothing_either_way() -> None:
    it = Bench()
    it.fails(4)
    it.breakers.ended(it.breakers.enter("a", "d"), RequestTimeout("no result within 5 s"))
    assert it.states == []
    it.fails()
    assert it.states == ["open"]


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (LOST, True),
        (ConnectError("refused"), True),
        (SpawnError("it ended at once"), True),
        (HttpStatusError("bad gateway", status=502), True),
        (HttpStatusError("too many", status=429), True),
        (HttpStatusError("bad request", status=400), False),
        (HttpStatusError("not found", status=404), False),
        (TransportTimeout("too slow"), False),
        (FrameTooLarge("too large"), False),
        (AuthorizationRequired("log in"), False),
        (RequestTimeout("too slow"), False),
        (RPCError(-32000, "no"), False),
    ],
    ids=lambda value: type(value).__name__ + str(getattr(value, "status", "")) if not isinstance(value, bool) else "",
)
def test_which_failures_are_the_transports(error: McpDeckError, counts: bool) -> None:
    assert breaks(error) is counts


def test_one_call_finds_out_and_the_others_wait_for_what_it_finds() -> None:
    it = Bench()
    it.fails(5)
    it.wait(30)
    assert it.breakers.lets("a")
    let = it.probe()
    assert it.states == ["open", "half-open"]
    assert not it.breakers.lets("a")
    with pytest.raises(CircuitOpen, match="one call finds out just now"):
        it.breakers.enter("a", "d")
    it.breakers.ended(let, None)
    assert it.states == ["open", "half-open", "closed"]
    assert not it.breakers.enter("a", "d").probe


def test_each_try_that_fails_doubles_the_rest_up_to_five_minutes() -> None:
    it = Bench()
    it.fails(5)
    rests: list[float] = []
    for _ in range(6):
        breaker = it.breakers.of("a")
        assert breaker.retry_at is not None
        rests.append(breaker.retry_at - it.clock.now)
        it.wait(rests[-1])
        it.breakers.ended(it.probe(), LOST)
    assert rests == [30, 60, 120, 240, 300, 300]
    assert it.breakers.of("a").opened_at == 1_000  # it never closed since


def test_a_probe_that_told_nothing_leaves_it_to_the_next() -> None:
    it = Bench()
    it.fails(5)
    it.wait(30)
    it.breakers.undecided(it.probe())
    it.breakers.ended(it.probe(), RequestTimeout("no result"))
    it.breakers.ended(it.probe(), None)
    assert it.breakers.of("a").state is BreakerState.CLOSED


def test_resetting_closes_it_at_once_and_the_rest_begins_with_half_a_minute_again() -> None:
    it = Bench()
    it.fails(5)
    it.wait(30)
    it.breakers.ended(it.probe(), LOST)
    it.breakers.reset("a")
    assert it.states[-1] == "closed"
    it.fails(5)
    assert it.breakers.of("a").retry_at == it.clock.now + 30


def test_calls_from_before_a_reset_are_not_held_against_the_server() -> None:
    it = Bench(failures=2)
    lets = [it.breakers.enter("a", "d") for _ in range(4)]
    it.breakers.reset("a")
    for let in lets:
        it.breakers.ended(let, LOST)
    assert it.states == []


def test_calls_that_were_under_way_when_it_opened_change_nothing() -> None:
    it = Bench()
    late = [it.breakers.enter("a", "d") for _ in range(3)]
    it.fails(5)
    before = it.breakers.of("a")
    it.breakers.ended(late[0], LOST)
    assert it.breakers.of("a") is before
    it.wait(30)
    let = it.probe()
    it.breakers.ended(late[1], LOST)
    assert it.states == ["open", "half-open"]
    it.breakers.ended(let, None)
    it.breakers.ended(late[2], LOST)
    assert it.breakers.of("a").failures == 0


def test_one_connection_that_breaks_under_many_calls_is_one_failure() -> None:
    it = Bench()
    for generation in (1, 2, 3, 4):
        for let in [it.breakers.enter("a", "d") for _ in range(8)]:
            it.breakers.ended(let, LOST, generation)
    assert it.states == []
    it.breakers.ended(it.breakers.enter("a", "d"), LOST, 5)
    assert it.states == ["open"]


def test_nothing_is_held_against_an_entry_that_says_something_else_by_now() -> None:
    it = Bench()
    it.fails(5)
    assert not it.breakers.enter("a", "another").probe
    assert it.states == ["open", "closed"]


def test_every_server_has_its_own() -> None:
    it = Bench()
    it.fails(5)
    assert it.breakers.enter("b", "d").probe is False
