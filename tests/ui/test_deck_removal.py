"""Taking an entry out, and exporting one: what is shown before, what is copied, what nothing is done to."""

from __future__ import annotations

import json

from mcpdeck.app.screens.confirm_screen import ConfirmScreen
from mcpdeck.app.screens.deck_screen import DeckScreen
from mcpdeck.app.screens.export_screen import ExportScreen
from tests.ui import entry_states, states
from tests.ui.deck_stage import decked

ZOO = states.app_state(*states.zoo())


async def test_before_an_entry_is_removed_its_command_and_file_are_shown() -> None:
    async with decked(ZOO, size=(80, 24)) as stage:
        await stage.press("down", "delete")
        assert isinstance(stage.app.screen, ConfirmScreen)
        assert "Remove files" in stage.text
        assert "npx -y @modelcontextprotocol/server-filesystem ." in stage.text
        assert "~/.config/mcpdeck/mcp.json:4:5" in stage.text
        await stage.press("y")
        assert stage.asked == [("remove", "files")]


async def test_enter_and_escape_keep_an_entry() -> None:
    async with decked(ZOO) as stage:
        await stage.press("backspace", "enter", "delete", "escape")
        assert isinstance(stage.app.screen, DeckScreen)
        assert stage.asked == []


async def test_an_entry_of_others_is_not_removed() -> None:
    async with decked(entry_states.state(entry_states.PLUGGED)) as stage:
        stage.intents.entries.why_not[entry_states.PLUGGED.id] = "it belongs to a plugin"
        await stage.press("delete")
        assert "It belongs to a plugin." in stage.text
        await stage.press("y", "enter")
        assert stage.asked == []


async def test_delete_in_the_filter_of_the_tools_removes_no_server() -> None:
    async with decked(ZOO) as stage:
        await stage.press("enter", "slash", "a", "backspace", "delete")
        assert isinstance(stage.app.screen, DeckScreen)


async def test_the_snippet_of_the_client_under_the_cursor_is_shown_masked_and_copied_whole() -> None:
    async with decked(ZOO, size=(80, 24)) as stage:
        await stage.press("X")
        assert isinstance(stage.app.screen, ExportScreen)
        assert '"everything"' in stage.text
        assert "***" in stage.text
        assert "s3cret" not in stage.text
        await stage.press("enter")
        copied = json.loads(stage.app.clipboard)
        assert copied["mcpServers"]["everything"]["args"] == ["-y", "everything", "s3cret"]
        await stage.press("escape")
        assert isinstance(stage.app.screen, DeckScreen)


async def test_all_servers_of_files_are_exported_together() -> None:
    async with decked(entry_states.state()) as stage:
        await stage.press("X", "a", "y")
        copied = json.loads(stage.app.clipboard)["mcpServers"]
        assert "files" in copied
        assert "files (user)" not in copied
        await stage.press("a", "y")
        assert list(json.loads(stage.app.clipboard)["mcpServers"]) == ["files"]


async def test_a_client_that_cannot_have_it_says_so_and_nothing_is_copied() -> None:
    async with decked(ZOO) as stage:
        await stage.press("X", "end")
        assert "Zed has no servers over WebSocket" in stage.text
        await stage.press("enter")
        assert stage.app.clipboard == ""


async def test_files_that_cannot_be_read_are_not_among_all_servers() -> None:
    async with decked(entry_states.state(entry_states.MALFORMED, states.zoo()[1])) as stage:
        await stage.press("X", "a")
        assert "Export 1 servers" not in stage.text
        await stage.press("y")
        assert list(json.loads(stage.app.clipboard)["mcpServers"]) == ["files"]


async def test_what_an_export_lacks_is_told_before_it() -> None:
    async with decked(ZOO) as stage:
        stage.intents.entries.not_exported = tuple(f"s{number}: left out" for number in range(9))
        await stage.press("X")
        assert "▲ s0: left out" in stage.text
        assert "and 5 more" in stage.text
        await stage.press("y")
        assert "left out" not in stage.app.clipboard
