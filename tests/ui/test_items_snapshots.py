"""The kinds of things, their pages and the search, as they look at both sizes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mcpdeck.services.state.model import AppState
from tests.ui import item_states, states
from tests.ui.deck_stage import decked

TOLD = item_states.library(
    subscriptions=("notes://2026/plan", "db://orders"), updated={"notes://2026/plan": states.NOW - 20}
)
STATE = states.app_state(TOLD, states.zoo()[0])
SIZES = ((80, 24), (120, 40))

STORIES: dict[str, tuple[AppState, tuple[str, ...]]] = {
    "resources": (STATE, ("2", "enter")),
    "resource-page": (STATE, ("2", "enter", "right")),
    "templates": (STATE, ("3", "enter")),
    "template-form": (STATE, ("3", "enter", "enter")),
    "prompts": (STATE, ("4", "enter")),
    "tasks": (STATE, ("5", "enter")),
    "task-page": (STATE, ("5", "enter", "right")),
    "kind-filter": (STATE, ("2", "enter", "slash", *"og")),
    "search": (STATE, ("ctrl+k", *"@lib")),
    "search-found": (STATE, ("ctrl+k", *"ord @lib")),
    "search-server": (STATE, ("ctrl+k", *"@lib gsm")),
    "search-actions": (STATE, ("ctrl+p", *"reconn")),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("story", STORIES)
async def test_the_screen_looks_as_it_did(
    story: str, size: tuple[int, int], matches_snapshot: Callable[[str, str], None]
) -> None:
    state, keys = STORIES[story]
    async with decked(state, size=size) as stage:
        await stage.press(*keys)
        matches_snapshot(f"items-{story}-{size[0]}x{size[1]}", stage.text)
