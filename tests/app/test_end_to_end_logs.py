"""The logs of real servers, by keys: filtered, merged, saved, and kept over a crash."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio

from mcpdeck.services.models import ServerEntry
from tests import entries
from tests.ui.real_runs import dashboard, on_screen
from tests.waiting import eventually

SPEAKER = """
import json, sys
print("starting up", file=sys.stderr, flush=True)
print("ERROR no such table: users", file=sys.stderr, flush=True)
for line in sys.stdin:
    message = json.loads(line)
    if message.get("method") == "initialize":
        found = {"protocolVersion": message["params"]["protocolVersion"], "capabilities": {"tools": {}, "logging": {}}}
        found["serverInfo"] = {"name": "speaker", "version": "1"}
    elif message.get("method") == "tools/list":
        found = {"tools": [{"name": "die", "inputSchema": {"type": "object"}}]}
    elif message.get("method") == "tools/call":
        print("Traceback: it dies of NAME", file=sys.stderr, flush=True)
        sys.exit(7)
    elif "id" in message:
        found = {}
    else:
        continue
    if "id" in message:
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": found}), flush=True)
    if message.get("method") == "tools/list":
        said = {"level": "warning", "logger": "db", "data": "slow query of NAME"}
        print(json.dumps({"jsonrpc": "2.0", "method": "notifications/message", "params": said}), flush=True)
"""


def speaker(name: str, folder: Path) -> ServerEntry:
    path = folder / f"{name}.py"
    path.write_text(SPEAKER.replace("NAME", name))
    return entries.stdio(name, sys.executable, str(path))


async def test_the_logs_of_two_servers_are_read_together_filtered_and_saved(tmp_path: Path) -> None:
    with anyio.fail_after(60):
        async with dashboard([speaker("one", tmp_path), speaker("two", tmp_path)], tmp_path) as (pilot, deck, _):
            await eventually(lambda: "2/2 connected" in on_screen(deck), "connected servers")
            await pilot.press("l")
            await eventually(lambda: "slow query of one" in on_screen(deck), "log message of the first")
            assert "no such table" in on_screen(deck)
            await pilot.press("a")
            await eventually(lambda: "slow query of two" in on_screen(deck), "log message of the second")
            await pilot.press("slash", *"level:warn -table")
            await eventually(lambda: "no such table" not in on_screen(deck), "narrowed log")
            assert "slow query of one" in on_screen(deck)
            await pilot.press("enter", "s")
            await eventually(lambda: list((tmp_path / "logs").glob("*-all.log")), "file")
            [saved] = (tmp_path / "logs").glob("*-all.log")
            await eventually(lambda: saved.read_text().count("slow query") == 2, "both lines in it")
            assert saved.stat().st_mode & 0o777 == 0o600


async def test_what_a_server_said_before_it_died_stays_in_its_log(tmp_path: Path) -> None:
    with anyio.fail_after(60):
        async with dashboard([speaker("one", tmp_path)], tmp_path) as (pilot, deck, services):
            await eventually(lambda: "1/1 connected" in on_screen(deck), "connected server")
            await pilot.press("enter", "enter")
            await eventually(lambda: "Ctrl+R" in on_screen(deck), "form")
            await pilot.press("ctrl+r")
            await eventually(lambda: services.store.state.calls, "call")

            def again() -> bool:
                return services.store.state.mcp.servers["one"].generation > 1

            await eventually(again, "another start", seconds=30)
            await pilot.press("l")
            await eventually(lambda: "it dies of one" in on_screen(deck), "what it said")
