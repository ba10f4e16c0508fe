"""Schemas to fields, and the loss-free way between what is typed and JSON values."""

from __future__ import annotations

import pytest

from mcpdeck.services.models import Json, JsonObject
from mcpdeck.widgets.form_values import (
    EMPTY,
    UNSET,
    Entry,
    Field,
    Kind,
    asks_for_secret,
    collect,
    entry_for,
    field_of,
    first_entry,
    form_of,
    problem_of,
    read,
    spread,
)
from mcpdeck.widgets.json_text import JsonTextError, dumps, is_unsafe, loads, pretty, pretty_text, same

EVERYTHING: JsonObject = {
    "type": "object",
    "required": ["text"],
    "properties": {
        "text": {"type": "string"},
        "long": {"type": "string", "maxLength": 4000},
        "whole": {"type": "integer"},
        "number": {"type": "number"},
        "flag": {"type": "boolean"},
        "pick": {"enum": ["a", 1, None]},
        "many": {"type": "array", "items": {"enum": ["x", "y"]}},
        "free": {"type": "object"},
        "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "named": {"$ref": "#/$defs/Colour"},
        "odd": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    },
    "$defs": {"Colour": {"oneOf": [{"const": "r", "title": "Red"}, {"const": "b", "title": "Blue"}]}},
}
FORM = form_of(EVERYTHING)
BY_NAME = {field.name: field for field in FORM.fields}


def kinds() -> dict[str, Kind]:
    return {name: field.kind for name, field in BY_NAME.items()}


def test_every_kind_of_schema_gets_the_control_that_fits() -> None:
    assert kinds() == {
        "text": Kind.STRING,
        "long": Kind.TEXT,
        "whole": Kind.INTEGER,
        "number": Kind.NUMBER,
        "flag": Kind.BOOLEAN,
        "pick": Kind.CHOICE,
        "many": Kind.CHOICES,
        "free": Kind.JSON,
        "maybe": Kind.STRING,
        "named": Kind.CHOICE,
        "odd": Kind.JSON,
    }
    assert BY_NAME["maybe"].nullable
    assert [choice.title for choice in BY_NAME["named"].choices] == ["Red", "Blue"]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"text": ""},
        {"text": "two\nlines"},
        {"text": "null"},
        {"text": None},
        {"text": 5},
        {"text": "\x1b[31m\u202e\ud800"},
        {"whole": 10**60},
        {"whole": 1.0},
        {"whole": True},
        {"number": 1.0},
        {"number": 1},
        {"number": -0.0},
        {"number": "1"},
        {"flag": False},
        {"flag": None},
        {"flag": 1},
        {"pick": None},
        {"pick": True},
        {"pick": 1},
        {"many": []},
        {"many": ["y", "x"]},
        {"many": ["other"]},
        {"free": {"deep": [{"er": [1, 2.0, None]}]}},
        {"maybe": None},
        {"named": "b"},
        {"unknown": {"kept": True}, "text": "x"},
    ],
)
def test_values_go_into_the_form_and_come_back_the_same(values: JsonObject) -> None:
    entries, extra = spread(FORM.fields, values)
    assert same(collect(FORM.fields, entries, extra).values, values)
    assert not any(is_unsafe(entry.text) for entry in entries.values())


def test_empty_optional_fields_are_left_out_and_empty_required_ones_are_a_problem_that_can_be_sent() -> None:
    collected = collect(FORM.fields, {}, {})
    assert collected.values == {}
    assert {name: problem.message for name, problem in collected.problems.items()} == {"text": "required"}
    assert not collected.blocked


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("whole", " 42 ", 42),
        ("whole", "-7", -7),
        ("whole", "123456789012345678901234567890", 123456789012345678901234567890),
        ("number", "1", 1),
        ("number", "1.0", 1.0),
        ("number", "2e3", 2000.0),
        ("number", ".5", 0.5),
        ("text", "007", "007"),
        ("flag", "true", True),
        ("free", '{"a": 1}', {"a": 1}),
    ],
)
def test_typed_text_becomes_the_value_of_its_kind(name: str, text: str, value: Json) -> None:
    got = read(BY_NAME[name], Entry(text))
    assert got is not UNSET
    assert same(got, value)


@pytest.mark.parametrize(
    ("name", "text"),
    [("whole", "1.5"), ("whole", "1,000"), ("whole", "9" * 5000), ("number", "1,5"), ("number", "1e999"),
     ("number", "NaN"), ("free", "{"), ("free", '{"a":1,"a":2}'), ("odd", "[Infinity]"), ("odd", "[" * 5000)],
)  # fmt: skip
def test_text_that_is_no_value_blocks_and_says_why(name: str, text: str) -> None:
    problem = problem_of(BY_NAME[name], Entry(text))
    assert problem is not None
    assert problem.blocking
    assert problem.message


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        ({"type": "integer", "minimum": 1}, 0, "at least 1"),
        ({"type": "number", "exclusiveMaximum": 5}, 5, "less than 5"),
        ({"type": "string", "maxLength": 3}, "long", "at most 3"),
        ({"type": "string", "pattern": "^[a-z]+$"}, "A1", "pattern"),
        ({"type": "string", "format": "email"}, "nobody", "e-mail"),
        ({"type": "string", "format": "uri"}, "example", "address"),
        ({"type": "string", "format": "date"}, "2026-13-01", "date"),
        ({"type": "string", "format": "date-time"}, "2026-01-01T10:00:00", "date and time"),
        ({"enum": ["a", "b"]}, "c", "not one of"),
        ({"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2}, ["a"], "at least 2"),
    ],
)
def test_broken_rules_are_named_but_can_be_sent(schema: JsonObject, value: Json, words: str) -> None:
    field = field_of("x", schema, False, {})
    problem = problem_of(field, entry_for(field, value))
    assert problem is not None
    assert words in problem.message
    assert not problem.blocking


def test_a_pattern_that_could_run_away_is_shown_and_not_tried() -> None:
    field = field_of("x", {"type": "string", "pattern": "^(a+)+$"}, False, {})
    assert problem_of(field, Entry("a" * 40 + "!")) is None
    assert "(a+)+" in field.hint


def test_defaults_are_filled_in_for_questions_and_left_to_the_server_for_optional_arguments() -> None:
    optional = field_of("n", {"type": "integer", "default": 3}, False, {})
    required = field_of("n", {"type": "integer", "default": 3}, True, {})
    assert first_entry(optional, prefill=False) == EMPTY
    assert first_entry(optional, prefill=True) == Entry("3")
    assert first_entry(required, prefill=False) == Entry("3")


def test_names_beyond_the_properties_and_keywords_beyond_the_form_are_not_forgotten() -> None:
    form = form_of({"type": "object", "required": ["ghost"], "anyOf": [{}], "properties": {}})
    assert [(field.name, field.kind, field.required) for field in form.fields] == [("ghost", Kind.JSON, True)]
    assert "anyOf" in form.notes[0]


@pytest.mark.parametrize(
    "schema", [{"$ref": "#/$defs/loop"}, {"$ref": "https://example.com/x"}, {"$ref": 5}, True, None, []]
)
def test_a_reference_that_leads_nowhere_becomes_a_json_field(schema: Json) -> None:
    root: JsonObject = {"$defs": {"loop": {"$ref": "#/$defs/loop"}}}
    assert field_of("x", schema, False, root).kind is Kind.JSON


@pytest.mark.parametrize("name", ["password", "apiKey", "api_key", "access_token", "Secret", "PIN", "credentials"])
def test_fields_that_ask_for_secrets_are_recognised(name: str) -> None:
    assert asks_for_secret(Field(name, Kind.STRING, required=False, schema={}))


@pytest.mark.parametrize("name", ["city", "pineapple", "spinner", "message"])
def test_ordinary_fields_are_no_secrets(name: str) -> None:
    assert not asks_for_secret(Field(name, Kind.STRING, required=False, schema={}))


@pytest.mark.parametrize("text", ["NaN", "[1e999]", '{"a":1,"a":2}', "9" * 5000, "[" * 100_000, "", "{'a':1}"])
def test_what_is_not_strict_json_is_refused_in_words(text: str) -> None:
    with pytest.raises(JsonTextError, match=r"\w"):
        loads(text)


def test_laid_out_json_reads_back_as_the_same_value_and_is_safe_for_a_terminal() -> None:
    value: Json = {
        "a": [1, 2.0, {"b": "\x1b\u202e\U000e0041\ud800"}],
        "long": ["x" * 80],
        "e": {},
        "n": None,
        "t": True,
    }
    for text in (dumps(value), pretty_text(value), "\n".join(pretty(value, align=True))):
        assert same(loads(text), value)
        assert not is_unsafe(text)


def test_values_stand_in_one_column_for_readers() -> None:
    assert list(pretty({"a": 1, "long_name": "x"}, align=True)) == ["{", '  "a":         1,', '  "long_name": "x"', "}"]


def test_values_nested_thousands_deep_are_laid_out_without_recursion() -> None:
    value: Json = []
    for _ in range(5000):
        value = [value]
    assert len(list(pretty(value))) == 10_001
    assert same(value, value)
