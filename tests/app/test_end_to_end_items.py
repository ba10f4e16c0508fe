"""Resources, templates, prompts and tasks of a real server, by keys: read, filled in, subscribed to, found by name."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from mcpdeck.services.models import EraMode, ServerEntry
from mcpdeck.services.state.model import CallStatus
from tests import entries
from tests.entries import PYTHON, SERVERS
from tests.interop.conftest import absent
from tests.interop.install import missing
from tests.interop.peers import python
from tests.ui.real_runs import dashboard, on_screen
from tests.waiting import eventually


def sdk2(era: EraMode) -> ServerEntry:
    return entries.stdio("deck", PYTHON, str(SERVERS / "sdk2_server.py"), era=era)


@pytest.mark.parametrize("era", [EraMode.LEGACY, EraMode.MODERN], ids=["legacy", "modern"])
async def test_a_resource_is_read_and_its_changes_are_told_on_the_screen_and_in_the_log(
    era: EraMode, tmp_path: Path
) -> None:
    with anyio.fail_after(90):
        async with dashboard([sdk2(era)], tmp_path) as (pilot, deck, services):
            await eventually(lambda: "1/1 connected" in on_screen(deck), "connected server")
            await eventually(lambda: "Res" in on_screen(deck), "listed resources")
            await pilot.press("2", "enter")
            await eventually(lambda: "deck://counter" in on_screen(deck), "page of the resource")
            await pilot.press("f")
            await eventually(lambda: "told · f ends it" in on_screen(deck), "subscription")
            await pilot.press("enter")
            await eventually(lambda: services.store.state.calls != (), "reading")
            await eventually(lambda: services.store.state.calls[0].status is CallStatus.SUCCESS, "contents")
            assert services.store.state.calls[0].method == "resources/read"
            await pilot.press("ctrl+k", *"touch")
            await eventually(lambda: "#kind" in on_screen(deck), "the search")
            await pilot.press("enter")
            await eventually(lambda: "Ctrl+R Call" in on_screen(deck), "form of the tool that changes it")
            await pilot.press("ctrl+r")
            await eventually(lambda: services.store.state.mcp.servers["deck"].updated != {}, "told change")
            await pilot.press("ctrl+k", *"#resource count", "enter")
            await eventually(lambda: "◆" in on_screen(deck), "the change on the page")
            await pilot.press("f")
            await eventually(lambda: "not told · f asks for it" in on_screen(deck), "end of the subscription")
            ring = services.store.ring("deck")
            assert any("deck://counter changed" in str(record.data) for record in ring.newest(100))


async def test_a_template_and_a_prompt_are_filled_in_with_what_the_server_offers(tmp_path: Path) -> None:
    with anyio.fail_after(90):
        async with dashboard([sdk2(EraMode.MODERN)], tmp_path) as (pilot, deck, services):
            await eventually(lambda: "1/1 connected" in on_screen(deck), "connected server")
            await eventually(
                lambda: "Templ. 1" in on_screen(deck) or "Templates 1" in on_screen(deck), "listed templates"
            )
            await pilot.press("3", "enter", "enter")
            await eventually(lambda: "template of deck" in on_screen(deck), "form of the template")
            await pilot.press(*"Ad")
            await eventually(lambda: "Ada" in on_screen(deck), "what fits")
            await pilot.press(*"a", "ctrl+r")
            await eventually(lambda: services.store.state.calls != (), "reading")
            assert services.store.state.calls[0].tool == "deck://greetings/Ada"
            await eventually(lambda: "Hello, Ada" in on_screen(deck), "its contents")
            await pilot.press("escape", "escape", "4", "enter", "enter")
            await eventually(lambda: "prompt of deck" in on_screen(deck), "form of the prompt")
            await pilot.press(*"Zoe", "ctrl+r")
            await eventually(lambda: len(services.store.state.calls) == 2, "prompt")
            await eventually(lambda: services.store.state.calls[0].status is CallStatus.SUCCESS, "its messages")
            assert services.store.state.calls[0].arguments == {"name": "Zoe"}


@pytest.mark.interop
@pytest.mark.parametrize("name", ["sdk1", "fastmcp4"])
async def test_a_task_is_seen_while_it_runs_and_its_result_is_got_once_more(name: str, tmp_path: Path) -> None:
    if reason := missing(name):
        absent(reason)
    entry = entries.stdio("deck", *python(name, str(SERVERS / f"{name}_server.py")))
    with anyio.fail_after(90):
        async with dashboard([entry], tmp_path) as (pilot, deck, services):
            await eventually(lambda: "1/1 connected" in on_screen(deck), "connected server")
            await pilot.press("ctrl+k", *"#tool research", "enter")
            await eventually(lambda: "Ctrl+R Call" in on_screen(deck), "form of the tool")
            await pilot.press(*"owls", "ctrl+g")
            await eventually(lambda: services.store.state.calls != (), "call")
            await eventually(
                lambda: services.store.state.calls[0].status is not CallStatus.RUNNING, "its end", seconds=30
            )
            await eventually(lambda: "Tasks 1" in on_screen(deck), "the task")
            await pilot.press("ctrl+k", *"#task research", "enter")
            await eventually(lambda: "✓ completed" in on_screen(deck), "page of the task")
            await pilot.press("enter")
            await eventually(lambda: len(services.store.state.calls) == 2, "its result, asked for once more")
            await eventually(lambda: services.store.state.calls[0].status is not CallStatus.RUNNING, "the answer")
            again = services.store.state.calls[0]
            assert again.error is None
            assert "all about owls" in str(again.result)
