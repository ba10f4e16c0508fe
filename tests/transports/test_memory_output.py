"""What a server inside this process prints and logs is its own log, and nobody else's."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading

import pytest
from mcp.server.mcpserver import MCPServer

from mcpdeck.services.transports import server_output
from mcpdeck.services.transports.base import Hooks
from tests.transports.in_process import BOUND, INITIALIZE, MODERN, adder, connected, nothing_of_ours, of
from tests.waiting import until


async def test_what_the_server_logs_is_its_own_log_and_not_the_terminal(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # as in the dashboard; pytest has its own
    log = logging.getLogger("tests.kettle")

    def server() -> MCPServer:
        log.warning("while loading")
        made = MCPServer("talker")

        @made.tool(structured_output=False)
        def say() -> str:  # in a worker thread
            log.warning("from a thread\nin two lines")
            return "said"

        @made.tool(structured_output=False)
        async def whisper() -> str:
            log.warning("from the loop")
            return "whispered"

        return made

    said: list[bytes] = []
    async with connected(of(server), Hooks(stderr=said.append)) as line:
        for number, name in enumerate(("say", "whisper"), 1):
            await line.ask(number, "tools/call", {"_meta": MODERN, "name": name, "arguments": {}})
        log.warning("from somebody else")
    assert said == [
        b"WARNING tests.kettle: while loading",
        b"WARNING tests.kettle: from a thread",
        b"in two lines",
        b"WARNING tests.kettle: from the loop",
    ]
    assert logging.getLogger().handlers == []
    assert capfd.readouterr().err == ""


def printing() -> MCPServer:
    print("while loading")
    made = MCPServer("printer")

    @made.tool(structured_output=False)
    def say() -> str:  # in a worker thread
        print("from a thread")
        print("to stderr", file=sys.stderr)
        sys.stdout.buffer.write(b"as bytes\n")
        return "said"

    @made.tool(structured_output=False)
    async def whisper() -> str:
        print("from", "the loop", sep="\n")
        await asyncio.to_thread(print, "from asyncio's thread")
        await asyncio.get_running_loop().run_in_executor(None, print, "from the executor")
        print("without an end", end="")
        return "whispered"

    return made


async def test_what_the_server_prints_is_its_own_log_and_not_our_stdout(capfd: pytest.CaptureFixture[str]) -> None:
    stdout, stderr = sys.stdout, sys.stderr
    said: list[bytes] = []
    async with connected(of(printing), Hooks(stderr=said.append)) as line:
        for number, name in enumerate(("say", "whisper"), 1):
            await line.ask(number, "tools/call", {"_meta": MODERN, "name": name, "arguments": {}})
        print("from us")
    assert said == [
        b"while loading",
        b"from a thread",
        b"to stderr",
        b"as bytes",
        b"from",
        b"the loop",
        b"from asyncio's thread",
        b"from the executor",
        b"without an end",
    ]
    assert sys.stdout is stdout
    assert sys.stderr is stderr
    assert capfd.readouterr() == ("from us\n", "")


async def test_streams_somebody_else_put_in_place_meanwhile_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Other:
        def write(self, text: str) -> int:
            return len(text)

    other = Other()
    async with connected(of(adder)) as line:
        await line.ask(1, "initialize", INITIALIZE)
        inner = sys.stdout
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", other)
            async with connected(of(adder)) as second:
                await second.ask(1, "initialize", INITIALIZE)
                assert sys.stdout is not other
            assert sys.stdout is not inner
    assert nothing_of_ours()


async def test_a_server_that_floods_its_log_waits_for_us_and_loses_nothing() -> None:
    count = 10 * server_output.MARK

    def server() -> MCPServer:
        made = MCPServer("flood")

        @made.tool(structured_output=False)
        def flood() -> str:
            for number in range(count):
                print(number)
            return "done"

        return made

    said: list[bytes] = []
    async with connected(of(server), Hooks(stderr=said.append)) as line:
        await line.ask(1, "tools/call", {"_meta": MODERN, "name": "flood", "arguments": {}})
    assert said == [str(number).encode() for number in range(count)]


async def test_lines_nobody_fetches_make_who_prints_wait_until_the_end() -> None:
    output = server_output.ServerOutput(lambda _line: None)
    printed = 0

    def flood() -> None:
        nonlocal printed
        for _ in range(2 * server_output.MARK):
            output.say(["line"])
            printed += 1

    thread = threading.Thread(target=flood, daemon=True)
    thread.start()
    until(lambda: printed >= server_output.MARK, "flood")  # our loop stands still meanwhile
    assert printed == server_output.MARK
    output.close()
    thread.join(BOUND)
    assert not thread.is_alive()
