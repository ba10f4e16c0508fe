"""Keys, the dashboard, and a real server: what asks first, what is held back, what is cut, what is followed."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from textual.pilot import Pilot

from mcpdeck.app.actions import Zone
from mcpdeck.app.deck import Deck
from mcpdeck.app.screens.deck_screen import DeckScreen
from mcpdeck.app.worker import Engine, Services
from mcpdeck.services.engine.spill import Keeper
from mcpdeck.services.models import BreakerState, Reach
from mcpdeck.services.state.model import CallState, CallStatus
from tests import entries
from tests.policy.permitting import permitting
from tests.servers.scripted_http import Exchange, scripted_http
from tests.ui.quiet import quiet
from tests.ui.real_runs import dashboard, on_screen
from tests.waiting import eventually

pytestmark = pytest.mark.anyio

LINK = {"type": "resource_link", "uri": "desk://leaflet", "name": "leaflet"}


@pytest.fixture(autouse=True)
def waits_until_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pilot goes on as soon as the screen has nothing left to do."""
    monkeypatch.setattr("textual.app.wait_for_idle", quiet)
    monkeypatch.setattr("textual.pilot.wait_for_idle", quiet)


class Server:
    """Speaks 2025-11-25 over HTTP. ``note`` only writes, ``drop`` destroys, ``log`` is long, ``link`` links."""

    def __init__(self) -> None:
        self.description = "Writes a note."
        self.up = True
        self.called: list[str] = []

    def tools(self) -> list[dict[str, Any]]:
        schema = {"type": "object"}
        told = [("note", self.description, {}), ("drop", "Destroys it.", {"destructiveHint": True})]
        told += [(name, "Reads.", {"readOnlyHint": True}) for name in ("log", "link")]
        return [
            {"name": name, "description": words, "inputSchema": schema, "annotations": hints}
            for name, words, hints in told
        ]

    async def answer(self, exchange: Exchange) -> None:
        if exchange.method != "POST":
            await exchange.answer("405 Method Not Allowed")
            return
        message = exchange.message
        match message["method"]:
            case "initialize":
                served = {"tools": {}, "resources": {}}
                info = {"name": "desk", "version": "1"}
                await exchange.result({"protocolVersion": "2025-11-25", "capabilities": served, "serverInfo": info})
            case "tools/list":
                await exchange.result({"tools": self.tools()})
            case "tools/call" if not self.up:
                await exchange.answer("502 Bad Gateway")
            case "tools/call":
                await exchange.result(self._called(message["params"]["name"]))
            case "resources/read":
                uri = message["params"]["uri"]
                await exchange.result({"contents": [{"uri": uri, "text": "Read me."}]})
            case "resources/list" | "resources/templates/list" as method:
                await exchange.result({"resourceTemplates" if "templates" in method else "resources": []})
            case "ping":
                await exchange.result({})
            case method if "id" in message:
                body = b'{"jsonrpc":"2.0","id":%d,"error":{"code":-32601,"message":"no such method"}}' % message["id"]
                await exchange.answer("200 OK", body)
                assert method
            case _:
                await exchange.answer("202 Accepted")

    def _called(self, name: str) -> dict[str, Any]:
        self.called.append(name)
        match name:
            case "log":
                return {"content": [{"type": "text", "text": "\n".join(f"line {number}" for number in range(900))}]}
            case "link":
                return {"content": [{"type": "text", "text": "Here it is."}, LINK]}
            case _:
                return {"content": [{"type": "text", "text": f"{name} number {len(self.called)}"}]}


class Desk:
    """A person at the dashboard."""

    def __init__(self, server: Server, pilot: Pilot[None], deck: Deck, services: Services) -> None:
        self.server, self.pilot, self.deck, self.services = server, pilot, deck, services

    @property
    def screen(self) -> DeckScreen:
        screen = self.deck.screen_stack[0]
        assert isinstance(screen, DeckScreen)
        return screen

    @property
    def last(self) -> CallState:
        return self.services.store.state.calls[0]

    async def sees(self, words: str) -> None:
        await eventually(lambda: words in on_screen(self.deck), words)

    async def calls(self, tool: str) -> None:
        """From the list of servers to the tool's form, and call it."""
        await self.pilot.press("enter", "slash", *tool)
        await self.sees("Tools 1/4")
        await self.pilot.press("enter", "enter")
        await self.sees("Ctrl+R Call")
        await self.pilot.press("ctrl+r")

    async def again(self) -> None:
        await eventually(lambda: self.screen._zone() is Zone.CALLS, "focus on the calls")
        await self.pilot.press("r")

    async def answers(self, key: str, question: str) -> None:
        await self.sees(question)
        await eventually(lambda: self.screen._zone() is Zone.QUESTION, "focus on the question")
        await self.pilot.press(key)

    async def ends(self, count: int, status: CallStatus = CallStatus.SUCCESS) -> None:
        def over() -> bool:
            calls = self.services.store.state.calls
            return len(calls) == count and calls[0].status is status and not self.services.store.state.prompts

        await eventually(over, f"end of call {count}: {status}")


@asynccontextmanager
async def at_the_desk(
    folder: Path, size: tuple[int, int] = (120, 40), vouches: Callable[[object], bool] = lambda _: True
) -> AsyncIterator[Desk]:
    server = Server()
    engine = Engine(
        permissions=permitting(configured=("desk",), data=folder),
        vouches=vouches,
        keeper=Keeper(folder / "spilled", limit_tokens=100),
    )
    ticks = itertools.count(step=10).__next__
    with anyio.fail_after(60):
        async with (
            scripted_http(server.answer) as peer,
            dashboard([entries.http("desk", peer.url)], folder, size=size, engine=engine, ticks=ticks) as run,
        ):
            desk = Desk(server, *run)
            await desk.sees("1/1 connected")
            await eventually(lambda: desk.services.store.state.mcp.servers["desk"].tools, "tools")
            yield desk


async def test_a_tool_asks_first_and_a_yes_holds_once_for_the_session_or_always(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as desk:
        await desk.calls("note")
        await desk.answers("o", "Run note of desk?")
        await desk.ends(1)
        await desk.again()
        await desk.answers("n", "Run note of desk?")
        await desk.ends(2, CallStatus.DENIED)
        await desk.sees("⊘ note")
        await desk.again()
        await desk.answers("enter", "Run note of desk?")  # for this session
        await desk.ends(3)
        await desk.again()
        await desk.ends(4)
        assert desk.server.called == ["note"] * 3
        assert desk.last.decision is not None
        assert desk.last.decision.reach is Reach.SESSION


async def test_a_destructive_tool_asks_every_time(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as desk:
        await desk.calls("drop")
        await desk.answers("enter", "Run drop of desk?")  # which is once
        await desk.ends(1)
        await desk.again()
        await desk.answers("escape", "Run drop of desk?")
        await desk.ends(2, CallStatus.DENIED)
        assert desk.server.called == ["drop"]


async def test_a_tool_that_reads_asks_only_where_nobody_vouches_for_its_server(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path, (80, 24), vouches=lambda _: False) as desk:
        await desk.calls("link")
        await desk.answers("n", "(not vouched for)")
        await desk.ends(1, CallStatus.DENIED)


async def test_a_tool_that_was_always_allowed_asks_again_once_it_is_described_differently(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path, size=(80, 24)) as desk:
        await desk.calls("note")
        await desk.answers("A", "Run note of desk?")
        await desk.ends(1)
        await desk.again()
        await desk.ends(2)
        desk.server.description = "Writes a note, and mails it."
        desk.deck.screen.set_focus(None)
        desk.screen.focus_zone(Zone.SERVERS)
        await eventually(lambda: desk.screen._zone() is Zone.SERVERS, "focus on the servers")
        await desk.pilot.press("u")
        tools = lambda: desk.services.store.state.mcp.servers["desk"].tools or ()  # noqa: E731
        await eventually(lambda: any("mails" in tool.description for tool in tools()), "changed tool")
        await desk.pilot.press("c")
        await desk.again()
        await desk.sees("its definition is another one now: description")
        await desk.answers("H", "Run note of desk?")
        await desk.sees("+ Writes a note, and mails it.")
        await desk.pilot.press("escape")
        await desk.answers("n", "Run note of desk?")
        await desk.ends(3, CallStatus.DENIED)
        assert desk.server.called == ["note"] * 2


async def test_calls_to_a_server_that_fails_are_held_back_until_a_key_lets_them_through(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as desk:
        desk.server.up = False
        held = lambda: desk.services.store.state.mcp.servers["desk"].breaker  # noqa: E731
        await desk.calls("note")
        await desk.answers("enter", "Run note of desk?")
        await desk.ends(1, CallStatus.FAILED)
        for count in range(2, 6):
            await desk.again()
            await desk.ends(count, CallStatus.FAILED)
        await desk.sees("held back")
        desk.server.up = True
        await desk.again()
        await desk.ends(6, CallStatus.FAILED)
        assert desk.server.called == []
        await desk.pilot.press("B")
        await eventually(lambda: (found := held()) and found.state is BreakerState.CLOSED, "closed breaker")
        await desk.again()
        await desk.ends(7)
        assert desk.server.called == ["note"]


async def test_a_long_result_says_what_a_model_would_get_and_shows_it_and_where_the_whole_is(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as desk:
        await desk.calls("log")
        await desk.ends(1)
        await desk.sees("a model would get 100")
        measured = desk.last.measured
        assert measured is not None and measured.saved_to is not None
        assert "line 899" in await anyio.Path(measured.saved_to).read_text()
        await eventually(lambda: desk.screen._zone() is Zone.CALLS, "focus on the calls")
        await desk.pilot.press("o", "m")
        await desk.sees("as a model gets it")
        await desk.pilot.press("G")
        await eventually(lambda: "line 899" not in on_screen(desk.deck), "cut result")


async def test_a_link_in_a_result_is_followed_with_enter(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as desk:
        await desk.calls("link")
        await desk.ends(1)
        await eventually(lambda: desk.screen._zone() is Zone.CALLS, "focus on the calls")
        await desk.pilot.press("enter")
        await desk.ends(2)
        assert (desk.last.method, desk.last.tool) == ("resources/read", "desk://leaflet")
        await desk.sees("Read me.")
