"""How long it takes to start and to call, beside the official SDK's client in the same run.

Owns the measuring; prints medians and ratios and never judges them. The two sides take turns, so that
whatever else the machine does meets both. Everything is a real process; the server is the plainest one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import anyio

from tests import entries
from tests.bench import many_servers, merge, pipeline, search
from tests.entries import SERVERS
from tests.terminal import Terminal

SERVER = (sys.executable, str(SERVERS / "misbehaving.py"), "plain")
MCPDECK = (sys.executable, "-m", "mcpdeck.app")

SDK_TOOLS = """
import sys, anyio
from mcp import Client, StdioServerParameters
async def main():
    async with Client(StdioServerParameters(command=sys.argv[1], args=sys.argv[2:])) as client:
        print((await client.list_tools()).tools[0].name)
anyio.run(main)
"""


def ran(*command: str) -> float:
    """Seconds from the start of a process to its first line on stdout."""
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        took = time.perf_counter() - started
        process.stdout.read()
    if not line or process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return took


def first_frame(config: Path) -> float:
    """Seconds from the start of the dashboard until the server's name stands on the screen."""
    with Terminal((*MCPDECK, "--strict-mcp-config", "--mcp-config", str(config))) as terminal:
        took = terminal.wait_for(b"benchmark")
        terminal.type(b"q")
        terminal.ended(seconds=20)
    return took


async def our_calls(rounds: Iterable[int], between: Callable[[], Awaitable[float]], took: list[float]) -> list[float]:
    from mcpdeck.app.main import running
    from mcpdeck.services.manager import Settings

    theirs: list[float] = []
    async with running([entries.stdio("benchmark", *SERVER)], settings=Settings()) as services:
        session = await services.manager.connected("benchmark")
        for _ in rounds:
            started = time.perf_counter()
            await session.call_tool("echo", {"text": "x"})
            took.append(time.perf_counter() - started)
            theirs.append(await between())
    return theirs


async def call_latency(count: int) -> tuple[list[float], list[float]]:
    """Seconds of each call, ours and the SDK's, call by call in turn on two sessions that stand."""
    from mcp import Client, StdioServerParameters
    from mcp.client.stdio import stdio_client

    server = StdioServerParameters(command=SERVER[0], args=list(SERVER[1:]))
    with Path(os.devnull).open("w") as nowhere:  # noqa: ASYNC230 - it is opened once
        return await _alternate(Client(stdio_client(server, errlog=nowhere)), count)


async def _alternate(client: Any, count: int) -> tuple[list[float], list[float]]:
    ours: list[float] = []
    async with client:

        async def theirs() -> float:
            started = time.perf_counter()
            await client.call_tool("echo", {"text": "x"})
            return time.perf_counter() - started

        sdk = await our_calls(range(count), theirs, ours)
    return ours, sdk


def report(what: str, ours: list[float], sdk: list[float], against: str) -> None:
    mine, yours = statistics.median(ours), statistics.median(sdk)
    print(f"{what:<44}{mine * 1000:10.2f} ms {yours * 1000:10.2f} ms {mine / yours:7.2f}   {against}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="process starts of each kind")
    parser.add_argument("--calls", type=int, default=500, help="calls on each side")
    parser.add_argument("--servers", type=int, default=300, help="how many connect at once, 0: none")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        os.environ["MCPDECK_HOME"] = folder
        config = Path(folder) / "servers.json"
        server = {"command": SERVER[0], "args": list(SERVER[1:])}
        config.write_text(json.dumps({"mcpServers": {"benchmark": server}}))

        frames: list[float] = []
        ours: list[float] = []
        sdk: list[float] = []
        for _ in range(options.rounds):
            frames.append(first_frame(config))
            sdk.append(ran(sys.executable, "-c", SDK_TOOLS, *SERVER))
            ours.append(ran(*MCPDECK, "tools", "--", *SERVER))

        title = f"median of {options.rounds}"
        print(f"{title:<44}{'mcpdeck':>13} {'SDK client':>13} {'ratio':>7}   measured against")
        report("process start to first frame", frames, sdk, "its start to tools/list (it has no screen)")
        report("process start to first tools/list answer", ours, sdk, "the same")
        calls, sdk_calls = anyio.run(call_latency, options.calls)
        report(f"one tool call (p50 of {options.calls})", calls, sdk_calls, "the same")
        pipeline.say(Path(folder))
        search.say()
        merge.say(Path(folder))
        if options.servers:
            many_servers.say(options.servers)


if __name__ == "__main__":
    main()
