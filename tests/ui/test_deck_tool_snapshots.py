"""One text snapshot for each visible state of calls, permissions and changes, and each size."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mcpdeck.app.tool_intents import Explained
from mcpdeck.services.models import Decision, Effect
from mcpdeck.services.state.model import AppState
from tests.ui import states
from tests.ui import tool_states as tools
from tests.ui.deck_stage import Stage, decked

SIZES = ((80, 24), (120, 40))
ZOO = states.zoo()[1:]
WITH_FILES = (tools.CALLED, tools.FILES, *ZOO[1:])


def asking(request: tools.JsonObject) -> AppState:
    return states.app_state(*WITH_FILES, prompts=(tools.asked(request),))


CALLED = states.app_state(tools.CALLED, *ZOO)
OUTCOMES = states.app_state(tools.CALLED, *ZOO, calls=tools.OUTCOMES)
STORIES: dict[str, tuple[AppState, tuple[str, ...]]] = {
    "permission": (asking(tools.WRITE), ()),
    "permission-destructive": (asking(tools.DROP), ()),
    "permission-changed": (asking(tools.CHANGED), ()),
    "outcomes": (OUTCOMES, ("c",)),
    "outcomes-end": (OUTCOMES, ("c", "end")),
    "result-large": (OUTCOMES, ("c", "down", "o")),
    "result-for-model": (OUTCOMES, ("c", "down", "o", "m")),
    "links": (OUTCOMES, ("c", "down", "down", "enter")),
    "statistics": (CALLED, ("i", "end")),
    "held-back": (states.app_state(tools.HELD_BACK, *ZOO), ("i",)),
    "costs": (CALLED, ()),
    "form-known": (CALLED, ("enter", "slash", *"get-sum", "enter", "enter")),
    "changes": (CALLED, ("H",)),
    "profile": (CALLED, ("P",)),
    "permission-why": (CALLED, ("enter", "p")),
}


def told(stage: Stage) -> None:
    """What the services would answer."""
    known = stage.intents
    known.profile, known.known_profiles = "tester", ("viewer", "tester", "admin", "night")
    known.names = {("everything", tool.name): f"mcp__everything__{tool.name}" for tool in tools.COSTED}
    measured = tools.OUTCOMES[1].measured
    known.given = {"call-2": measured.given} if measured is not None and measured.given is not None else {}
    known.explains = Explained(
        Decision(Effect.ASK, "mcp__everything__*", "/home/ada/settings.json", "A rule wants it asked."),
        ("ask mcp__everything__* of /home/ada/settings.json wins", "default: tools that may write ask"),
        "tester",
    )
    stage.deck.permissions_changed()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("story", STORIES)
async def test_the_screen_looks_as_it_did(
    story: str, size: tuple[int, int], matches_snapshot: Callable[[str, str], None]
) -> None:
    state, keys = STORIES[story]
    async with decked(state, size=size) as stage:
        told(stage)
        await stage.press(*keys)
        matches_snapshot(f"tool-{story}-{size[0]}x{size[1]}", stage.text)
