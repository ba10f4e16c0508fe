"""One text snapshot for each visible state and size of questions, of who answers them, and of roots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from mcpdeck.app.auto_answers import AutoProfile
from mcpdeck.app.question_intents import Answering, RootsChoice
from mcpdeck.services.state.model import AppState, PromptState
from tests.ui import questions, states
from tests.ui.deck_stage import decked

SIZES = ((80, 24), (120, 40))
URL = PromptState(
    "p-url",
    "everything",
    "call-1",
    "elicitation/create",
    {
        "mode": "url",
        "message": "Connect your calendar, so that the trip can be written into it.",
        "url": "https://auth.calendar.example.com/connect?state=9f2c1&scope=events.write",
    },
    states.NOW - 65,
)
QUIET = states.app_state(*states.zoo())
MANY = states.app_state(
    *states.zoo(), prompts=(questions.QUESTION, replace(questions.SAMPLING, opened_at=states.NOW - 200), URL)
)
ROOTS = RootsChoice(
    ({"uri": "file:///home/ada/shop", "name": "Shop"}, {"uri": "file:///home/ada/gone"}),
    None,
    ({"uri": "file:///home/ada/docs"},),
)
FILE = AutoProfile("file", "reply", "canned", "Good day.", "/home/ada/answers.json")


@dataclass(frozen=True)
class Story:
    """``state``, the keys, and the state after them; ``answering`` and ``roots`` are what the intents say."""

    state: AppState = QUIET
    keys: tuple[str, ...] = ()
    then: AppState | None = None
    answering: Answering = field(default_factory=Answering)
    roots: RootsChoice = field(default_factory=RootsChoice)


STORIES = {
    "question-queue": Story(keys=("W",), then=MANY),
    "question-queue-empty": Story(states.app_state(states.EVERYTHING), ("W",)),
    "question-of-many": Story(MANY),
    "question-url": Story(states.app_state(*states.zoo(), prompts=(URL,))),
    "question-approval": Story(keys=("w",)),
    "question-elsewhere": Story(keys=("question_mark",), then=MANY),
    "sampling-request": Story(states.app_state(*states.zoo(), prompts=(questions.SAMPLING,)), ("f2",)),
    "answers-asking": Story(keys=("M",), answering=Answering(keepable=True)),
    "answers-file": Story(keys=("M",), answering=Answering(FILE, keepable=True)),
    "roots-own": Story(keys=("F",), roots=ROOTS),
    "roots-none": Story(keys=("F",)),
    "roots-all": Story(keys=("F", "tab"), roots=ROOTS),
    "roots-add": Story(keys=("F", "n"), roots=ROOTS),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", STORIES)
async def test_the_screen_looks_as_it_did(
    name: str, size: tuple[int, int], matches_snapshot: Callable[[str, str], None]
) -> None:
    story = STORIES[name]
    async with decked(story.state, size=size) as stage:
        stage.intents.answered_by, stage.intents.roots = story.answering, story.roots
        await stage.press(*story.keys)
        if story.then is not None:
            await stage.become(story.then)
        matches_snapshot(f"{name}-{size[0]}x{size[1]}", stage.text)
