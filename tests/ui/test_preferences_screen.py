"""Themes, presets and plain mode: chosen on one screen, at once, and kept."""

from __future__ import annotations

import pytest

from mcpdeck.app.deck import Deck
from mcpdeck.app.preferences import Preferences
from mcpdeck.app.themes import CONTRAST_DARK, DARK, LIGHT, THEMES, TITLES
from mcpdeck.services.state.store import Store
from tests.ui import states
from tests.ui.deck_stage import Kept, decked
from tests.ui.test_deck_lists import contrast

ZOO = states.app_state(*states.zoo())


async def test_a_theme_is_chosen_and_kept() -> None:
    async with decked(ZOO) as stage:
        await stage.press("comma", "down", "enter")
        assert stage.app.theme == LIGHT.name
        assert stage.app.preferences.value("theme") == LIGHT.name
        assert "● Light" in stage.text
        await stage.press("escape")
        assert len(stage.app.screen_stack) == 1


async def test_the_key_goes_through_all_themes() -> None:
    async with decked(ZOO) as stage:
        seen = [stage.app.theme]
        for _ in THEMES:
            await stage.press("ctrl+t")
            seen.append(stage.app.theme)
        assert seen == [*(theme.name for theme in THEMES), DARK.name]


@pytest.mark.parametrize("kept", ["deck-contrast-dark", "nonsense", 7, None])
async def test_a_kept_theme_holds_from_the_first_frame_and_one_nobody_knows_does_not(kept: object) -> None:
    preferences = Preferences(None)
    preferences.keep("theme", kept)  # type: ignore[arg-type]
    app = Deck(Store(ZOO), Kept, preferences=preferences)
    assert app.theme == (CONTRAST_DARK.name if kept == CONTRAST_DARK.name else DARK.name)


async def test_which_keys_move_is_chosen_and_holds_at_once() -> None:
    async with decked(ZOO) as stage:
        await stage.press("comma", *["down"] * 8, "enter", "escape", "j")
        assert stage.app.keys.preset == "arrows"
        assert stage.app.preferences.value("keys") == "arrows"
        assert "▌● everything" in stage.text


async def test_plain_mode_is_switched_on_and_off() -> None:
    async with decked(ZOO) as stage:
        await stage.press("comma", *["down"] * 9, "enter", "escape")
        assert stage.app.plain
        assert "│" not in stage.text
        await stage.press("comma", *["down"] * 9, "enter", "escape")
        assert not stage.app.plain
        assert "│" in stage.text


@pytest.mark.parametrize("theme", [one for one in THEMES if "contrast" in one.name], ids=lambda one: one.name)
def test_high_contrast_is_seven_to_one(theme: object) -> None:
    chosen = next(one for one in THEMES if one is theme)
    variables = chosen.variables
    cursors = (variables["block-cursor-background"], variables["block-cursor-blurred-background"])
    named = (chosen.foreground, chosen.primary, chosen.success, chosen.warning, chosen.error, chosen.accent)
    for ink in (*named, variables["text-muted"]):
        for background in (chosen.background, chosen.surface, *cursors):
            assert ink is not None
            assert background is not None
            assert contrast(ink, background) >= 7, (ink, background)


def test_every_theme_has_a_title() -> None:
    assert list(TITLES) == [theme.name for theme in THEMES]
