"""Which records stand in which line: one server's or all, merged by time; all of them or the matching."""

from __future__ import annotations

import random
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from mcpdeck.services.state.ring import LogRecord, LogRing
from mcpdeck.widgets import log_lines
from mcpdeck.widgets.log_filter import LogFilter
from mcpdeck.widgets.log_lines import GONE, LogLines


def add(ring: LogRing, *texts: str, at: float = 0.0) -> None:
    for number, text in enumerate(texts):
        ring.add(LogRecord(at + number, "log", "info", None, text))


def shown(lines: LogLines) -> list[object]:
    return [lines.at(index).record.data for index in range(len(lines))]


def scanned(lines: LogLines) -> LogLines:
    while not lines.scan(1.0):
        pass
    return lines


def ticking() -> Callable[[], float]:
    """A clock on which every look at it takes a second."""
    now = iter(range(1_000_000))
    return lambda: float(next(now))


def test_the_records_of_one_server_are_its_ring() -> None:
    ring, lines = LogRing(3), LogLines()
    lines.look_at((("a", ring),))
    add(ring, "1", "2", "3", "4")
    lines.update()
    assert shown(lines) == ["2", "3", "4"]
    assert lines.dropped == 1


def test_those_of_all_are_merged_by_time() -> None:
    one, two, lines = LogRing(), LogRing(), LogLines()
    add(one, "1", "3", at=1.0)
    add(two, "2", at=1.5)
    lines.look_at((("a", one), ("b", two)))
    assert [(entry.server, entry.record.data) for entry in map(lines.at, range(3))] == [
        ("a", "1"),
        ("b", "2"),
        ("a", "3"),
    ]
    add(two, "4", at=3.0)
    add(one, "5", at=4.0)
    lines.update()
    assert shown(lines) == ["1", "2", "3", "4", "5"]


def test_only_the_newest_of_all_are_merged() -> None:
    rings = [LogRing() for _ in range(3)]
    lines, most = LogLines(), log_lines.MOST_MERGED
    for number in range(most + 500):
        rings[number % 3].add(LogRecord(float(number), "log", "info", None, number))
    lines.look_at(tuple((str(place), ring) for place, ring in enumerate(rings)))
    assert len(lines) <= most
    assert lines.at(len(lines) - 1).record.data == most + 499
    for number in range(most + 500, most + 700):
        rings[number % 3].add(LogRecord(float(number), "log", "info", None, number))
    lines.update()
    assert len(lines) <= most
    assert lines.at(len(lines) - 1).record.data == most + 699


def test_a_record_that_its_ring_let_go_between_others_says_so() -> None:
    quiet, noisy, lines = LogRing(), LogRing(2), LogLines()
    add(quiet, "old", at=0.0)
    add(noisy, "1", "2", at=1.0)
    lines.look_at((("q", quiet), ("n", noisy)))
    add(noisy, "3", at=3.0)
    lines.update()
    assert shown(lines) == ["old", GONE.data, "2", "3"]


def test_a_filter_finds_the_newest_first_and_then_what_was_before() -> None:
    ring, lines = LogRing(), LogLines()
    add(ring, *(f"{'hit' if number % 10 == 0 else 'line'} {number}" for number in range(1_000)))
    lines.look_at((("a", ring),))
    lines.look_for(LogFilter.of("hit"))
    assert not lines.scan(0.5, ticking())
    first = shown(lines)
    assert 0 < len(first) < 100
    assert first[-1] == "hit 990"
    assert lines.unscanned
    scanned(lines)
    assert len(lines) == 100
    assert not lines.unscanned


def test_what_comes_while_a_filter_stands_is_looked_at_once() -> None:
    ring, lines = LogRing(), LogLines()
    add(ring, "hit 1", "other")
    lines.look_at((("a", ring),))
    lines.look_for(LogFilter.of("hit"))
    scanned(lines)
    add(ring, "hit 2", "another")
    lines.update()
    assert lines.unscanned == 2
    assert shown(scanned(lines)) == ["hit 1", "hit 2"]


def test_matches_go_with_their_records() -> None:
    ring, lines = LogRing(4), LogLines()
    add(ring, "hit 1", "hit 2", "x", "hit 3")
    lines.look_at((("a", ring),))
    lines.look_for(LogFilter.of("hit"))
    scanned(lines)
    add(ring, "y", "z")
    lines.update()
    assert shown(scanned(lines)) == ["hit 3"]


def test_the_lines_around_the_matches_can_be_shown_too() -> None:
    ring, lines = LogRing(), LogLines()
    add(ring, "a", "hit 1", "b", "hit 2")
    lines.look_at((("a", ring),))
    lines.look_for(LogFilter.of("hit"))
    scanned(lines)
    lines.context = True
    assert shown(lines) == ["a", "hit 1", "b", "hit 2"]
    assert [lines.matches(index) for index in range(4)] == [False, True, False, True]
    assert lines.next_match(0, 1) == 1
    assert lines.next_match(1, 1) == 3
    assert lines.next_match(3, 1) is None
    assert lines.next_match(3, -1) == 1
    assert lines.place_of(3) == 2


def test_new_lines_are_counted_from_where_somebody_paused() -> None:
    ring, lines = LogRing(), LogLines()
    add(ring, "hit", "x")
    lines.look_at((("a", ring),))
    paused = lines.end
    add(ring, "hit", "x", "x")
    lines.update()
    assert lines.since(paused) == 3
    lines.look_for(LogFilter.of("hit"))
    scanned(lines)
    assert lines.since(paused) == 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_whatever_comes_the_shown_lines_are_the_matching_ones_that_are_kept(seed: int, servers: int) -> None:
    chance = random.Random(seed)
    rings = [LogRing(chance.choice((3, 10, 50))) for _ in range(servers)]
    lines = LogLines()
    lines.look_at(tuple((f"s{place}", ring) for place, ring in enumerate(rings)))
    at = 0.0
    for _ in range(chance.randrange(1, 12)):
        for _ in range(chance.randrange(0, 30)):
            at += 1
            chance.choice(rings).add(LogRecord(at, "log", "info", None, chance.choice(("hit", "miss")) + f" {at}"))
        if chance.random() < 0.3:
            lines.look_for(LogFilter.of(chance.choice(("hit", "", "miss"))))
        lines.update()
        scanned(lines)
        held = sorted((record.at, record.data) for ring in rings for record in ring)
        word = lines.filter.words[0] if lines.filter else ""
        wanted = [data for _, data in held if word in str(data)]
        assert [data for data in shown(lines) if data != GONE.data] == wanted
