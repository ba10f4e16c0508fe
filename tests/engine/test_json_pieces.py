"""JSON of any length and depth: written in pieces, as the standard library writes it, and measured without a copy."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.engine import content
from mcpdeck.services.engine.truncation import measure
from mcpdeck.services.models import Json, JsonObject, as_list
from mcpdeck.services.models.json_pieces import SLICE, in_ascii, pieces

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.sampled_from([None, 1, 2]), st.booleans())
def test_json_in_pieces_is_the_json_of_the_standard_library(value: Json, indent: int | None, ascii_only: bool) -> None:
    text = "".join(pieces(value, indent=indent))
    text = in_ascii(text) if ascii_only else text
    assert json.loads(text) == value
    if "\x7f" not in repr(value) and (ascii_only or text.isascii()):
        assert text == json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert not ascii_only or text.isascii()


LONG_ROWS: list[tuple[list[Json], str]] = [
    ([*range(2_500), True, None, 1.5, "ä\n"], "numbers"),
    ([{"a": number, "b": "x", "c": None} for number in range(50)], "rows"),
    ([*range(1_500), [1], {"a": {}}, *range(1_500)], "others between"),
    (["x" * 1_000] * 1_001, "texts"),
    ([{str(number): number for number in range(3_000)}], "a large object"),
]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("row", [row for row, _ in LONG_ROWS], ids=[name for _, name in LONG_ROWS])
def test_long_rows_in_pieces_are_the_json_of_the_standard_library(row: list[Json], indent: int | None) -> None:
    assert "".join(pieces({"a": row}, indent=indent)) == json.dumps({"a": row}, indent=indent, ensure_ascii=False)
    compact = json.dumps([row, row], ensure_ascii=False, separators=(",", ":"))
    assert "".join(pieces([row, row], compact=True)) == compact


def test_a_row_with_what_no_encoder_takes_is_written_value_by_value() -> None:
    row: list[Json] = [1, float("nan"), "\ud83d", 10**5_000, {"a": float("inf"), "b": "\ud83d"}]
    for indent in (None, 2):
        text = "".join(pieces([*row, [1, "\ud83d", 2]], indent=indent, nan="null"))
        read = json.loads(text)
        assert (read[:3], read[4:]) == ([1, None, "\ud83d"], [{"a": None, "b": "\ud83d"}, [1, "\ud83d", 2]])
        assert text.isascii()
    assert "".join(pieces([1, float("nan"), 2])) == "[1, NaN, 2]"


def test_a_long_list_is_measured_and_written_without_a_copy_of_it() -> None:
    result: JsonObject = {"content": [], "structuredContent": [7] * 200_000}
    tracemalloc.start()
    try:
        sizing = measure(result, limit_tokens=1_000)
        assert sizing.measured("file").given is not None
        assert sum(map(len, pieces(result, indent=2))) > 1_000_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


def test_what_structured_content_costs_is_found_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(content, "says_the_same", lambda text, structured: read.append(text) or False)
    result: JsonObject = {"content": [{"type": "text", "text": "other"}], "structuredContent": {"a": "x" * 1_000}}
    sizing = measure(result, limit_tokens=100)
    given = sizing.measured("file").given
    assert given is not None
    assert len(as_list(given["content"])) == 3
    assert read == ["other"]


def test_json_in_pieces_takes_what_no_encoder_does() -> None:
    deep: Json = "\ud83d"
    for _ in range(5_000):
        deep = [deep]
    text = "".join(pieces(deep, indent=2))
    assert text.count("[") == 5_000
    assert '"\\ud83d"' in text
    assert "".join(pieces([float("nan"), float("-inf")])) == "[NaN, -Infinity]"
    assert json.loads("".join(pieces([float("nan"), 10**5_000], nan="null")))[0] is None


def test_no_piece_of_a_long_text_is_much_longer_than_the_slice() -> None:
    long = 'ä"\n' * SLICE
    parts = list(pieces({"a": long, "b": [long]}))
    assert max(map(len, parts)) < 4 * SLICE
    assert json.loads("".join(parts)) == {"a": long, "b": [long]}
