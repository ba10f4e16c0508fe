from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mcpdeck.services.config.change import Change
from mcpdeck.services.config.edit import remove_member, rename_member, set_member
from mcpdeck.services.config.jsonc import as_json
from mcpdeck.services.config.layout import TOKEN
from mcpdeck.services.config.masked_entry import masked_definition
from mcpdeck.services.config.masked_json import masked_json
from mcpdeck.services.config.models import Format

KEYS = st.sampled_from(["a", "b", "token", "env", "mcpServers", "ключ", 'q"', "//", "/*", "\\", ",", "{", "\n"])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=6)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)
SPACE = st.sampled_from(["", "", " ", "\n", "\n  ", "\r\n\t", "  ", "\t"])
COMMENTS = st.sampled_from(["", "", "", " // note\n", "/* a\n b */", "\n// , }\n  ", ' /* " */ '])


@st.composite
def texts(draw: st.DrawFn, value: Any, *, comments: bool = False) -> str:
    """``value`` written in a way of its own: white space, escapes and repeated keys as they come."""

    def space() -> str:
        return draw(SPACE) + (draw(COMMENTS) if comments else "")

    def text(part: Any) -> str:
        if isinstance(part, dict):
            pairs = [(key, text(item)) for key, item in part.items()]
            if pairs and draw(st.integers(0, 5)) == 0:
                pairs.insert(0, (draw(st.sampled_from(pairs))[0], '{"old": [1]}'))
            inner = ",".join(f"{space()}{string(key)}{space()}:{space()}{item}{space()}" for key, item in pairs)
            comma = "," if pairs and comments and draw(st.booleans()) else ""
            return "{" + (inner or space()) + comma + space() + "}"
        if isinstance(part, list):
            return "[" + ",".join(f"{space()}{text(item)}{space()}" for item in part) + space() + "]"
        return string(part) if isinstance(part, str) else json.dumps(part)

    def string(part: str) -> str:
        return json.dumps(part, ensure_ascii=draw(st.booleans()))

    return draw(st.sampled_from(["", "\ufeff"])) + space() + text(value) + space()


def read(text: str) -> Any:
    return json.loads(as_json(text.removeprefix("\ufeff")))


def same(one: Any, other: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def objects_in(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Paths of every object that only objects lead to."""
    if not isinstance(value, dict):
        return []
    return [path, *(found for key, item in value.items() for found in objects_in(item, (*path, key)))]


def at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def shared(one: Iterable[str], other: Iterable[str]) -> int:
    """How many characters both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def middle(before: str, after: str) -> str:
    """What of ``before`` is not in ``after``: everything but their common start and end."""
    start = shared(before, after)
    rest, other = before[start:], after[start:]
    return rest[: len(rest) - shared(reversed(rest), reversed(other))]


def comments_of(text: str) -> list[str]:
    return [token for token in TOKEN.findall(text) if token.startswith(("//", "/*"))]


@st.composite
def cases(draw: st.DrawFn, *, comments: bool = False) -> tuple[str, Any, tuple[str, ...], str, Any]:
    value = draw(OBJECTS)
    text = draw(texts(value, comments=comments))
    value = read(text)
    return text, value, draw(st.sampled_from(objects_in(value))), draw(KEYS), draw(VALUES)


@given(cases())
@settings(deadline=None)
def test_what_is_set_is_read_back_and_the_rest_reads_as_before(case: Any) -> None:
    text, value, parent, key, new = case
    expected = copy.deepcopy(value)
    at(expected, parent)[key] = new
    made = set_member(text, (*parent, key), new)
    assert same(read(made), expected)
    assert made.startswith("\ufeff") == text.startswith("\ufeff")
    if key not in at(value, parent):
        assert not middle(text, made).strip(" \t\r\n")  # nothing but the inside of an empty object was taken away


@given(cases(comments=True))
@settings(deadline=None)
def test_the_same_holds_for_text_with_comments_and_no_comment_is_lost(case: Any) -> None:
    text, value, parent, key, new = case
    expected = copy.deepcopy(value)
    at(expected, parent)[key] = new
    made = set_member(text, (*parent, key), new, format=Format.JSONC)
    assert same(read(made), expected)
    if key not in at(value, parent):
        assert comments_of(made) == comments_of(text)
    del at(expected, parent)[key]
    assert same(read(remove_member(made, (*parent, key), format=Format.JSONC)), expected)


@given(cases(), KEYS)
@settings(deadline=None)
def test_objects_on_the_way_are_made(case: Any, further: str) -> None:
    text, value, parent, key, new = case
    if key in at(value, parent):
        return
    at(value, parent)[key] = {further: new}
    assert same(read(set_member(text, (*parent, key, further), new)), value)


@given(cases())
@settings(deadline=None)
def test_what_was_set_and_is_removed_leaves_the_text_as_it_was(case: Any) -> None:
    text, value, parent, key, new = case
    if key in at(value, parent):
        return
    back = remove_member(set_member(text, (*parent, key), new), (*parent, key))
    if at(value, parent):
        assert back == text
    else:  # white space between two brackets is the one thing that is not kept
        assert middle(text, back).strip() == middle(back, text).strip() == ""


@given(cases())
@settings(deadline=None)
def test_what_is_removed_is_gone_and_the_rest_reads_as_before(case: Any) -> None:
    text, value, parent, key, _ = case
    made = remove_member(text, (*parent, key))
    if key in at(value, parent):
        del at(value, parent)[key]
        assert same(read(made), value)
    else:
        assert made == text


@given(cases(), KEYS)
@settings(deadline=None)
def test_a_renamed_member_has_its_value_and_its_place(case: Any, name: str) -> None:
    text, value, parent, key, _ = case
    members = at(value, parent)
    if key not in members or (name in members and name != key):
        return
    made = read(rename_member(text, (*parent, key), name))
    renamed = {name if one == key else one: item for one, item in members.items()}
    assert same(at(made, parent), renamed)


@given(cases(comments=True))
@settings(deadline=None)
def test_setting_the_same_value_changes_nothing(case: Any) -> None:
    text, value, parent, key, _new = case
    members = at(value, parent)
    if key in members:
        assert set_member(text, (*parent, key), members[key], format=Format.JSONC) == text


@given(OBJECTS.flatmap(texts))
@settings(deadline=None)
def test_a_masked_text_reads_as_the_masked_value_and_has_the_same_lines(text: str) -> None:
    shown = masked_json(text)
    assert same(read(shown), masked_definition(read(text)))
    assert shown.count("\n") == text.count("\n")


def patched(before: list[str], diff: str) -> list[str]:
    """``before`` with a unified diff applied."""
    made: list[str] = []
    position = 0
    for line in diff.splitlines()[2:]:
        if line.startswith("@@"):
            first, _, count = line.split()[1].removeprefix("-").partition(",")
            start = int(first) - (count != "0")
            made += before[position:start]
            position = start
        elif line.startswith("+"):
            made.append(line[1:])
        else:
            assert before[position] == line[1:]
            made += [line[1:]] if line.startswith(" ") else []
            position += 1
    return made + before[position:]


LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=12)


@given(LINES, LINES)
@settings(deadline=None)
def test_a_diff_makes_the_one_text_of_the_other(before: list[str], after: list[str]) -> None:
    one, other = ("".join(f"{line}\n" for line in lines) for lines in (before, after))
    diff = Change(Path("/p"), one, other).diff()
    assert patched(before, diff) == after
    assert (diff == "") == (before == after)
