from __future__ import annotations

import socket
from typing import Any

import pytest

from mcpdeck.services.engine.validation import problems

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
