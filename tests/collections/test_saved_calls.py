"""Collections: what their files say, how values get into calls, and how results are judged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.collections.asserts import Assertion, read_assertion
from mcpdeck.services.collections.judging import equal, judged
from mcpdeck.services.collections.places import Places
from mcpdeck.services.collections.reading import collection_of
from mcpdeck.services.collections.running import Outcome, Values, run, with_givers
from mcpdeck.services.collections.variables import Missing, literal, put_in
from mcpdeck.services.errors import ConfigError, RequestTimeout, UsageError
from mcpdeck.services.models import Json, JsonObject
from mcpdeck.services.state.model import CallState, CallStatus

FILE = Path("/project/mcpdeck.calls.json")
RESULT: JsonObject = {
    "content": [{"type": "text", "text": '{"id": 7, "tags": ["a", "b"]}'}],
    "structuredContent": {"id": 7, "name": "Ada", "tags": ["a", "b"], "deep": {"x": None}},
}


def call(result: JsonObject | None = RESULT, **more: Any) -> CallState:
    status = CallStatus.TOOL_ERROR if result and result.get("isError") else CallStatus.SUCCESS
    return replace(CallState("c", "s", "t", {}, 0.0, status=status, duration_ms=12.0, result=result), **more)


def assertion(**raw: Json) -> Assertion:
    read = read_assertion({name.rstrip("_"): value for name, value in raw.items()})
    assert isinstance(read, Assertion), read
    return read


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ({"path": "$.structuredContent.id", "equals": 7}, {"path": "$.structuredContent.id", "equals": True}),
        ({"path": "$.structuredContent.id", "notEquals": 8}, {"path": "$.structuredContent.id", "notEquals": 7.0}),
        ({"path": "$.structuredContent.tags", "contains": "a"}, {"path": "$.structuredContent.tags", "contains": "z"}),
        (
            {"path": "$.structuredContent", "contains": {"id": 7}},
            {"path": "$.structuredContent", "contains": {"id": 8}},
        ),
        (
            {"path": "$.structuredContent.name", "matches": "^A.a$"},
            {"path": "$.structuredContent.name", "matches": "^B"},
        ),
        (
            {"path": "$.structuredContent.deep.x", "exists": True},
            {"path": "$.structuredContent.deep.y", "exists": True},
        ),
        ({"path": "$..tags[*]", "length": 2}, {"path": "$.structuredContent.tags", "length": 3}),
        ({"path": "$.structuredContent.deep.x", "type": "null"}, {"path": "$.structuredContent.id", "type": "string"}),
        ({"path": "$.structuredContent.id", "above": 6}, {"path": "$.structuredContent.id", "above": 7}),
        ({"path": "$.structuredContent.id", "below": 7.5}, {"path": "$.structuredContent.name", "below": 1}),
        ({"path": "$.structuredContent.tags[?@ == 'b']", "length": 1}, {"path": "$.nothing", "equals": None}),
        ({"path": "$.structuredContent", "schema": {"required": ["id"]}}, {"path": "$", "schema": {"required": ["q"]}}),
        ({"path": "$.id", "from": "text", "equals": 7}, {"path": "$.id", "from": "text", "equals": 8}),
        ({"textContains": '"id": 7'}, {"textContains": "nothing"}),
        ({"textMatches": "tags.*b"}, {"textMatches": "^b"}),
        ({"durationUnder": 13}, {"durationUnder": 12}),
        ({"isError": False}, {"isError": True}),
    ],
    ids=lambda one: json.dumps(one)[:60],
)
async def test_each_assertion_holds_and_fails_where_it_should(good: JsonObject, bad: JsonObject) -> None:
    for raw, ok in ((good, True), (bad, False)):
        read = read_assertion(raw)
        assert isinstance(read, Assertion), read
        verdict = (await judged([assertion(isError=False), read], call()))[1]
        assert verdict.ok is ok, verdict.said
        assert ok or verdict.said or verdict.diff or raw == {"isError": True}


async def test_that_there_is_no_error_is_expected_unless_an_error_is_spoken_of() -> None:
    failed = call({"content": [{"type": "text", "text": "no"}], "isError": True})
    assert [one.ok for one in await judged([assertion(textContains="no")], failed)] == [False, True]
    assert [one.ok for one in await judged([assertion(isError=True)], failed)] == [True]
    late = call(None, status=CallStatus.TIMED_OUT)
    assert [one.ok for one in await judged([], late)] == [False]


async def test_a_catastrophic_pattern_of_a_file_does_not_hold_the_run() -> None:
    text = "a" * 40 + "!"
    (_, verdict) = await judged(
        [assertion(isError=False), assertion(textMatches="^(a+)+$")],
        call({"content": [{"type": "text", "text": text}]}),
    )
    assert not verdict.ok


@pytest.mark.parametrize(
    "raw",
    [
        1,
        {},
        {"equals": 1, "exists": True},
        {"path": "$.a[", "equals": 1},
        {"path": 3, "equals": 1},
        {"isError": "no"},
        {"isError": True, "path": "$"},
        {"length": -1},
        {"type": "text"},
        {"strange": 1},
        {"from": "headers", "equals": 1},
    ],
)
def test_what_is_no_assertion_says_why(raw: Json) -> None:
    assert isinstance(read_assertion(raw), str)


def test_a_whole_value_keeps_its_type_and_a_part_of_a_text_becomes_text() -> None:
    layers = [{"n": 3, "list": [1, "{{name}}"], "name": "Ada ${TITLE}"}]
    environ = {"TITLE": "Lovelace"}
    assert put_in({"a": "{{n}}", "b": "n={{ n }}", "c": "{{list}}", "d": "{{name}}"}, layers, environ) == {
        "a": 3, "b": "n=3", "c": [1, "Ada Lovelace"], "d": "Ada Lovelace",
    }  # fmt: skip
    assert put_in("${MISSING:-fallback} $${X} \\{{n}}", layers, environ) == "fallback ${X} {{n}}"


def test_every_name_without_a_value_is_told_at_once_and_circles_end() -> None:
    with pytest.raises(Missing) as error:
        put_in(["{{a}}", "${B_}", "{{a}}"], [{}], {})
    assert error.value.names == ("{{a}}", "${B_}")
    with pytest.raises(UsageError, match="made of itself"):
        put_in("{{a}}", [{"a": "{{b}}", "b": "x{{a}}"}], {})


@given(
    st.recursive(
        st.text() | st.sampled_from(["{{a}}", "${A}", "\\{{", "$${A}"]), lambda below: st.lists(below, max_size=3)
    )
)
def test_what_is_made_literal_comes_out_as_it_was(value: Any) -> None:
    assert put_in(literal(value), [{"a": 1}], {"A": "x"}) == value


@given(st.text(max_size=200))
def test_no_text_of_a_file_breaks_the_reader(text: str) -> None:
    collection = collection_of(text, FILE, private=False)
    assert collection.problem or isinstance(collection.calls, tuple)


def test_what_is_wrong_is_told_with_its_line_and_takes_nothing_else_with_it() -> None:
    text = '{"calls": {\n "a": {"server": "s"},\n "b": {"server": "s", "tool": "t",\n  "asserts": [{"x": 1}]},\n'
    text += ' "c": {"server": "s", "tool": "t"}}}'
    first, second, third = collection_of(text, FILE, private=False).calls
    assert first.problem.startswith("line 2: a call names one of")
    assert second.problem.startswith('line 4: assertion 1: an assertion has no "x"')
    assert third.problem == ""
    assert collection_of('{"calls": {"a": {},\n"a": {}}}', FILE, private=False).problem.startswith("line 1")


async def made(calls: JsonObject, results: dict[str, Any], **more: Json) -> list[tuple[str, Outcome, str]]:
    collection = collection_of(json.dumps({"calls": calls, **more}), FILE, private=False)
    sent: list[tuple[str, JsonObject]] = []

    async def make(one: Any, _target: str, arguments: JsonObject) -> CallState:
        sent.append((one.name, arguments))
        result = results.get(one.name, RESULT)
        if isinstance(result, Exception):
            raise result
        return call(result)

    done = await run(collection, collection.calls, make, values=Values(), environ={})
    return [(ran.call.name, ran.outcome, ran.why) for ran in done]


async def test_a_call_whose_value_nobody_gave_is_skipped_and_says_who_should_have() -> None:
    calls: JsonObject = {
        "make": {"server": "s", "tool": "t", "extract": {"id": "$.structuredContent.gone"}},
        "use": {"server": "s", "tool": "t", "arguments": {"id": "{{id}}"}},
        "late": {"server": "s", "tool": "t"},
    }
    outcomes = await made(calls, {"late": RequestTimeout("no answer")})
    assert [outcome for _, outcome, _ in outcomes] == [Outcome.BROKEN, Outcome.SKIPPED, Outcome.BROKEN]
    assert outcomes[1][2] == '{{id}} has no value: "make" gives it, and did not'


def test_a_call_needs_the_nearest_giver_before_it_and_theirs() -> None:
    calls = {
        "a": {"server": "s", "tool": "t", "extract": {"x": "$.x"}},
        "b": {"server": "s", "tool": "t", "arguments": {"x": "{{x}}"}, "extract": {"y": "$.y"}},
        "other": {"server": "s", "tool": "t"},
        "c": {"server": "s", "resource": "deck://{{y}}"},
    }
    collection = collection_of(json.dumps({"calls": calls}), FILE, private=False)
    wanted = collection.call("c")
    assert wanted is not None
    assert [one.name for one in with_givers(collection, wanted, Values())] == ["a", "b", "c"]
    assert [one.name for one in with_givers(collection, wanted, Values(extracted={"y": 1}))] == ["c"]


def test_changes_keep_what_nobody_knows_and_can_be_taken_back_byte_for_byte(tmp_path: Path) -> None:
    places = Places(tmp_path / "project", tmp_path / "data")
    file = places.new("", private=False)
    made_now = places.put(file, "one", {"server": "s", "tool": "t"}, private=False)
    text = '{ "note": "ours",\n  "calls": {"one": {"server": "s", "tool": "t", "owner": "ada"},'
    text += ' "two": {"server": "s", "tool": "u"}}}\n'
    file.write_text(text)
    for change in (
        lambda: places.put(file, "three", {"server": "s", "tool": "v"}, private=False),
        lambda: places.rename(file, "one", "first", private=False),
        lambda: places.remove(file, "two", private=False),
        lambda: places.move(file, "two", -1, private=False),
    ):
        undo = change()
        assert file.read_text() != text
        assert '"note": "ours"' in file.read_text()
        places.undo(undo)
        assert file.read_text() == text
    moved = places.move(file, "two", -1, private=False)
    assert list(json.loads(file.read_text())["calls"]) == ["two", "one"]
    file.write_text(text + "\n")
    with pytest.raises(ConfigError, match="was changed since"):
        places.undo(moved)
    file.write_text(made_now.after)
    places.undo(made_now)
    assert not file.exists()


def test_private_collections_are_for_their_owner_only_and_links_out_of_the_project_are_refused(tmp_path: Path) -> None:
    places = Places(tmp_path / "project", tmp_path / "data")
    (tmp_path / "project").mkdir()
    private = places.new("", private=True)
    places.put(private, "one", {"server": "s", "tool": "t"}, private=True)
    assert private.stat().st_mode & 0o777 == 0o600
    outside = tmp_path / "outside.json"
    outside.write_text("{}")
    linked = tmp_path / "project" / "mcpdeck.calls.json"
    linked.symlink_to(outside)
    with pytest.raises(ConfigError, match="leads out of the project"):
        places.put(linked, "one", {"server": "s", "tool": "t"}, private=False)
    assert [one.private for one in places.load()] == [False, True]


@given(st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none() | st.text())
def test_a_value_equals_itself_and_a_number_its_other_spelling(value: Any) -> None:
    assert equal(value, value)
    assert not equal(True, 1)
    assert equal(1, 1.0)
