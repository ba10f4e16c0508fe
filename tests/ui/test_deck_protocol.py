"""What the dashboard does with the whole protocol: sampling, tasks, log levels, lists, what both sides declare."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcpdeck.app.actions import Zone
from mcpdeck.services.models import EraName, Freshness, JsonObject, TaskInfo
from mcpdeck.services.state.model import AppState, ServerState
from mcpdeck.widgets.server_facts import overview
from mcpdeck.widgets.server_offer import Declared
from mcpdeck.widgets.tool_words import runs_tasks
from tests.ui import questions, states
from tests.ui.deck_stage import Stage, decked
from tests.ui.form_stage import FORBIDDEN, HOSTILE

ZOO = states.zoo()
BUSY = states.app_state(states.BUSY, *ZOO[1:])


def one_running(status: str = "working") -> AppState:
    return states.app_state(replace(states.BUSY, tasks=(TaskInfo("t1", status, "index"),)))


def told(server: ServerState, declared: Declared = questions.DECLARED, width: int = 100) -> str:
    return "\n".join("".join(text for text, _ in line) for line in overview(server, width, states.NOW, declared))


async def test_a_sampling_request_takes_the_focus_and_is_answered_through_the_controller() -> None:
    async with decked(states.app_state(*ZOO, prompts=(questions.SAMPLING,))) as stage:
        await stage.press("w")
        assert stage.deck._zone() is Zone.QUESTION
        await stage.press(*"ok", "ctrl+r")
        ((kind, prompt, action, content),) = stage.asked
        assert (kind, prompt, action) == ("answer", "prompt-2", "accept")
        assert isinstance(content, dict)
        text = content["content"]["text"]
        assert text.endswith("ok")


async def test_questions_of_both_kinds_wait_in_one_line() -> None:
    async with decked(states.app_state(*ZOO, prompts=(questions.QUESTION, questions.SAMPLING))) as stage:
        assert "Which colour" in stage.text
        assert "asks for a completion" not in stage.text
        await stage.press("escape")
        await stage.become(states.app_state(*ZOO, prompts=(questions.SAMPLING,)))
        assert "Which colour" not in stage.text
        assert "everything asks for a completion" in stage.text
        assert stage.deck._zone() is Zone.QUESTION
        await stage.press("escape")
        await stage.become(states.app_state(*ZOO))
        assert "asks for a completion" not in stage.text
        assert stage.deck._zone() is Zone.SERVERS
        assert stage.asked == [("answer", "prompt-1", "cancel", None), ("answer", "prompt-2", "cancel", None)]


async def test_the_protocol_can_be_detected_again_and_the_lists_read_again() -> None:
    async with decked(BUSY) as stage:
        await stage.press("D", "u")
        assert stage.asked == [("redetect", "everything"), ("relist", "everything")]


async def test_the_log_level_is_chosen_from_a_list_that_begins_at_the_present_one() -> None:
    async with decked(BUSY) as stage:
        await stage.press("v")
        assert "Log level of everything" in stage.text
        await stage.press("j", "enter")
        assert stage.asked == [("set_log_level", "everything", "error")]
        await stage.press("v", "escape")
        assert len(stage.asked) == 1


async def test_a_server_without_logging_offers_no_level() -> None:
    async with decked(states.app_state(*ZOO[1:])) as stage:
        await stage.press("v")
        assert "sends no log messages" in toast(stage)
        assert stage.asked == []


@pytest.mark.parametrize("key", ["v", "u", "x"])
async def test_nothing_is_asked_of_a_server_that_is_not_connected(key: str) -> None:
    async with decked(states.app_state(ZOO[8])) as stage:
        await stage.press(key)
        assert "is not connected" in toast(stage)
        assert stage.asked == []


async def test_the_only_running_task_is_cancelled_at_once() -> None:
    async with decked(one_running()) as stage:
        await stage.press("i")
        assert "x Cancel task" in stage.text
        await stage.press("x")
        assert stage.asked == [("cancel_task", "everything", "t1")]


async def test_of_several_running_tasks_one_is_chosen() -> None:
    async with decked(BUSY) as stage:
        await stage.press("x", "down", "enter")
        assert stage.asked == [("cancel_task", "everything", "a1")]


async def test_without_a_running_task_there_is_none_to_cancel() -> None:
    async with decked(one_running("completed")) as stage:
        await stage.press("i")
        assert "Cancel task" not in stage.text
        await stage.press("x")
        assert "No task to cancel" in toast(stage)
        assert stage.asked == []


def toast(stage: Stage) -> str:
    (notification,) = stage.app._notifications
    return notification.title


async def open_sum(stage: Stage) -> None:
    await stage.press("enter", "slash", *"get-sum", "enter", "enter", "2", "tab", "3")


async def test_a_call_is_made_as_a_task_where_the_server_runs_tasks() -> None:
    async with decked(BUSY) as stage:
        await open_sum(stage)
        assert "As a task Ctrl+G" in stage.text
        await stage.press("ctrl+g")
        assert stage.asked == [("call as task", "everything", "get-sum", {"a": 2, "b": 3})]
        assert stage.deck._zone() is Zone.CALLS


async def test_elsewhere_no_task_is_offered() -> None:
    async with decked(states.app_state(*ZOO)) as stage:
        await open_sum(stage)
        assert "As a task" not in stage.text
        await stage.press("ctrl+g")
        assert stage.asked == []
        (notice,) = stage.app._notifications
        assert (notice.title, notice.message) == ("Not called as a task", "everything does not run calls as tasks.")


TASK_CALLS: JsonObject = {"tools": {}, "tasks": {"requests": {"tools": {"call": {}}}}}


def indexer(support: str) -> AppState:
    tool = states.tool("index", raw={"execution": {"taskSupport": support}})
    return states.app_state(states.connected("files", capabilities=TASK_CALLS, tools=(tool,)))


async def test_a_tool_that_only_runs_as_a_task_is_called_by_either_key() -> None:
    async with decked(indexer("required")) as stage:
        await stage.press("enter", "enter", "ctrl+g", "ctrl+r")
        assert stage.asked == [("call", "files", "index", {})] * 2
        assert not list(stage.app._notifications)


async def test_a_tool_that_does_not_run_as_a_task_says_so_and_is_not_called() -> None:
    async with decked(indexer("forbidden")) as stage:
        await stage.press("enter", "enter", "ctrl+g")
        assert stage.asked == []
        (notice,) = stage.app._notifications
        assert notice.message == "index does not run as a task."


@pytest.mark.parametrize(
    ("support", "offered"), [("optional", True), ("required", False), ("forbidden", False), (None, False)]
)
def test_in_the_handshake_era_the_tool_says_whether_it_runs_as_a_task(support: str | None, offered: bool) -> None:
    raw: JsonObject = {"execution": {"taskSupport": support}}
    tool = states.tool("index", raw=raw)
    calls: JsonObject = {"tasks": {"requests": {"tools": {"call": {}}}}}
    assert runs_tasks(states.connected("files", capabilities=calls), tool) is offered
    assert not runs_tasks(states.connected("files"), tool)


async def test_repeating_a_call_that_became_a_task_makes_a_task_again() -> None:
    async with decked(states.app_state(*ZOO, calls=(states.call(2, task="t1"),))) as stage:
        await stage.press("c")
        assert "get-sum  task" in stage.text
        await stage.press("r")
        assert stage.asked == [("call as task", "everything", "get-sum", {"a": 2, "b": 40})]


async def test_the_tools_of_an_earlier_connection_are_marked_until_they_were_read_again() -> None:
    cached = replace(states.EVERYTHING, freshness={"tools/list": Freshness(states.NOW - 60, cached=True)})
    async with decked(states.app_state(cached)) as stage:
        assert "· cached" in stage.line("Tools 12")
        assert "get-sum" in stage.text
        await stage.become(states.app_state(replace(cached, freshness={"tools/list": Freshness(states.NOW)})))
        assert "cached" not in stage.text


async def test_the_overview_of_a_connected_server_says_what_it_was_told_about_us() -> None:
    async with decked(BUSY) as stage:
        assert "We declare   elicitation (form, url) · sampling (tools)" in stage.text


def test_the_overview_names_the_time_limits_and_where_they_come_from() -> None:
    said = told(states.BUSY)
    limits = said[said.index("Time limits") :].split("\n")[1:6]
    assert [line.split()[0] for line in limits] == ["connect", "request", "call", "idle", "probe"]
    assert "10 s" in limits[0]
    assert limits[0].rstrip().endswith("MCP_TIMEOUT")
    assert all(line.rstrip().endswith("by default") for line in limits[1:])


def test_the_overview_says_how_fresh_each_list_is() -> None:
    said = told(states.BUSY)
    assert "tools, templates: read 10:18:45 · ttl 5 min · public" in said
    assert "resources: read 10:19:40 · ttl 0 · private" in said
    assert "prompts: from cache, read 08:20:00" in said


def test_lists_that_were_read_together_are_told_of_once() -> None:
    together = {method: Freshness(states.NOW + offset) for offset, method in enumerate(("tools/list", "prompts/list"))}
    said = told(replace(states.EVERYTHING, freshness=together))
    assert "             read 10:20:00\n" in said


def test_a_list_beyond_its_time_is_called_so() -> None:
    old = replace(states.EVERYTHING, freshness={"tools/list": Freshness(states.NOW - 90_000, 1_000, "public")})
    assert "read 2025-12-31 09:20 · ttl 1 s, over · public" in told(old)


def test_the_overview_shows_subscriptions_the_stream_and_the_log_level() -> None:
    said = told(states.BUSY)
    assert "Changes      told of some; no more was granted" in said
    assert "demo://resource/2 · changed 10:19:56" in said
    assert "Log level    warning" in said


def test_extensions_and_experiments_are_shown_as_they_are_and_where_they_are_in_effect() -> None:
    ours = Declared({"extensions": {"io.modelcontextprotocol/tasks": {}, "com.example/own": {}}}, ("file:///work",))
    said = told(states.BUSY, ours)
    assert "io.modelcontextprotocol/tasks · both sides" in said
    assert 'com.example/trace {"depth": 3} · server only' in said
    assert "com.example/own · mcpdeck only" in said
    assert 'Experiments  example/replay {"speed": 2}' in said
    assert "Roots        file:///work" in said


def test_tasks_have_a_line_each_and_the_reason_of_those_that_did_not_end_well() -> None:
    said = told(states.BUSY)
    assert "Tasks  4 · 2 not over · x cancels" in said
    assert "◐ simulate-research-query" in said
    assert "? book-table" in said
    assert "the index is not there" in said


def test_broken_rules_are_counted_also_when_they_repeat() -> None:
    assert "Rules broken  1 · 128 times in all" in told(states.BUSY)


def test_what_is_not_there_takes_no_line() -> None:
    plain = states.connected("plain", capabilities={}, tools=(), rules_broken=())
    said = told(plain, Declared())
    for label in ("Time limits", "Changes", "Subscribed", "Log level", "Extensions", "Tasks", "Roots", "We declare"):
        assert label not in said


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_of_a_session_show_as_text(words: str) -> None:
    sly = replace(
        states.BUSY,
        era=EraName.LEGACY,
        capabilities={
            "logging": {},
            "extensions": {words: {words: words}},
            "experimental": {words: [words]},
            words: {},
        },
        freshness={"tools/list": Freshness(states.NOW, 1.0, words)},
        subscriptions=(words,),
        listening=words,
        log_level=words,
        tasks=(TaskInfo(words, words, words, words),),
    )
    for width in (20, 48, 118):
        assert not FORBIDDEN & set(told(sly, Declared({words: {words: {}}}, (words,)), width))


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_names_in_a_choice_show_as_text(words: str) -> None:
    sly = replace(states.BUSY, tasks=(TaskInfo(words, "working", words, words), TaskInfo("b", "working", words)))
    async with decked(states.app_state(sly)) as stage:
        await stage.press("x")
        assert not FORBIDDEN & set(stage.text)
        await stage.press("enter")
        assert stage.asked == [("cancel_task", "everything", words)]
