"""The view of the sources, and rows of every fate: nothing that was looked at or written down is a gap."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from mcpdeck.app.screens.deck_screen import DeckScreen
from mcpdeck.services.models import (
    ErrorInfo,
    Origin,
    Provenance,
    Source,
    SourceInfo,
    SourceStatus,
    Status,
    Suppression,
)
from mcpdeck.services.state.model import ToolChanges
from tests.ui import entry_states, states
from tests.ui.deck_stage import decked
from tests.ui.form_stage import FORBIDDEN, HOSTILE


async def test_every_place_that_was_looked_at_is_listed_with_what_came_of_it() -> None:
    async with decked(entry_states.state()) as stage:
        await stage.press("S")
        for place in entry_states.SOURCES:
            assert re.search(
                rf"{place.source.value} +{place.status.value}[ 0-9]+  {re.escape(place.place)}", stage.text
            )
        assert "5 of 13 read" in stage.text


async def test_the_place_under_the_cursor_says_what_is_wrong_and_what_is_odd() -> None:
    async with decked(entry_states.state(), size=(80, 24)) as stage:
        await stage.press("S", *["down"] * 3)
        assert '▲ "mcpServers" here is ignored by other clients' in stage.text
        await stage.press(*["down"] * 3)
        assert "line 31, column 4: a comma is missing" in stage.text


async def test_the_view_follows_a_file_that_changes_while_it_is_open() -> None:
    state = entry_states.state()
    fewer = replace(state, mcp=replace(state.mcp, sources=entry_states.SOURCES[:2]))
    async with decked(state) as stage:
        await stage.press("S", "end")
        await stage.become(fewer)
        assert "0 of 2 read" in stage.text
        await stage.press("escape")
        assert isinstance(stage.app.screen, DeckScreen)


async def test_places_named_by_others_are_shown_and_never_sent_raw() -> None:
    state = states.app_state()
    hostile = tuple(
        SourceInfo(Source.USER, f"/p/{text}", SourceStatus.UNREADABLE, 1, (text,), text) for text in HOSTILE
    )
    async with decked(replace(state, mcp=replace(state.mcp, sources=hostile))) as stage:
        await stage.press("S")
        for _ in hostile:
            assert not FORBIDDEN & set(stage.text)
            await stage.press("down")


async def test_each_row_says_in_the_list_why_it_is_not_used() -> None:
    async with decked(entry_states.state(), size=(160, 50)) as stage:
        assert "blocked · serverUrl https://" in stage.line("sales")
        assert "unreadable · not JSON:" in stage.line(".claude.json:31:4")
        assert "rejected" in stage.line("scraper")
        assert "suppressed · project wins" in stage.line("files (user)")
        assert "suppressed · same as notes" in stage.line("plugin:notes")
        assert "suppressed · only managed" in stage.line("time (local)")
        assert "offered" in stage.line("figma")


async def test_the_detail_names_the_winner_the_signature_and_what_was_won_over() -> None:
    async with decked(entry_states.state(entry_states.SAME_COMMAND), size=(160, 50)) as stage:
        assert "notes (user, ~/.config/mcpdeck/mcp.json:9:5)" in stage.text
        assert "stdio:python -m notes.server --key ***" in stage.text
    async with decked(entry_states.state(entry_states.WATCHED)) as stage:
        assert "project, /home/ada/shop/.mcp.json:14:5" in stage.text
        assert "/home/ada/notes/**/*.py" in stage.text
        assert "no network, writes only below: ./data" in stage.text


async def test_the_detail_names_the_rule_that_blocks_and_its_file() -> None:
    async with decked(entry_states.state(entry_states.BLOCKED), size=(160, 50)) as stage:
        assert "deniedMcpServers · serverUrl https://*.example.net/*" in stage.text
        assert "/etc/claude-code/managed-settings.json:4:7" in stage.text


async def test_tools_that_came_went_and_changed_are_told() -> None:
    async with decked(entry_states.state(entry_states.WATCHED), size=(120, 60)) as stage:
        assert "+ note_archive" in stage.text
        assert "− note_purge" in stage.text
        assert "~ note_search" in stage.text


async def test_changed_tools_stand_right_below_the_status_and_not_beside_a_failure() -> None:
    async with decked(entry_states.state(entry_states.WATCHED), size=(80, 24)) as stage:
        await stage.press("i")
        lines = stage.text.split("\n")
        connected = next(number for number, line in enumerate(lines) if "● Connected" in line)
        assert "Tools changed" in lines[connected + 2]
        assert "+ note_archive, note_tag" in lines[connected + 3]
    failed = replace(
        entry_states.WATCHED, status=Status.FAILED, error=ErrorInfo("connect", "it ended before it answered")
    )
    async with decked(entry_states.state(failed), size=(80, 60)) as stage:
        await stage.press("i")
        assert "it ended before it answered" in stage.text
        assert "Tools changed" not in stage.text


async def test_a_server_that_may_have_been_switched_off_says_so_in_its_row_and_detail() -> None:
    error = ErrorInfo(
        "untrusted", "it may have been switched off, and /h/toggles.json does not tell", "repair that file"
    )
    row = replace(entry_states.WATCHED, status=Status.DISABLED, error=error, tools=None)
    async with decked(entry_states.state(row), size=(160, 50)) as stage:
        assert "disabled · it may have been s" in stage.line("notes-dev")
        assert "Not started" in stage.text
        assert "repair that file" in stage.text
        assert "e enables it" not in stage.text


async def test_what_is_only_offered_cannot_be_switched_on_or_connected() -> None:
    async with decked(entry_states.state(entry_states.OFFERED)) as stage:
        await stage.press("e", "r", "D")
        assert stage.asked == []
        assert "d takes it over" in stage.text
        assert "Enable" not in stage.text


async def test_a_plugin_is_approved_with_everything_it_would_do_in_sight() -> None:
    async with decked(entry_states.state(entry_states.PLUGGED), size=(80, 24)) as stage:
        await stage.press("enter")
        assert "A plugin wants to run this command" in stage.text
        for _, text in entry_states.PLUGGED.provenance.shown:
            assert text in stage.text
        await stage.press("y")
        assert stage.asked == [("approve", entry_states.PLUGGED.id)]


@pytest.mark.parametrize(
    ("source", "who"),
    [
        (Source.PROJECT, "This project's file wants"),
        (Source.PLUGIN, "A plugin wants"),
        (Source.CONNECTOR, "Your connector directory wants"),
        (Source.IDE, "A code editor on this machine wants"),
    ],
)
async def test_the_question_of_an_approval_says_who_asks(source: Source, who: str) -> None:
    row = replace(entry_states.PLUGGED, source=source)
    async with decked(entry_states.state(row)) as stage:
        await stage.press("enter")
        assert who in stage.text


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_provenance_from_files_of_others_is_shown_and_never_sent_raw(hostile: str) -> None:
    by = Suppression(hostile, f"project, /p/{hostile}", "signature", f"stdio:{hostile}")
    row = replace(
        entry_states.WATCHED,
        origin=Origin(f"/p/{hostile}", 1, 1),
        watch=(hostile,),
        tool_changes=ToolChanges((hostile,), (hostile,), (hostile,)),
        provenance=Provenance((hostile,), by, None, ((hostile, hostile),)),
    )
    policy = ErrorInfo("policy", hostile, hostile, {"rule": hostile, "list": hostile, "file": hostile})
    rows = (
        row,
        replace(row, id="off", status=Status.DISABLED, suppressed_by=hostile),
        replace(row, id="blocked", status=Status.BLOCKED, error=policy),
        replace(row, id=f"/p/{hostile}", status=Status.NOT_CONFIGURED, error=ErrorInfo("config", hostile, hostile)),
        replace(row, id="asks", status=Status.PENDING_APPROVAL, source=Source.PLUGIN, lints=(hostile,)),
    )
    async with decked(entry_states.state(*rows), size=(100, 60)) as stage:
        for _ in rows:
            await stage.press("i")
            assert not FORBIDDEN & set(stage.text)
            await stage.press("end")
            assert not FORBIDDEN & set(stage.text)
            await stage.press("escape", "down")
        await stage.press("enter")
        assert "Approve" in stage.text
        assert not FORBIDDEN & set(stage.text)


async def test_what_is_offered_is_taken_over_into_the_file_that_importing_uses_and_secrets_are_told() -> None:
    async with decked(entry_states.state(entry_states.OFFERED)) as stage:
        key = "sk-12345678901234567890"
        entry = {"type": "http", "url": "https://mcp.figma.com/mcp", "headers": {"Authorization": f"Bearer {key}"}}
        stage.intents.entries.texts["figma"] = json.dumps(entry)
        await stage.press("d")
        assert "Take over figma" in stage.text
        assert "Duplicate" not in stage.text
        assert "secrets stand here in clear: write ${FIGMA_AUTHORIZATION}" in stage.text
        await stage.press("ctrl+s")
        assert [(asked[0], asked[3]) for asked in stage.asked] == [("add", "user")]


async def test_the_footer_offers_no_editing_where_no_file_can_be_written() -> None:
    async with decked(entry_states.state(entry_states.OFFERED), size=(160, 40)) as stage:
        await stage.press("i")
        assert "E Edit" not in stage.text
        await stage.become(entry_states.state(states.zoo()[1]))
        assert "E Edit" in stage.text


async def test_servers_of_a_program_have_no_configuration_and_every_key_says_the_same() -> None:
    async with decked(states.app_state(*states.zoo()), size=(200, 40)) as stage:
        stage.intents.embedded = True
        await stage.press("i")
        for words in ("E Edit", "S Sources", "Del Remove"):
            assert words not in stage.text
        await stage.press("n", "E", "d", "delete", "X", "S", "b")
        assert stage.app.screen is stage.deck
        assert {toast.title for toast in stage.app._notifications} == {"The servers come from the program"}


async def test_with_nothing_but_the_command_line_the_empty_list_promises_no_row_for_what_is_added() -> None:
    note = "--strict-mcp-config leaves only the command line"
    ignored = SourceInfo(Source.USER, "/home/ada/.config/mcpdeck/mcp.json", SourceStatus.IGNORED, note=note)
    empty = states.app_state()
    async with decked(empty) as stage:
        assert "no servers configured: n adds one" in stage.text
        await stage.become(replace(empty, mcp=replace(empty.mcp, sources=(ignored,))))
        assert "n adds one" not in stage.text
        assert note in stage.text
        assert "adds one to a file that this run does not read" in stage.text
