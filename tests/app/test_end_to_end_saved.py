"""Calls that are kept, from the keys of a person to a real server and to the files, and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from textual.pilot import Pilot

from mcpdeck.app.deck import Deck
from mcpdeck.app.many_calls import RUN
from mcpdeck.services.config.load import LoadOptions
from mcpdeck.services.state.model import CallStatus
from tests import entries
from tests.ui.real_runs import dashboard, on_screen
from tests.waiting import eventually

TINY = entries.stdio("tiny", entries.PYTHON, str(entries.SERVERS / "tiny_stdio.py"))


@pytest.fixture
def options(tmp_path: Path) -> Callable[[], LoadOptions]:
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    return lambda: LoadOptions(project, {"MCPDECK_HOME": str(tmp_path / "deck"), "HOME": str(tmp_path)})


async def call_echo(pilot: Pilot[None], deck: Deck, text: str) -> None:
    await eventually(lambda: "1/1 connected" in on_screen(deck), "connected server")
    await pilot.press("enter", "enter")
    await eventually(lambda: "Ctrl+R Call" in on_screen(deck), "form with the focus in it")
    await pilot.press(*text, "ctrl+r")
    await eventually(lambda: len(deck.store.state.calls) == 1, "call")
    await eventually(lambda: deck.store.state.calls[0].status is CallStatus.SUCCESS, "its result")


async def test_the_last_call_is_made_again_with_one_key_and_remembered_by_the_next_dashboard(
    tmp_path: Path, options: Callable[[], LoadOptions]
) -> None:
    kept = tmp_path / "deck" / "data" / "recent-calls.json"
    with anyio.fail_after(90):
        async with dashboard([TINY], tmp_path, options=options) as (pilot, deck, services):
            await call_echo(pilot, deck, "hello")
            await pilot.press("full_stop")
            await eventually(lambda: len(services.store.state.calls) == 2, "the same call once more")
            first, second = services.store.state.calls
            assert (first.tool, first.arguments) == (second.tool, second.arguments) == ("echo", {"text": "hello"})
            await eventually(kept.exists, "the file of recent calls")
        assert kept.stat().st_mode & 0o777 == 0o600
        written = json.loads(kept.read_text())
        assert [one["name"] for one in written["recent"]] == ["echo", "echo"]
        async with dashboard([TINY], tmp_path, options=options) as (pilot, deck, services):
            await eventually(lambda: "1/1 connected" in on_screen(deck), "connected server")
            await pilot.press("full_stop")
            await eventually(lambda: "Recent calls" in on_screen(deck), "calls of the run before, not one made blindly")
            await pilot.press("enter")
            await eventually(lambda: "Ctrl+R Call" in on_screen(deck), "form")
            await eventually(lambda: "hello" in on_screen(deck), "what was typed in the run before")
            await pilot.press("ctrl+r")
            await eventually(lambda: len(services.store.state.calls) == 1, "call")
            assert services.store.state.calls[0].arguments == {"text": "hello"}


async def test_a_call_is_saved_run_found_wrong_and_edited_in_its_form(
    tmp_path: Path, options: Callable[[], LoadOptions]
) -> None:
    file = tmp_path / "project" / "mcpdeck.calls.json"
    with anyio.fail_after(90):
        async with dashboard([TINY], tmp_path, options=options) as (pilot, deck, _):
            await call_echo(pilot, deck, "hello")
            await pilot.press("ctrl+s")
            await eventually(lambda: "Save this call" in on_screen(deck), "question where it goes")
            await pilot.press("enter")
            await eventually(file.exists, "the project's file")
            assert json.loads(file.read_text())["calls"] == {
                "echo": {"server": "tiny", "tool": "echo", "arguments": {"text": "hello"}}
            }
            await pilot.press("K")
            await eventually(lambda: "Saved calls" in on_screen(deck), "saved calls")
            await eventually(lambda: "tiny · echo" in on_screen(deck), "the saved one")
            await pilot.press("down", "enter")
            await eventually(lambda: "✔ passed" in on_screen(deck), "its outcome")
            await pilot.press("t")
            await eventually(lambda: "Expect from now on" in on_screen(deck), "what can be expected")
            await pilot.press("enter")
            await eventually(lambda: "asserts" in file.read_text(), "check in the file")
            await pilot.press("e")
            await eventually(lambda: "Ctrl+R Call" in on_screen(deck), "form of the saved call")
            await eventually(lambda: "hello" in on_screen(deck), "its argument")
            await pilot.press("end", "exclamation_mark", "ctrl+s")
            await eventually(lambda: "hello!" in file.read_text(), "saved back without a question")
            assert "asserts" in json.loads(file.read_text())["calls"]["echo"]
            await pilot.press("escape", "K")
            await eventually(lambda: "tiny · echo" in on_screen(deck), "saved calls once more")
            await pilot.press("a")
            await eventually(lambda: "1 failed" in on_screen(deck), "what came is not what was expected")
            await pilot.press("down", "d")
            await eventually(lambda: json.loads(file.read_text())["calls"] == {}, "deleted")
            await pilot.press("U")
            await eventually(lambda: "hello!" in file.read_text(), "back again")


async def test_a_call_is_made_many_times_and_is_one_card(tmp_path: Path, options: Callable[[], LoadOptions]) -> None:
    with anyio.fail_after(90):
        async with dashboard([TINY], tmp_path, options=options) as (pilot, deck, services):
            await call_echo(pilot, deck, "hello")
            await pilot.press("f9")
            await eventually(lambda: "Run many times" in on_screen(deck), "how often")
            await pilot.press("ctrl+u", *"40", "tab", "ctrl+u", "4", "enter")
            await eventually(lambda: services.store.state.calls[0].method == RUN, "card of the run")
            await eventually(lambda: services.store.state.calls[0].status is CallStatus.SUCCESS, "end of the run")
            assert len(services.store.state.calls) == 2
            result = services.store.state.calls[0].result or {}
            figures = result["structuredContent"]
            assert isinstance(figures, dict)
            assert (figures["calls"], figures["succeeded"], figures["parallel"]) == (40, 40, 4)
            await eventually(lambda: "40 succeeded" in on_screen(deck), "figures on the screen")
            await pilot.press("full_stop")
            await eventually(lambda: len(services.store.state.calls) == 3, "the run once more")
            assert services.store.state.calls[0].method == RUN
