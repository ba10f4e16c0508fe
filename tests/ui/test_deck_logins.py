"""Logins on the main screen: what Enter does, where the focus goes, and what is said when a login went on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcpdeck.app.actions import Zone
from mcpdeck.app.hints import hints
from mcpdeck.services.models import AuthView, Status
from mcpdeck.services.state.model import AppState, PromptState
from mcpdeck.widgets.prompts.login import LoginPanel
from tests.ui import auth_states as auth
from tests.ui import questions, states
from tests.ui.deck_stage import Stage, decked


def state(view: AuthView | None = None, *prompts: PromptState) -> AppState:
    return states.app_state(auth.wanted(view), states.EVERYTHING, prompts=prompts)


def asks(stage: Stage) -> bool:
    """The panel of the login is shown and has the focus."""
    panel = stage.deck.query_one(LoginPanel)
    return panel.display and panel.has_focus_within


@pytest.mark.parametrize("keys", [("enter",), ("i", "enter"), ("L",)])
async def test_enter_on_a_server_that_wants_a_login_begins_it(keys: tuple[str, ...]) -> None:
    async with decked(state()) as stage:
        await stage.press(*keys)
        assert stage.asked == [("login", "vault")]


async def test_the_footer_and_the_overview_say_what_enter_does() -> None:
    async with decked(state()) as stage:
        assert "Enter Log in" in stage.text
        assert "Enter shows what is asked; o there opens your" in stage.text


async def test_the_question_of_a_login_takes_the_focus_and_its_keys_work_at_once() -> None:
    async with decked(state()) as stage:
        await stage.press("enter")
        await stage.become(state(auth.WAITING, auth.asked()))
        await stage.rest()
        assert asks(stage)
        await stage.press("enter")
        assert stage.asked[-1] == ("open url", "vault", auth.URL)


def two_logins(*prompts: PromptState) -> AppState:
    other = replace(auth.wanted(auth.WAITING), id="two")
    return states.app_state(auth.wanted(auth.WAITING), other, prompts=prompts)


OTHER_URL = auth.SHORT_URL
OTHER = replace(auth.asked(server="two", url=OTHER_URL), id="login-9", server="two")


async def test_of_two_logins_that_wait_enter_goes_to_that_of_the_chosen_server() -> None:
    async with decked(two_logins(auth.asked(), OTHER)) as stage:
        stage.deck.focus_zone(Zone.SERVERS)
        await stage.rest()
        await stage.press("down", "enter", "o")
        assert stage.asked == [("open url", "two", OTHER_URL)]
        assert "two wants a login" in stage.text
        await stage.become(two_logins(auth.asked()))
        await stage.rest()
        assert "vault wants a login" in stage.text


async def test_an_escape_too_many_gives_up_no_login_of_another_server() -> None:
    async with decked(two_logins(auth.asked(), OTHER)) as stage:
        stage.deck.focus_zone(Zone.QUESTION)
        await stage.rest()
        await stage.press("escape")
        assert stage.asked == [("answer", "login-1", "cancel", None)]
        await stage.become(two_logins(OTHER))
        await stage.press("escape")
        assert len(stage.asked) == 1
        assert "two wants a login" in stage.text


async def test_enter_on_a_server_whose_login_waits_goes_to_it() -> None:
    async with decked(state(auth.WAITING, auth.asked())) as stage:
        stage.deck.focus_zone(Zone.SERVERS)
        await stage.rest()
        assert not asks(stage)
        await stage.press("enter")
        assert asks(stage)
        assert stage.asked == []


async def test_a_server_that_is_logged_in_to_is_logged_in_to_once_more() -> None:
    async with decked(states.app_state(auth.used())) as stage:
        await stage.press("L")
        assert stage.asked == [("login again", "vault")]


@pytest.mark.parametrize("gate", [Status.DISABLED, Status.BLOCKED, Status.REJECTED, Status.NOT_CONFIGURED])
async def test_a_server_that_may_not_be_contacted_is_not_logged_in_to(gate: Status) -> None:
    async with decked(states.app_state(replace(auth.wanted(), status=gate))) as stage:
        await stage.press("L")
        assert stage.asked == []


async def test_enter_in_the_overview_of_any_other_server_does_nothing() -> None:
    async with decked(states.app_state(states.EVERYTHING)) as stage:
        await stage.press("i", "enter")
        assert stage.asked == []
        assert stage.deck._zone() is Zone.OVERVIEW


async def test_a_login_that_goes_on_by_itself_is_no_withdrawn_question_and_gives_the_focus_back() -> None:
    async with decked(state(), toasts=True) as stage:
        await stage.press("enter")
        await stage.become(state(auth.WAITING, auth.asked()))
        await stage.rest()
        await stage.become(state(auth.RUNNING))
        await stage.rest()
        assert "withdrawn" not in stage.text
        assert stage.deck._zone() is Zone.SERVERS
        await stage.press("n")
        assert "Add a server" in stage.text


async def test_what_is_typed_into_the_field_of_a_login_that_went_on_does_nothing_else() -> None:
    async with decked(state()) as stage:
        await stage.become(state(auth.WAITING, auth.asked()))
        await stage.rest()
        await stage.press("p", "h")
        await stage.become(state(auth.RUNNING))
        await stage.burst(*"qe")
        assert stage.app.is_running
        assert stage.asked == []


async def test_consent_is_asked_in_the_same_place_and_answered_by_its_id() -> None:
    row = auth.used()
    async with decked(states.app_state(row)) as stage:
        await stage.become(states.app_state(row, prompts=(auth.CONSENT,)))
        await stage.rest()
        assert asks(stage)
        await stage.press("ctrl+r")
        assert stage.asked == [("answer", auth.CONSENT.id, "accept", None)]


async def test_a_question_of_a_server_and_one_of_a_login_take_turns() -> None:
    waiting = (questions.QUESTION, auth.asked())
    async with decked(state(None, *waiting)) as stage:
        await stage.rest()
        assert "everything asks" in stage.text
        assert "vault wants a login" not in stage.text
        await stage.become(state(None, waiting[1]))
        await stage.rest()
        assert "vault wants a login" in stage.text
        assert "everything asks" not in stage.text


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (180, 50)])
async def test_the_whole_login_can_be_read_and_every_key_is_shown(size: tuple[int, int]) -> None:
    async with decked(state(auth.WAITING, auth.asked()), size=size) as stage:
        await stage.rest()
        for words in (
            "Open browser o",
            "Copy y",
            "QR code c",
            "Paste p",
            "Cancel Esc",
            "Redirect URL",
        ):
            assert words in stage.text
        assert auth.URL in "".join(line.strip("│▁▂▃▄▅▆▇█ ") for line in stage.text.split("\n"))


async def test_a_countdown_runs_while_a_token_that_ends_is_looked_at() -> None:
    async with decked(states.app_state(auth.used(), states.EVERYTHING)) as stage:
        assert stage.deck._countdown._active.is_set()
        stage.deck._overview._clock = lambda: states.NOW + 720
        stage.deck._tick()
        await stage.rest()
        assert "expires in 3 s" in stage.text
        await stage.press("down")
        assert not stage.deck._countdown._active.is_set()


def test_the_footer_names_the_steps_of_a_login_where_there_are_any() -> None:
    def named(row: object) -> list[str]:
        return [hint.action for hint in hints(Zone.OVERVIEW, row, None, asked=False)]  # type: ignore[arg-type]

    assert "auth" in named(auth.used())
    assert "auth" in named(auth.wanted())
    assert "auth" not in named(states.EVERYTHING)
