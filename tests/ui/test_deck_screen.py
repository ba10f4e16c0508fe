"""The main screen: what keys do, where the focus goes, and what a person reads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcpdeck.app.actions import Zone
from mcpdeck.services import events as ev
from mcpdeck.services.models import JsonObject, Status
from mcpdeck.services.state.model import ServerState
from mcpdeck.widgets.server_list import ServerList
from tests.ui import questions, states
from tests.ui.deck_stage import Stage, decked
from tests.ui.form_stage import FORBIDDEN, HOSTILE, settle

ZOO = states.app_state(*states.zoo())


def row_of(stage: Stage, name: str) -> int:
    return stage.deck.mcp.order.index(name)


async def go_to(stage: Stage, name: str) -> None:
    await stage.press(*["j"] * row_of(stage, name))


async def test_every_server_has_a_row_with_its_glyph_and_its_status_in_words() -> None:
    async with decked(ZOO) as stage:
        assert "● everything" in stage.line("connected  legacy")
        for name, words in (
            ("◇ tickets", "degraded"),
            ("↻ search", "reconnecting (2/5) in 4 s"),
            ("◐ time", "connecting"),
            ("▲ vault", "needs-auth"),
            ("▲ database", "pending approval"),
            ("✖ notes", "failed · exit code 3"),
            ("○ legacy-crm", "disabled"),
        ):
            assert words in stage.line(name)


async def test_moving_over_the_servers_shows_each_ones_overview_and_tools() -> None:
    async with decked(ZOO) as stage:
        assert "Tools 12" in stage.text
        await stage.press("down")
        assert "Tools 14" in stage.text
        assert "server-filesystem" in stage.text


async def test_a_failed_server_tells_exit_code_last_stderr_lines_and_what_to_do() -> None:
    async with decked(ZOO) as stage:
        await go_to(stage, "notes")
        assert "exit code 3 · last lines of stderr" in stage.text
        assert "ModuleNotFoundError: No module named 'notes'" in stage.text
        assert "r tries again" in stage.text
        await stage.press("r")
        assert stage.asked == [("reconnect", "notes")]


async def test_enter_on_a_connected_server_goes_to_its_tools_and_escape_back() -> None:
    async with decked(ZOO) as stage:
        await stage.press("enter")
        assert stage.deck._zone() is Zone.TOOLS
        await stage.press("escape")
        assert stage.deck._zone() is Zone.SERVERS


async def test_the_filter_narrows_the_tools_by_every_word_and_escape_clears_it() -> None:
    async with decked(ZOO) as stage:
        await stage.press("enter", "slash", *"returns sum")
        assert "Tools 1/12" in stage.text
        assert "│ get-sum" in stage.text
        await stage.press("escape")
        assert "Tools 12" in stage.text
        assert stage.deck._zone() is Zone.TOOLS


async def test_letters_typed_into_the_filter_are_text_not_keys() -> None:
    async with decked(ZOO) as stage:
        await stage.press("enter", "slash", *"qrRael?")
        assert stage.app.is_running
        assert stage.asked == []
        assert "qrRael?" in stage.text


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_q_ctrl_c_and_ctrl_q_quit(key: str) -> None:
    async with decked(ZOO) as stage:
        await stage.pilot.press(key)
        await stage.pilot.pause()
        assert stage.app._exit


async def test_ctrl_c_quits_also_while_typing() -> None:
    async with decked(ZOO) as stage:
        await stage.press("enter", "slash", "a")
        await stage.pilot.press("ctrl+c")
        await stage.pilot.pause()
        assert stage.app._exit


async def test_choosing_a_tool_opens_its_form_and_calling_shows_the_calls() -> None:
    async with decked(ZOO) as stage:
        await stage.press("enter", "slash", *"get-sum", "enter", "enter")
        assert stage.deck._zone() is Zone.FORM
        await stage.press("2", "tab", "3", "ctrl+r")
        assert stage.asked == [("call", "everything", "get-sum", {"a": 2, "b": 3})]
        assert stage.deck._zone() is Zone.CALLS
        await stage.press("escape")
        assert stage.deck._zone() is Zone.FORM
        await stage.press("escape")
        assert stage.deck._zone() is Zone.TOOLS


async def test_the_keys_printed_on_the_form_work_from_the_calls_too() -> None:
    async with decked(ZOO) as stage:
        await stage.press("enter", "slash", *"get-sum", "enter", "enter", "2", "tab", "3", "ctrl+r")
        assert stage.deck._zone() is Zone.CALLS
        await stage.press("ctrl+r")
        assert stage.asked == [("call", "everything", "get-sum", {"a": 2, "b": 3})] * 2
        assert stage.deck._zone() is Zone.CALLS
        await stage.press("ctrl+o")
        assert stage.deck._form.as_json
        await stage.press("ctrl+o")
        assert not stage.deck._form.as_json


async def test_a_form_that_cannot_be_seen_is_shown_before_anything_is_called() -> None:
    async with decked(ZOO, size=(80, 24)) as stage:
        await stage.press("enter", "slash", *"get-sum", "enter", "enter", "2", "tab", "3", "ctrl+r")
        assert len(stage.asked) == 1
        await stage.press("ctrl+r")
        assert len(stage.asked) == 1
        assert stage.deck._zone() is Zone.FORM
        await stage.press("ctrl+r")
        assert len(stage.asked) == 2


async def test_without_a_form_its_keys_do_nothing() -> None:
    async with decked(ZOO) as stage:
        await stage.press("ctrl+r", "ctrl+o", "l", "ctrl+r", "ctrl+o")
        assert stage.asked == []
        assert stage.deck._zone() is Zone.LOG


async def test_the_log_keeps_indentation_and_unfolds_a_long_line() -> None:
    words = " ".join(f"word{number}" for number in range(60))
    async with decked(ZOO) as stage:
        for text in ("Traceback:", '  File "a.py", line 1', f"    {words}"):
            stage.store.dispatch(ev.LogReceived("everything", 1, states.NOW, "stderr", "info", None, text))
        await stage.press("l")
        heading, file, long = (stage.line(part) for part in ("Traceback:", "File", "word0"))
        assert file.index("File") == heading.index("Traceback") + 2
        assert long.index("word0") == heading.index("Traceback") + 4
        assert "word59" not in stage.text
        await stage.press("enter")
        assert "word59" in stage.text
        record = stage.text.split("word0")[1].rsplit("│", 1)[1]
        assert record == "     "
        await stage.press("tab", "escape")
        assert "word59" not in stage.text
        assert stage.deck._zone() is Zone.LOG


async def test_arguments_refused_by_the_schema_come_back_to_the_form() -> None:
    async with decked(ZOO) as stage:
        await stage.press("enter", "slash", *"get-sum", "enter", "enter", "2", "tab", "3", "ctrl+r")
        assert stage.intents.refused is not None
        stage.intents.refused(("a: must be smaller than 2",))
        await settle(stage.app, stage.pilot)
        assert stage.deck._zone() is Zone.FORM
        assert "must be smaller than 2" in stage.text


async def test_the_form_of_a_server_that_went_away_says_so_and_calls_nothing() -> None:
    async with decked(ZOO) as stage:
        await stage.press("enter", "enter")
        lost = replace(states.EVERYTHING, status=Status.RECONNECTING, retry_at=states.NOW + 2, attempt=1, attempts=5)
        await stage.become(states.app_state(lost, *states.zoo()[1:]))
        assert "not connected" in stage.text
        await stage.press("ctrl+r")
        assert stage.asked == []


async def test_keys_of_the_calls_reach_the_controller() -> None:
    async with decked(states.app_state(*states.zoo(), calls=states.CALLS)) as stage:
        await stage.press("c", "x", "down", "s", "r")
        assert stage.asked == [
            ("cancel", "call-1"),
            ("save", "call-2"),
            ("call", "everything", "get-sum", {"a": 2, "b": 40}),
        ]


SCHEMA: JsonObject = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
NAMED = replace(questions.QUESTION, request={"message": "In whose name?", "requestedSchema": SCHEMA})
ASKING = states.app_state(*states.zoo(), prompts=(NAMED,))


async def test_a_question_that_a_call_leads_to_takes_the_keys_and_gives_them_back_once_answered() -> None:
    async with decked(ZOO) as stage:
        await stage.press("enter", "slash", *"get-sum", "enter", "enter", "2", "tab", "3")
        await stage.pilot.press("ctrl+r")
        await stage.become(ASKING)
        await stage.press(*"qra")
        assert "qra" in stage.line("name *")
        await stage.press("ctrl+r")
        assert stage.asked[-1] == ("answer", "prompt-1", "accept", {"name": "qra"})
        await stage.become(ZOO)
        assert stage.deck._zone() is Zone.CALLS


@pytest.mark.parametrize(
    ("keys", "zone"), [((), Zone.SERVERS), (("enter",), Zone.TOOLS), (("l",), Zone.LOG), (("i",), Zone.OVERVIEW)]
)
async def test_a_question_takes_the_focus_from_whoever_only_reads_and_returns_it(
    keys: tuple[str, ...], zone: Zone
) -> None:
    async with decked(ZOO, size=(80, 24)) as stage:
        await stage.press(*keys)
        await stage.become(ASKING)
        assert stage.deck._zone() is Zone.QUESTION
        await stage.press("escape")
        assert stage.asked == [("answer", "prompt-1", "cancel", None)]
        await stage.become(ZOO)
        assert "In whose name" not in stage.text
        assert stage.deck._zone() is zone


async def test_a_question_never_interrupts_typing_and_waits_behind_its_badge() -> None:
    async with decked(ZOO) as stage:
        await stage.press("enter", "slash", *"get-")
        await stage.become(ASKING)
        assert "? 1 question" in stage.line("mcpdeck 0.1.0")
        assert "In whose name?" in stage.text
        await stage.press(*"sum", "enter", "enter", "7")
        assert stage.deck._zone() is Zone.FORM
        typed = stage.deck.focused
        await stage.pilot.click("#header", offset=(stage.line("? 1 question").index("? 1"), 0))
        await stage.press(*"red")
        assert "red" in stage.line("name *")
        await stage.become(ZOO)
        assert stage.deck.focused is typed
        await stage.press("escape", "escape")
        await stage.become(ASKING)
        await stage.press("escape")
        assert stage.asked == [("answer", "prompt-1", "cancel", None)]


async def test_the_next_question_keeps_the_focus() -> None:
    another = replace(NAMED, id="prompt-2")
    async with decked(ZOO) as stage:
        await stage.become(states.app_state(*states.zoo(), prompts=(NAMED, another)))
        await stage.press(*"one", "ctrl+r")
        await stage.become(states.app_state(*states.zoo(), prompts=(another,)))
        await stage.press(*"two", "ctrl+r")
        assert stage.asked == [
            ("answer", "prompt-1", "accept", {"name": "one"}),
            ("answer", "prompt-2", "accept", {"name": "two"}),
        ]


@pytest.mark.parametrize(
    ("name", "enabled"), [("everything", False), ("legacy-crm", True)], ids=["disables", "enables"]
)
async def test_e_switches_the_server_under_the_cursor(name: str, enabled: bool) -> None:
    async with decked(ZOO) as stage:
        await go_to(stage, name)
        await stage.press("e")
        assert stage.asked == [("set_enabled", name, enabled)]


async def test_the_log_follows_its_end_counts_what_was_dropped_and_opens_a_record() -> None:
    async with decked(ZOO) as stage:
        for number in range(5_600):
            stage.store.dispatch(
                ev.LogReceived("everything", 1, states.NOW, "log", "info", None, {"number": number, "of": 5_600})
            )
        stage.store.flush()
        await stage.press("l")
        assert '"number": 5599' in stage.text
        assert "5,000 lines · 600 dropped" in stage.text
        await stage.press("up", "enter")
        assert '"number": 5598,' in stage.line('  "number"')
        assert "paused" in stage.text
        stage.store.dispatch(ev.LogReceived("everything", 1, states.NOW, "stderr", "info", None, "one more"))
        stage.store.flush()
        await settle(stage.app, stage.pilot)
        assert "one more" not in stage.text


async def test_an_unchanged_server_row_is_not_painted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[str] = []
    paint = ServerList.paint

    def noted(self: ServerList, item: ServerState, width: int, *, current: bool) -> object:
        painted.append(item.id)
        return paint(self, item, width, current=current)

    async with decked(ZOO) as stage:
        monkeypatch.setattr(ServerList, "paint", noted)
        faster = replace(states.zoo()[1], latency_ms=5.0)
        rows = list(stage.deck.mcp.listed())
        await stage.become(states.app_state(rows[0], faster, *rows[2:]))
        assert "5 ms" in stage.line("● files")
        assert painted == ["files"]


async def test_the_cursor_stays_with_its_server_when_others_come_and_go() -> None:
    async with decked(ZOO) as stage:
        await go_to(stage, "tickets")
        await stage.become(states.app_state(states.server("alpha"), *states.zoo()[1:]))
        assert "tickets.example.com" in stage.text
        assert stage.line("tickets   ").startswith("│▌◇")
        await stage.become(states.app_state(states.server("alpha")))
        assert stage.deck.server is not None
        assert stage.deck.server.id == "alpha"


async def test_hostile_names_and_texts_stand_there_as_text() -> None:
    servers = [
        states.connected(
            f"{index}{text}",
            tools=(states.tool(text, text),),
            instructions=text,
            info=None,
            endpoint=text,
            capabilities={text: {text: True}},
        )
        for index, text in enumerate(HOSTILE)
    ]
    async with decked(states.app_state(*servers)) as stage:
        for index, text in enumerate(HOSTILE):
            stage.store.dispatch(ev.LogReceived(f"{index}{text}", 1, states.NOW, "log", text, text, text))
            await stage.press("i")
            assert not FORBIDDEN & set(stage.text)
            await stage.press("l", "enter")
            assert not FORBIDDEN & set(stage.text)
            await stage.press("escape", "escape", "down")
        assert "0[bold red]" in stage.text


async def test_at_80_by_24_one_side_shows_at_a_time_and_escape_leads_back() -> None:
    async with decked(ZOO, size=(80, 24)) as stage:
        assert "● everything" in stage.text
        assert "Overview" not in stage.text
        await stage.press("i")
        assert "Connected since" in stage.text
        assert "● everything" not in stage.text
        await stage.press("escape")
        assert "● everything" in stage.text


async def test_shrinking_to_80_by_24_keeps_the_list_and_what_was_typed() -> None:
    async with decked(ZOO) as stage:
        await stage.press("enter", "slash", *"sum", "enter", "enter", *"17")
        await stage.resize(80, 24)
        assert "17" in stage.text
        assert "get-sum" in stage.text
        await stage.press("escape", "escape", "escape")
        assert "▌● everything" in stage.text
        await stage.resize(120, 40)
        assert "Overview" in stage.text


async def test_columns_go_in_order_while_names_need_the_room() -> None:
    long = states.connected("a-name-of-a-good-length")
    async with decked(states.app_state(long, states.connected("b")), size=(44, 24)) as stage:
        assert "a-name-of-a-go" in stage.text
        assert "connected" in stage.line("a-name-of-a-go")
        assert "3 ms" not in stage.line("a-name-of-a-go")


async def test_without_servers_the_screen_says_how_to_get_one() -> None:
    async with decked(states.app_state()) as stage:
        assert "no servers configured" in stage.text
        assert "mcpdeck demo" in stage.text
        await stage.press("enter", "r", "e", "a", "slash", "escape")
        assert stage.asked == []


@pytest.mark.parametrize("width", [32, 40, 60, 80])
async def test_the_header_keeps_its_badges_and_the_count_of_servers_apart_where_there_is_little_room(
    width: int,
) -> None:
    async with decked(states.app_state(*states.zoo(), calls=states.CALLS), size=(width, 10)) as stage:
        line = stage.line("mcpdeck")
        assert "● 4/9" in line
        assert " ▶ 1 running" in line
