"""The list of what a server offers: its kinds, the page of a resource and of a task, forms of templates and prompts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcpdeck.app.actions import Zone
from mcpdeck.app.completions import Completions
from mcpdeck.services.models import Freshness, Listed, Status, TaskInfo
from mcpdeck.widgets.form_subject import SubjectKind
from mcpdeck.widgets.ink import line_width
from mcpdeck.widgets.item_kinds import ItemKind, offered
from mcpdeck.widgets.item_words import resource_lines, resource_problems, task_lines
from tests.ui import item_states, states
from tests.ui.deck_stage import decked
from tests.ui.form_stage import HOSTILE

STATE = states.app_state(item_states.LIBRARY, states.connected("plain", tools=states.EVERYTHING_TOOLS))


def test_a_server_shows_the_kinds_that_it_has_or_announces() -> None:
    assert offered(item_states.LIBRARY) == (*ItemKind,)
    assert offered(states.connected("plain")) == (ItemKind.TOOLS,)
    announced = states.connected("x", capabilities={"resources": {}, "prompts": {}, "tasks": {}})
    assert offered(announced) == (ItemKind.TOOLS, ItemKind.RESOURCES, ItemKind.PROMPTS, ItemKind.TASKS)
    assert offered(None) == (ItemKind.TOOLS,)


async def test_the_kinds_stand_in_the_border_with_their_counts_and_digits_choose_one() -> None:
    async with decked(STATE) as stage:
        assert "Tools 12 │ Res. 4 │ Templ. 2 │ Prompts 2 │ Tasks 3" in stage.text
        await stage.press("4")
        assert "review" in stage.text
        assert stage.deck._zone() is Zone.SERVERS
        await stage.press("enter")
        assert stage.deck._zone() is Zone.TOOLS
        assert stage.line("Enter").strip().startswith("Enter Fill in")


async def test_brackets_go_round_the_kinds() -> None:
    async with decked(STATE) as stage:
        await stage.press("enter", "left_square_bracket")
        assert stage.deck._tools.kind is ItemKind.TASKS
        await stage.press("right_square_bracket", "right_square_bracket")
        assert stage.deck._tools.kind is ItemKind.RESOURCES


async def test_a_click_on_a_kind_in_the_border_shows_it() -> None:
    async with decked(STATE) as stage:
        column = stage.line("Tools 12").index("Prompts")
        await stage.pilot.click("#tools", offset=(column, 0))
        await stage.rest()
        assert stage.deck._tools.kind is ItemKind.PROMPTS
        assert stage.deck._zone() is Zone.TOOLS


async def test_a_kind_that_a_server_does_not_have_is_told_and_kept_for_those_that_have_it() -> None:
    async with decked(STATE, toasts=True) as stage:
        await stage.press("2", "down")
        assert stage.deck._tools.kind is ItemKind.TOOLS
        await stage.press("2")
        assert "plain offers no resources" in stage.text
        await stage.press("up")
        assert stage.deck._tools.kind is ItemKind.RESOURCES


async def test_the_kind_is_kept_for_the_next_run() -> None:
    async with decked(STATE) as stage:
        await stage.press("4")
        assert stage.app.preferences.value("items.kind") == "prompts"
        stage.deck._tools.wanted = ItemKind.TOOLS
        stage.deck.recall_kind()
        assert stage.deck._tools.kind is ItemKind.PROMPTS
        stage.app.preferences.keep("items.kind", ["nonsense"])
        stage.deck.recall_kind()
        assert stage.deck._tools.kind is ItemKind.PROMPTS


async def test_the_cursor_is_where_it_was_when_one_comes_back_to_a_kind() -> None:
    async with decked(STATE) as stage:
        await stage.press("enter", "down", "down", "2", "down", "1")
        assert stage.deck._tools.current is states.EVERYTHING_TOOLS[2]
        await stage.press("2")
        assert stage.deck._tools.current is item_states.RESOURCES[1]


async def test_enter_on_a_resource_reads_it_and_goes_to_the_result() -> None:
    async with decked(STATE) as stage:
        await stage.press("2", "enter", "down", "enter")
        assert stage.asked == [("read", "library", "file:///srv/log.txt")]
        assert stage.deck._zone() is Zone.CALLS
        await stage.press("escape")
        assert stage.deck._zone() is Zone.TOOLS


async def test_the_page_of_a_resource_shows_beside_the_list_and_the_arrow_goes_there() -> None:
    async with decked(STATE) as stage:
        await stage.press("2", "enter")
        assert "The plan for the year" in stage.text
        assert "as the server claims" in stage.text
        await stage.press("right")
        assert stage.deck._zone() is Zone.ITEM
        await stage.press("enter")
        assert stage.asked == [("read", "library", "notes://2026/plan")]


async def test_a_resource_is_subscribed_to_and_its_changes_show_on_its_line_and_its_page() -> None:
    async with decked(STATE) as stage:
        await stage.press("2", "enter", "f")
        assert stage.asked == [("subscribe", "library", "notes://2026/plan")]
        told = item_states.library(subscriptions=("notes://2026/plan",), updated={"notes://2026/plan": states.NOW - 20})
        await stage.become(states.app_state(told))
        assert "◆" in stage.line("▌plan")
        assert "told · f ends it" in stage.text
        await stage.press("f")
        assert stage.asked[-1] == ("unsubscribe", "library", "notes://2026/plan")


async def test_where_changes_are_not_told_that_is_said() -> None:
    silent = item_states.library(capabilities={"tools": {}, "resources": {}})
    async with decked(states.app_state(silent), toasts=True) as stage:
        await stage.press("enter", "f")
        assert "No resource is chosen" in stage.text
        await stage.press("2", "f")
        assert "does not tell of changes" in stage.text
        assert stage.asked == []


async def test_a_template_is_filled_in_and_read() -> None:
    async with decked(STATE) as stage:
        await stage.press("3", "enter", "enter")
        assert stage.deck._form.subject is not None
        assert stage.deck._form.subject.kind is SubjectKind.TEMPLATE
        await stage.press(*"2026", "tab", *"plan", "ctrl+r")
        assert ("read template", "library", "notes://{year}/{name}", {"year": "2026", "name": "plan"}) in stage.asked
        assert stage.deck._zone() is Zone.CALLS


async def test_a_prompt_is_filled_in_and_what_fits_is_asked_for_while_typing() -> None:
    async with decked(STATE) as stage:
        stage.intents.completions = {"change": Completions(("first", "fix"), 2)}
        await stage.press("4", "enter", "enter", "f")
        ref = {"type": "ref/prompt", "name": "review"}
        assert ("complete", "library", ref, "change", "f", {}) in stage.asked
        await stage.press("escape", "ctrl+r")
        assert any(one[:3] == ("prompt", "library", "review") for one in stage.asked)


async def test_a_task_that_runs_is_looked_at_and_cancelled_and_one_that_is_over_gives_its_result() -> None:
    async with decked(STATE) as stage:
        await stage.press("5", "enter", "enter")
        assert stage.asked == [("look at task", "library", "task-786a")]
        assert stage.deck._zone() is Zone.ITEM
        assert "412 of 1,000 files" in stage.text
        await stage.press("x", "escape", "down", "enter")
        assert stage.asked[1:] == [
            ("cancel_task", "library", "task-786a"),
            ("task result", "library", "task-11c0"),
        ]
        assert stage.deck._zone() is Zone.CALLS


async def test_the_page_of_a_task_follows_what_the_server_tells() -> None:
    async with decked(STATE) as stage:
        await stage.press("5", "enter", "right")
        done = replace(item_states.TASKS[0], status="completed", message="1,000 files")
        await stage.become(states.app_state(item_states.library(tasks=(done, *item_states.TASKS[1:]))))
        assert "✓ completed" in stage.text
        assert "1,000 files" in stage.text


async def test_a_thing_that_is_gone_stays_on_its_page_and_that_is_said() -> None:
    async with decked(STATE) as stage:
        await stage.press("2", "enter", "right")
        await stage.become(states.app_state(item_states.library(resources=item_states.RESOURCES[1:])))
        assert "not in the list of its server any more" in stage.text
        assert "notes://2026/plan" in stage.text


async def test_every_kind_is_narrowed_by_a_few_letters() -> None:
    async with decked(STATE) as stage:
        await stage.press("3", "enter", "slash", *"zzz")
        assert "Templ. 0/2" in stage.text or "Templates 0/2" in stage.text
        assert "no template matches" in stage.text
        await stage.press("backspace", "backspace", "backspace", *"orbe")
        assert "1/2" in stage.text
        await stage.press("enter", "enter")
        assert stage.deck._form.subject is not None
        assert stage.deck._form.subject.name == "db://orders{?from,to}"


async def test_fifty_thousand_tools_are_filtered_in_slices_and_enter_waits_for_all() -> None:
    many = tuple(states.tool(f"tool_{n:05}") for n in range(50_000))
    async with decked(states.app_state(states.connected("big", tools=many))) as stage:
        await stage.press("enter", "slash")
        await stage.burst(*"49999", "enter")
        assert "Tools 1/50,000" in stage.text
        assert stage.deck._tools.current is many[49_999]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"resources": None, "failed_lists": frozenset()}, "listing…"),
        ({"resources": None, "failed_lists": frozenset({"resources/list"})}, "could not be read"),
        ({"resources": ()}, "this server offers no resources"),
        ({"tools": None, "status": Status.CONNECTING}, "not connected yet"),
    ],
)
async def test_an_empty_kind_says_why(changes: dict[str, object], words: str) -> None:
    row = item_states.library(**changes)
    async with decked(states.app_state(row)) as stage:
        stage.deck._tools.wanted = ItemKind.RESOURCES if "resources" in changes else ItemKind.TOOLS
        await stage.rest()
        assert words in stage.text


async def test_a_list_of_an_earlier_connection_is_marked_whichever_kind_shows() -> None:
    row = item_states.library(freshness={"tools/list": Freshness(states.NOW, cached=True)})
    async with decked(states.app_state(row), size=(160, 40)) as stage:
        await stage.press("2")
        assert "· cached" in stage.text


@pytest.mark.parametrize("width", [20, 40, 78, 120])
def test_no_line_of_a_page_is_wider_than_its_room(width: int) -> None:
    for item in item_states.RESOURCES:
        for line in resource_lines(item_states.LIBRARY, item, width, states.NOW)[1:]:
            if line and line[0][1] != "muted":
                assert line_width(line) <= width or width < 30


def test_faults_of_a_listing_are_named() -> None:
    assert resource_problems(item_states.NOTES) == []
    assert len(resource_problems(item_states.RESOURCES[3])) == 3
    assert resource_problems(Listed("", "x", None, "", {}))[0] == "It has no URI: it cannot be read."


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_never_reaches_a_page_raw(text: str) -> None:
    raw = {"mimeType": text, "annotations": {"audience": [text], "lastModified": text}, text: text}
    item = Listed(text, text, text, text, raw)  # type: ignore[arg-type]
    task = TaskInfo(text, text, text, text, text, text, raw={"result": {text: text}, "error": text})
    lines = resource_lines(item_states.LIBRARY, item, 60, states.NOW) + task_lines(item_states.LIBRARY, task, 60)
    for line in lines:
        assert all(char.isprintable() for part, _ in line for char in part)


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_names_are_shown_as_text_in_every_kind(text: str) -> None:
    odd = Listed(text or "x", text, text, text, {"mimeType": text})
    row = item_states.library(
        resources=(odd,), templates=(odd,), prompts=(odd,), tasks=(TaskInfo(text or "x", text, text, text),)
    )
    async with decked(states.app_state(row)) as stage:
        for key in "2345":
            await stage.press(key)
            assert all(char.isprintable() or char == "\n" for char in stage.text)
