"""Answers that are kept for as long as their server says: protocol section 18."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from mcpdeck.services.engine.response_cache import LONGEST, Asker, ResponseCache
from mcpdeck.services.telemetry.trace import Trace

ASKER = Asker("peer", "d1", "2026-07-28", "{}", "Ada")
READ = "resources/read"
PUBLIC = {"contents": [], "ttlMs": 60_000, "cacheScope": "public"}
PRIVATE = {**PUBLIC, "cacheScope": "private"}


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


def cache(clock: Clock | None = None, **limits: int) -> ResponseCache:
    return ResponseCache(monotonic=clock or Clock(), wall=lambda: 1_000.0, **limits)


def kept(store: ResponseCache, name: str = "file:///a", result: Any = PUBLIC, asker: Asker = ASKER) -> bool:
    """Whether an answer that is offered is kept for whoever asked."""
    store.keep(asker, READ, name, {}, result, store.epoch(asker.server))
    return store.find(asker, READ, name, {}) is not None


def told(trace: Trace, method: str, params: Any = None, server: str = "peer") -> None:
    message = json.dumps({"jsonrpc": "2.0", "method": method, "params": params or {}}).encode()
    trace.connection(server, 1, "stdio").note(0.0, "received", "notification", message, method=method)


def test_an_answer_is_given_again_until_its_time_is_over_on_a_clock_that_nobody_sets() -> None:
    clock = Clock()
    store = cache(clock)
    assert kept(store)
    found = store.find(ASKER, READ, "file:///a", {})
    assert found is not None
    assert found.result is PUBLIC
    assert found.at == 1_000.0
    clock.now += 59.999
    assert store.find(ASKER, READ, "file:///a", {}) is not None
    clock.now += 0.001
    assert store.find(ASKER, READ, "file:///a", {}) is None
    assert len(store) == 0


@pytest.mark.parametrize(
    "result",
    [
        {"contents": []},
        {"contents": [], "ttlMs": 0},
        {"contents": [], "ttlMs": -5},
        {"contents": [], "ttlMs": True},
        {"contents": [], "ttlMs": "60000"},
        {"contents": [], "ttlMs": None},
        {"content": [], "ttlMs": 60_000, "isError": True},
    ],
    ids=["no hint", "nothing", "negative", "a boolean", "a text", "null", "an error"],
)
def test_what_no_hint_allows_is_not_kept(result: Any) -> None:
    assert not kept(cache(), result=result)


def test_no_server_is_believed_for_longer_than_a_day() -> None:
    clock = Clock()
    store = cache(clock)
    assert kept(store, result={**PUBLIC, "ttlMs": 1e14})
    clock.now += LONGEST
    assert store.find(ASKER, READ, "file:///a", {}) is None


@pytest.mark.parametrize(
    ("other", "result", "found"),
    [
        ({}, PUBLIC, True),
        ({"server": "other"}, PUBLIC, False),
        ({"digest": "d2"}, PUBLIC, False),
        ({"version": "2025-11-25"}, PUBLIC, False),
        ({"offered": '{"sampling":{}}'}, PUBLIC, False),
        ({"identity": "Bob"}, PUBLIC, True),
        ({"identity": "Bob"}, PRIVATE, False),
        ({"identity": None}, PRIVATE, False),
        ({"identity": "Bob"}, {"contents": [], "ttlMs": 60_000}, False),
    ],
    ids=[
        "the same",
        "another server",
        "another entry",
        "another revision",
        "other capabilities",
        "another login, public",
        "another login, private",
        "logged out",
        "another login, no scope",
    ],
)
def test_an_answer_is_for_whoever_asked_and_a_public_one_for_every_login(
    other: dict[str, Any], result: Any, found: bool
) -> None:
    store = cache()
    assert kept(store, result=result)
    assert (store.find(replace(ASKER, **other), READ, "file:///a", {}) is not None) is found


def test_other_parameters_are_another_question_and_the_order_of_members_is_none() -> None:
    store = cache()
    store.keep(ASKER, "tools/call", "t", {"a": 1, "b": [1, 2]}, PUBLIC, 0)
    found = [
        store.find(ASKER, method, name, arguments) is not None
        for method, name, arguments in [
            ("tools/call", "t", {"b": [1, 2], "a": 1}),
            ("tools/call", "t", {"a": 1, "b": [2, 1]}),
            ("tools/call", "t", {"a": True, "b": [1, 2]}),
            ("tools/call", "u", {"a": 1, "b": [1, 2]}),
            ("prompts/get", "t", {"a": 1, "b": [1, 2]}),
        ]
    ]
    assert found == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("method", "params", "left"),
    [
        ("notifications/resources/updated", {"uri": "file:///a"}, ["file:///ab", "file:///c"]),
        ("notifications/resources/updated", {"uri": "file:///a/deep"}, ["file:///ab", "file:///c"]),
        ("notifications/resources/updated", {"uri": "file:///c/"}, ["file:///a", "file:///a/deep/er", "file:///ab"]),
        ("notifications/resources/updated", {}, []),
        ("notifications/resources/list_changed", {}, []),
        ("notifications/tools/list_changed", {}, ["file:///a", "file:///a/deep/er", "file:///ab", "file:///c"]),
        ("notifications/message", {}, ["file:///a", "file:///a/deep/er", "file:///ab", "file:///c"]),
    ],
    ids=["itself", "a part", "a slash", "no uri", "the list", "another list", "a log line"],
)
def test_what_a_server_says_has_changed_is_not_given_again(method: str, params: Any, left: list[str]) -> None:
    store, trace = cache(), Trace()
    stop = store.listen(trace)
    names = ["file:///a", "file:///a/deep/er", "file:///ab", "file:///c"]
    assert all(kept(store, name) for name in names)
    told(trace, method, params, "other")
    assert len(store) == 4
    told(trace, method, params)
    assert [name for name in names if store.find(ASKER, READ, name, {}) is not None] == left
    stop()


def test_an_answer_that_was_asked_for_before_something_changed_is_not_kept_after_it() -> None:
    store, trace = cache(), Trace()
    stop = store.listen(trace)
    epoch = store.epoch("peer")
    told(trace, "notifications/resources/updated", {"uri": "file:///other"})
    store.keep(ASKER, READ, "file:///a", {}, PUBLIC, epoch)
    assert len(store) == 0
    stop()


def test_what_one_of_several_instances_says_counts_for_all_of_them() -> None:
    store, trace = cache(), Trace()
    stop = store.listen(trace, lambda server: server.partition("#")[0])
    assert kept(store)
    told(trace, "notifications/resources/list_changed", server="peer#2")
    assert len(store) == 0
    stop()


def test_those_that_were_not_asked_for_longest_go_first_where_there_are_too_many() -> None:
    store = cache(answers=2)
    for name in ("a", "b"):
        assert kept(store, name)
    store.find(ASKER, READ, "a", {})
    assert kept(store, "c")
    assert [name for name in "abc" if store.find(ASKER, READ, name, {}) is not None] == ["a", "c"]


def test_they_take_so_much_memory_and_no_more_and_none_of_them_most_of_it() -> None:
    store = cache(most=10_000)
    assert not kept(store, "huge", {**PUBLIC, "text": "x" * 2_500})
    for number in range(20):
        kept(store, str(number), {**PUBLIC, "text": "x" * 1_000})
    assert 4 <= len(store) <= 9


def test_what_is_kept_of_a_server_can_be_forgotten() -> None:
    store = cache()
    assert kept(store)
    assert kept(store, asker=replace(ASKER, server="other"))
    store.forget("peer")
    assert len(store) == 1
