"""The real application from its start to a result on the screen, with a server nobody here wrote."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from mcpdeck.services.models import ServerEntry
from mcpdeck.services.state.model import CallStatus
from tests import entries
from tests.interop.conftest import absent
from tests.interop.install import missing
from tests.interop.peers import node
from tests.ui.real_runs import dashboard, on_screen
from tests.waiting import eventually

pytestmark = pytest.mark.interop


@pytest.fixture
def everything() -> ServerEntry:
    if reason := missing("node"):
        absent(reason)
    return entries.stdio("everything", *node("server-everything", "stdio"))


async def test_a_tool_is_found_filled_in_and_called_and_its_result_is_read(
    everything: ServerEntry, tmp_path: Path
) -> None:
    with anyio.fail_after(60):
        async with dashboard([everything], tmp_path) as (pilot, deck, services):
            await eventually(lambda: "1/1 connected" in on_screen(deck), "connected server")
            await pilot.press("enter", "slash", *"get-sum")
            await eventually(lambda: "Tools 1/" in on_screen(deck), "filtered tool")
            await pilot.press("enter")
            await pilot.press("enter")
            await eventually(lambda: "Ctrl+R Call" in on_screen(deck), "form with the focus in it")
            await pilot.press(*"40", "tab", *"2", "ctrl+r")
            await eventually(lambda: "The sum of 40 and 2 is 42" in on_screen(deck), "result on the screen")
            (call,) = services.store.state.calls
            assert call.status is CallStatus.SUCCESS
            assert call.arguments == {"a": 40, "b": 2}


async def test_arguments_that_break_the_schema_are_refused_before_anything_is_sent(
    everything: ServerEntry, tmp_path: Path
) -> None:
    with anyio.fail_after(60):
        async with dashboard([everything], tmp_path) as (pilot, deck, services):
            await eventually(lambda: "1/1 connected" in on_screen(deck), "connected server")
            await pilot.press("enter", "slash", *"get-sum")
            await eventually(lambda: "Tools 1/" in on_screen(deck), "filtered tool")
            await pilot.press("enter")
            await pilot.press("enter")
            await eventually(lambda: "Ctrl+R Call" in on_screen(deck), "form with the focus in it")
            await pilot.press(*"forty", "ctrl+r")
            await pilot.pause()
            assert "The sum" not in on_screen(deck)
            assert not services.store.state.calls


async def test_a_server_gets_the_completion_that_a_person_typed(everything: ServerEntry, tmp_path: Path) -> None:
    with anyio.fail_after(60):
        async with dashboard([everything], tmp_path) as (pilot, deck, services):
            await eventually(lambda: "1/1 connected" in on_screen(deck), "connected server")
            await pilot.press("enter", "slash", *"sampling")
            await eventually(lambda: "Tools 1/" in on_screen(deck), "filtered tool")
            await pilot.press("enter")
            await pilot.press("enter")
            await eventually(lambda: "Ctrl+R Call" in on_screen(deck), "form with the focus in it")
            await pilot.press(*"greet Ada", "ctrl+r")
            await eventually(lambda: "asks for a completion" in on_screen(deck), "the server's question")
            await eventually(lambda: "greet Ada" in on_screen(deck), "its message")
            await eventually(lambda: deck.focused is not None and deck.focused.id != "calls", "focus in the answer")
            await pilot.press(*"Good day, Ada", "ctrl+r")
            await eventually(lambda: "Good day, Ada" in str(services.store.state.calls[0].result), "result of the call")
            assert services.store.state.prompts == ()


async def test_the_overview_of_a_real_server_tells_both_sides_and_its_time_limits(
    everything: ServerEntry, tmp_path: Path
) -> None:
    with anyio.fail_after(60):
        async with dashboard([everything], tmp_path) as (pilot, deck, _):
            await eventually(lambda: "1/1 connected" in on_screen(deck), "connected server")
            await pilot.press("i")
            for words in ("We declare   elicitation (form, url)", "legacy era", "read "):
                await eventually(lambda words=words: words in on_screen(deck), words)
            await pilot.press("end")
            await eventually(lambda: "connect" in on_screen(deck) and "30 s" in on_screen(deck), "its time limits")
