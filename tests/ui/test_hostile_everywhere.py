"""Every pane and dialog on servers whose every text is hostile: it is shown as text, and does nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.widgets import Static

from mcpdeck.services import events as ev
from mcpdeck.services.models import Status
from mcpdeck.services.state.model import AppState, CallStatus, PromptState, ServerState
from tests.ui import detail_states, item_states, questions, result_states, states, tool_states
from tests.ui.deck_stage import Stage, decked
from tests.ui.hostile import CORPUS, Planter, harm

STARTS = (0, 13)
"""Where in the corpus planting begins: each text of it comes to stand in other places."""

RESULTS = (result_states.NOTES, result_states.PEOPLE, result_states.NOW, result_states.SOUND, result_states.PICTURES)
LISTS = ("down", "down", "down", "up", "up", "up")
WALKS: dict[str, tuple[tuple[str, ...], ...]] = {
    "the servers and what stands beside them": (("z",), ("z",), ("O",), ("escape",), *((key,) for key in LISTS)),
    "the overview": (("i",), ("pagedown",), ("pagedown",), ("end",)),
    "the timeline": (("t",), ("end",)),
    "the doctor": (("C",), ("end",)),
    "the log": (("l",), ("end",), ("enter",), ("enter",), ("a",)),
    "the tools and a form": (("enter",), *((key,) for key in LISTS), ("enter",), ("ctrl+o",), ("ctrl+o",), ("f3",)),
    "why a tool asks": (("enter",), ("p",), ("escape",), ("H",), ("escape",)),
    "resources": (("enter",), ("2",), ("right",), ("down",), ("escape",)),
    "templates": (("enter",), ("3",), ("enter",), ("escape",)),
    "prompts": (("enter",), ("4",), ("enter",), ("tab",), ("escape",)),
    "tasks": (("enter",), ("5",), ("enter",), ("escape",)),
    "the search": (("ctrl+k",), ("M",), ("A",), ("R",), ("down",)),
    "the calls": (("c",), *(("down",),) * 4, ("space",), ("v",), ("v",), ("v",)),
    "a whole result": (("c",), ("down",), ("o",), ("2",), ("3",), ("4",), ("1",), ("escape",)),
    "the queue of questions": (("W",), ("down",), ("down",), ("escape",)),
    "the questions themselves": (("w",), ("f6",), ("f6",), ("f6",), ("f6",), ("pagedown",)),
    "login steps": (("A",), ("down",), ("down",), ("escape",)),
    "roots and answers": (("F",), ("escape",), ("M",), ("escape",)),
    "dialogs about the configuration": (("S",), ("escape",), ("P",), ("escape",), ("v",), ("escape",)),
    "help and preferences": (("question_mark",), ("escape",), ("comma",), ("escape",)),
}


def servers() -> tuple[ServerState, ...]:
    library = item_states.LIBRARY
    rich = replace(
        states.BUSY,
        resources=library.resources,
        templates=library.templates,
        prompts=library.prompts,
        tasks=library.tasks,
        timeline=detail_states.STORY,
        load=detail_states.LOAD,
    )
    others = states.zoo()[1:]
    return (rich, replace(tool_states.CALLED, id="another"), *others)


def hostile_state(start: int) -> AppState:
    """Servers, calls and questions of all kinds with the corpus in every text."""
    planter = Planter(start)
    rows = tuple(planter.plant(row) for row in servers())
    calls = tuple(planter.plant(call) for call in (*states.CALLS, *RESULTS) if call.status is not CallStatus.RUNNING)
    asked: tuple[PromptState, ...] = (
        questions.QUESTION,
        questions.SAMPLING,
        questions.SAMPLING_WITH_TOOLS,
        questions.ADDRESS,
    )
    prompts = tuple(replace(planter.plant(prompt), id=f"q{n}") for n, prompt in enumerate(asked))
    return states.app_state(*rows, calls=calls, prompts=prompts)


def logged(planter: Planter) -> list[ev.LogReceived]:
    return [
        ev.LogReceived("everything", 1, states.NOW + n, kind, planter.text("x"), planter.text("x"), planter.text("x"))
        for n, kind in enumerate(("log", "stderr", "stdout", "note", "malformed") * 6)
    ]


async def begun(stage: Stage, start: int) -> None:
    for event in logged(Planter(start)):
        stage.store.dispatch(event)
    stage.store.flush()
    await stage.rest()


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("walk", WALKS)
async def test_hostile_text_is_text_wherever_one_goes(walk: str, start: int) -> None:
    async with decked(hostile_state(start), toasts=True) as stage:
        await begun(stage, start)
        assert harm(stage.app) == []
        if walk not in ("the questions themselves", "the queue of questions"):
            await stage.become(replace(stage.store.state, prompts=()))
        planted = 0
        for keys in WALKS[walk]:
            await stage.press(*keys)
            assert harm(stage.app) == [], keys
            planted += "MARK" in stage.text
        assert planted


def test_the_corpus_is_planted_everywhere() -> None:
    planted = Planter(0).plant(states.EVERYTHING)
    assert planted.status is Status.CONNECTED
    assert planted.id == "everything"
    assert planted.instructions in CORPUS
    assert planted.info.title in CORPUS
    assert all(tool.description in CORPUS for tool in planted.tools)


class Careless(App[None]):
    """What a widget must never do with a text."""

    def compose(self) -> ComposeResult:
        yield Static(CORPUS[11])
        yield Static(Content("a\u202eb"))


async def test_harm_is_seen_where_a_text_is_drawn_without_care() -> None:
    app = Careless()
    async with app.run_test(size=(60, 5)):
        found = "\n".join(harm(app))
    assert "can be clicked" in found
    assert "control or bidi" in found
