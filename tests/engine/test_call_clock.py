"""The two time limits of a call: for all of it, and without a word of how it goes."""

from __future__ import annotations

import math

import anyio
import pytest

from mcpdeck.services.engine.call_clock import CallClock

pytestmark = pytest.mark.anyio


class Loop:
    """The loop's clock, moved by hand."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    loop = Loop()
    monkeypatch.setattr("mcpdeck.services.engine.call_clock.anyio.current_time", loop)
    return loop


def clock(whole: float, idle: float) -> CallClock:
    return CallClock(anyio.CancelScope(), whole, idle)


async def test_whichever_limit_comes_first_is_the_deadline_and_the_reason(loop: Loop) -> None:
    assert clock(100, 30).deadline == 1_030
    assert "no progress within 30 s" in clock(100, 30).late().title
    assert clock(20, 30).deadline == 1_020
    assert clock(20, 30).late().title == "no result within 20 s"
    assert clock(math.inf, math.inf).deadline == math.inf


async def test_word_of_how_it_goes_puts_the_idle_limit_off_and_never_the_whole_one(loop: Loop) -> None:
    it = clock(50, 30)
    for now, deadline in [(1_010, 1_040), (1_025, 1_050), (1_045, 1_050)]:
        loop.now = now
        it.went_on()
        assert it.deadline == deadline


async def test_a_task_is_bounded_as_a_whole_only_and_that_goes_on(loop: Loop) -> None:
    it = clock(50, 10)
    loop.now = 1_005
    it.no_idling()
    assert it.deadline == 1_050
    assert it.late().title == "no result within 50 s"


async def test_what_was_left_of_both_is_left_after_questions_however_they_overlap(loop: Loop) -> None:
    it = clock(50, 30)
    loop.now = 1_010
    with it.paused():
        loop.now = 2_000
        with it.paused():
            assert it.deadline == math.inf
            loop.now = 3_000
        assert it.deadline == math.inf
        loop.now = 5_010
    assert it.deadline == 5_030  # 20 of 30 seconds
    loop.now = 5_020
    it.went_on()
    assert it.deadline == 5_050  # 40 of 50 seconds were left at 5,010


async def test_word_that_comes_during_a_question_counts_from_its_end(loop: Loop) -> None:
    it = clock(1_000, 30)
    with it.paused():
        loop.now = 1_500
        it.went_on()
        assert it.deadline == math.inf
        loop.now = 2_000
    assert it.deadline == 2_030
