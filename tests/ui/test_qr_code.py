"""An address as a QR code: module for module, dark on white, and never cut."""

from __future__ import annotations

import pytest
import segno

from mcpdeck.widgets.qr_code import code_rows, drawn, modules_of
from tests.ui import auth_states as auth
from tests.ui import states
from tests.ui.deck_stage import decked

HALVES = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}


def read_back(rows: list[str], quiet: int) -> list[list[int]]:
    """The modules that stand in the cells, without the white around them."""
    lines: list[list[int]] = []
    for row in rows:
        lines += [[HALVES[cell][half] for cell in row] for half in (0, 1)]
    inside = [line[quiet:-quiet] for line in lines[quiet:-quiet]]
    return inside[: len(inside[0])]


@pytest.mark.parametrize("text", ["https://a.example/", auth.SHORT_URL, auth.URL])
def test_every_module_of_the_code_stands_in_its_cell(text: str) -> None:
    expected = [list(row) for row in segno.make_qr(text, error="l").matrix]
    rows = code_rows(text, 200, 100)
    assert isinstance(rows, list)
    assert read_back(rows, 4) == expected


def test_where_room_is_short_the_white_around_the_code_is_narrower() -> None:
    modules = modules_of(auth.SHORT_URL)
    assert modules is not None
    wide, narrow = drawn(modules, 4), drawn(modules, 2)
    assert code_rows(auth.SHORT_URL, len(wide[0]), len(wide)) == wide
    assert code_rows(auth.SHORT_URL, len(wide[0]) - 1, len(wide)) == narrow
    assert code_rows(auth.SHORT_URL, len(narrow[0]), len(narrow)) == narrow


def test_a_code_without_room_says_what_it_needs() -> None:
    modules = modules_of(auth.URL)
    assert modules is not None
    needed = drawn(modules, 2)
    said = code_rows(auth.URL, 80, 24)
    assert isinstance(said, str)
    assert f"{len(needed[0])} columns and {len(needed)} rows" in said


def test_an_address_that_no_code_can_hold_says_so() -> None:
    assert "too long" in str(code_rows("https://a.example/?" + "x" * 5_000, 500, 500))


async def test_the_code_opens_over_everything_and_closes_with_the_login() -> None:
    row = auth.wanted(auth.WAITING)
    async with decked(states.app_state(row, prompts=(auth.asked(url=auth.SHORT_URL),))) as stage:
        await stage.press("c")
        assert "Redirect URL" not in stage.text
        assert "█▀▀▀▀▀█" in stage.text
        await stage.become(states.app_state(row))
        assert stage.app.screen is stage.deck


async def test_the_code_comes_when_the_window_has_room_for_it_and_goes_with_it() -> None:
    row = auth.wanted(auth.WAITING)
    async with decked(states.app_state(row, prompts=(auth.asked(),)), size=(80, 24)) as stage:
        await stage.press("c")
        assert "columns and" in stage.text
        await stage.resize(120, 40)
        assert "█▀▀▀▀▀█" in stage.text
        await stage.resize(80, 24)
        assert "█▀▀▀▀▀█" not in stage.text
        await stage.press("escape")
        assert "Redirect URL" in stage.text
