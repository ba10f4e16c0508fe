"""The screen of a server's login: every step, the token, and what can be done about both."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from mcpdeck.app.screens.auth_screen import AuthScreen
from mcpdeck.app.screens.confirm_screen import ConfirmScreen
from mcpdeck.services.models import AuthView, ExchangeSide, LoginPhase, LoginStatus, LoginStep, Status
from tests.ui import auth_states as auth
from tests.ui import states
from tests.ui.deck_stage import Stage, decked
from tests.ui.form_stage import FORBIDDEN, HOSTILE

CODE = "SplxlOBeZQQYbYS6WxSbIA"


def code_line(stage: Stage) -> str:
    """The row of the authorization code."""
    return next(line for line in stage.text.split("\n") if re.search(r"[ ▌]code  ", line))


async def to_code(stage: Stage) -> None:
    """Put the cursor on that row of the token request."""
    await stage.press("A", "end", "right", "n")
    assert "Enter shows it" in code_line(stage)


async def test_the_screen_lists_every_step_and_tells_all_about_the_token() -> None:
    async with decked(states.app_state(auth.used())) as stage:
        await stage.press("A")
        for step in auth.STEPS:
            assert step.title in stage.text
        for words in ("Authorization of vault", "expires in 12 min 3 s", "Kept in", '"sub": "ada"'):
            assert words in stage.text


async def test_a_login_that_failed_opens_on_the_step_that_is_wrong() -> None:
    async with decked(states.app_state(auth.wanted(auth.FAILED)), size=(80, 24)) as stage:
        await stage.press("A")
        assert "✖ an error is answered with 400 or 401" in stage.text
        assert "the login failed" in stage.text


async def test_one_masked_value_is_revealed_copied_and_masked_again() -> None:
    async with decked(states.app_state(auth.used())) as stage:
        stage.intents.secrets = {"key-code": CODE}
        await to_code(stage)
        await stage.press("y")
        assert stage.app.clipboard == ""  # nothing is copied that is of no use
        await stage.press("enter")
        assert ("reveal", "vault", "key-code") in stage.asked
        assert CODE in code_line(stage)
        assert stage.text.count(auth.MASK) == 4
        await stage.press("y")
        assert stage.app.clipboard == CODE
        await stage.press("enter")
        assert CODE not in stage.text


async def test_what_was_revealed_is_masked_once_another_step_was_looked_at() -> None:
    async with decked(states.app_state(auth.used())) as stage:
        stage.intents.secrets = {"key-code": CODE}
        await to_code(stage)
        await stage.press("enter")
        assert CODE in stage.text
        await stage.press("left", "up", "down")
        assert CODE not in stage.text


async def test_a_value_that_is_no_longer_kept_stays_masked() -> None:
    async with decked(states.app_state(auth.used())) as stage:
        await to_code(stage)
        await stage.press("enter")
        assert code_line(stage).count(auth.MASK) == 1


async def test_the_token_is_refreshed_expired_and_had_anew_by_a_key_each() -> None:
    async with decked(states.app_state(auth.used())) as stage:
        await stage.press("A", "r", "e", "L")
        assert stage.asked == [("refresh token", "vault"), ("expire token", "vault"), ("login again", "vault")]


async def test_revoking_asks_first() -> None:
    async with decked(states.app_state(auth.used())) as stage:
        await stage.press("A", "x")
        assert isinstance(stage.app.screen, ConfirmScreen)
        assert auth.ISSUER in stage.text
        await stage.press("escape")
        assert stage.asked == []
        await stage.press("x", "x")
        assert stage.asked == [("logout", "vault")]
        assert isinstance(stage.app.screen, AuthScreen)


async def test_without_a_token_there_is_nothing_to_refresh_and_a_login_to_begin() -> None:
    async with decked(states.app_state(auth.wanted())) as stage:
        await stage.press("A", "r", "e", "x", "L")
        assert stage.asked == [("login", "vault")]
        assert "No step was taken so far" in stage.text


async def test_how_a_login_is_done_is_found_out_by_a_key_where_there_is_no_token() -> None:
    async with decked(states.app_state(auth.wanted())) as stage:
        await stage.press("A")
        assert "d find out how" in stage.text
        await stage.press("d")
        assert stage.asked == [("look up login", "vault")]
        await stage.become(states.app_state(auth.used()))
        assert "d find out how" not in stage.text
        await stage.press("d")
        assert stage.asked == [("look up login", "vault")]


async def test_enter_on_what_is_not_masked_goes_to_the_next_value_that_is() -> None:
    async with decked(states.app_state(auth.used())) as stage:
        stage.intents.secrets = {"key-code": CODE}
        await stage.press("A", "end", "right", "enter")
        assert stage.asked == []
        await stage.press("enter")
        assert stage.asked == [("reveal", "vault", "key-code")]
        await stage.press("n")
        assert "Enter shows it" in stage.line("code_verifier")
        await stage.press(*["n"] * 4)
        assert "Enter hides it" in code_line(stage)


async def test_refreshes_are_one_row_that_counts_them_and_is_stayed_on() -> None:
    answer = ExchangeSide("200 OK")
    refreshes = tuple(
        LoginStep(at, LoginPhase.REFRESH, "Refresh the token", states.NOW + at, 9.0, answer, answer)
        for at in range(8, 11)
    )
    async with decked(states.app_state(auth.used(replace(auth.DONE, steps=(*auth.STEPS, *refreshes[:2]))))) as stage:
        await stage.press("A", "end")
        assert "Refresh the token × 2" in stage.text
        await stage.press("up")
        await stage.become(states.app_state(auth.used(replace(auth.DONE, steps=(*auth.STEPS, *refreshes)))))
        assert "Refresh the token × 3" in stage.text
        await stage.press("down")
        assert "· the last of 3" in stage.text
        assert "since 10:20:08" in stage.text


async def test_a_step_alone_has_the_whole_screen_by_a_key() -> None:
    async with decked(states.app_state(auth.used())) as stage:
        await stage.press("A", "end", "right", "z")
        assert "Dynamic client registration" not in stage.text
        assert "code_verifier" in stage.text
        await stage.press("left")
        assert "Dynamic client registration" in stage.text


@pytest.mark.parametrize("status", [Status.PENDING_APPROVAL, Status.REJECTED, Status.BLOCKED, Status.DISABLED])
async def test_of_a_server_that_may_not_be_contacted_no_login_is_begun_or_refreshed(status: Status) -> None:
    held = replace(auth.used(), status=status)
    async with decked(states.app_state(held), toasts=True) as stage:
        await stage.press("A", "r", "L")
        assert stage.asked == []
        assert f"vault is {status}" in stage.text
        assert "L log in" not in stage.text
        await stage.press("x")
        assert "not asked to revoke it" in stage.text
        await stage.press("x")
        assert stage.asked == [("logout", "vault")]


async def test_the_countdown_goes_on_while_the_screen_is_open() -> None:
    async with decked(states.app_state(auth.used())) as stage:
        await stage.press("A")
        stage.app.clock = lambda: states.NOW + 700
        screen = stage.app.screen
        assert isinstance(screen, AuthScreen)
        assert screen._seconds._active.is_set()
        screen._tick()
        await stage.rest()
        assert "expires in 23 s" in stage.text
        await stage.become(states.app_state(auth.wanted(auth.FAILED)))
        assert not screen._seconds._active.is_set()


async def test_new_steps_are_followed_from_the_last_one_and_from_nowhere_else() -> None:
    async with decked(states.app_state(auth.wanted(auth.RUNNING))) as stage:
        await stage.press("A", "end")
        more = AuthView(LoginStatus.RUNNING, "", auth.STEPS[:4])
        await stage.become(states.app_state(auth.wanted(more)))
        assert "▌▲ client" in stage.text
        await stage.press("up")
        await stage.become(states.app_state(auth.wanted(replace(more, steps=auth.STEPS[:6]))))
        assert "▌✔ server" in stage.text
        await stage.become(states.app_state(auth.used()))
        assert "▌✔ server" in stage.text


async def test_a_step_that_was_judged_meanwhile_stays_under_the_cursor_and_is_drawn_anew() -> None:
    async with decked(states.app_state(auth.wanted(auth.FAILED))) as stage:
        await stage.press("A", "home", "end")
        judged = replace(auth.REFUSED, title="Token request, judged")
        view = replace(auth.FAILED, steps=(*auth.STEPS[:6], judged))
        await stage.become(states.app_state(auth.wanted(view)))
        assert stage.text.count("Token request, judged") == 2


async def test_the_screen_makes_way_for_the_question_of_the_login_it_began() -> None:
    row = auth.wanted(auth.WAITING)
    async with decked(states.app_state(auth.wanted())) as stage:
        await stage.press("A", "L")
        await stage.become(states.app_state(row, prompts=(auth.asked(),)))
        await stage.rest()
        assert stage.app.screen is stage.deck
        assert "Redirect URL" in stage.text
        await stage.press("o")
        assert stage.asked[-1] == ("open url", "vault", auth.URL)


async def test_the_steps_of_a_login_that_waits_can_be_looked_at() -> None:
    row = auth.wanted(auth.WAITING)
    async with decked(states.app_state(row, prompts=(auth.asked(),))) as stage:
        await stage.press("escape") if stage.deck.focused is None else None
        stage.deck.action_auth()
        await stage.rest()
        await stage.become(states.app_state(row, prompts=(auth.asked(),)))
        assert isinstance(stage.app.screen, AuthScreen)
        assert "waiting for you" in stage.text


async def test_a_server_that_is_taken_away_takes_its_screen_along() -> None:
    async with decked(states.app_state(auth.used(), states.EVERYTHING)) as stage:
        await stage.press("A")
        await stage.become(states.app_state(states.EVERYTHING))
        assert stage.app.screen is stage.deck


async def test_a_server_that_is_no_web_server_has_no_login() -> None:
    async with decked(states.app_state(states.EVERYTHING), toasts=True) as stage:
        await stage.press("A", "L")
        assert stage.app.screen is stage.deck
        assert stage.asked == []
        assert "everything has no login" in stage.text


async def test_names_of_others_are_shown_on_the_screen_and_never_sent_raw() -> None:
    steps = tuple(replace(auth.REFUSED, number=at, title=words) for at, words in enumerate(HOSTILE, 1))
    for words in HOSTILE[:3]:
        view = AuthView(LoginStatus.FAILED, words, steps, replace(auth.TOKEN, issuer=words, scopes=HOSTILE))
        async with decked(states.app_state(auth.used(view))) as stage:
            await stage.press("A", "right", "y")
            assert not FORBIDDEN & set(stage.text)
