from __future__ import annotations

import pytest

from mcpdeck.services.config.positions import JsonProblem, Place, read_json


def test_every_key_down_to_the_third_level_has_its_line_and_column() -> None:
    document = read_json(
        '{\n  "mcpServers": {\n    "a": {"command": "x", "env": {"K": "v"}},\n    "b": {"args": [{}, "b"]}}}'
    )
    assert document.places[("mcpServers",)] == Place(2, 3)
    assert document.places[("mcpServers", "a", "env")] == Place(3, 27)
    assert document.places[("mcpServers", "b")] == Place(4, 5)
    assert ("mcpServers", "a", "env", "K") not in document.places


def test_an_escaped_key_has_a_place_under_its_real_name() -> None:
    assert read_json('{"a\\u0062": 1, "q\\"": 2}').places == {("ab",): Place(1, 2), ('q"',): Place(1, 16)}


def test_of_two_equal_keys_the_last_counts_and_the_first_is_reported() -> None:
    document = read_json('{"a": {"x": 1},\n "a": {"y": 2}}')
    assert document.value == {"a": {"y": 2}}
    assert document.duplicates == ((("a",), Place(1, 2)),)
    assert document.places == {("a",): Place(2, 2), ("a", "y"): Place(2, 8)}


@pytest.mark.parametrize(
    ("text", "reason", "place", "remedy"),
    [
        ("", "it is empty", Place(1, 1), "write"),
        (" \n", "it is empty", Place(2, 1), "write"),
        ("{", "expecting property name", Place(1, 2), "the text ends here"),
        ('{"a": 1,}', "a comma before a closing bracket", Place(1, 8), "remove the comma"),
        ('{\n// note\n"a": 1}', "it has a comment", Place(2, 1), "no comments"),
        ("{'a': 1}", "", Place(1, 2), "double quotes"),
        ('{"a": 1 "b": 2}', "expecting ','", Place(1, 9), "correct"),
        ('{"a": NaN}', "NaN is not a JSON value", None, "null"),
        ("[" * 100_000, "nested too deeply", None, "flatten"),
        ('{"a": ' + "1" * 5000 + "}", "too many digits", None, "string"),
    ],
)
def test_text_that_is_not_json_is_a_problem_with_its_place(
    text: str, reason: str, place: Place | None, remedy: str
) -> None:
    with pytest.raises(JsonProblem) as caught:
        read_json(text)
    assert reason in caught.value.reason
    assert remedy in caught.value.remedy
    if place is not None:
        assert caught.value.place == place


def test_a_file_full_of_repeated_keys_is_read_without_counting_every_one() -> None:
    document = read_json("{" + ",".join(['"a": 1'] * 5000) + "}")
    assert 0 < len(document.duplicates) < 5000
