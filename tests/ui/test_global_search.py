"""The search over everything: what it finds, where Enter leads, what it is above other screens."""

from __future__ import annotations

import pytest

from mcpdeck.app.actions import ACTIONS, APP_ACTIONS, Zone
from mcpdeck.app.places import Place
from mcpdeck.app.screens.search_screen import SearchScreen
from mcpdeck.app.searching import UNLISTED
from mcpdeck.widgets.item_kinds import ItemKind
from tests.ui import item_states, states
from tests.ui.deck_stage import Stage, decked, paste
from tests.ui.form_stage import HOSTILE

STATE = states.app_state(*states.zoo(), item_states.LIBRARY)


def title(stage: Stage) -> str:
    return stage.line("Search ")


async def test_a_tool_of_any_server_is_found_by_a_few_letters_and_enter_opens_its_form() -> None:
    async with decked(STATE) as stage:
        await stage.press("ctrl+k")
        await stage.burst(*"ftl7", "enter")
        assert stage.deck._zone() is Zone.FORM
        assert stage.deck._form.subject is not None
        assert stage.deck._form.subject.name == "file_tool_7"


@pytest.mark.parametrize(
    ("words", "kind", "zone"),
    [
        ("#resource orders", ItemKind.RESOURCES, Zone.ITEM),
        ("#template orders", ItemKind.TEMPLATES, Zone.FORM),
        ("revi", ItemKind.PROMPTS, Zone.FORM),
        ("#task index", ItemKind.TASKS, Zone.ITEM),
    ],
)
async def test_things_of_every_kind_are_gone_to_and_nothing_is_done_to_them(
    words: str, kind: ItemKind, zone: Zone
) -> None:
    async with decked(STATE) as stage:
        await stage.press("ctrl+k")
        await stage.burst(*words, "enter")
        assert stage.deck.server is not None
        assert stage.deck.server.id == "library"
        assert stage.deck._tools.kind is kind
        assert stage.deck._zone() is zone
        assert stage.asked == []


async def test_a_server_is_gone_to() -> None:
    async with decked(STATE) as stage:
        await stage.press("ctrl+k")
        await stage.burst(*"tick", "enter")
        assert stage.deck.server is not None
        assert stage.deck.server.id == "tickets"
        assert stage.deck._zone() is Zone.SERVERS


async def test_arrows_choose_another_hit_while_one_types_and_a_click_does_too() -> None:
    async with decked(STATE) as stage:
        await stage.press("ctrl+k", *"orders", "down", "enter")
        assert stage.deck._tools.kind is ItemKind.TEMPLATES
        await stage.press("ctrl+k", *"orders")
        await stage.pilot.click("#search-rows", offset=(14, 0), times=2)
        await stage.rest()
        assert stage.deck._tools.kind is ItemKind.RESOURCES


async def test_ctrl_p_is_the_same_search_for_actions() -> None:
    async with decked(STATE) as stage:
        await stage.press("ctrl+p")
        await stage.burst(*"reconnect all", "enter")
        assert stage.asked == [("reconnect_all",)]
        await stage.press("ctrl+k", "ctrl+p")
        assert "> " in stage.line("⌕")
        await stage.press("ctrl+k", "ctrl+k")
        assert not isinstance(stage.app.screen, SearchScreen)


async def test_an_action_that_does_nothing_where_one_is_says_where_it_works() -> None:
    async with decked(STATE, toasts=True) as stage:
        await stage.press("ctrl+p", *"unfold", "enter")
        assert "Unfold does nothing here" in stage.text
        assert "It works in: log" in stage.text


async def test_escape_and_a_click_beside_it_close_it_and_the_focus_is_where_it_was() -> None:
    async with decked(STATE) as stage:
        await stage.press("enter", "ctrl+k", "escape")
        assert stage.deck._zone() is Zone.TOOLS


async def test_what_is_typed_in_a_field_stays_and_the_key_is_not_taken_by_the_field() -> None:
    async with decked(STATE) as stage:
        await stage.press("enter", "enter", *"hello", "home", "ctrl+k", "escape")
        await stage.press("ctrl+r")
        assert ("call", "everything", "echo", {"message": "hello"}) in stage.asked


async def test_calls_that_are_kept_are_found_too(monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[str] = []
    async with decked(STATE) as stage:
        kept = (Place("saved", "morning round", "files", "3 calls", lambda: gone.append("there")),)
        monkeypatch.setattr(type(stage.deck), "saved_places", lambda self: kept)
        await stage.press("ctrl+k", *"@files morn", "enter")
        assert gone == ["there"]


async def test_the_counts_and_the_kinds_are_told() -> None:
    async with decked(STATE) as stage:
        await stage.press("ctrl+k", *"@library #res")
        assert "4 places" in title(stage)
        await stage.press(*" ord")
        assert "1 found" in title(stage)
        await stage.press(*"zzz")
        assert "nothing is called so" in stage.text
        await stage.press("enter")
        assert isinstance(stage.app.screen, SearchScreen)


async def test_a_server_that_comes_while_one_searches_is_found() -> None:
    async with decked(states.app_state()) as stage:
        await stage.press("ctrl+k", *"library")
        assert "nothing is called so" in stage.text
        await stage.become(states.app_state(item_states.LIBRARY))
        assert "library" in stage.text
        await stage.press("enter")
        assert stage.deck.server is not None
        assert stage.deck.server.id == "library"


async def test_ten_thousand_tools_are_searched_and_enter_waits_for_what_was_typed_last() -> None:
    many = tuple(states.tool(f"tool_{n:05}", f"Number {n}") for n in range(10_000))
    async with decked(states.app_state(states.connected("big", tools=many))) as stage:
        await stage.press("ctrl+k")
        await stage.burst(*"t9876", "enter")
        assert stage.deck._form.subject is not None
        assert stage.deck._form.subject.name == "tool_09876"


@pytest.mark.parametrize("keys", [("n",), ("S",), ("X",), ("question_mark",)], ids=lambda keys: keys[0])
async def test_above_another_screen_only_what_the_app_does_is_offered_of_the_actions(keys: tuple[str, ...]) -> None:
    async with decked(STATE) as stage:
        await stage.press(*keys)
        await stage.press("ctrl+p")
        screen = stage.app.screen
        assert isinstance(screen, SearchScreen)
        offered = {place.title for place in screen._directory.found()[0]}
        assert offered == {action.title for action in ACTIONS if action.id in APP_ACTIONS - UNLISTED}


async def test_from_another_screen_places_are_gone_to_unless_something_typed_would_be_lost() -> None:
    async with decked(STATE) as stage:
        await stage.press("question_mark", "ctrl+k", *"tickets", "enter")
        assert len(stage.app.screen_stack) == 1
        assert stage.deck.server is not None
        assert stage.deck.server.id == "tickets"
        await stage.press("n")
        await paste(stage, '{"mcpServers": {"weather": {"command": "uvx"}}}')
        await stage.press("ctrl+k", *"tickets")
        assert "nothing is called so" in stage.text
        await stage.press("escape")
        assert "weather" in stage.text


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_names_are_shown_as_text(text: str) -> None:
    odd = states.connected("odd", tools=(states.tool(f"find me {text}", text),))
    async with decked(states.app_state(odd)) as stage:
        await stage.press("ctrl+k", *"find me")
        assert "find me" in stage.line("tool  ")
        assert all(char.isprintable() or char == "\n" for char in stage.text)
