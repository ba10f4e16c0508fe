"""A question that its server withdraws while somebody types the answer: what was typed for it does nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcpdeck.app.actions import Zone
from mcpdeck.app.screens.stray_keys import QUIET, Meant, StrayKeys
from mcpdeck.services.models import JsonObject
from mcpdeck.services.state.model import PromptState
from tests.ui import questions, states
from tests.ui.deck_stage import Stage, decked

ZOO = states.app_state(*states.zoo())
SCHEMA: JsonObject = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
NAMED = replace(questions.QUESTION, request={"message": "In whose name?", "requestedSchema": SCHEMA})
SUM = ("call", "everything", "get-sum", {"a": 2, "b": 3})
WITHDRAWN = "The question was withdrawn by the server"
MEANT = "The key was meant for the withdrawn question"


def titles(stage: Stage) -> list[str]:
    return [one.title for one in stage.app._notifications]


async def called_and_asked(stage: Stage, prompt: PromptState = NAMED) -> None:
    """get-sum was called from its form, and its server asks something: the panel has the focus."""
    await stage.press("enter", "slash", *"get-sum", "enter", "enter", "2", "tab", "3")
    await stage.pilot.press("ctrl+r")
    await stage.become(states.app_state(*states.zoo(), prompts=(prompt,)))
    assert stage.deck._zone() is Zone.QUESTION
    assert stage.asked == [SUM]


@pytest.mark.parametrize("prompt", [NAMED, questions.SAMPLING], ids=["elicitation", "sampling"])
async def test_the_answer_to_a_withdrawn_question_calls_nothing_until_another_key_was_pressed(
    prompt: PromptState,
) -> None:
    async with decked(ZOO) as stage:
        await called_and_asked(stage, prompt)
        await stage.press(*"Ad")
        await stage.become(ZOO)
        assert titles(stage) == [WITHDRAWN]
        await stage.press("ctrl+r", "ctrl+r", "ctrl+g", "enter")
        assert stage.asked == [SUM]
        assert titles(stage) == [WITHDRAWN, MEANT]
        await stage.press("down", "ctrl+r")
        assert stage.asked == [SUM, SUM]


async def test_keys_that_arrive_together_with_the_withdrawal_call_nothing() -> None:
    async with decked(ZOO) as stage:
        await called_and_asked(stage)
        stage.store._state = ZOO
        stage.store.flush()
        await stage.burst(*"r", "x", "q", "ctrl+r")
        assert stage.asked == [SUM]
        assert stage.app.is_running


async def test_letters_meant_for_a_withdrawn_question_are_no_keys() -> None:
    async with decked(states.app_state(*states.zoo(), calls=states.CALLS)) as stage:
        await stage.press("c")
        await stage.become(states.app_state(*states.zoo(), calls=states.CALLS, prompts=(NAMED,)))
        await stage.press(*"Sa")
        await stage.become(states.app_state(*states.zoo(), calls=states.CALLS))
        assert stage.deck._zone() is Zone.CALLS
        await stage.press(*"rx s", "backspace", "ctrl+r")
        assert stage.asked == []
        await stage.press("x")
        assert stage.asked == [("cancel", "call-1")]


async def test_what_was_typed_for_a_withdrawn_question_does_not_answer_the_next_one() -> None:
    another = replace(NAMED, id="prompt-9")
    async with decked(ZOO) as stage:
        await called_and_asked(stage)
        await stage.press(*"Ad")
        await stage.become(states.app_state(*states.zoo(), prompts=(another,)))
        await stage.press(*"a", "ctrl+r", "escape")
        assert stage.asked == [SUM]
        await stage.press("tab", "shift+tab", *"Bo", "ctrl+r")
        assert stage.asked == [SUM, ("answer", "prompt-9", "accept", {"name": "Bo"})]


@pytest.mark.parametrize("key", ["ctrl+n", "escape"])
async def test_a_question_that_was_answered_is_not_called_withdrawn(key: str) -> None:
    async with decked(ZOO) as stage:
        await called_and_asked(stage)
        await stage.press(key)
        await stage.become(ZOO)
        assert titles(stage) == []
        await stage.press("ctrl+r")
        assert stage.asked[-1] == SUM


async def test_a_question_of_a_call_that_was_given_up_here_is_not_called_withdrawn() -> None:
    async with decked(states.app_state(*states.zoo(), calls=states.CALLS)) as stage:
        await stage.press("enter", "slash")
        await stage.become(states.app_state(*states.zoo(), calls=states.CALLS, prompts=(NAMED,)))
        await stage.press("escape", "c", "x")
        await stage.become(states.app_state(*states.zoo(), calls=states.CALLS))
        assert stage.asked == [("cancel", "call-1")]
        assert titles(stage) == []


async def test_a_withdrawn_question_nobody_was_answering_takes_no_keys() -> None:
    async with decked(ZOO) as stage:
        await stage.press("enter", "slash", *"get-sum", "enter", "enter", "2", "tab", "3")
        await stage.become(states.app_state(*states.zoo(), prompts=(NAMED,)))
        assert stage.deck._zone() is Zone.FORM
        await stage.become(ZOO)
        assert titles(stage) == [WITHDRAWN]
        await stage.press("ctrl+r")
        assert stage.asked == [SUM]


def test_stray_keys_end_after_a_pause() -> None:
    now = 100.0
    stray = StrayKeys(lambda: now)
    stray.begin()
    for _ in range(4):
        now += QUIET * 0.9
        assert stray.meant("a", text=True, answering=False) is Meant.NOTHING
    now += QUIET
    assert stray.meant("ctrl+r", text=False, answering=False) is Meant.AS_IT_IS


def test_stray_keys_end_with_a_clock_that_was_set_back() -> None:
    now = 100.0
    stray = StrayKeys(lambda: now)
    stray.begin()
    now = 50.0
    assert stray.meant("ctrl+r", text=False, answering=False) is Meant.AS_IT_IS
