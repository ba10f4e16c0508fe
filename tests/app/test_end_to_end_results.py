"""Keys, the dashboard, and a real server: results as cards, trees, raw messages, differences; saved and played."""

from __future__ import annotations

import json
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from textual.pilot import Pilot

from mcpdeck.app.deck import Deck
from mcpdeck.app.worker import Services
from mcpdeck.services.state.model import CallStatus
from tests import entries
from tests.servers.scripted_http import Exchange, scripted_http
from tests.ui.quiet import quiet
from tests.ui.real_runs import dashboard, on_screen
from tests.ui.result_states import MARKDOWN, sound
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def waits_until_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pilot goes on as soon as the screen has nothing left to do."""
    monkeypatch.setattr("textual.app.wait_for_idle", quiet)
    monkeypatch.setattr("textual.pilot.wait_for_idle", quiet)


class Shop:
    """Speaks 2025-11-25 over HTTP; one tool, whose answer is ``result`` with the number of the call in it."""

    def __init__(self, result: dict[str, Any]) -> None:
        self.result = result
        self.calls = 0

    async def answer(self, exchange: Exchange) -> None:
        if exchange.method != "POST":
            await exchange.answer("405 Method Not Allowed")
            return
        message = exchange.message
        match message["method"]:
            case "initialize":
                info = {"name": "shop", "version": "1"}
                told = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": info}
                await exchange.result(told)
            case "tools/list":
                tool = {"name": "order", "description": "Reads an order.", "inputSchema": {"type": "object"}}
                await exchange.result({"tools": [tool]})
            case "tools/call":
                self.calls += 1
                structured = {"number": self.calls, "same": ["a", "b"]}
                more = {} if "content" in self.result else {"structuredContent": structured, "content": []}
                await exchange.result({**self.result, **more})
            case "ping":
                await exchange.result({})
            case _:
                await exchange.answer("202 Accepted")


@asynccontextmanager
async def shop(result: dict[str, Any], folder: Path) -> AsyncIterator[tuple[Pilot[None], Deck, Services]]:
    """The tool was called once, and the focus is on the calls."""
    server = Shop(result)
    with anyio.fail_after(60):
        async with (
            scripted_http(server.answer) as peer,
            dashboard([entries.http("shop", peer.url)], folder) as (pilot, deck, services),
        ):
            await eventually(lambda: services.store.state.mcp.servers["shop"].tools, "tools")
            await pilot.press("enter", "enter")
            await eventually(lambda: "Ctrl+R Call" in on_screen(deck), "form with the focus in it")
            await pilot.press("ctrl+r")
            await ended(services, 1)
            await eventually(lambda: deck.focused is not None and deck.focused.id == "calls", "focus on the calls")
            yield pilot, deck, services


async def ended(services: Services, count: int) -> None:
    def over() -> bool:
        calls = services.store.state.calls
        return len(calls) == count and calls[0].status is CallStatus.SUCCESS

    await eventually(over, f"end of call {count}")


async def sees(deck: Deck, words: str) -> None:
    await eventually(lambda: words in on_screen(deck), words)


async def test_a_result_is_read_as_a_tree_as_raw_messages_and_as_a_difference(tmp_path: Path) -> None:
    async with shop({}, tmp_path) as (pilot, deck, services):
        await pilot.press("r")
        await ended(services, 2)
        await pilot.press("g", "d")
        await sees(deck, "1 difference")
        await sees(deck, "$.number")
        await pilot.press("2")
        await sees(deck, "same: [ ] 2 items")
        await pilot.press("3")
        await sees(deck, "← received")
        await sees(deck, '"number": 2')
        assert '"method":"tools/call"' in on_screen(deck)
        assert '"number": 1' not in on_screen(deck)
        await pilot.press("escape", "v", "v")
        await sees(deck, "→ sent")


async def test_markdown_of_a_server_is_drawn_and_shown_as_text_on_request(tmp_path: Path) -> None:
    async with shop({"content": [{"type": "text", "text": MARKDOWN}]}, tmp_path) as (pilot, deck, _):
        await sees(deck, "▍Release notes")
        await pilot.press("o", "t")
        await sees(deck, "# Release notes")


async def test_a_sound_is_saved_and_played_by_the_persons_player(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = tmp_path / "player"
    player.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/played\n')
    player.chmod(0o700)
    monkeypatch.setenv("MCPDECK_PLAYER", str(player))
    content = [{"type": "audio", "data": sound(), "mimeType": "audio/wav"}]
    async with shop({"content": content}, tmp_path) as (pilot, _, _):
        await pilot.press("o", "p")
        await eventually(lambda: (tmp_path / "played").exists() and (tmp_path / "played").read_text(), "played")
        path = Path((tmp_path / "played").read_text().strip())
        with wave.open(str(path)) as saved:
            assert saved.getnframes() == 4_000


async def test_five_megabytes_are_read_searched_and_left_again(tmp_path: Path) -> None:
    rows = [{"id": number, "deep": {"name": f"name {number}", "x": [number, None]}} for number in range(60_000)]
    content = [{"type": "text", "text": json.dumps(rows)}]
    async with shop({"content": content}, tmp_path) as (pilot, deck, _):
        await pilot.press("o", "2")
        await sees(deck, "60,000 items")
        await pilot.press("slash", *"name 59999", "enter")
        await sees(deck, "1 of 1")
        await sees(deck, "$[59999].deep.name")
        await pilot.press("escape", "escape")
        await eventually(lambda: deck.screen is deck.screen_stack[0], "the main screen")
