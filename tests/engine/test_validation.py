from __future__ import annotations

import json
import socket
from typing import Any

import anyio
import anyio.to_process
import pytest

from mcpdeck.services.engine import validation
from mcpdeck.services.engine.schema_cost import is_cheap, is_plain
from mcpdeck.services.engine.validation import Compiled, check, judged, problems

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"n": {"type": "integer"}, "list": {"type": "array", "items": {"type": "string"}}},
    "required": ["n"],
}


def test_what_fits_has_no_problems() -> None:
    assert problems({"n": 1, "list": ["a"]}, SCHEMA) == ()


def test_each_problem_names_its_path() -> None:
    assert problems({"n": "1", "list": ["a", 2]}, SCHEMA) == (
        "list[1]: is a number (2), not a string",
        'n: is a string ("1"), not a whole number',
    )
    assert problems({}, SCHEMA) == ("n: is missing",)


def test_a_huge_value_does_not_make_a_huge_message() -> None:
    assert len(problems({"n": "x" * 1_000_000}, SCHEMA)[0]) < 400


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nonsense"},
        {"$schema": "https://example.invalid/own-dialect", "type": "object"},
        {"$ref": "#/$defs/missing"},
        {"properties": "rubbish"},
    ],
)
def test_a_schema_that_cannot_be_applied_does_not_keep_anyone_from_calling(schema: dict[str, Any]) -> None:
    assert problems({}, schema) == ()


@pytest.mark.parametrize(
    "dialect", ["http://json-schema.org/draft-07/schema#", "http://json-schema.org/draft-07/schema"]
)
def test_an_older_dialect_is_applied_as_such(dialect: str) -> None:
    schema = {"$schema": dialect, "properties": {"pair": {"items": [{"type": "integer"}, {"type": "string"}]}}}
    assert problems({"pair": [1, "a"]}, schema) == ()
    assert problems({"pair": [1, 2]}, schema) == ("pair[1]: is a number (2), not a string",)


def test_a_remote_reference_is_never_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        assert problems({}, {"$ref": f"http://127.0.0.1:{port}/schema.json"}) == ()
        with pytest.raises(BlockingIOError):
            listener.accept()


def doubling(levels: int) -> dict[str, Any]:
    """Every level refers to the next one twice."""
    parts: dict[str, Any] = {f"a{level}": {"allOf": [{"$ref": f"#/$defs/a{level + 1}"}] * 2} for level in range(levels)}
    return {"type": "object", "$ref": "#/$defs/a0", "$defs": {**parts, f"a{levels}": {}}}


ADDRESS: dict[str, Any] = {
    "type": "object",
    "properties": {"from": {"$ref": "#/$defs/Place"}, "to": {"$ref": "#/$defs/Place"}},
    "required": ["from"],
    "$defs": {"Place": {"type": "object", "properties": {"street": {"type": "string"}}, "required": ["street"]}},
}


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ({"n": 1, "list": ["a"] * 50}, SCHEMA),
        ({"from": {"street": "x"}}, ADDRESS),
        ({"from": {"street": "x"}}, {**ADDRESS, "$id": "https://example.invalid/address"}),
        # A tool for searching has arguments of these names; they are no keywords.
        ({"pattern": "(a+)+"}, {"type": "object", "properties": {"pattern": {"type": "string"}, "id": {}}}),
        ({"tags": ["a", "b"]}, {"properties": {"tags": {"type": "array", "uniqueItems": True}}}),
        ({"day": "2026-11-23"}, {"properties": {"day": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}}}),
    ],
)
async def test_what_tools_usually_ask_for_is_checked_without_a_process(
    value: dict[str, Any], schema: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(anyio.to_process, "run_sync")
    assert await check(value, schema) == ()


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ({}, doubling(15)),
        ({}, doubling(40)),
        ({}, {"properties": {"a": {"$ref": "#"}}}),
        ({}, {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
        ({}, {"$ref": "#plain", "$defs": {"a": {"$anchor": "plain"}}}),
        ({}, {"$dynamicRef": "#node"}),
        ({}, {"$ref": "https://example.invalid/x"}),
        ({}, {"properties": {"a": {"$id": "other", "$ref": "#/x"}}}),
        ({}, {"properties": {"a": {"pattern": "(a+)+$"}}}),
        ({}, {"patternProperties": {"(a+)+$": {}}}),
        ({"a": "x" * 2_000}, {"properties": {"a": {"pattern": "^a+b*$"}}}),
        ({}, {"properties": {f"p{number}": {"pattern": "^a+$"} for number in range(40)}}),
        ({}, {"unevaluatedProperties": False}),
        ({"a": [[n] for n in range(300)]}, {"properties": {"a": {"uniqueItems": True}}}),
        ({"a": list(range(30_000))}, SCHEMA),
        ({"a": "x" * 50_000_000}, SCHEMA),
        ({}, {"properties": {f"p{n}": {"type": "string"} for n in range(5_000)}}),
        ({"a": [1] * 1_000}, {"properties": {"a": {"allOf": [{"items": {"type": "string"}}] * 300}}}),
    ],
)
def test_what_may_take_long_is_not_checked_on_the_loops_thread(value: dict[str, Any], schema: dict[str, Any]) -> None:
    assert not is_cheap(value, schema)


def test_a_schema_of_any_depth_is_judged() -> None:
    schema: dict[str, Any] = {}
    for _ in range(100_000):
        schema = {"items": schema}
    assert not is_cheap({}, schema)


async def test_references_that_double_without_end_are_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "TIME", 0.5)
    with anyio.fail_after(30):
        assert await check({}, doubling(40)) is None


async def test_a_schema_that_refers_to_itself_is_applied_in_a_process() -> None:
    tree = {"type": "object", "properties": {"name": {"type": "string"}, "next": {"$ref": "#"}}}
    with anyio.fail_after(30):
        found = None
        while found is None:  # the process may need longer to start than the check is given
            found = await check({"name": "a", "next": {"name": 5}}, tree)
    assert found == ("next.name: is a number (5), not a string",)


async def test_what_no_process_can_be_handed_is_not_judged() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with anyio.fail_after(30):
        assert await check({"a": deep}, {"$dynamicRef": "#"}) is None


@pytest.mark.parametrize(
    ("value", "schema", "told"),
    [
        ({"a": 1}, {"properties": {"a": {"type": ["string", "null"]}}}, "a: is a number (1), not a string or null"),
        ({"a": None}, {"properties": {"a": {"type": "object"}}}, "a: is null, not an object"),
        ({"a": True}, {"properties": {"a": {"type": "number"}}}, "a: is true or false (true), not a number"),
        ({"a": "x"}, {"properties": {"a": {"enum": ["b", 2]}}}, 'a: is "x", which is none of "b", 2'),
        (
            {"a": "x"},
            {"properties": {"a": {"enum": [f"e{number}" for number in range(20)]}}},
            'a: is "x", which is none of "e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7" and 12 more',
        ),
        ({"a": 1}, {"properties": {"a": {"const": 2}}}, "a: is 1, and must be 2"),
        ({"a": "q"}, {"properties": {"a": {"pattern": "^x"}}}, 'a: is "q", which does not match the pattern ^x'),
        ({"a": 1}, {"properties": {"a": {"minimum": 2}}}, "a: is 1, less than the least that is allowed, 2"),
        ({"a": 3}, {"properties": {"a": {"maximum": 2}}}, "a: is 3, more than the most that is allowed, 2"),
        ({"a": 2}, {"properties": {"a": {"exclusiveMaximum": 2}}}, "a: is 2, and must be less than 2"),
        ({"a": 7}, {"properties": {"a": {"multipleOf": 2}}}, "a: is 7, which is no multiple of 2"),
        ({"a": "x"}, {"properties": {"a": {"minLength": 3}}}, "a: has 1 character, at least 3 wanted"),
        ({"a": [1, 2]}, {"properties": {"a": {"maxItems": 1}}}, "a: has 2 items, at most 1 allowed"),
        ({"a": [1, 1]}, {"properties": {"a": {"uniqueItems": True}}}, "a: has an item twice"),
        ({"a": 1, "b": 2}, {"additionalProperties": False}, 'has "a", "b", which are not known'),
        ({"a": 1}, {"properties": {"a": False}}, "a number (1) must not be there"),
        ({"a": {"b": {}}}, {"properties": {"a": {"properties": {"b": {"required": ["c"]}}}}}, "a.b.c: is missing"),
        (
            {"a": []},
            {"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}}},
            "a: is an array, not a string or null",
        ),
        (
            {"a": {"kind": "x"}},
            {"properties": {"a": {"oneOf": [{"type": "string"}, {"type": "object", "required": ["size"]}]}}},
            "a: fits none of 2 alternatives; of the nearest: size is missing",
        ),
        (
            {"a": 1},
            {"properties": {"a": {"oneOf": [{"type": "integer"}, {"minimum": 0}]}}},
            "a: fits several of the alternatives, and must fit one of them only",
        ),
        ({"a": 1}, {"properties": {"a": {"not": {"type": "integer"}}}}, "a: is 1, which the schema rules out"),
        (
            {"a": "7"},
            {"properties": {"a": {"pattern": r"^\p{Lu}"}}},
            r'a: is "7", which does not match the pattern ^\p{Lu}',
        ),
    ],
)
def test_what_is_wrong_is_said_in_words(value: dict[str, Any], schema: dict[str, Any], told: str) -> None:
    assert problems(value, schema) == (told,)


async def test_a_format_that_is_not_kept_is_a_remark_and_no_problem() -> None:
    schema = {"properties": {"when": {"type": "string", "format": "date"}}}
    found = await judged({"when": "tomorrow"}, schema)
    assert (found.problems, found.remarks) == ((), ('when: is "tomorrow", which is no date',))
    assert (await judged({"when": "2026-11-23"}, schema)).remarks == ()
    assert await check({"when": "tomorrow"}, schema) == ()


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        (
            {"$schema": "https://example.invalid/own-dialect"},
            "'https://example.invalid/own-dialect' is not known",
        ),
        ({"$ref": "https://example.invalid/other.json"}, "refers to 'https://example.invalid/other.json'"),
        ({"type": "nonsense"}, "the schema is not valid"),
    ],
)
def test_why_a_schema_could_not_be_applied_is_told(schema: dict[str, Any], why: str) -> None:
    found = Compiled(schema).judged({}, formats=False)
    assert found.problems == ()
    assert why in found.remarks[0]
    assert "nothing was checked" in found.remarks[0]


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef", "$recursiveRef", "$schema"])
async def test_nothing_that_a_schema_names_is_ever_fetched(keyword: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/schema.json"
        schema = {"$schema": "https://json-schema.org/draft/2019-09/schema", "properties": {"a": {}}, keyword: url}
        inside = {**schema, keyword: url} if keyword == "$schema" else {"properties": {"a": {keyword: url}}}
        for one in (schema, inside):
            assert Compiled(one).judged({"a": 1}, formats=True).problems == ()
        with pytest.raises(BlockingIOError):
            listener.accept()


async def test_what_a_schema_refers_to_may_be_given_with_it() -> None:
    documents: dict[str, Any] = {"https://example.invalid/name.json": {"type": "string"}}
    schema = {"properties": {"name": {"$ref": "https://example.invalid/name.json"}}}
    with anyio.fail_after(30):
        while (found := await check({"name": 1}, schema, documents=documents)) is None:
            pass
    assert found == ("name: is a number (1), not a string",)


async def test_a_catastrophic_pattern_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "TIME", 0.5)
    schema = {"properties": {"a": {"pattern": "^(a+)+$"}}}
    with anyio.fail_after(30):
        found = await judged({"a": "a" * 60 + "!"}, schema)
    assert not found.told
    assert "nothing was checked" in found.remarks[0]


def large_schema() -> dict[str, Any]:
    person = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}
    return {"type": "object", "properties": {f"person{n}": {**person, "title": "a person"} for n in range(8_000)}}


async def test_a_schema_of_a_megabyte_is_applied() -> None:
    schema = large_schema()
    assert len(json.dumps(schema)) > 1_000_000
    with anyio.fail_after(60):
        while (found := await check({"person1": {"name": "Ada"}, "person2": {"age": "old"}}, schema)) is None:
            pass
    assert found == ('person2.age: is a string ("old"), not a whole number',)


async def test_a_schema_is_looked_at_once_as_long_as_it_is_the_same_object(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Any] = []
    read = validation.quick_check
    monkeypatch.setattr(validation, "quick_check", lambda schema, **more: looked.append(schema) or read(schema, **more))
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    for value in ({"a": "x"}, {"a": 1}, {}):
        await check(value, schema)
    assert looked == [schema]


async def test_no_more_schemas_are_kept_than_there_is_room_for() -> None:
    cache = validation._Cache(3)  # pyright: ignore[reportPrivateUsage]
    schemas: list[dict[str, Any]] = [{"title": str(number)} for number in range(10)]
    kept = [cache.of(schema) for schema in schemas]
    assert cache.of(schemas[-1]) is kept[-1]
    assert cache.of(schemas[0]) is not kept[0]
    assert len(cache._known) == 3  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    "pattern", ["", "^", "abc", "^[a-z]+$", r"^\d{4}-\d{2}$", "^[^@]+@[^@]+$", "a+b", r"^v?\d+\.\d{1,3}$", "[abc]{3}"]
)
def test_a_pattern_that_can_be_tried_in_few_ways_is_plain(pattern: str) -> None:
    assert is_plain(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        *("(a+)+$", "a+a+", "^a*a*a*$", "a{1,50}" * 4, "^a+" * 3, r"(.)\1", "a|b", "(?=x)", "[[:alpha:]]", "["),
        pytest.param("^" + "a?" * 30 + "a" * 30, id="many that may be left out"),
        pytest.param("[^a]" * 120 + "(", id="many classes"),
    ],
)
def test_any_other_is_searched_for_in_a_process(pattern: str) -> None:
    assert not is_plain(pattern)
