from __future__ import annotations

import socket
from typing import Any

import anyio
import anyio.to_process
import pytest

from mcpdeck.services.engine import validation
from mcpdeck.services.engine.schema_cost import is_cheap
from mcpdeck.services.engine.validation import check, problems

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"n": {"type": "integer"}, "list": {"type": "array", "items": {"type": "string"}}},
    "required": ["n"],
}


def test_what_fits_has_no_problems() -> None:
    assert problems({"n": 1, "list": ["a"]}, SCHEMA) == ()


def test_each_problem_names_its_path() -> None:
    assert problems({"n": "1", "list": ["a", 2]}, SCHEMA) == (
        "list[1]: 2 is not of type 'string'",
        "n: '1' is not of type 'integer'",
    )
    assert problems({}, SCHEMA) == ("'n' is a required property",)


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
    assert problems({"pair": [1, 2]}, schema) == ("pair[1]: 2 is not of type 'string'",)


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
    assert found == ("next.name: 5 is not of type 'string'",)


async def test_what_no_process_can_be_handed_is_not_judged() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with anyio.fail_after(30):
        assert await check({"a": deep}, {"$dynamicRef": "#"}) is None
