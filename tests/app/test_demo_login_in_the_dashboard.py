"""What a newcomer sees of logging in: a row that wants it, a login, a token, and a tool that wants more."""

from __future__ import annotations

from pathlib import Path

import anyio
import httpx
import pytest

from mcpdeck.app.demo.entries import demo_servers
from mcpdeck.services.config.files import Folders
from mcpdeck.services.connections.logins import Logins, by_enter
from mcpdeck.services.state.model import CallState, CallStatus
from tests.ui.real_runs import dashboard, on_screen
from tests.waiting import eventually


def handed_over(address: Path) -> str:
    """What the browser was given; empty until it is."""
    text = address.read_text() if address.exists() else ""
    address.unlink(missing_ok=True)
    return text


async def visited(address: Path) -> None:
    """Follow the address that was handed to the browser as a program does: the demo takes it for an agreement."""
    url = await eventually(lambda: handed_over(address), "address for the browser", seconds=20)
    async with httpx.AsyncClient(follow_redirects=True, trust_env=False, timeout=20) as browser:
        answer = await browser.get(url)
    assert "close this window" in answer.text, answer.text


async def test_enter_logs_in_and_a_tool_that_wants_more_asks_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, program = tmp_path / "opened", tmp_path / "hand-over"
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > {address}.new && mv {address}.new {address}\n')
    program.chmod(0o700)
    monkeypatch.setenv("BROWSER", str(program))
    environ = {"MCPDECK_HOME": str(tmp_path / "home")}
    logins = Logins(Folders.of(environ), environ, invite=by_enter)
    calls: list[CallState] = []
    with anyio.fail_after(90):
        async with demo_servers() as entries:
            (entry,) = [entry for entry in entries if entry.name == "demo-login"]
            async with (
                dashboard([entry], tmp_path, logins=logins) as (pilot, deck, services),
                anyio.create_task_group() as tasks,
            ):

                async def call(tool: str) -> None:
                    calls.append(await services.executor.call(entry.name, tool, {}, validate=False))

                await eventually(
                    lambda: "Enter shows what is asked" in on_screen(deck), "row that wants a login", seconds=20
                )
                await pilot.press("enter")
                await eventually(lambda: "Open browser" in on_screen(deck), "login panel", seconds=20)
                assert entry.endpoint.removesuffix("/mcp") in on_screen(deck)
                await pilot.press("o")
                await visited(address)
                await eventually(lambda: "1/1 connected" in on_screen(deck), "connected server", seconds=20)

                tasks.start_soon(call, "open_treasure_chest")
                await eventually(lambda: "treasure" in on_screen(deck) and "Yes" in on_screen(deck), "consent")
                await pilot.press("w", "ctrl+r")
                await eventually(lambda: "Open browser" in on_screen(deck), "second login panel")
                await pilot.press("w", "o")
                await visited(address)
                await eventually(lambda: calls, "answer of the tool", seconds=20)
                assert calls[0].status is CallStatus.SUCCESS

                # The answer may be there before the panel is gone, which has keys of its own.
                await eventually(lambda: "Open browser" not in on_screen(deck), "end of the panel")
                await pilot.press("A")
                await eventually(lambda: "Authorization of demo-login" in on_screen(deck), "steps of the login")
                assert "demo · treasure" in " ".join(on_screen(deck).split())
                tasks.cancel_scope.cancel()
