"""One text snapshot for each visible state of results, and each size."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mcpdeck.services.state.model import CallState
from tests.ui import result_states as calls
from tests.ui import states
from tests.ui.deck_stage import decked

SIZES = ((80, 24), (120, 40))
COMPARED = (calls.NOW, calls.BEFORE, calls.OTHER)
STORIES: dict[str, tuple[tuple[CallState, ...], tuple[str, ...]]] = {
    "cards": ((calls.NOTES, calls.PEOPLE), ("c",)),
    "card-json": ((calls.NOW, calls.PEOPLE), ("c", "v", "space")),
    "card-raw": ((calls.NOW, calls.PEOPLE), ("c", "v", "v")),
    "markdown": ((calls.NOTES,), ("c", "o")),
    "table": ((calls.PEOPLE,), ("c", "o", "greater_than_sign", "equals_sign")),
    "tree": ((calls.NOW,), ("c", "o", "2", "down", "down", "down", "down", "down", "down", "left", "left")),
    "search": ((calls.NOW,), ("c", "o", "2", "slash", *"ed")),
    "raw": ((calls.NOW,), ("c", "o", "3")),
    "diff": (COMPARED, ("c", "d")),
    "sound": ((calls.SOUND,), ("c", "o")),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("story", STORIES)
async def test_the_screen_looks_as_it_did(
    story: str, size: tuple[int, int], matches_snapshot: Callable[[str, str], None]
) -> None:
    those, keys = STORIES[story]
    async with decked(states.app_state(*states.zoo(), calls=those), size=size) as stage:
        stage.intents.raws["call-1"] = calls.RAW
        await stage.press(*keys)
        matches_snapshot(f"result-{story}-{size[0]}x{size[1]}", stage.text)
