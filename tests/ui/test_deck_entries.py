"""Adding, editing and duplicating an entry in the dashboard: what is pasted, what is said of it, what is saved."""

from __future__ import annotations

import json

import pytest

from mcpdeck.app.actions import Zone
from mcpdeck.app.screens.choice_screen import ChoiceScreen
from mcpdeck.app.screens.confirm_screen import ConfirmScreen
from mcpdeck.app.screens.deck_screen import DeckScreen
from mcpdeck.app.screens.entry_screen import EntryScreen
from mcpdeck.services.models import ErrorInfo
from mcpdeck.widgets.entry_area import EntryArea
from tests.ui import entry_states, states
from tests.ui.deck_stage import Stage, decked, paste
from tests.ui.form_stage import FORBIDDEN, HOSTILE
from tests.waiting import eventually

ZOO = states.app_state(*states.zoo())
README = json.dumps({"mcpServers": {"weather": {"command": "npx", "args": ["-y", "@example/weather"]}}}, indent=4)
WEATHER = {"command": "npx", "args": ["-y", "@example/weather"]}
TWO = json.dumps({"mcpServers": {"one": {"command": "uvx", "args": ["one"]}, "two": {"command": "uvx"}}})


def text_in(stage: Stage) -> str:
    return stage.app.screen.query_one(EntryArea).text


async def test_a_snippet_of_a_readme_is_pasted_and_saved_in_two_keys() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n")
        await paste(stage, README)
        assert json.loads(text_in(stage)) == WEATHER
        assert "weather" in stage.line("Name")
        await stage.press("ctrl+s")
        assert stage.asked == [("add", "weather", WEATHER, "local")]
        assert isinstance(stage.app.screen, DeckScreen)


async def test_the_other_key_saves_too() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n")
        await paste(stage, README)
        await stage.press("ctrl+r")
        assert stage.asked == [("add", "weather", WEATHER, "local")]


async def test_a_url_that_was_typed_is_put_into_shape_before_it_is_saved() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n", *"https://mcp.example.com/mcp")
        assert "Ctrl+S puts this into the shape of an entry" in stage.text
        await stage.press("ctrl+s")
        assert stage.asked == []
        assert json.loads(text_in(stage))["url"] == "https://mcp.example.com/mcp"
        await stage.press("ctrl+s")
        assert stage.asked[0][0] == "add"


async def test_another_clients_shape_is_named_and_what_was_guessed_is_told() -> None:
    codex = '[mcp_servers.docs]\ncommand = "uvx"\nargs = ["docs-mcp"]\nstartup_timeout_sec = 20\n'
    async with decked(ZOO) as stage:
        await stage.press("n")
        await paste(stage, codex)
        assert "As Codex writes it" in stage.text
        assert json.loads(text_in(stage))["command"] == "uvx"


async def test_of_several_servers_one_is_chosen() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n")
        await paste(stage, TWO)
        assert isinstance(stage.app.screen, ChoiceScreen)
        await stage.press("down", "enter")
        assert isinstance(stage.app.screen, EntryScreen)
        assert json.loads(text_in(stage)) == {"command": "uvx"}
        assert "two" in stage.line("Name")


async def test_all_of_several_servers_are_added_at_once() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n")
        await paste(stage, TWO)
        await stage.press("end", "enter")
        assert "2 servers" in stage.line("Name")
        await stage.press("ctrl+s")
        assert stage.asked == [("add_many", ("one", "two"), "local")]
        assert isinstance(stage.app.screen, DeckScreen)


async def test_several_servers_of_which_one_cannot_be_added_all_stay_in_the_editor() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n")
        await paste(stage, TWO)
        await stage.press("end", "enter")
        stage.intents.entries.refused["two"] = ErrorInfo("usage", "there already is one", "take another name: --force")
        await stage.press("ctrl+s")
        assert stage.asked == []
        assert list(json.loads(text_in(stage))) == ["one", "two"]
        assert "there already is one" in stage.text
        assert "--force" not in stage.text


async def test_a_choice_that_is_left_takes_nothing() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n")
        await paste(stage, TWO)
        await stage.press("escape")
        assert text_in(stage) == ""
        assert "Reading" not in stage.text


async def test_a_name_that_was_typed_is_not_replaced_by_that_of_a_snippet() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n", "shift+tab", "shift+tab", *"mine", "enter")
        await paste(stage, README)
        await stage.press("ctrl+s")
        assert stage.asked == [("add", "mine", WEATHER, "local")]


async def test_the_name_of_a_snippet_gives_way_to_that_of_the_next() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n")
        await paste(stage, README)
        await stage.press("ctrl+a")
        await paste(stage, README.replace('"weather"', '"rain"'))
        await stage.press("ctrl+s")
        assert stage.asked[0][1] == "rain"


async def test_the_file_of_the_chosen_scope_is_shown_and_used() -> None:
    async with decked(ZOO, size=(80, 24)) as stage:
        await stage.press("n")
        await paste(stage, README)
        assert "local.json" in stage.text
        await stage.press("shift+tab", "right", "right")
        assert "all your projects  /home/ada/.config/mcpdeck/mcp.json" in stage.text
        await stage.press("ctrl+s")
        assert stage.asked == [("add", "weather", WEATHER, "user")]


async def test_what_is_wrong_is_told_while_it_is_typed_and_nothing_is_saved() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n", *'{"command" "x"')
        assert "This is not JSON yet" in stage.text
        assert "line 1, column 12" in stage.text
        await stage.press("ctrl+s")
        assert stage.asked == []
        await stage.press("ctrl+a", *'{"cmd": "x"}')
        assert 'it has no "command"' in stage.text
        await stage.press("ctrl+s")
        assert stage.asked == []
        await stage.press("ctrl+a", *'{"command": "x"}')
        assert "✖" not in stage.line("Leave (Esc)")
        await stage.press("ctrl+s")
        assert "It has no name yet" in stage.text
        await stage.press(*"x1", "ctrl+s")
        assert stage.asked == [("add", "x1", {"command": "x"}, "local")]


async def test_what_is_odd_about_an_entry_is_told_and_does_not_stop_it() -> None:
    async with decked(ZOO) as stage:
        stage.intents.entries.lints = ('unknown field "timeoutMs" (kept, not used)',)
        await stage.press("n")
        await paste(stage, README)
        assert '▲ unknown field "timeoutMs"' in stage.text
        await stage.press("ctrl+s")
        assert len(stage.asked) == 1


async def test_a_refusal_keeps_what_was_typed_and_goes_when_it_is_changed() -> None:
    async with decked(ZOO) as stage:
        stage.intents.entries.refused["weather"] = ErrorInfo("usage", "there already is one", "or replace it: --force")
        await stage.press("n")
        await paste(stage, README)
        await stage.press("ctrl+s")
        assert isinstance(stage.app.screen, EntryScreen)
        assert "there already is one" in stage.text
        assert "Take another name" in stage.text
        await stage.press("shift+tab", "shift+tab", "2")
        assert "there already is one" not in stage.text


async def test_escape_leaves_at_once_when_nothing_was_typed() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n", "escape")
        assert isinstance(stage.app.screen, DeckScreen)


async def test_escape_asks_before_something_typed_is_lost() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n", "x", "escape")
        assert isinstance(stage.app.screen, ConfirmScreen)
        await stage.press("escape")
        assert text_in(stage) == "x"
        await stage.press("escape", "enter")
        assert text_in(stage) == "x"
        await stage.press("escape", "y")
        assert isinstance(stage.app.screen, DeckScreen)
        assert stage.asked == []


@pytest.mark.parametrize("key", ["ctrl+c", "ctrl+q"])
async def test_leaving_the_program_asks_before_something_typed_is_lost_and_leaves_when_pressed_again(key: str) -> None:
    async with decked(ZOO) as stage:
        await stage.press("n", "x", key)
        assert isinstance(stage.app.screen, ConfirmScreen)
        assert "Ctrl+C leaves mcpdeck" in stage.text
        await stage.press("escape")
        assert text_in(stage) == "x"
        await stage.press("f1", key)
        assert isinstance(stage.app.screen, ConfirmScreen)
        await stage.press("escape")
        assert text_in(stage) == "x"
        assert not stage.app._exit
        await stage.press(key)
        await stage.pilot.press(key)
        assert stage.app._exit


async def test_leaving_the_program_asks_nothing_when_nothing_was_typed() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n")
        await stage.pilot.press("ctrl+c")
        assert stage.app._exit


async def test_a_toast_is_short_and_does_not_cover_what_the_editor_says() -> None:
    async with decked(ZOO, size=(80, 24), toasts=True) as stage:
        stage.intents.entries.problems["weather"] = "it cannot be used: " + "because " * 25
        await stage.press("n")
        await paste(stage, README)
        stage.app.toast("x" * 500, "word " * 500)
        await eventually(lambda: "x" * 40 in stage.text, "toast")
        assert stage.text.count("because") == 25
        assert "Save (Ctrl+S)" in stage.text
        (toast,) = stage.app._notifications
        assert (len(toast.title), len(toast.message)) == (100, 160)


async def test_letters_typed_in_the_editor_are_text_and_no_actions() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n", *"qrRexDuaznESXbcdilvw?/", "delete", "backspace", "space")
        assert stage.asked == []
        assert text_in(stage) == "qrRexDuaznESXbcdilvw? "


async def test_a_paste_into_the_middle_of_a_text_stays_where_it_is() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n", *'{"command": ""}', "left", "left")
        await paste(stage, "https://x.example.com/mcp")
        assert text_in(stage) == '{"command": "https://x.example.com/mcp"}'


async def test_a_megabyte_is_pasted_without_being_laid_out() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n")
        await paste(stage, "lorem ipsum " * 90_000)
        assert text_in(stage) == ""
        assert "1,080,000 characters were pasted and not taken" in stage.text
        await paste(stage, README + "\n" + " " * 1_000_000)
        assert json.loads(text_in(stage)) == WEATHER


async def test_an_entry_longer_than_can_be_edited_says_so() -> None:
    long = json.dumps({"mcpServers": {"long": {"command": "x", "args": ["y" * 30_000]}}})
    async with decked(ZOO) as stage:
        await stage.press("n")
        await paste(stage, long)
        assert text_in(stage) == ""
        assert "up to 20,000 can be edited here" in stage.text


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_hostile_text_in_a_snippet_is_shown_and_never_sent_raw(hostile: str) -> None:
    snippet = json.dumps({"mcpServers": {hostile: {"command": hostile, hostile: 1}}}, ensure_ascii=False)
    async with decked(ZOO) as stage:
        await stage.press("n")
        await paste(stage, snippet)
        assert isinstance(stage.app.screen, EntryScreen)
        assert not FORBIDDEN & set(stage.text)


async def test_a_text_that_is_no_server_stands_there_to_be_corrected() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n")
        await paste(stage, "a\u202eb \x1b[31m words")
        assert "words" in text_in(stage)
        assert not FORBIDDEN & set(stage.text)
        await stage.press("ctrl+s")
        assert "no server was found in it" in stage.text


async def test_an_entry_is_edited_where_it_stands() -> None:
    async with decked(ZOO) as stage:
        stage.intents.entries.texts["files"] = '{\n  "command": "old"\n}'
        await stage.press("down", "E")
        assert "Edit files" in stage.text
        assert "~/.config/mcpdeck/mcp.json" in stage.line("File")
        await stage.press("ctrl+a")
        await paste(stage, '{"command": "new"}')
        await stage.press("ctrl+s")
        assert stage.asked == [("replace", "files", "files", {"command": "new"})]


async def test_an_entry_of_others_is_not_edited_and_can_be_duplicated() -> None:
    async with decked(entry_states.state(entry_states.OFFERED)) as stage:
        stage.intents.entries.why_not["figma"] = "/home/ada/.cursor/mcp.json belongs to another program"
        stage.intents.entries.texts["figma"] = '{"type": "http", "url": "https://mcp.figma.com/mcp"}'
        await stage.press("E")
        assert "belongs to another program" in stage.text
        await stage.press("escape", "E", "d")
        assert isinstance(stage.app.screen, EntryScreen)
        await stage.press("ctrl+s")
        assert [asked[:2] for asked in stage.asked] == [("add", "figma-2")]


async def test_a_file_that_cannot_be_read_is_repaired_elsewhere() -> None:
    async with decked(entry_states.state(entry_states.MALFORMED)) as stage:
        await stage.press("E")
        assert isinstance(stage.app.screen, ConfirmScreen)
        assert "a comma is missing between two members" in stage.text
        await stage.press("enter", "delete")
        assert isinstance(stage.app.screen, ConfirmScreen)
        await stage.press("enter")
        assert stage.asked == []


async def test_a_server_that_stands_in_no_file_says_so() -> None:
    async with decked(ZOO) as stage:
        await stage.press("d")
        assert isinstance(stage.app.screen, DeckScreen)
        assert [toast.title for toast in stage.app._notifications] == ["everything stands in no file"]


async def test_a_copy_gets_a_name_that_is_free() -> None:
    async with decked(ZOO) as stage:
        stage.intents.entries.texts["files"] = '{"command": "x"}'
        await stage.press("down", "d", "ctrl+s")
        assert stage.asked == [("add", "files-2", {"command": "x"}, "local")]


async def test_the_copy_of_a_suppressed_row_is_called_as_it_is_written() -> None:
    async with decked(entry_states.state(entry_states.SAME_COMMAND)) as stage:
        stage.intents.entries.texts[entry_states.SAME_COMMAND.id] = '{"command": "x"}'
        await stage.press("d")
        assert "notes" in stage.line("Name")
        assert "(plugin)" not in stage.line("Name")


async def test_the_focus_returns_where_it_was() -> None:
    async with decked(ZOO) as stage:
        await stage.press("i", "n", "escape")
        assert stage.deck._zone() is Zone.OVERVIEW
        await stage.press("S", "escape")
        assert stage.deck._zone() is Zone.OVERVIEW


async def test_the_cursor_goes_to_a_server_that_was_added_once_it_is_listed() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n")
        await paste(stage, README)
        await stage.press("ctrl+s")
        await stage.become(states.app_state(*states.zoo(), states.server("weather")))
        assert stage.deck.server is not None
        assert stage.deck.server.id == "weather"


async def test_a_name_from_a_file_of_others_is_shown_safely_and_kept_as_it_is_written() -> None:
    sly = states.server("files\u202e\x1b[2J")
    async with decked(states.app_state(sly)) as stage:
        stage.intents.entries.texts[sly.id] = '{"command": "old \u202e"}'
        await stage.press("E")
        assert isinstance(stage.app.screen, EntryScreen)
        assert not FORBIDDEN & set(stage.text)
        await stage.press("end", "ctrl+s")
        assert stage.asked == [("replace", sly.id, sly.id, {"command": "old \u202e"})]


async def test_what_is_pasted_as_a_name_is_one_visible_line() -> None:
    async with decked(ZOO) as stage:
        await stage.press("n", "shift+tab", "shift+tab")
        await paste(stage, "a\u202e\x1b[31m\nb")
        assert not FORBIDDEN & set(stage.text)
        assert "b" in stage.line("Name")
