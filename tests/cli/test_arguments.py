from __future__ import annotations

import pytest

from mcpdeck.app.call_arguments import arguments_for, read_given
from mcpdeck.services.errors import InvalidArguments, UsageError
from mcpdeck.services.models import Json, JsonObject, Tool

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "count": {"type": "integer"},
        "ratio": {"type": ["number", "null"]},
        "flag": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
        "items": {"type": "array"},
        "either": {"type": ["integer", "string"]},
        "level": {"enum": ["low", 3, True]},
        "fixed": {"const": 5},
        "where": {"$ref": "#/$defs/place"},
        "loop": {"$ref": "#/$defs/loop"},
        "free": {},
        "any": True,
    },
    "$defs": {"place": {"type": "object"}, "loop": {"$ref": "#/$defs/loop"}},
}
TOOL = Tool("t", None, "", SCHEMA, None, {}, {})


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("text=1", "1"),
        ("text=", ""),
        ("text=a=b", "a=b"),
        ("text=null", "null"),
        ("count=3", 3),
        ("count=-3", -3),
        ("ratio=1.5", 1.5),
        ("ratio=null", None),
        ("flag=true", True),
        ('items=["a", 1]', ["a", 1]),
        ("either=3", "3"),
        ("level=low", "low"),
        ("level=3", 3),
        ("level=true", True),
        ("level=other", "other"),
        ("fixed=5", 5),
        ('where={"x": 1}', {"x": 1}),
        ("loop=x", "x"),
        ("free=1", "1"),
        ("any=1", "1"),
        ("unknown=1", "1"),
        ("unknown:=1", 1),
        ("text:=1", 1),
        ('count:="x"', "x"),
        ("items:=[1]", [1]),
        ("url=http://h/?a=b", "http://h/?a=b"),
    ],
)
def test_a_text_becomes_what_the_schema_says_and_json_stays_json(word: str, value: Json) -> None:
    name = word.partition("=")[0].rstrip(":")
    assert arguments_for(read_given([word], None), TOOL, "s", strict=True) == {name: value}


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        ("count=three", "count: an integer is expected, not 'three'"),
        ("count=1.5", "count: an integer is expected, not '1.5'"),
        ("count=true", "count: an integer is expected, not 'true'"),
        ("ratio=x", "ratio: a number is expected, not 'x'"),
        ("flag=yes", "flag: a boolean is expected, not 'yes'"),
        ("items=a,b", "items: an array is expected, not 'a,b'"),
        ("where=x", "where: an object is expected, not 'x'"),
    ],
)
def test_a_text_that_cannot_be_what_the_schema_wants_is_refused_by_name(word: str, problem: str) -> None:
    given = read_given([word], None)
    with pytest.raises(InvalidArguments) as caught:
        arguments_for(given, TOOL, "s", strict=True)
    assert problem in caught.value.problems[0]
    name, _, value = word.partition("=")
    assert arguments_for(given, TOOL, "s", strict=False) == {name: value}


def test_words_add_to_args_and_win_over_them() -> None:
    given = read_given(["count=2", "free:=[1]"], '{"text": "a", "count": 1, "free": 0}')
    assert arguments_for(given, TOOL, "s", strict=True) == {"text": "a", "count": 2, "free": [1]}


@pytest.mark.parametrize("word", ["text", "=x", ":=1", ""])
def test_a_word_that_is_no_argument_is_a_usage_error(word: str) -> None:
    with pytest.raises(UsageError):
        read_given([word], None)


def test_an_argument_given_twice_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="given twice"):
        read_given(["a=1", "a:=2"], None)


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("{", "line 1 column 2"),
        ("", "line 1 column 1"),
        ("[1]", "an object of names and values"),
        ("3", "an object of names and values"),
        ('{"a": NaN}', "NaN is not a JSON value"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_args_that_are_no_json_object_are_refused_with_the_place(document: str, problem: str) -> None:
    with pytest.raises(InvalidArguments) as caught:
        read_given([], document)
    assert problem in caught.value.problems[0]


def test_json_that_is_broken_behind_a_name_is_refused_with_the_name() -> None:
    with pytest.raises(InvalidArguments, match="items:= is not JSON"):
        read_given(["items:=[1"], None)
