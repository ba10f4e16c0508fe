"""The question whether a tool may run: what it says, which keys answer it, and which keys cannot by accident."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.geometry import Size

from mcpdeck.app.actions import Zone
from mcpdeck.app.screens.changes_screen import ChangesScreen
from mcpdeck.services.models import Json, JsonObject
from mcpdeck.services.state.model import AppState, CallStatus, PromptState
from mcpdeck.widgets.chip import Chip
from mcpdeck.widgets.prompts.permission import READING, PermissionPanel
from tests.ui import questions, states
from tests.ui import tool_states as tools
from tests.ui.deck_stage import Stage, decked
from tests.ui.form_stage import FORBIDDEN, HOSTILE

NONE = states.app_state(*states.zoo())


def state(request: JsonObject, *others: PromptState) -> AppState:
    return states.app_state(*states.zoo(), prompts=(*others, tools.asked(request)))


def answers(stage: Stage) -> list[tuple[object, ...]]:
    return [asked for asked in stage.asked if asked[0] == "answer"]


def flat(stage: Stage) -> str:
    """What the screen says, without frames and line ends."""
    return " ".join(stage.text.replace("│", " ").split())


def yes(reach: str) -> list[tuple[object, ...]]:
    return [("answer", "permission-1", "accept", {"reach": reach})]


@pytest.mark.parametrize(
    ("key", "reach"),
    [
        ("enter", "session"),
        ("s", "session"),
        ("o", "once"),
        ("a", "arguments"),
        ("A", "always"),
        ("ctrl+r", "session"),
    ],
)
async def test_each_key_gives_its_answer(key: str, reach: str) -> None:
    async with decked(state(tools.WRITE)) as stage:
        assert stage.deck._zone() is Zone.QUESTION
        await stage.press(key)
        assert answers(stage) == yes(reach)


@pytest.mark.parametrize(("key", "action"), [("n", "decline"), ("ctrl+n", "decline"), ("escape", "cancel")])
async def test_no_needs_no_reading(key: str, action: str) -> None:
    async with decked(state(tools.WRITE)) as stage:
        await stage.pilot.press(key)
        await stage.rest()
        assert answers(stage) == [("answer", "permission-1", action, None)]


async def test_enter_lets_a_destructive_tool_run_only_once() -> None:
    async with decked(state(tools.DROP)) as stage:
        assert stage.deck.query_one(PermissionPanel).has_class("-destructive")
        assert stage.line("Once o, Enter")
        await stage.press("enter")
        assert answers(stage) == yes("once")


@pytest.mark.parametrize("key", ["a", "A"])
async def test_a_yes_that_is_not_offered_is_none(key: str) -> None:
    async with decked(state(tools.DROP)) as stage:
        assert "Always" not in stage.text
        await stage.press(key)
        assert answers(stage) == []


async def test_a_key_that_comes_before_anybody_can_have_read_the_question_is_no_yes() -> None:
    async with decked(state(tools.WRITE)) as stage:
        for _ in range(3):  # a key that is held
            stage.later(READING / 2)
            await stage.pilot.press("enter")
        await stage.rest()
        assert answers(stage) == []
        assert "read it first, then press again" in stage.text
        await stage.press("enter")
        assert answers(stage) == yes("session")


async def test_the_next_question_is_to_be_read_too_although_the_panel_stands_there_already() -> None:
    async with decked(state(tools.WRITE)) as stage:
        await stage.press("enter")
        await stage.become(states.app_state(*states.zoo(), prompts=(tools.asked(tools.DROP, number=2),)))
        await stage.pilot.press("enter")
        await stage.rest()
        assert answers(stage) == yes("session")
        await stage.press("enter")
        assert answers(stage)[1:] == [("answer", "permission-2", "accept", {"reach": "once"})]


@pytest.mark.parametrize("chip", ["session", "once", "arguments", "always"])
async def test_the_answers_can_be_clicked(chip: str) -> None:
    async with decked(state(tools.WRITE)) as stage:
        stage.later(1)
        await stage.pilot.click(f"#permission-{chip}")
        await stage.rest()
        assert answers(stage) == yes(chip)


async def test_the_question_says_tool_arguments_claims_rule_and_where_it_stands() -> None:
    async with decked(state(tools.DROP)) as stage:
        for words in (
            "Run delete_tree of files?",
            "mcp__files__delete_tree",
            '"recursive": true',
            "destructive · closed world",
            "mcp__files__delete_*",
            "/home/ada/.config/mcpdeck/settings.json",
            "A rule says that this is asked.",
        ):
            assert words in stage.text, words
        assert "(not vouched for)" in " ".join(stage.text.replace("│", " ").split())


async def test_vouched_claims_are_not_called_in_question() -> None:
    async with decked(state(tools.WRITE)) as stage:
        assert "vouched" not in stage.text


async def test_a_tool_that_changed_says_so_and_its_changes_can_be_looked_at() -> None:
    changed = states.app_state(replace(tools.FILES, tool_history=tools.HISTORY), prompts=(tools.asked(tools.CHANGED),))
    async with decked(changed, size=(80, 24)) as stage:
        assert "It was approved, and its definition is another one now" in stage.text
        assert "H shows the changes" in flat(stage)
        assert "H Changes" in stage.text
        await stage.press("H")
        assert isinstance(stage.app.screen, ChangesScreen)
        assert answers(stage) == []


async def test_all_of_long_arguments_can_be_read_before_answering() -> None:
    long: JsonObject = {"lines": [f"line {number}" for number in range(300)]}
    request: JsonObject = {**tools.WRITE, "arguments": {**long, "last": "the end of it"}}
    async with decked(state(request), size=(80, 24)) as stage:
        assert "PgDn reads on" in stage.text
        assert "the end of it" not in stage.text
        for _ in range(60):
            if "the end of it" in stage.text:
                break
            await stage.press("pagedown")
        assert "the end of it" in stage.text
        assert answers(stage) == []


async def test_arguments_of_a_megabyte_are_shown_without_holding_the_answers_up() -> None:
    request: JsonObject = {**tools.WRITE, "arguments": {"text": "x" * 1_000_000}}
    async with decked(state(request)) as stage:
        assert "xxxxxxxx" in stage.text
        await stage.press("n")
        assert answers(stage) == [("answer", "permission-1", "decline", None)]


async def test_what_a_server_sent_reaches_the_screen_only_made_safe() -> None:
    text = " ".join(HOSTILE)
    odd: dict[str, Json] = dict.fromkeys(("name", "title", "rule", "source", "why", "qualifiedName"), text)
    request: JsonObject = {**tools.CHANGED, **odd, "changes": [text], "arguments": {text: text}}
    async with decked(state(request)) as stage:
        assert not FORBIDDEN & set(stage.text)
        await stage.press("n")
        assert answers(stage)


@pytest.mark.parametrize("broken", [{}, {"kind": 3, "arguments": [], "reaches": "all", "annotations": None}], ids=len)
async def test_a_question_that_says_nothing_can_still_be_declined(broken: JsonObject) -> None:
    prompt = replace(tools.asked(tools.WRITE), request=broken)
    async with decked(states.app_state(*states.zoo(), prompts=(prompt,))) as stage:
        await stage.press("n")
        assert answers(stage) == [("answer", "permission-1", "decline", None)]


async def test_a_call_made_by_hand_just_now_is_asked_about_first_and_enter_answers() -> None:
    async with decked(NONE) as stage:
        await stage.press("enter", "slash", *"get-sum", "enter", "enter", "2", "tab", "3", "ctrl+r")
        mine = tools.asked({**tools.WRITE, "server": "everything", "name": "get-sum"}, call_id="call-new")
        await stage.become(states.app_state(*states.zoo(), prompts=(questions.QUESTION, mine)))
        assert "Run get-sum of everything?" in stage.text
        await stage.press("enter")
        assert answers(stage) == yes("session")


async def test_a_call_of_somebody_else_waits_behind_the_question_that_was_there() -> None:
    async with decked(NONE) as stage:
        other = tools.asked(tools.WRITE, call_id="call-of-a-program")
        await stage.become(states.app_state(*states.zoo(), prompts=(questions.QUESTION, other)))
        assert "Run write_file" not in stage.text


async def test_a_question_takes_no_key_of_somebody_who_types() -> None:
    async with decked(NONE) as stage:
        await stage.press("enter", "slash", *"get-sum", "enter", "enter")
        await stage.become(state(tools.WRITE))
        await stage.press(*"42")
        assert stage.deck._zone() is Zone.FORM
        assert answers(stage) == []


async def test_the_rest_of_the_dashboard_can_be_used_while_permission_is_asked() -> None:
    async with decked(state(tools.WRITE)) as stage:
        await stage.press("tab")
        assert stage.deck._zone() is not Zone.QUESTION
        stage.deck.focus_zone(Zone.SERVERS)
        await stage.rest()
        await stage.press("down", "i")
        assert stage.deck.server is not None and stage.deck.server.id == "files"
        await stage.press("w", "enter")
        assert answers(stage) == yes("session")


async def test_a_call_that_is_given_up_takes_its_question_along_and_keys_for_it_do_nothing() -> None:
    async with decked(state(tools.WRITE)) as stage:
        await stage.become(NONE)
        assert [one.title for one in stage.app._notifications] == ["The question is not asked any more"]
        await stage.press("enter")
        assert answers(stage) == []
        assert stage.deck._zone() is Zone.SERVERS


async def test_the_chips_stay_in_sight_on_the_smallest_screen() -> None:
    async with decked(state(tools.CHANGED), size=(80, 24)) as stage:
        panel = stage.deck.query_one(PermissionPanel)
        for chip in panel.query(Chip):
            if chip.display:
                assert panel.content_region.contains_region(chip.region), chip.label
        assert panel.size > Size(0, 0)


async def test_the_call_that_waits_for_permission_says_so() -> None:
    waiting = tuple(call for call in tools.WAITING if call.status is CallStatus.RUNNING)
    async with decked(states.app_state(*states.zoo(), calls=waiting)) as stage:
        await stage.press("c")
        for words in ("waits for permission", "waits for a free place", "waits for another try"):
            assert words in stage.text


async def test_on_a_wide_screen_the_question_stands_above_the_form_and_the_calls() -> None:
    async with decked(NONE, size=(170, 45)) as stage:
        await stage.press("enter", "slash", *"get-sum", "enter", "enter", "escape")
        await stage.become(state(tools.WRITE))
        panel, work, calls = (stage.deck.query_one(name).region for name in ("#permission", "#work", "#calls"))
        assert panel.width == work.width + calls.width
        assert panel.bottom <= work.y == calls.y
        assert "All is well" in stage.text


async def test_where_it_is_not_known_what_the_tool_was_that_is_said_and_what_it_says_now() -> None:
    request: JsonObject = {**tools.CHANGED, "changes": [], "description": "Writes a file.\nAnd sends it away."}
    async with decked(state(request), size=(80, 24)) as stage:
        assert "What it was is not known any more: read what it is now." in flat(stage)
        assert "Writes a file. And sends it away." in flat(stage)
        assert "H shows" not in stage.text
        assert "H Changes" not in stage.text
        await stage.press("H")
        assert stage.app.screen is stage.deck
        assert [one.title for one in stage.app._notifications] == ["No change of a tool of files in this session"]


@pytest.mark.parametrize(("same", "label"), [(True, "These arguments, this session s"), (False, "This session s")])
async def test_a_yes_for_this_session_says_what_it_reaches(same: bool, label: str) -> None:
    async with decked(state({**tools.WRITE, "sameArguments": same, "reaches": ["once", "session"]})) as stage:
        assert stage.line(label)
        assert ("These arguments" in stage.text) is same
        await stage.press("s")
        assert answers(stage) == yes("session")


async def test_the_keys_for_reading_a_question_stand_in_the_footer() -> None:
    async with decked(state(tools.WRITE)) as stage:
        assert "↑↓ Read on" in stage.text
        assert "H Changes" not in stage.text
        await stage.press("n")
        await stage.become(NONE)
        assert "Read on" not in stage.text
