"""A login that waits for its person: who asks, for what, and five ways to go on."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from mcpdeck.services.models import JsonObject
from mcpdeck.services.state.model import PromptState
from mcpdeck.widgets.prompts.elicitation import ElicitationPanel
from mcpdeck.widgets.prompts.login import LoginPanel
from mcpdeck.widgets.prompts.pasted import wrong_with
from tests.ui import auth_states as auth
from tests.ui.form_stage import FORBIDDEN, HOSTILE, Stage, burst_paste, settle, staged, text_of


async def asked(panel: LoginPanel, pilot: Pilot[None], prompt: PromptState) -> None:
    panel.endpoint = auth.RESOURCE
    panel.prompt = prompt
    await settle(pilot.app, pilot)
    panel.focus_first()
    await settle(pilot.app, pilot)


def answers(app: Stage) -> list[tuple[str, JsonObject | None]]:
    return [(message.action, message.content) for message in app.asked(LoginPanel.Answered)]


def joined(app: Stage) -> str:
    return "".join(line.strip("│▂▃▄▅▆▇█ ") for line in text_of(app).split("\n"))


async def test_the_panel_says_who_asks_where_for_which_scopes_and_shows_the_whole_address() -> None:
    panel = LoginPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, auth.asked())
        screen = text_of(app)
        for words in (
            f"vault wants a login  {auth.RESOURCE}",
            "The server answered 401 Unauthorized to initialize",
            auth.ISSUER,
            "mcpdeck-5f1c0a77d2e0",
            "vault:read · vault:write · offline_access",
        ):
            assert words in screen
        assert auth.URL in joined(app)


async def test_the_resource_is_named_only_where_it_is_not_the_address_in_the_title() -> None:
    panel = LoginPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, auth.asked())
        assert text_of(app).count(f"for        {auth.RESOURCE}") == 0
        await asked(panel, pilot, PromptState("2", "vault", None, "mcpdeck/login", {**auth.asked().request,
                                              "resource": "https://vault.example.com/"}, 0.0))  # fmt: skip
        assert "for        https://vault.example.com/" in text_of(app)


async def test_scopes_beyond_those_of_before_are_marked() -> None:
    panel = LoginPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, auth.asked(added=["vault:write"]))
        assert "vault:read · offline_access · +vault:write (new)" in text_of(app)


@pytest.mark.parametrize("key", ["enter", "o"])
async def test_the_browser_is_asked_for_and_the_login_stays_open(key: str) -> None:
    panel = LoginPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, auth.asked())
        await pilot.press(key)
        await pilot.pause()
        (request,) = app.asked(LoginPanel.OpenRequested)
        assert (request.server, request.url) == ("vault", auth.URL)
        assert answers(app) == []
        assert "waiting for you to come back" in text_of(app)


async def test_the_address_can_be_copied_and_asked_for_as_a_code() -> None:
    panel = LoginPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, auth.asked())
        await pilot.press("y", "c")
        await pilot.pause()
        assert app.clipboard == auth.URL
        (request,) = app.asked(LoginPanel.CodeRequested)
        assert request.url == auth.URL


async def test_a_pasted_address_is_the_answer() -> None:
    panel = LoginPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, auth.asked())
        await pilot.press("p")
        await settle(app, pilot)
        await burst_paste(app, pilot, f" {auth.BACK}\n")
        await pilot.press("enter")
        await settle(app, pilot)
        assert answers(app) == [("accept", {"redirect": auth.BACK})]


async def test_a_wrong_address_says_why_and_stays_until_it_is_another() -> None:
    panel = LoginPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, auth.asked())
        await pilot.press("p")
        await settle(app, pilot)
        await burst_paste(app, pilot, "https://evil.example/callback?code=x")
        await pilot.press("enter")
        await settle(app, pilot)
        assert answers(app) == []
        assert f"✖ it must begin with {auth.REDIRECT}" in text_of(app)
        assert "evil.example" in text_of(app)
        await burst_paste(app, pilot, auth.BACK)  # in its place, not behind it
        assert "it must begin with" not in text_of(app)
        await pilot.press("enter")
        await settle(app, pilot)
        assert answers(app) == [("accept", {"redirect": auth.BACK})]


@pytest.mark.parametrize("width", [50, 76])
async def test_the_end_of_a_pasted_address_can_be_seen_however_long_it_is(width: int) -> None:
    panel = LoginPanel()
    async with staged(panel, size=(width, 40)) as (app, pilot):
        await asked(panel, pilot, auth.asked())
        await pilot.press("p")
        await settle(app, pilot)
        await burst_paste(app, pilot, f"{auth.BACK}&iss={'i' * 200}seen")
        assert "iiiseen" in text_of(app).split("Redirect URL")[1]
        await pilot.press("home")
        await settle(app, pilot)
        assert auth.REDIRECT[:20] in text_of(app).split("Redirect URL")[1]


@pytest.mark.parametrize("fold", ["\n", "\r\n", "\n    "])
async def test_an_address_that_was_folded_on_its_way_is_one_line_and_enter_hands_it_over(fold: str) -> None:
    panel = LoginPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, auth.asked())
        await pilot.press("p")
        await settle(app, pilot)
        await burst_paste(app, pilot, fold.join(auth.BACK[at : at + 40] for at in range(0, len(auth.BACK), 40)))
        await pilot.press("enter")
        await settle(app, pilot)
        assert answers(app) == [("accept", {"redirect": auth.BACK})]


async def test_enter_after_a_huge_paste_says_what_is_wrong_and_opens_nothing() -> None:
    panel = LoginPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, auth.asked())
        await pilot.press("p")
        await settle(app, pilot)
        await burst_paste(app, pilot, "x" * 1_000_000)
        await pilot.press("enter")
        await settle(app, pilot)
        assert "it is too long" in text_of(app)
        assert app.asked(LoginPanel.OpenRequested) == []


async def test_the_no_of_other_questions_gives_up_no_login_at_once_that_is_under_way() -> None:
    panel = LoginPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, auth.asked())
        await pilot.press("o", "ctrl+n")
        await settle(app, pilot)
        assert answers(app) == []
        assert "Esc again gives the login up" in text_of(app)


@pytest.mark.parametrize("method", ["mcpdeck/login", "mcpdeck/consent"])
async def test_what_is_decided_on_stands_before_what_others_wrote(method: str) -> None:
    panel = LoginPanel()
    async with staged(panel, size=(78, 14)) as (app, pilot):
        prompt = auth.asked(method, why="because " * 80, clientId="c" * 400, added=["vault:write"])
        await asked(panel, pilot, prompt)
        screen = text_of(app)
        assert "vault:write" in screen
        if method == "mcpdeck/login":
            assert auth.ISSUER in screen


async def test_the_key_of_the_field_is_no_text_in_it() -> None:
    panel = LoginPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, auth.asked())
        await pilot.press("p", "p")
        await settle(app, pilot)
        await pilot.press(*"code=1", "enter", "p")
        await settle(app, pilot)
        assert "paste it here" in text_of(app)
        await burst_paste(app, pilot, auth.BACK)
        await pilot.press("enter")
        await settle(app, pilot)
        assert answers(app) == [("accept", {"redirect": auth.BACK})]


@pytest.mark.parametrize("width", [40, 50, 60])
async def test_no_key_of_a_login_is_cut_where_there_is_little_room(width: int) -> None:
    panel = LoginPanel()
    async with staged(panel, size=(width, 50)) as (app, pilot):
        await asked(panel, pilot, auth.asked())
        for words in ("Open browser o", "Copy y", "QR code c", "Paste p", "Cancel Esc"):
            assert words in text_of(app)
        await pilot.press("p")
        await settle(app, pilot)
        await pilot.press("c", "enter")
        await settle(app, pilot)
        assert "✖ it holds no code" in text_of(app)
        assert "Cancel Esc" in text_of(app)


async def test_an_address_that_the_title_has_no_room_for_is_told_below() -> None:
    panel = LoginPanel()
    async with staged(panel, size=(50, 40)) as (app, pilot):
        await asked(panel, pilot, auth.asked())
        assert f"for        {auth.RESOURCE}" in text_of(app)
        await pilot.resize_terminal(80, 40)
        await settle(app, pilot)
        assert "for        " not in text_of(app)


async def test_why_a_pasted_address_was_not_the_answer_is_told_when_it_is_asked_again() -> None:
    panel = LoginPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, auth.asked(error="iss is that of another authorization server"))
        assert "✖ iss is that of another authorization server" in text_of(app)


async def test_escape_leaves_the_field_first_and_then_the_login() -> None:
    panel = LoginPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, auth.asked())
        await pilot.press("p")
        await settle(app, pilot)
        await pilot.press("escape")
        assert answers(app) == []
        await pilot.press("escape")
        await pilot.pause()
        assert answers(app) == [("cancel", None)]


async def test_a_login_that_is_under_way_in_a_browser_is_given_up_by_the_second_escape() -> None:
    panel = LoginPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, auth.asked())
        await pilot.press("o", "escape")
        await settle(app, pilot)
        assert answers(app) == []
        assert "Esc again gives the login up" in text_of(app)
        await pilot.press("escape")
        await pilot.pause()
        assert answers(app) == [("cancel", None)]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "http://auth.example.com/", "x-app://go"])
async def test_an_address_that_no_browser_should_be_given_is_shown_and_not_opened(url: str) -> None:
    panel = LoginPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, auth.asked(url=url))
        assert "it is not opened" in text_of(app)
        assert url in text_of(app)
        await pilot.press("o", "enter", "c", "y", "p")
        await pilot.pause()
        assert app.clipboard == ""
        assert "Redirect URL" not in text_of(app)
        assert app.asked(LoginPanel.OpenRequested) == []
        assert app.asked(LoginPanel.CodeRequested) == []


async def test_consent_names_what_is_asked_for_beyond_what_was_granted() -> None:
    panel = LoginPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, auth.CONSENT)
        screen = text_of(app)
        for words in ("asks for more than before", "adds       vault:admin", "keeps      vault:read · vault:write"):
            assert words in screen
        for words in ("Redirect URL", "Open browser", auth.URL[:60]):
            assert words not in screen


@pytest.mark.parametrize(("key", "action"), [("ctrl+r", "accept"), ("ctrl+n", "decline"), ("escape", "cancel")])
async def test_consent_is_given_or_not(key: str, action: str) -> None:
    panel = LoginPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, auth.CONSENT)
        await pilot.press("enter", "o", "y", "c", "p")  # the keys of a login do nothing here
        assert answers(app) == []
        assert app.clipboard == ""
        await pilot.press(key)
        await pilot.pause()
        assert answers(app) == [(action, None)]


async def test_what_a_login_needs_to_know_is_asked_by_mcpdeck_and_a_secret_stays_out_of_sight() -> None:
    panel = ElicitationPanel()
    async with staged(panel) as (app, pilot):
        panel.prompt = auth.IDENTITY
        await settle(app, pilot)
        panel.focus_first()
        await settle(app, pilot)
        assert "mcpdeck asks, to log in to vault" in text_of(app)
        assert "must not ask" not in text_of(app)
        assert "looks like a secret" not in text_of(app)
        await pilot.press(*"me", "tab", *"hush", "ctrl+r")
        await settle(app, pilot)
        assert "hush" not in text_of(app)
        (answer,) = app.asked(ElicitationPanel.Answered)
        assert answer.content == {"client_id": "me", "client_secret": "hush"}


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("method", ["mcpdeck/login", "mcpdeck/consent"])
async def test_hostile_words_of_a_login_show_as_text(words: str, method: str) -> None:
    panel = LoginPanel()
    prompt = auth.asked(method, issuer=words, resource=words, clientId=words, scopes=[words, "b"], added=[words],
                        why=words, url=f"https://a.example/{words}", error=words)  # fmt: skip
    async with staged(panel, size=(100, 40)) as (app, pilot):
        await asked(panel, pilot, prompt)
        assert not FORBIDDEN & set(text_of(app))


@pytest.mark.parametrize("request_", [{}, {"scopes": "a b", "added": 3}, {"url": 7, "manual": "yes"}])
async def test_a_login_that_says_nothing_of_itself_can_still_be_given_up(request_: JsonObject) -> None:
    panel = LoginPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, PromptState("1", "vault", None, "mcpdeck/login", request_, 0.0))
        await pilot.press("escape")
        await pilot.pause()
        assert answers(app) == [("cancel", None)]


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        (auth.BACK, None),
        (f"  <{auth.BACK}>\n", None),
        (auth.BACK.partition("?")[2], None),
        ("?" + auth.BACK.partition("?")[2], None),
        (f"{auth.REDIRECT}?error=access_denied&state={auth.STATE}", None),
        (f"{auth.BACK}#_=_", None),
        ("", "paste the address"),
        (auth.URL, "the address to open"),
        ("https://evil.example/callback?code=x", "it must begin with"),
        (auth.BACK.replace("43215", "43216"), "it must begin with"),
        (f"{auth.REDIRECT}?state={auth.STATE}", "it holds no code"),
        (auth.REDIRECT, "it holds no code"),
        ("hello", "it holds no code"),
        (f"{auth.REDIRECT}?code=x&state=other", "another login"),
        (f"{auth.REDIRECT}?code=x", "another login"),
        (f"{auth.REDIRECT}?code=x&state={auth.STATE}&state=two", "another login"),
        (f"{auth.BACK[:40]}\r\n {auth.BACK[40:]}", None),
        (f"{auth.REDIRECT}?code=x\u202ey&state={auth.STATE}", "cannot be printed"),
        (f"{auth.REDIRECT}?code={'x' * 20_000}", "too long"),
        ("http://[broken?code=1", "it must begin with"),
        ("code=1&" + "&".join(f"a{n}=1" for n in range(200)), "it holds no code"),
    ],
)
def test_what_is_pasted_is_judged_by_what_it_can_be(pasted: str, said: str | None) -> None:
    got = wrong_with(pasted, auth.URL, auth.REDIRECT)
    assert got is None if said is None else got is not None and said in got


def test_an_address_without_a_state_takes_any() -> None:
    assert wrong_with("code=1", "https://a.example/authorize", auth.REDIRECT) is None
