"""Text snapshots of the log, the preferences, the help and the plain mode, by size."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mcpdeck.app.deck import Deck
from mcpdeck.app.keymap import KeyMap
from mcpdeck.app.preferences import Preferences
from mcpdeck.services.state.store import Store
from tests.ui import states
from tests.ui.deck_stage import Kept, Stage, Ticks
from tests.ui.form_stage import settle
from tests.ui.test_log_deck import log

SIZES = ((80, 24), (120, 40))
OWN = KeyMap.of({"log": "f7", "reconect": "x"}, "keys.json")
STORIES: dict[str, tuple[str, ...]] = {
    "log-filter": ("l", "slash", *"time"),
    "log-match": ("l", "slash", *"time", "enter", "N", "N"),
    "log-all": ("l", "a"),
    "log-paused": ("l", "space"),
    "log-least": ("l", "m"),
    "preferences": ("comma",),
    "help-find": ("question_mark", "slash", *"log"),
    "help-ids": ("question_mark", "i"),
    "plain-servers": (),
    "plain-log": ("l",),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("story", STORIES)
async def test_every_state_looks_as_it_did(
    story: str, size: tuple[int, int], matches_snapshot: Callable[[str, str], None]
) -> None:
    store, ticks = Store(states.app_state(*states.zoo())), Ticks()
    app = Deck(
        store,
        Kept,
        version="0.1.0",
        clock=states.clock,
        ticks=ticks,
        preferences=Preferences(None),
        keys=OWN if story.startswith("help") else None,
        plain=story.startswith("plain"),
    )
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        stage = Stage(app, pilot, store, ticks)
        for number in range(60):
            late = "time out, tried again" if number % 11 == 0 else "done"
            level, kind = ("warning", "log") if number % 7 == 0 else ("info", "stderr" if number % 5 == 0 else "log")
            log(
                stage,
                ("everything", "files")[number % 2],
                f"request {number} {late}",
                level=level,
                kind=kind,
                at=number,
            )
        await stage.press(*STORIES[story])
        if story == "log-paused":
            log(stage, "everything", *(f"new {number}" for number in range(1_240)), at=100.0)
            await stage.rest()
        matches_snapshot(f"comfort-{story}-{size[0]}x{size[1]}", stage.text)
