"""The sizes of the panes: changed by keys and by dragging, kept, and never in the way of a small terminal."""

from __future__ import annotations

import pytest

from mcpdeck.app.deck import Deck
from mcpdeck.app.preferences import Preferences
from mcpdeck.services.models import Json
from mcpdeck.services.state.store import Store
from tests.ui import states
from tests.ui.deck_stage import Kept, Stage, Ticks, decked
from tests.ui.form_stage import settle

ZOO = states.app_state(*states.zoo())


def nav(stage: Stage) -> int:
    return stage.deck.query_one("#nav").outer_size.width


def work(stage: Stage) -> int:
    return stage.deck.query_one("#work").outer_size.height


async def test_the_lists_grow_and_shrink_by_keys_and_stay_so() -> None:
    async with decked(ZOO) as stage:
        before = nav(stage)
        await stage.press("ctrl+left", "ctrl+left")
        assert nav(stage) < before
        kept = stage.app.preferences.value("layout.lists")
        assert isinstance(kept, int)
        await stage.press(*["ctrl+right"] * 40)
        assert nav(stage) <= 0.85 * 120
        assert "│" in stage.text


async def test_the_form_grows_and_shrinks_by_keys() -> None:
    async with decked(ZOO) as stage:
        await stage.press("enter", "enter")
        await stage.press("escape")
        before = work(stage)
        await stage.press("ctrl+down", "ctrl+down", "ctrl+down")
        assert work(stage) > before
        await stage.press(*["ctrl+up"] * 30)
        assert work(stage) < before + 3


async def test_a_line_between_panes_is_dragged() -> None:
    async with decked(ZOO) as stage:
        edge = stage.deck.query_one("#nav").region.right - 1
        await stage.pilot.mouse_down(offset=(edge, 15))
        await stage.pilot.hover(offset=(40, 15))
        await stage.pilot.mouse_up(offset=(40, 15))
        await stage.rest()
        assert 38 <= nav(stage) <= 42
        assert isinstance(stage.app.preferences.value("layout.lists"), int)
        await stage.press("comma", "end", "enter")
        assert stage.app.preferences.value("layout.lists") is None


@pytest.mark.parametrize(("kept", "least", "most"), [(30, 30, 42), (5_000, 90, 110), (-7, 10, 30), ("x", 40, 70)])
async def test_kept_sizes_hold_from_the_start_within_reason(kept: Json, least: int, most: int) -> None:
    preferences, store, ticks = Preferences(None), Store(ZOO), Ticks()
    preferences.keep("layout.lists", kept)
    app = Deck(store, Kept, clock=states.clock, ticks=ticks, preferences=preferences)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(app, pilot)
        assert least <= nav(Stage(app, pilot, store, ticks)) <= most


@pytest.mark.parametrize("size", [(80, 24), (240, 70), (60, 20), (120, 40)])
async def test_whatever_the_size_of_the_terminal_kept_sizes_leave_both_sides_readable(size: tuple[int, int]) -> None:
    async with decked(ZOO) as stage:
        await stage.press("enter", "enter", "escape", *["ctrl+left"] * 8, *["ctrl+down"] * 8)
        await stage.resize(*size)
        await stage.press("escape")
        assert "everything" in stage.text
        await stage.press("i")
        assert "everything" in stage.text
