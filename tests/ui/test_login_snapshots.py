"""One text snapshot for each visible state and size of a login."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mcpdeck.services.state.model import AppState, PromptState, ServerState
from tests.ui import auth_states as auth
from tests.ui import states
from tests.ui.deck_stage import decked

SIZES = ((80, 24), (120, 40))


def state(row: ServerState, *prompts: PromptState) -> AppState:
    return states.app_state(row, states.EVERYTHING, prompts=prompts)


ASKED = state(auth.wanted(auth.WAITING), auth.asked())
STORIES: dict[str, tuple[AppState, tuple[str, ...]]] = {
    "login": (ASKED, ()),
    "login-wrong": (ASKED, ("p", *"code=1", "enter")),
    "login-leaving": (ASKED, ("o", "escape")),
    "login-refused": (state(auth.wanted(auth.WAITING), auth.asked(url="http://auth.example.com/authorize")), ()),
    "login-consent": (state(auth.used(), auth.CONSENT), ()),
    "login-choice": (state(auth.wanted(), auth.CHOICE), ()),
    "login-identity": (state(auth.wanted(), auth.IDENTITY), ()),
    "login-code": (ASKED, ("c",)),
    "login-needed": (state(auth.wanted()), ("i",)),
    "login-failed": (state(auth.wanted(auth.FAILED)), ("i",)),
    "login-done": (state(auth.used()), ("i",)),
    "auth-token": (state(auth.used()), ("A",)),
    "auth-step": (state(auth.used()), ("A", "end", "right")),
    "auth-remark": (state(auth.used()), ("A", *["down"] * 4)),
    "auth-failed": (state(auth.wanted(auth.FAILED)), ("A",)),
    "auth-unanswered": (state(auth.wanted(auth.SILENT)), ("A",)),
    "auth-none": (state(auth.wanted()), ("A",)),
    "auth-logout": (state(auth.used()), ("A", "x")),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("story", STORIES)
async def test_the_screen_looks_as_it_did(
    story: str, size: tuple[int, int], matches_snapshot: Callable[[str, str], None]
) -> None:
    shown, keys = STORIES[story]
    async with decked(shown, size=size) as stage:
        await stage.press(*keys)
        matches_snapshot(f"{story}-{size[0]}x{size[1]}", stage.text)
