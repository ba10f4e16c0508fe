"""One text snapshot for each visible state and size: a line that moves is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from mcpdeck.services import events as ev
from mcpdeck.services.models import Status
from mcpdeck.services.state.model import AppState, CallStatus
from tests.ui import questions, states
from tests.ui.deck_stage import decked

ZOO = states.zoo()
# A running call's spinner moves by itself; a finished one stands still.
CALLS = tuple(call for call in states.CALLS if call.status is not CallStatus.RUNNING)
SIZES = ((80, 24), (120, 40))
GONE = replace(states.EVERYTHING, status=Status.BLOCKED, tools=None)

STORIES: dict[str, tuple[AppState, tuple[str, ...]]] = {
    "empty": (states.app_state(), ()),
    "servers": (states.app_state(*ZOO), ()),
    "overview": (states.app_state(*ZOO), ("i",)),
    "degraded": (states.app_state(*ZOO), ("down", "down", "down", "i")),
    "reconnecting": (states.app_state(ZOO[4]), ("i",)),
    "needs-auth": (states.app_state(ZOO[6]), ("i",)),
    "pending": (states.app_state(ZOO[7]), ("i",)),
    "failed": (states.app_state(ZOO[8]), ("i",)),
    "disabled": (states.app_state(ZOO[9]), ("i",)),
    "blocked": (states.app_state(GONE), ("i",)),
    "filter": (states.app_state(*ZOO), ("enter", "slash", *"get s")),
    "form": (states.app_state(*ZOO), ("enter", "slash", *"get-sum", "enter", "enter")),
    "calls": (states.app_state(*ZOO, calls=CALLS), ("c",)),
    "log": (states.app_state(*ZOO), ("l",)),
    "question": (states.app_state(*ZOO, prompts=(questions.QUESTION,)), ("w",)),
    "sampling": (states.app_state(*ZOO, prompts=(questions.SAMPLING,)), ()),
    "sampling-tool-use": (states.app_state(*ZOO, prompts=(questions.SAMPLING_WITH_TOOLS,)), ("right", "right")),
    "address": (states.app_state(*ZOO, prompts=(questions.ADDRESS,)), ()),
    "protocol": (states.app_state(states.BUSY, *ZOO[1:]), ("i",)),
    "protocol-end": (states.app_state(states.BUSY, *ZOO[1:]), ("i", "end")),
    "cached": (states.app_state(states.CACHED, *ZOO[1:]), ()),
    "log-level": (states.app_state(states.BUSY, *ZOO[1:]), ("v",)),
    "cancel-task": (states.app_state(states.BUSY, *ZOO[1:]), ("x",)),
    "form-as-task": (states.app_state(states.BUSY, *ZOO[1:]), ("enter", "slash", *"get-sum", "enter", "enter")),
    "approve": (states.app_state(ZOO[7]), ("enter",)),
    "help": (states.app_state(*ZOO), ("question_mark",)),
}


def logged() -> list[ev.LogReceived]:
    def line(after: float, kind: str, level: str, logger: str | None, data: object) -> ev.LogReceived:
        return ev.LogReceived("everything", 1, states.NOW + after, kind, level, logger, data)  # type: ignore[arg-type]

    return [
        line(0.0, "stderr", "info", None, "Starting default (STDIO) server..."),
        line(0.25, "note", "info", None, "the GET stream was refused with 405"),
        line(1.5, "log", "debug", "everything.sim", {"step": 1, "of": 4}),
        line(2.0, "log", "warning", None, "a warning\nof two lines"),
        line(2.125, "log", "error", None, "an error"),
        line(3.0, "stdout", "error", None, "Listening on port 3000"),
    ]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("story", STORIES)
async def test_the_screen_looks_as_it_did(
    story: str, size: tuple[int, int], matches_snapshot: Callable[[str, str], None]
) -> None:
    state, keys = STORIES[story]
    async with decked(state, size=size) as stage:
        for event in logged() if story == "log" else ():
            stage.store.dispatch(event)
        stage.store.flush()
        await stage.press(*keys)
        matches_snapshot(f"{story}-{size[0]}x{size[1]}", stage.text)
