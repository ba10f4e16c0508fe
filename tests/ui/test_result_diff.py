"""How two results differ, member by member, and which two are compared."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from mcpdeck.services.models import Json
from mcpdeck.services.state.model import CallStatus
from mcpdeck.widgets.json_diff import compare, difference_lines
from mcpdeck.widgets.result_asks import others_of
from tests.ui import result_states as calls
from tests.ui.form_stage import FORBIDDEN, HOSTILE
from tests.ui.test_json_tree import jsons


def told(before: Json, after: Json) -> list[tuple[str, str]]:
    return [(one.kind, one.path) for one in compare(before, after).differences]


@given(jsons)
def test_a_value_does_not_differ_from_itself(value: Json) -> None:
    assert told(value, value) == []


@given(jsons, jsons)
def test_values_that_differ_are_never_called_the_same(one: Json, other: Json) -> None:
    same = repr(one) == repr(other)
    assert same or told(one, other) or _unordered(one, other)


def _unordered(one: Json, other: Json) -> bool:
    """Equal but for the order of members, which says nothing in JSON."""
    return one == other


def test_members_that_came_went_and_changed_are_told_where_they_stand() -> None:
    assert told(calls.DEEP, calls.CHANGED) == [
        ("added", "$.more"),
        ("removed", "$.user.roles[0]"),
        ("kind", "$.user['weird key']"),
        ("changed", "$.items[0].price"),
    ]


def test_an_item_that_was_put_in_does_not_change_all_items_after_it() -> None:
    before: Json = [{"id": number} for number in range(50)]
    after: Json = [*before[:10], {"id": "new"}, *before[10:]]
    assert told(before, after) == [("added", "$[10]")]


def test_one_and_true_and_one_point_zero_are_three_values() -> None:
    assert told([1, 1, 0], [True, 1.0, 0]) == [("kind", "$[0]"), ("kind", "$[1]")]


def test_texts_of_several_lines_differ_by_their_lines() -> None:
    found = compare({"text": "a\nb\nc\n"}, {"text": "a\nB\nc\n"}).differences
    lines = ["".join(text for text, _ in line) for line in difference_lines(found[0], 40)]
    assert "  − b" in lines
    assert "  + B" in lines
    assert "    a" in lines


def test_hostile_texts_are_safe_in_a_difference() -> None:
    for one in compare(dict.fromkeys(HOSTILE, 1), {text: text for text in HOSTILE}).differences:
        for line in difference_lines(one, 60):
            assert not FORBIDDEN & set("".join(text for text, _ in line))


def test_a_call_is_compared_with_the_one_before_it_that_had_the_same_arguments() -> None:
    elsewhere = replace(calls.BEFORE, id="call-9", tool="other")
    runs = replace(calls.BEFORE, id="call-8", status=CallStatus.RUNNING, result=None)
    later = replace(calls.BEFORE, id="call-7", started_at=calls.NOW.started_at + 5)
    known = (later, calls.NOW, calls.OTHER, runs, elsewhere, calls.BEFORE)
    assert [one.id for one in others_of(calls.NOW, known)] == ["call-2", "call-3", "call-7"]
