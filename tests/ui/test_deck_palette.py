"""Ways to act beside the keys of the main screen: the palette, the mouse, the help."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from mcpdeck.app.actions import ACTIONS, Zone
from mcpdeck.app.screens.help_screen import HelpScreen
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
        place = stage.line("│ Log │")
        await stage.pilot.click(
            "#work", offset=(place.index("│ Log │") + 3 - stage.deck.query_one("#work").region.x, 0)
        )
        await settle(stage.app, stage.pilot)
        assert stage.deck.tab == "log"


async def test_a_click_on_a_footer_key_does_what_the_key_does() -> None:
    async with decked(ZOO) as stage:
        column = stage.line("Ctrl+P Commands").index("r Reconnect")
        await stage.pilot.click("#footer", offset=(column, 0))
        await settle(stage.app, stage.pilot)
        assert stage.asked == [("reconnect", "everything")]


async def test_the_palette_runs_actions_and_the_search_jumps_to_tools_by_name() -> None:
    async with decked(ZOO) as stage:
        await stage.press("ctrl+p")
        await stage.burst(*"reconnect all", "enter")
        assert stage.asked == [("reconnect_all",)]
        await stage.press("ctrl+k")
        await stage.burst(*"file_tool_7", "enter")
        assert stage.deck._zone() is Zone.FORM
        assert "file_tool_7" in stage.text


@pytest.mark.parametrize("begin", ["c", "i", "l", "tab"])
async def test_a_tool_chosen_in_the_palette_is_shown_wherever_one_comes_from(begin: str) -> None:
    async with decked(ZOO) as stage:
        await stage.press(begin)
        await stage.press("ctrl+k")
        await stage.burst(*"file_tool_7", "enter")
        assert stage.deck._zone() is Zone.FORM
        assert stage.deck.tab == "form"
        await stage.press("ctrl+k")
        await stage.burst(*"file_tool_9", "enter")
        assert stage.deck.tab == "form"


async def test_the_palette_shows_the_description_of_a_tool_as_text() -> None:
    hostile = states.connected("odd", tools=(states.tool("brackets", "[bold red]no markup[/] [@click=app.quit]x[/]"),))
    async with decked(states.app_state(hostile)) as stage:
        await stage.press("ctrl+k")
        await stage.burst(*"brackets")
        assert "[bold red]no markup[/] [@click=app.quit]x[/]" in stage.text


async def test_save_in_the_palette_saves_no_entry_that_is_being_written() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n")
        await paste(stage, '{"mcpServers": {"weather": {"command": "uvx"}}}')
        await stage.press("ctrl+p")
        await stage.burst(*"save", "enter")
        assert stage.asked == []


async def test_the_theme_key_goes_from_dark_to_light_and_on() -> None:
    async with decked(ZOO) as stage:
        await stage.press("ctrl+t")
        assert stage.app.theme == "deck-light"
        await stage.press("ctrl+t")
        assert stage.app.theme == "deck-safe-dark"


async def test_the_help_lists_every_key_of_the_registry() -> None:
    async with decked(ZOO, size=(120, 50)) as stage:
        await stage.press("question_mark")
        screen = stage.app.screen
        assert isinstance(screen, HelpScreen)
        told = "\n".join(" ".join(str(table.content).split()) for table in screen.query(".keys").results(Static))
        for action in ACTIONS:
            assert action.description in told
        await stage.press("slash", *ACTIONS[-1].description[:12])
        assert ACTIONS[-1].description[:30] in stage.text
        await stage.press("escape", "escape")
        assert "Connected since" in stage.text


async def test_every_action_of_the_registry_has_a_method() -> None:
    async with decked(ZOO) as stage:
        for action in ACTIONS:
            assert any(hasattr(target, f"action_{action.id}") for target in (stage.deck, stage.app)), action.id
