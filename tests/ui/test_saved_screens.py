"""Keys of calls that are kept, on a dashboard whose services are pretended."""

from __future__ import annotations

from pathlib import Path

from mcpdeck.app.many_calls import RUN
from mcpdeck.services.collections.memory import Recent
from mcpdeck.services.collections.reading import collection_of
from mcpdeck.services.collections.repeats import Plan
from mcpdeck.services.models import Caller, Offered
from mcpdeck.services.state.model import CallStatus
from tests.ui import saved_states, states
from tests.ui.deck_stage import decked

CALLED = states.call(1, caller=Caller.DASHBOARD, tool="get-sum", arguments={"a": 2, "b": 40}, server="everything")
STATE = states.app_state(*states.zoo(), calls=(CALLED,))
HOSTILE = "[red]x[/red]\x1b[31m\u202eevil\n"


async def test_one_key_makes_the_last_call_again_wherever_one_is() -> None:
    async with decked(STATE) as stage:
        await stage.press("full_stop")
        assert stage.asked[-1] == ("call", "everything", "get-sum", {"a": 2, "b": 40})
        await stage.press("escape", "f5")
        assert stage.asked.count(("call", "everything", "get-sum", {"a": 2, "b": 40})) == 2


async def test_the_last_call_of_a_server_that_is_gone_is_not_made() -> None:
    state = states.app_state(*states.zoo()[1:], calls=(CALLED,))
    async with decked(state) as stage:
        await stage.press("full_stop")
        assert all(asked[0] != "call" for asked in stage.asked)


async def test_a_run_of_many_is_run_again_and_not_called() -> None:
    run = states.call(1, caller=Caller.DASHBOARD, method=RUN, status=CallStatus.SUCCESS)
    async with decked(states.app_state(*states.zoo(), calls=(run,))) as stage:
        await stage.press("full_stop")
        assert ("run again", run.id) in stage.asked


async def test_how_often_is_asked_and_what_is_no_number_is_told() -> None:
    async with decked(STATE) as stage:
        await stage.press("c", "f9", "ctrl+u", *"0", "enter")
        assert "Times is a number from 1 to" in stage.text
        await stage.press("ctrl+u", "tab", "ctrl+u", *"9", "enter")
        assert "At once is a number from 1 to 8" in stage.text
        await stage.press("ctrl+u", *"3", "enter")
        plan = Plan(None, 3, stop_at_failure=True)
        assert stage.asked[-1][:4] == ("run many", "everything", "get-sum", {"a": 2, "b": 40})
        assert stage.asked[-1][4] == plan


async def test_a_recent_call_with_its_secrets_left_out_is_filled_in_and_not_sent() -> None:
    async with decked(STATE) as stage:
        one = Recent("everything", Offered.TOOL, "echo", {"message": "hi"}, "success", 1.0, states.NOW, partly=True)
        stage.intents.saved.recent = (one,)
        await stage.press("h", "full_stop")
        assert all(asked[0] != "again" for asked in stage.asked)
        assert "hi" in stage.text
        assert stage.deck._form.subject is not None
        assert stage.deck._form.subject.name == "echo"


async def test_a_recent_call_of_a_server_that_is_gone_says_so_and_opens_nothing() -> None:
    async with decked(STATE) as stage:
        stage.intents.saved.recent = (Recent("nobody", Offered.TOOL, "x", {}, "success", 1.0, states.NOW),)
        await stage.press("h")
        assert "gone" in stage.line("nobody")
        await stage.press("enter")
        assert stage.app.screen is stage.deck
        assert stage.deck._form.subject is None


async def test_a_run_of_saved_calls_is_stopped_by_esc_and_only_then_the_screen_closes() -> None:
    async with decked(STATE) as stage:
        saved_states.fill(stage.intents.saved)
        stage.intents.saved.outcomes = {}
        await stage.press("K", "a")
        assert "running" in stage.text
        await stage.press("escape")
        assert ("stop saved",) in stage.asked
        assert "Saved calls" in stage.text
        await stage.press("escape")
        assert stage.app.screen is stage.deck


async def test_what_is_known_of_saved_calls_stays_when_the_screen_is_closed() -> None:
    async with decked(STATE) as stage:
        saved_states.fill(stage.intents.saved)
        await stage.press("K", "a", "escape", "K")
        assert "1/4 passed" in stage.text


async def test_hostile_texts_of_files_and_names_are_shown_as_text() -> None:
    async with decked(STATE) as stage:
        saved = stage.intents.saved
        text = (
            '{"name": "[b]n[/b]", "calls": {"[red]x[/red]": {"server": "\\u001b[31m", "tool": "\\u202eevil", '
            '"arguments": {"a": "[link=x]"}}}}'
        )
        saved.there = (collection_of(text, Path("/p/[i].json"), private=False),)
        saved.recent = (Recent(HOSTILE, Offered.TOOL, HOSTILE, {"a": HOSTILE}, HOSTILE, 1.0, states.NOW),)
        await stage.press("K", "down")
        assert "[red]x[/red]" in stage.text
        assert "\x1b" not in stage.text
        assert "\u202e" not in stage.text
        await stage.press("r")
        assert "Rename [red]x[/red]" in stage.text
        await stage.press("escape", "escape", "h")
        assert "[red]x[/red]" in stage.text
        assert "\x1b" not in stage.text
        assert "\u202e" not in stage.text


async def test_json_of_a_call_that_is_wrong_stays_and_is_told() -> None:
    async with decked(STATE) as stage:
        saved_states.fill(stage.intents.saved)
        await stage.press("K", "down", "E", "ctrl+home", "x", "ctrl+s")
        assert "line 1, column 1" in stage.text
        await stage.press("escape")
        assert "Discard what was typed?" in stage.text
