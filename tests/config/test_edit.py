from __future__ import annotations

import json

import pytest

from mcpdeck.services.config.edit import remove_member, rename_member, set_member
from mcpdeck.services.config.models import Format
from mcpdeck.services.errors import ConfigError, ConfigSyntaxError

ENTRY = {"command": "npx", "args": ["-y", "x"], "env": {"K": "v"}}
AT = ("mcpServers", "new")


def test_an_empty_text_becomes_a_document() -> None:
    for text in ("", " \n", "\ufeff"):
        made = set_member(text, AT, ENTRY)
        assert json.loads(made.removeprefix("\ufeff")) == {"mcpServers": {"new": ENTRY}}
        assert made.endswith("}\n")
    assert remove_member("", AT) == ""


@pytest.mark.parametrize("indent", ["\t", "  ", "    "])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_what_is_put_in_is_indented_like_its_neighbours(indent: str, newline: str, end: str) -> None:
    before = {"x": 1, "mcpServers": {"old": {"command": "a", "env": {"A": "b"}}}}
    after = {
        "x": 1,
        "mcpServers": {"old": {"command": "a", "env": {"A": "b"}}, "new": {"command": "c", "env": {"D": "e"}}},
    }
    text = json.dumps(before, indent=indent).replace("\n", newline) + end
    made = set_member(text, AT, {"command": "c", "env": {"D": "e"}})
    assert made == json.dumps(after, indent=indent).replace("\n", newline) + end
    assert remove_member(made, AT) == text


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ('{"a":{"x":1}}', '{"a":{"x":1,"n":{"k":[1,2]}}}'),
        ('{"a": {"x": 1}}\n', '{"a": {"x": 1, "n": {"k": [1, 2]}}}\n'),
        ('{ "a": { "x": 1 } }', '{ "a": { "x": 1, "n": {"k": [1, 2]} } }'),
        ('{"a":{}}', '{"a":{"n":{"k":[1,2]}}}'),
        ('{\n  "a": {"x": 1}\n}', '{\n  "a": {"x": 1, "n": {"k": [1, 2]}}\n}'),
        ('{\n  "a": {}\n}', '{\n  "a": {\n    "n": {\n      "k": [1, 2]\n    }\n  }\n}'),
        (
            '{\n "b": [\n  1\n ],\n "a": {}\n}',
            '{\n "b": [\n  1\n ],\n "a": {\n  "n": {\n   "k": [\n    1,\n    2\n   ]\n  }\n }\n}',
        ),
        ('{\n  "a": {\n    "b": {"y": 0}\n  }\n}', '{\n  "a": {\n    "b": {"y": 0},\n    "n": {"k": [1, 2]}\n  }\n}'),
    ],
)
def test_objects_on_one_line_stay_on_one_line_and_others_get_lines(text: str, made: str) -> None:
    assert set_member(text, ("a", "n"), {"k": [1, 2]}) == made


def test_a_value_of_the_same_kind_is_changed_member_by_member() -> None:
    text = '{"s": {\n  "command" : "a",   "odd": 1e2,\n\n  "args": [ "x" ],\n  "env": {"A": "\\u0041", "B": "b"}\n}}'
    made = set_member(text, ("s",), {"command": "a", "odd": 1e2, "args": ["y"], "env": {"A": "A", "C": "c"}})
    assert made == text.replace('[ "x" ]', '["y"]').replace('"B": "b"', '"C": "c"')


def test_an_entry_that_is_given_in_another_order_is_written_in_that_order() -> None:
    made = set_member('{"s": {"a": 1, "b": 2}}', ("s",), {"b": 2, "a": 1})
    assert made == '{"s": {"b": 2, "a": 1}}'


def test_what_is_the_same_is_not_written_again() -> None:
    text = '{"s": {"e": "\\u00e9",  "n": 1.0}}'
    assert set_member(text, ("s",), {"e": "é", "n": 1.0}) == text
    assert set_member(text, ("s", "n"), 1) == text.replace("1.0", "1")  # equal to Python, not to a reader
    assert set_member('{"s": 1}', ("s",), True) == '{"s": true}'


def test_of_a_repeated_key_the_last_is_changed_and_all_are_removed() -> None:
    text = '{"m": {"a": 0}, "m": {"a": 1, "a": 2, "b": 3}}'
    assert set_member(text, ("m", "a"), 9) == '{"m": {"a": 0}, "m": {"a": 1, "a": 9, "b": 3}}'
    assert remove_member(text, ("m", "a")) == '{"m": {"a": 0}, "m": {"b": 3}}'
    assert json.loads(rename_member(text, ("m", "a"), "c")) == {"m": {"c": 2, "b": 3}}


def test_keys_are_told_apart_by_what_they_mean() -> None:
    assert set_member('{"\\u0061b": 1}', ("ab",), 2) == '{"\\u0061b": 2}'
    assert remove_member('{"x": 1, "a\\"": 2}', ('a"',)) == '{"x": 1}'


def test_text_is_written_readable_and_half_a_surrogate_stays_an_escape() -> None:
    made = set_member("", ("é",), "ü\ud800\n")
    assert made == '{\n  "é": "ü\\ud800\\n"\n}\n'
    made.encode("utf-8")


def test_a_member_keeps_its_place_when_it_is_renamed() -> None:
    assert rename_member('\ufeff{"a": {"x": 1},\t"b": 2}', ("a",), "z") == '\ufeff{"z": {"x": 1},\t"b": 2}'
    assert rename_member('{"a": 1}', ("a",), "a") == '{"a": 1}'
    with pytest.raises(ConfigError, match='already is "b"'):
        rename_member('{"a": 1, "b": 2}', ("a",), "b")
    with pytest.raises(ConfigError, match='no "c"'):
        rename_member('{"a": 1}', ("c",), "d")


@pytest.mark.parametrize(
    ("text", "path", "left"),
    [
        ('{"a": 1, "b": 2, "c": 3}', ("a",), '{"b": 2, "c": 3}'),
        ('{"a": 1, "b": 2, "c": 3}', ("b",), '{"a": 1, "c": 3}'),
        ('{"a": 1, "b": 2, "c": 3}', ("c",), '{"a": 1, "b": 2}'),
        ('{\n  "a": 1,\n  "b": 2\n}\n', ("a",), '{\n  "b": 2\n}\n'),
        ('{\n  "a": 1,\n  "b": 2\n}\n', ("b",), '{\n  "a": 1\n}\n'),
        ('{\n  "a": {\n    "b": 2\n  }\n}\n', ("a", "b"), '{\n  "a": {}\n}\n'),
        ('{"a": 1}', ("b",), '{"a": 1}'),
        ('{"a": 1}', ("b", "c"), '{"a": 1}'),
    ],
)
def test_removing_leaves_no_trace(text: str, path: tuple[str, ...], left: str) -> None:
    assert remove_member(text, path) == left


WITH_COMMENTS = '{\n  // first\n  "a": 1, // one\n  /* b */ "b": {"x": 1,}, // two\n  // end\n}\n'


def test_comments_and_trailing_commas_stay() -> None:
    made = set_member(WITH_COMMENTS, ("c", "d"), "//", format=Format.JSONC)
    assert made == WITH_COMMENTS.replace("// two\n", '// two\n  "c": {"d": "//"},\n')
    assert remove_member(made, ("c",), format=Format.JSONC) == WITH_COMMENTS
    made = set_member(WITH_COMMENTS, ("b", "y"), 2, format=Format.JSONC)
    assert made == WITH_COMMENTS.replace('"x": 1,', '"x": 1, "y": 2,')


@pytest.mark.parametrize(
    ("text", "key", "left"),
    [
        (WITH_COMMENTS, "a", WITH_COMMENTS.replace('\n  "a": 1, // one', "")),
        (WITH_COMMENTS, "b", WITH_COMMENTS.replace(' "b": {"x": 1,}, // two', "")),
        ('{"a": 1 // one\n}', "a", "{\n}"),
        ('{"a": 1, // one\n"b": 2}', "b", '{"a": 1 // one\n}'),
        ('{// c\n"a": 1}', "a", "{// c\n}"),
        ('{"a": 1 /* c */, "b": 2}', "b", '{"a": 1 /* c */}'),
        ('{"b": {}, // x\n"a": 1 /* y */ } /* z */\n', "a", '{"b": {} // x\n /* y */ } /* z */\n'),
        ('{"a": 1, /* about b */ "b": 2}', "a", '{ /* about b */ "b": 2}'),
    ],
)
def test_a_comment_goes_only_with_the_line_that_it_stands_behind(text: str, key: str, left: str) -> None:
    assert remove_member(text, (key,), format=Format.JSONC) == left


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("{}", '{\n  "k": 1\n}'),
        ("{ // note\n}", '{ // note\n  "k": 1\n}'),
        ("{ /* note */ }", '{ /* note */ "k": 1 }'),
        ('{"a": 1 // one\n}', '{"a": 1, // one\n  "k": 1\n}'),
        ('{"a": 1 /* one */}', '{"a": 1, "k": 1 /* one */}'),
        ('// head\n{"a": 1,}\n// foot', '// head\n{"a": 1, "k": 1,}\n// foot'),
    ],
)
def test_what_is_put_in_never_lands_in_a_comment(text: str, made: str) -> None:
    assert set_member(text, ("k",), 1, format=Format.JSONC) == made


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [('{"a": 1,\n "b" 2}', 2, 6), ('{\n// note\n"a": 1}', 2, 1), ("{", 1, 2), ('{"a": 1} x', 1, 10)],
)
def test_text_that_is_not_json_is_refused_with_its_place(text: str, line: int, column: int) -> None:
    for change in (lambda: set_member(text, ("k",), 1, file="/p/f.json"), lambda: remove_member(text, ("a",))):
        with pytest.raises(ConfigSyntaxError) as caught:
            change()
        assert (caught.value.details["line"], caught.value.details["column"]) == (line, column)
        assert "nothing was changed" in caught.value.hint


@pytest.mark.parametrize("text", ["{,}", '{"a": [,]}', '{"a": 1,,}', '{"a": 1 /* open'])
def test_jsonc_has_its_limits(text: str) -> None:
    with pytest.raises(ConfigSyntaxError):
        set_member(text, ("k",), 1, format=Format.JSONC)


def test_a_value_on_the_way_that_is_no_object_is_refused_with_its_place() -> None:
    with pytest.raises(ConfigError, match=r'"mcpServers" \(/p/f.json:2:2\) is not an object') as caught:
        set_member('{\n "mcpServers": []}', AT, ENTRY, file="/p/f.json")
    assert caught.value.details == {"file": "/p/f.json", "line": 2, "column": 2}
    with pytest.raises(ConfigError, match="holds an array"):
        set_member("[]", AT, ENTRY)


def test_a_value_that_is_no_json_is_refused() -> None:
    with pytest.raises(ConfigError, match="NaN"):
        set_member("{}", ("a",), float("nan"))
    deep: dict[str, object] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    with pytest.raises(ConfigError, match="too deeply"):
        set_member("{}", ("a",), deep)  # type: ignore[arg-type]
