"""Keys, the dashboard, and real servers that ask: who answers, in which order, and which roots are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from textual.pilot import Pilot

from mcpdeck.app.deck import Deck
from mcpdeck.app.worker import Services
from mcpdeck.services.models import JsonObject
from mcpdeck.services.session import Question
from tests import entries
from tests.ui.quiet import quiet
from tests.ui.real_runs import dashboard, on_screen
from tests.waiting import eventually

pytestmark = pytest.mark.anyio

NAME: JsonObject = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
COLOUR: JsonObject = {"type": "object", "properties": {"colour": {"type": "string", "default": "blue"}}}


@pytest.fixture(autouse=True)
def waits_until_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pilot goes on as soon as the screen has nothing left to do."""
    monkeypatch.setattr("textual.app.wait_for_idle", quiet)
    monkeypatch.setattr("textual.pilot.wait_for_idle", quiet)


@asynccontextmanager
async def asking(tmp_path: Path, *names: str) -> AsyncIterator[tuple[Pilot[None], Deck, Services]]:
    """One server of its own for each name, connected."""
    script = str(entries.SERVERS / "asking_stdio.py")
    servers = [entries.stdio(name, entries.PYTHON, script) for name in names]
    with anyio.fail_after(60):
        async with dashboard(servers, tmp_path) as (pilot, deck, services):
            await eventually(
                lambda: all(row.tools for row in services.store.state.mcp.servers.values()), "tools of every server"
            )
            yield pilot, deck, services


def ask(deck: Deck, server: str, schema: JsonObject, message: str) -> None:
    params: JsonObject = {"message": message, "requestedSchema": schema}
    deck.intents.call(server, "ask", {"method": "elicitation/create", "params": params}, validate=False)


def results(services: Services) -> str:
    return " ".join(str(call.result) for call in services.store.state.calls)


async def test_questions_of_two_servers_are_answered_in_any_order_and_each_gets_its_own_answer(tmp_path: Path) -> None:
    async with asking(tmp_path, "one", "two") as (pilot, deck, services):
        ask(deck, "one", NAME, "First name?")
        await eventually(lambda: "First name?" in on_screen(deck), "first question")
        ask(deck, "two", NAME, "Last name?")
        await eventually(lambda: "1 of 2, F6 next" in on_screen(deck), "second question, waiting")
        await eventually(lambda: deck.focused is not None and deck.focused.id != "servers", "focus in the answer")
        await pilot.press(*"Ada", "f6")
        await eventually(lambda: "Last name?" in on_screen(deck), "second question")
        await pilot.pause()
        await pilot.press(*"Byron", "ctrl+r")
        await eventually(lambda: "Byron" in results(services), "answer of the second")
        await eventually(lambda: "First name?" in on_screen(deck), "first question again")
        assert "Ada" in on_screen(deck)
        await pilot.press("ctrl+r")
        await eventually(lambda: "Ada" in results(services), "answer of the first")
        assert services.store.state.prompts == ()


async def test_a_server_that_is_answered_automatically_asks_nobody_and_all_of_it_is_told(tmp_path: Path) -> None:
    async with asking(tmp_path, "one") as (pilot, deck, services):
        await pilot.press("M")
        await eventually(lambda: "Who answers one" in on_screen(deck), "choice")
        await pilot.press("right", "ctrl+r")
        await eventually(
            lambda: services.store.state.mcp.servers["one"].answers == "forms defaults", "row that says so"
        )
        ask(deck, "one", COLOUR, "Which colour?")
        await eventually(lambda: "blue" in results(services), "answer")
        (call,) = services.store.state.calls
        assert call.answered == ("accepted automatically: defaults",)
        await pilot.press("i")
        await eventually(lambda: "without you: forms defaults" in on_screen(deck), "fact of the overview")


async def test_roots_that_a_person_names_are_told_and_a_change_of_them_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    async with asking(tmp_path, "one") as (pilot, deck, services):
        assert services.manager.session("one") is not None
        await pilot.press("F", "n")
        await eventually(lambda: "Take over" in on_screen(deck), "form of a root")
        await pilot.pause()
        await pilot.press(*str(folder), "ctrl+r")
        await eventually(lambda: services.manager.own_roots("one"), "root of the server")
        await pilot.press("escape")
        changed = [record for record in services.trace.of("one") if record.method == "notifications/roots/list_changed"]
        assert len(changed) == 1
        deck.intents.call("one", "ask", {"method": "roots/list"}, validate=False)
        await eventually(lambda: folder.as_uri() in results(services), "roots as the server got them")


async def test_a_question_that_is_open_when_mcpdeck_ends_is_answered_with_cancel(tmp_path: Path) -> None:
    async with asking(tmp_path, "one") as (_, deck, services):
        ask(deck, "one", NAME, "First name?")
        await eventually(lambda: services.store.state.prompts, "question")
        await services.interactions.leave()
        await eventually(lambda: "'action': 'cancel'" in results(services) or "cancel" in results(services), "answer")
        answer = await services.interactions.ask(Question("one", "elicitation/create", {}))
        assert answer.action == "cancel"
        assert services.store.state.prompts == ()
