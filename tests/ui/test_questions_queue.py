"""Everything that waits for a person: gone through in any order, and nothing that was typed is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcpdeck.app.actions import Zone
from mcpdeck.services.models import JsonObject
from mcpdeck.services.state.model import PromptState
from mcpdeck.widgets.prompts.elicitation import ElicitationPanel
from mcpdeck.widgets.prompts.queue_list import gist, kind_of
from mcpdeck.widgets.prompts.sampling import SamplingPanel
from tests.ui import questions, states
from tests.ui import tool_states as tools
from tests.ui.deck_stage import Stage, approving, decked
from tests.ui.form_stage import FORBIDDEN, HOSTILE

NAMES: JsonObject = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
FIRST = replace(questions.QUESTION, id="q1", request={"message": "In whose name?", "requestedSchema": NAMES})
SECOND = replace(FIRST, id="q2", server="weather", request={"message": "Which town?", "requestedSchema": NAMES})
SAMPLE = replace(questions.SAMPLING, id="q3")
URL = replace(
    FIRST, id="q4", request={"mode": "url", "message": "Connect it.", "url": "https://auth.example.com/go?state=1"}
)
OURS = tuple(row for row in states.zoo() if row.id != "database")


def asked(*prompts: PromptState, approvals: bool = False) -> object:
    return states.app_state(*(states.zoo() if approvals else OURS), prompts=prompts)


def shown(stage: Stage) -> str:
    first = stage.deck.first_of(stage.deck.prompts)
    return first.id if first is not None else ""


def toasts(stage: Stage) -> list[str]:
    return [one.title for one in stage.app._notifications]


async def test_f6_goes_through_all_questions_and_what_was_typed_for_each_stays() -> None:
    async with decked(asked(FIRST, SECOND, SAMPLE)) as stage:
        await stage.press(*"Ada", "f6")
        assert shown(stage) == "q2"
        await stage.press(*"Turin", "f6")
        assert shown(stage) == "q3"
        await stage.press(*"pane", "f6")
        assert shown(stage) == "q1"
        assert "Ada" in stage.text
        await stage.press("ctrl+r")
        assert stage.asked == [("answer", "q1", "accept", {"name": "Ada"})]
        await stage.become(asked(SECOND, SAMPLE))
        assert "Turin" in stage.text
        await stage.press("f6")
        assert "pane" in stage.text


async def test_what_was_typed_right_before_going_on_is_kept_as_well() -> None:
    async with decked(asked(FIRST, SECOND)) as stage:
        await stage.burst(*"Ada", "f6")
        assert shown(stage) == "q2"
        await stage.press("f6")
        assert "Ada" in stage.text


async def test_the_panel_says_how_many_wait_and_which_one_it_is() -> None:
    async with decked(asked(FIRST, SECOND)) as stage:
        assert "1 of 2, F6 next" in stage.text
        await stage.press("f6")
        assert "2 of 2, F6 next" in stage.text


async def test_approvals_come_last_never_take_the_focus_and_are_gone_to_by_w() -> None:
    async with decked(asked(approvals=True)) as stage:
        assert stage.deck._zone() is Zone.SERVERS
        await stage.press("w")
        assert approving(stage)
        await stage.press("escape")
        assert stage.deck._zone() is Zone.SERVERS
        assert stage.asked == []


async def test_a_question_that_comes_while_an_approval_is_read_waits_for_its_turn() -> None:
    async with decked(asked(approvals=True)) as stage:
        await stage.press("w")
        await stage.become(asked(FIRST, approvals=True))
        assert approving(stage)
        await stage.press("y")
        assert stage.asked == [("approve", "database")]
        assert shown(stage) == "q1"


async def test_the_list_names_who_asks_what_and_since_when_and_enter_goes_there() -> None:
    later = replace(SECOND, opened_at=states.NOW - 200)
    async with decked(asked(FIRST, later, URL, approvals=True)) as stage:
        await stage.press("tab", "escape")
        await stage.become(asked(FIRST, later, URL, approvals=True))
    async with decked(asked(approvals=True)) as stage:
        await stage.press("W")
        await stage.become(asked(FIRST, later, URL, approvals=True))
        assert "4 wait for you" in stage.text
        assert "3 min" in stage.line("Which town?")
        assert "↗ address" in stage.line("Connect it.")
        await stage.press("g", "down", "enter")
        assert shown(stage) == "q2"
        assert stage.deck._zone() is Zone.QUESTION


async def test_d_in_the_list_says_no_but_never_rejects_a_server() -> None:
    async with decked(asked(approvals=True)) as stage:
        await stage.press("W")
        await stage.become(asked(FIRST, approvals=True))
        await stage.press("d")
        assert stage.asked == []
        await stage.press("g", "d")
        assert stage.asked == [("answer", "q1", "decline", None)]
        await stage.become(asked(approvals=True))
        assert "The question was withdrawn by the server" not in toasts(stage)


async def test_a_no_right_after_the_list_moved_under_the_cursor_counts_only_once_more() -> None:
    async with decked(asked()) as stage:
        await stage.press("W")
        await stage.become(asked(FIRST, SECOND))
        await stage.become(asked(SECOND))
        await stage.pilot.press("d")
        await stage.rest()
        assert stage.asked == []
        await stage.press("d")
        assert stage.asked == [("answer", "q2", "decline", None)]


async def test_a_question_that_was_not_shown_and_is_gone_is_told() -> None:
    async with decked(asked(FIRST, SECOND, SAMPLE)) as stage:
        await stage.become(asked(FIRST, SECOND))
        assert toasts(stage) == ["A question that waited is not asked any more"]
        await stage.become(asked(FIRST))
        assert shown(stage) == "q1"


async def test_another_screen_shows_that_somebody_waits_and_f6_leaves_it() -> None:
    async with decked(asked()) as stage:
        await stage.press("question_mark")
        await stage.become(asked(FIRST))
        assert "? 1 question · F6" in stage.text
        await stage.press("f6")
        assert stage.app.screen is stage.deck
        assert shown(stage) == "q1"
        assert stage.deck._zone() is Zone.QUESTION


async def test_the_badge_of_another_screen_goes_with_the_question() -> None:
    async with decked(asked()) as stage:
        await stage.press("question_mark")
        await stage.become(asked(FIRST))
        await stage.become(asked())
        assert "question · F6" not in stage.text


async def test_a_dialog_with_something_typed_in_it_is_not_left_for_a_question() -> None:
    async with decked(asked()) as stage:
        await stage.press("n", *"new")
        await stage.become(asked(FIRST))
        await stage.press("f6")
        assert stage.app.screen is not stage.deck
        assert "Close this first" in toasts(stage)


async def test_an_address_is_opened_only_when_asked_for_and_accepted_once_a_browser_was_started() -> None:
    async with decked(asked(URL)) as stage:
        assert stage.asked == []
        await stage.press("o")
        await stage.rest()
        assert stage.asked == [
            ("visit", "everything", "https://auth.example.com/go?state=1"),
            ("answer", "q4", "accept", None),
        ]


async def test_without_a_browser_the_address_stays_and_nothing_is_accepted() -> None:
    async with decked(asked(URL)) as stage:
        stage.intents.browser = False
        await stage.press("o")
        await stage.rest()
        assert len(stage.asked) == 1
        assert "no browser starts here" in stage.text


async def test_a_key_that_arrives_with_the_question_opens_nothing() -> None:
    async with decked(asked()) as stage:
        stage.store._state = asked(URL)
        stage.store.flush()
        await stage.burst("o", "o")
        assert stage.asked == []


async def test_the_request_for_a_completion_can_be_changed_and_is_what_is_answered() -> None:
    async with decked(asked(SAMPLE)) as stage:
        await stage.press(*"Some", "f2", *["backspace"] * 4, "2", "f2")
        assert "at most 2 tokens" in stage.text
        assert "request changed by you" in stage.text
        panel = stage.deck.query_one(SamplingPanel)
        assert panel.fields.entries["answer"].text == "Some"
        await stage.press(*" bread and cheese", "ctrl+r")
        assert "2 allowed" in stage.text


async def test_a_changed_request_stays_changed_while_another_question_is_answered() -> None:
    async with decked(asked(SAMPLE, FIRST)) as stage:
        await stage.press("f2", *["backspace"] * 4, "7", "f2", "f6", "f6")
        assert "at most 7 tokens" in stage.text


async def test_the_reply_that_was_written_beforehand_is_put_in_to_be_changed() -> None:
    async with decked(asked(SAMPLE)) as stage:
        panel = stage.deck.query_one(SamplingPanel)
        panel.canned = ("mock-1", "Have some bread")
        await stage.press("f3", "end", *"!", "ctrl+r")
        ((_, _, action, content),) = stage.asked
        assert action == "accept"
        assert isinstance(content, dict)
        assert content["model"] == "mock-1"
        assert "Have some bread" in str(content["content"])


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_words_show_as_text_in_the_list(words: str) -> None:
    hostile = [replace(one, server=words) for one in (FIRST, SAMPLE, URL, tools.asked(tools.WRITE))]
    hostile[0] = replace(hostile[0], request={"message": words})
    async with decked(asked()) as stage:
        await stage.press("W")
        await stage.become(asked(*hostile))
        assert not FORBIDDEN & set(stage.text)


@pytest.mark.parametrize("request_", [{}, {"message": 5, "messages": "x", "facts": [[]], "mode": "url"}])
@pytest.mark.parametrize("method", ["elicitation/create", "sampling/createMessage", "mcpdeck/approval", "other"])
def test_a_request_that_breaks_the_rules_has_a_line_all_the_same(method: str, request_: JsonObject) -> None:
    prompt = PromptState("q", "demo", None, method, request_, 0.0)
    assert isinstance(gist(prompt), str)
    assert kind_of(prompt)[0]


async def test_elicitation_panels_of_the_stage_have_a_place_only_when_several_wait() -> None:
    async with decked(asked(FIRST)) as stage:
        assert "F6 next" not in stage.text
        assert stage.deck.query_one(ElicitationPanel).display
