"""A JSON value as a tree: numbering, folding, paths, finding, whatever its size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.models import Json
from mcpdeck.widgets.found import marked, pattern_of
from mcpdeck.widgets.json_nodes import Flattening, Rows
from mcpdeck.widgets.json_tree import JsonTree
from tests.ui.form_stage import FORBIDDEN, HOSTILE, staged, text_of
from tests.waiting import eventually

VALUE: Json = {"a": {"b": [1, {"c": None}], "weird key": "x"}, "list": [[], {}, "text"], "empty": {}}
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=25,
)


def flat(value: Json, step: int = 3) -> Flattening:
    made = Flattening(value)
    while not made.done:
        made.step(step)
    return made


def paths(value: Json, path: str = "$") -> list[Json]:
    """Every value in the order in which it is written."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(deep for one in inside for deep in paths(one))]


@given(jsons, st.integers(1, 7))
def test_every_value_is_numbered_once_in_the_order_it_is_written_however_large_the_steps_are(
    value: Json, step: int
) -> None:
    made = flat(value, step)
    assert [id(one) for one in made.nodes.values] == [id(one) for one in paths(value)]
    assert made.nodes.ends[0] == len(made.nodes)
    for number, end in enumerate(made.nodes.ends):
        assert end - number == len(paths(made.nodes.values[number]))


@given(jsons, st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=12))
def test_folding_and_unfolding_in_any_order_shows_what_no_folded_value_holds(
    value: Json, turns: list[tuple[bool, int]]
) -> None:
    made = flat(value)
    nodes = made.nodes
    rows = Rows(nodes, whole=True)
    rows.grow(len(nodes))
    for opened, place in turns:
        line = place % len(rows)
        if not nodes.is_container(rows.rows[line]):
            continue
        if opened:
            rows.unfold(line)
        elif rows.is_open(rows.rows[line]):
            rows.fold(line)

    def hidden(number: int) -> bool:
        parent = nodes.parents[number]
        return parent >= 0 and (not rows.is_open(parent) or hidden(parent))

    assert list(rows.rows) == [number for number in range(len(nodes)) if not hidden(number)]


@given(jsons, st.integers(1, 5))
def test_what_shows_does_not_depend_on_how_the_value_was_numbered(value: Json, step: int) -> None:
    made = Flattening(value)
    growing = Rows(made.nodes, whole=False)
    growing.grow(len(made.nodes))
    while not made.done:
        growing.grow(made.step(step))
    at_once = Rows(made.nodes, whole=False)
    at_once.grow(len(made.nodes))
    assert list(growing.rows) == list(at_once.rows)


@pytest.mark.parametrize(
    ("number", "path"),
    [(0, "$"), (2, "$.a.b"), (3, "$.a.b[0]"), (5, "$.a.b[1].c"), (6, "$.a['weird key']"), (10, "$.list[2]")],
)
def test_the_path_of_a_value_is_a_jsonpath(number: int, path: str) -> None:
    assert flat(VALUE).nodes.path(number) == path


def test_names_are_quoted_in_paths_as_rfc_9535_wants_it() -> None:
    nodes = flat({"it's": {"a\\b\n\x01": {"é": 0}}}).nodes
    assert nodes.path(3) == r"$['it\'s']['a\\b\n\u0001'].é"


async def test_a_small_value_opens_wholly_and_folds_by_keys() -> None:
    tree = JsonTree(VALUE)
    async with staged(tree, size=(60, 20)) as (app, pilot):
        tree.focus()
        assert "weird key" in text_of(app)
        await pilot.press("down", "space")
        assert "weird key" not in text_of(app)
        assert "▸ a: { } 2 members" in text_of(app)
        await pilot.press("right")
        assert "weird key" in text_of(app)
        await pilot.press("asterisk", "home")
        assert tree.path == "$"


async def test_left_goes_to_what_holds_the_value_and_then_folds_it() -> None:
    tree = JsonTree(VALUE)
    async with staged(tree, size=(60, 20)) as (_, pilot):
        tree.focus()
        await pilot.press("down", "down", "down")
        assert tree.path == "$.a.b[0]"
        await pilot.press("left")
        assert tree.path == "$.a.b"
        await pilot.press("left", "left")
        assert tree.path == "$.a"


async def test_path_type_and_count_of_what_is_under_the_cursor_are_told() -> None:
    tree = JsonTree(VALUE)
    async with staged(tree) as (_, pilot):
        tree.focus()
        await pilot.press("down", "down")
        assert tree.told() == "$.a.b  array of 2 items"


async def test_a_large_value_shows_at_once_opens_two_levels_and_is_numbered_beside_the_screen() -> None:
    tree = JsonTree({"rows": [{"id": number, "deep": {"x": [number]}} for number in range(60_000)]})
    async with staged(tree, size=(60, 20)) as (app, _):
        assert "▾ rows: [ ] 60,000 items" in text_of(app)
        assert "▸ 0: { } 2 members" in text_of(app)
        await eventually(lambda: tree.complete, "all of it")
        assert tree.count == 2 + 60_000 * 5
        assert tree.length() == 2 + 60_000


async def test_what_is_found_in_a_folded_value_is_opened_and_marked() -> None:
    tree = JsonTree({"rows": [{"id": number, "deep": {"x": [f"n{number}"]}} for number in range(3_000)]})
    async with staged(tree, size=(60, 20)) as (app, pilot):
        told: list[int] = []
        assert await tree.find(pattern_of("n2999"), told.append) == 1
        tree.show_match(0)
        await pilot.pause()
        assert tree.path == "$.rows[2999].deep.x[0]"
        assert '"n2999"' in text_of(app)
        assert told[-1] == 1
        assert await tree.find(pattern_of("N2999"), told.append) == 0  # a capital asks for itself


async def test_enter_on_a_text_asks_for_all_of_it() -> None:
    tree = JsonTree({"a": "x" * 3_000})
    async with staged(tree, size=(40, 6)) as (app, pilot):
        tree.focus()
        await pilot.press("down", "enter")
        asked = app.asked(JsonTree.LongChosen)
        assert [(len(one.text), one.path) for one in asked] == [(3_000, "$.a")]
        assert "3.0 kB" in text_of(app) or "…" in text_of(app)


async def test_hostile_names_and_values_are_shown_as_json_text() -> None:
    tree = JsonTree({text: text for text in HOSTILE})
    async with staged(tree, size=(120, 20)) as (app, _):
        assert not FORBIDDEN & set(text_of(app))
        assert "[bold red]markup[/]" in text_of(app)


def test_a_match_is_marked_also_where_it_reaches_over_several_spans() -> None:
    pattern = pattern_of("b: 1")
    assert pattern is not None
    assert marked([("a", ""), ("b", "key"), (": ", "muted"), ("12", "number")], pattern, "found") == [
        ("a", ""), ("b", "found"), (": ", "found"), ("1", "found"), ("2", "number"),
    ]  # fmt: skip


def test_numbers_and_words_are_found_as_they_are_written() -> None:
    value: Json = [1.5, True, None, 10**5000, "1.5"]
    tree = JsonTree(value)
    for words, found in (("1.5", [1, 5]), ("true", [2]), ("null", [3])):
        pattern = pattern_of(words)
        assert pattern is not None
        assert list(tree._found(pattern, 0, 6)) == found
