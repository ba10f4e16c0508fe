"""An array of objects as a table: what is one, its columns, sorting, scrolling and finding."""

from __future__ import annotations

import pytest
from textual.containers import VerticalScroll

from mcpdeck.services.models import Json
from mcpdeck.widgets.found import pattern_of
from mcpdeck.widgets.found_in_pages import FoundInPages
from mcpdeck.widgets.table_columns import shared_widths, table_of
from mcpdeck.widgets.table_lines import TableLines
from tests.ui.form_stage import FORBIDDEN, HOSTILE, staged, text_of
from tests.ui.result_states import ROWS


def lines(value: Json, **more: int) -> TableLines:
    table = table_of(value)
    assert table is not None
    return TableLines(table, **more)


@pytest.mark.parametrize("value", [ROWS, {"result": ROWS}])
def test_an_array_of_objects_is_a_table_also_as_the_only_member(value: Json) -> None:
    table = table_of(value)
    assert table is not None
    assert [(one.name, one.numeric) for one in table.columns] == [
        ("id", True), ("name", False), ("city", False), ("born", True), ("active", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        [],
        [1, 2],
        [{"a": 1, "b": 2}],
        [{"a": 1}, {"a": 2}],
        [{"a": 1, "b": 2}, 3],
        [{"a": 1, "b": 1}, {"c": 1, "d": 1}, {"e": 1, "f": 1}],
        [{"a": {}, "b": [1]}, {"a": {"x": 1}, "b": []}],
        {"result": ROWS, "next": None},
        "text",
    ],
)
def test_what_would_be_no_good_table_stays_json(value: Json) -> None:
    assert table_of(value) is None


async def test_numbers_stand_on_the_right_and_what_is_missing_is_empty() -> None:
    widget = lines([{"n": 1, "s": "a"}, {"n": 200, "s": None}, {"n": 3}])
    async with staged(widget) as (app, _):
        assert [line.rstrip() for line in text_of(app).split("\n")[:4]] == ["  n  s", "  1  a", "200  null", "  3"]


async def test_a_column_sorts_up_then_down_then_as_received_and_missing_values_stay_last() -> None:
    widget = lines([{"n": 10, "s": "b"}, {"n": None, "s": "c"}, {"n": 9, "s": "a"}])
    async with staged(widget) as (app, pilot):

        async def order() -> str:
            await pilot.pause()
            return "".join(line.split()[-1] for line in text_of(app).split("\n")[1:4])

        widget.sort(0)
        assert await order() == "abc"
        widget.sort(0)
        assert await order() == "bac"
        widget.sort(0)
        assert await order() == "bca"


async def test_a_click_on_a_heading_sorts_by_it() -> None:
    widget = lines(ROWS)
    async with staged(widget) as (app, pilot):
        await pilot.click(widget, offset=(1, 0))
        assert text_of(app).split("\n")[1].strip().startswith("4")
        assert "id▲" in text_of(app)


async def test_a_wide_table_scrolls_to_the_column_that_is_chosen() -> None:
    widget = lines([{f"column{n}": f"value {n} {row}" for n in range(12)} for row in range(2)])
    async with staged(widget, size=(40, 10)) as (app, pilot):
        assert "column11" not in text_of(app)
        for _ in range(12):
            widget.choose(1)
        await pilot.pause()
        assert "column11" in text_of(app)
        for _ in range(12):
            widget.choose(-1)
        await pilot.pause()
        assert text_of(app).startswith("column0")


async def test_words_are_found_in_cells_that_are_out_of_sight() -> None:
    rows: Json = [{"id": number, "name": f"n{number}", "x": "y" * 40} for number in range(500)]
    widget = lines(rows)
    async with staged(VerticalScroll(widget), size=(40, 10)) as (app, pilot):
        found = FoundInPages(app.query_one(VerticalScroll))
        assert await found.find(pattern_of("n499"), lambda _: None) == 1
        found.show_match(0)
        await pilot.pause()
        assert "n499" in text_of(app)


async def test_hostile_cells_and_headings_are_shown_as_text() -> None:
    widget = lines([{"a": text, text: 1} for text in HOSTILE[:2]] + [{"a": text, HOSTILE[0]: 1} for text in HOSTILE])
    async with staged(widget, size=(120, 20)) as (app, _):
        assert not FORBIDDEN & set(text_of(app))


@pytest.mark.parametrize("room", [3, 10, 30, 100])
def test_columns_share_the_room_and_small_ones_get_what_they_need(room: int) -> None:
    widths = shared_widths([2, 50, 20], room)
    assert sum(widths) <= max(room, 9) + 3
    assert widths[0] in (2, 3)
