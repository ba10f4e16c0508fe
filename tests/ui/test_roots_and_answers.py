"""Who answers a server's questions, and which roots it is told: chosen by keys."""

from __future__ import annotations

import pytest

from mcpdeck.app.auto_answers import AutoProfile
from mcpdeck.app.question_intents import Answering, RootsChoice
from mcpdeck.app.screens.auto_screen import AutoScreen
from mcpdeck.app.screens.roots_screen import RootsScreen
from mcpdeck.services.models import JsonObject
from tests.ui import states
from tests.ui.deck_stage import decked
from tests.ui.form_stage import FORBIDDEN, HOSTILE

STATE = states.app_state(states.EVERYTHING)
SHOP: JsonObject = {"uri": "file:///home/ada/shop"}


async def test_forms_are_accepted_with_defaults_for_this_run() -> None:
    async with decked(STATE) as stage:
        await stage.press("M", "right", "ctrl+r")
        assert stage.asked == [("answer automatically", "everything", AutoProfile(forms="defaults"), False)]
        assert stage.app.screen is stage.deck


async def test_a_choice_is_kept_for_later_runs_where_that_can_be_had() -> None:
    async with decked(STATE) as stage:
        stage.intents.answered_by = Answering(keepable=True)
        await stage.press("M", "right", "right", "ctrl+s")
        assert stage.asked == [("answer automatically", "everything", AutoProfile(forms="decline"), True)]


async def test_nothing_is_kept_where_it_cannot_be() -> None:
    async with decked(STATE) as stage:
        await stage.press("M", "right", "ctrl+s")
        assert stage.asked == []
        assert "Nothing is kept beyond this run here." in stage.text


async def test_a_reply_is_written_once_completions_are_answered_with_one() -> None:
    async with decked(STATE) as stage:
        await stage.press("M", "tab", "right", "tab", "ctrl+u", *"mock", "ctrl+r")
        ((_, _, profile, _),) = stage.asked
        assert isinstance(profile, AutoProfile)
        assert (profile.forms, profile.completions, profile.model) == ("ask", "reply", "mock")


async def test_a_file_must_be_named_where_its_rules_are_to_decide() -> None:
    async with decked(STATE) as stage:
        await stage.press("M", *["right"] * 4, "ctrl+r")
        assert stage.asked == []
        assert "✖ required" in stage.text


async def test_a_reply_that_was_written_is_not_lost_by_escape() -> None:
    async with decked(STATE) as stage:
        await stage.press("M", "tab", "right", "tab", *"x", "escape")
        assert "Discard what was typed?" in stage.text
        await stage.press("escape", "escape", "y")
        assert not isinstance(stage.app.screen, AutoScreen)


async def test_a_folder_becomes_a_root_as_a_uri() -> None:
    async with decked(STATE) as stage:
        await stage.press("F", "n", *"docs", "enter", *"Docs", "enter")
        root: JsonObject = {"uri": "file:///home/ada/shop/docs", "name": "Docs"}
        assert stage.asked == [("tell roots", "everything", (root,))]
        assert "file:///home/ada/shop/docs" in stage.text


async def test_what_is_no_folder_is_refused_beside_its_field() -> None:
    async with decked(STATE) as stage:
        await stage.press("F", "n", *"https://example.com", "ctrl+r")
        assert "neither a path nor a file:// URI" in stage.text
        assert stage.asked == []


async def test_a_root_is_changed_removed_and_put_back() -> None:
    async with decked(STATE) as stage:
        stage.intents.roots = RootsChoice((SHOP,))
        await stage.press("F", "enter", "end", *"2", "ctrl+r")
        assert stage.asked[-1] == ("tell roots", "everything", ({"uri": "file:///home/ada/shop2"},))
        await stage.press("delete")
        assert stage.asked[-1] == ("tell roots", "everything", ())
        await stage.press("U", "U")
        assert stage.asked[-1] == ("tell roots", "everything", (SHOP,))
        await stage.press("r")
        assert stage.asked[-1] == ("tell roots", "everything", None)


async def test_roots_of_every_server_are_the_other_list() -> None:
    async with decked(STATE) as stage:
        await stage.press("F", "tab")
        assert "Roots of every server" in stage.text
        await stage.press("n", *"/srv", "ctrl+r")
        assert stage.asked == [("tell roots", None, ({"uri": "file:///srv"},))]


async def test_the_same_root_is_not_told_twice() -> None:
    async with decked(STATE) as stage:
        stage.intents.roots = RootsChoice((SHOP,))
        await stage.press("F", "n", *"/home/ada/shop", "ctrl+r")
        assert "it stands there already" in stage.text
        assert stage.asked == []


async def test_roots_chosen_here_are_written_into_the_entry() -> None:
    async with decked(STATE) as stage:
        stage.intents.roots = RootsChoice((SHOP,))
        stage.intents.entries.texts["everything"] = '{"command": "npx", "roots": ["~/old"]}'
        await stage.press("F", "ctrl+s")
        value = {"command": "npx", "roots": ["file:///home/ada/shop"]}
        assert stage.asked[0] == ("replace", "everything", "everything", value)
        assert not isinstance(stage.app.screen, RootsScreen)


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_roots_show_as_text(words: str) -> None:
    async with decked(STATE) as stage:
        stage.intents.roots = RootsChoice(({"uri": f"file:///{words}", "name": words},))
        await stage.press("F")
        assert not FORBIDDEN & set(stage.text)
