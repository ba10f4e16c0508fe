"""One text snapshot for each screen of calls that are kept, and each size."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ui import saved_states, states
from tests.ui import tool_states as tools
from tests.ui.deck_stage import decked

SIZES = ((80, 24), (120, 40))
STATE = states.app_state(*states.zoo(), calls=tools.OUTCOMES)
STORIES: dict[str, tuple[str, ...]] = {
    "recent": ("h",),
    "recent-filtered": ("h", "slash", *"echo"),
    "collections": ("K",),
    "collections-ran": ("K", "a", "down", "down"),
    "collections-wrong": ("K", "down", "down", "down", "down"),
    "copy-as": ("c", "Y"),
    "run-many": ("c", "f9"),
    "save-call": ("c", "ctrl+s"),
    "json": ("K", "down", "E"),
    "add-check": ("K", "a", "down", "t"),
}


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize("story", STORIES)
async def test_the_screen_is_the_one_that_was_looked_at(
    story: str, size: tuple[int, int], matches_snapshot: Callable[[str, str], None]
) -> None:
    async with decked(STATE, size=size) as stage:
        saved_states.fill(stage.intents.saved)
        await stage.press(*STORIES[story])
        matches_snapshot(f"saved-{story}-{size[0]}x{size[1]}", stage.text)
