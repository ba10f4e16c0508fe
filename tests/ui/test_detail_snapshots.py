"""One text snapshot for each visible state of the tabs about one server, and each size."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ui import detail_states as told
from tests.ui import states
from tests.ui.deck_stage import Stage, decked

SIZES = ((80, 24), (120, 40))


def nothing(stage: Stage) -> None:
    pass


def stops(stage: Stage) -> None:
    assert stage.intents.told is not None
    assert stage.intents.over is not None
    for check in (*told.CHECKS, told.STOPPED):
        stage.intents.told(check)
    stage.intents.over(False)


def runs(stage: Stage) -> None:
    assert stage.intents.told is not None
    for check in told.CHECKS:
        stage.intents.told(check)


STORIES: dict[str, tuple[states.ServerState, tuple[str, ...], Callable[[Stage], None], tuple[str, ...]]] = {
    "timeline": (told.REMOTE, ("t",), nothing, ()),
    "timeline-failed": (told.FAILING, ("t",), nothing, ()),
    "timeline-empty": (told.FRESH, ("t",), nothing, ()),
    "doctor-invites": (told.REMOTE, ("t",), lambda stage: stage.deck.action_show_tab("doctor"), ()),
    "doctor-runs": (told.FAILING, ("C",), runs, ()),
    "doctor-failed": (told.FAILING, ("C",), stops, ()),
    "process": (told.LOOKED_AT, ("i", "end"), nothing, ()),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", STORIES)
async def test_the_screen_is_as_it_was(
    name: str, size: tuple[int, int], matches_snapshot: Callable[[str, str], None]
) -> None:
    server, keys, tell, more = STORIES[name]
    async with decked(states.app_state(server), size=size) as stage:
        stage.intents.process = told.PROCESS
        stage.deck._show_declared()
        await stage.press(*keys)
        tell(stage)
        await stage.rest()
        await stage.press(*more)
        matches_snapshot(f"{name}-{size[0]}x{size[1]}", stage.text)
