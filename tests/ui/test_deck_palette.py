"""Ways to act beside the keys of the main screen: the palette, the mouse, the help."""

from __future__ import annotations

import anyio
import pytest
from textual.command import Hits

from mcpdeck.app.actions import ACTIONS, APP_ACTIONS, Zone
from mcpdeck.app.palette import UNLISTED, DeckCommands
from tests.ui import states
from tests.ui.deck_stage import decked, paste
from tests.ui.form_stage import settle

ZOO = states.app_state(*states.zoo())


async def test_a_click_selects_a_row_and_a_second_one_opens_it() -> None:
    async with decked(ZOO) as stage:
        await stage.pilot.click("#servers", offset=(6, 4))
        await settle(stage.app, stage.pilot)
        assert stage.deck.server is not None
        assert stage.deck.server.id == "pictures"
        await stage.pilot.click("#servers", offset=(6, 4), times=2)
        await settle(stage.app, stage.pilot)
        assert stage.deck._zone() is Zone.TOOLS


async def test_a_click_on_a_tab_in_the_border_shows_it() -> None:
    async with decked(ZOO) as stage:
        await stage.pilot.click("#work", offset=(14, 0))
        await settle(stage.app, stage.pilot)
        assert stage.deck.tab == "log"


async def test_a_click_on_a_footer_key_does_what_the_key_does() -> None:
    async with decked(ZOO) as stage:
        column = stage.line("Ctrl+P Commands").index("r Reconnect")
        await stage.pilot.click("#footer", offset=(column, 0))
        await settle(stage.app, stage.pilot)
        assert stage.asked == [("reconnect", "everything")]


async def test_the_palette_runs_actions_and_jumps_to_tools_by_name() -> None:
    async with decked(ZOO) as stage:
        await stage.press("ctrl+p")
        await stage.burst(*"reconnect all", "enter")
        assert stage.asked == [("reconnect_all",)]
        await stage.press("ctrl+p")
        await stage.burst(*"file_tool_7", "enter")
        assert stage.deck._zone() is Zone.FORM
        assert "file_tool_7" in stage.text


@pytest.mark.parametrize("begin", ["c", "i", "l", "tab"])
async def test_a_tool_chosen_in_the_palette_is_shown_wherever_one_comes_from(begin: str) -> None:
    async with decked(ZOO) as stage:
        await stage.press(begin)
        await stage.press("ctrl+p")
        await stage.burst(*"file_tool_7", "enter")
        assert stage.deck._zone() is Zone.FORM
        assert stage.deck.tab == "form"
        await stage.press("ctrl+p")
        await stage.burst(*"file_tool_9", "enter")
        assert stage.deck.tab == "form"


async def test_enter_in_the_palette_waits_for_the_search_for_what_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    search = DeckCommands.search

    async def slow(self: DeckCommands, query: str) -> Hits:
        async for hit in search(self, query):
            for _ in range(200):
                await anyio.lowlevel.checkpoint()
            yield hit

    monkeypatch.setattr(DeckCommands, "search", slow)
    async with decked(ZOO) as stage:
        await stage.press("ctrl+p")
        await stage.burst(*"reconnect all", "enter")
        assert stage.asked == [("reconnect_all",)]


async def test_the_palette_shows_the_description_of_a_tool_as_text() -> None:
    hostile = states.connected("odd", tools=(states.tool("brackets", "[bold red]no markup[/] [@click=app.quit]x[/]"),))
    async with decked(states.app_state(hostile)) as stage:
        await stage.press("ctrl+p")
        await stage.burst(*"brackets")
        assert "[bold red]no markup[/] [@click=app.quit]x[/]" in stage.text


@pytest.mark.parametrize("keys", [("n",), ("S",), ("X",), ("delete",), ("question_mark",)], ids=lambda keys: keys[0])
async def test_above_the_main_screen_the_palette_offers_only_what_the_app_does(keys: tuple[str, ...]) -> None:
    async with decked(ZOO) as stage:
        await stage.press(*keys)
        await stage.press("ctrl+p")
        assert "Quit · q" in stage.text
        for action in ACTIONS:
            assert (f"{action.title} · {action.shown}" in stage.text) is (action.id in APP_ACTIONS - UNLISTED)


async def test_save_in_the_palette_saves_no_entry_that_is_being_written() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n")
        await paste(stage, '{"mcpServers": {"weather": {"command": "uvx"}}}')
        await stage.press("ctrl+p")
        await stage.burst(*"save", "enter")
        assert stage.asked == []


async def test_the_theme_key_changes_between_dark_and_light() -> None:
    async with decked(ZOO) as stage:
        await stage.press("ctrl+t")
        assert stage.app.theme == "deck-light"
        await stage.press("ctrl+t")
        assert stage.app.theme == "deck-dark"


async def test_the_help_lists_every_key_of_the_registry() -> None:
    async with decked(ZOO, size=(120, 50)) as stage:
        await stage.press("question_mark")
        for action in ACTIONS:
            assert action.description in stage.text
        await stage.press("escape")
        assert "Connected since" in stage.text


async def test_every_action_of_the_registry_has_a_method() -> None:
    async with decked(ZOO) as stage:
        for action in ACTIONS:
            assert any(hasattr(target, f"action_{action.id}") for target in (stage.deck, stage.app)), action.id
