"""Servers inside this process that block, exit or take their time: our loop goes on."""

from __future__ import annotations

import threading

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from mcp.server.mcpserver import MCPServer

from mcpdeck.services.transports import memory
from mcpdeck.services.transports.base import Hooks
from mcpdeck.services.transports.memory import InProcessTransport
from tests.transports.in_process import BOUND, INITIALIZE, MODERN, adder, connected, nothing_of_ours, of
from tests.waiting import eventually


class Blocking:
    """A server with a tool that blocks its whole loop, and one that blocks a worker thread, until released."""

    def __init__(self) -> None:
        self.blocked, self.release = threading.Event(), threading.Event()

    def __call__(self) -> MCPServer:
        made = MCPServer("blocking")

        @made.tool(structured_output=False)
        async def block() -> str:
            return self._block()

        @made.tool(structured_output=False)
        def block_a_thread() -> str:
            return self._block()

        return made

    def _block(self) -> str:
        self.blocked.set()
        return "released" if self.release.wait(60) else "forgotten"


async def test_an_async_tool_that_blocks_does_not_hold_up_our_loop() -> None:
    server = Blocking()
    try:
        async with connected(of(server)) as line, connected(of(adder)) as other:
            await line.send(
                {"id": 1, "method": "tools/call", "params": {"_meta": MODERN, "name": "block", "arguments": {}}}
            )
            await eventually(server.blocked.is_set, "blocked server")
            called = await other.ask(2, "tools/call", {"_meta": MODERN, "name": "add", "arguments": {"a": 2, "b": 3}})
            assert called["result"]["structuredContent"] == {"result": 5}
            assert line.messages == []
            server.release.set()
            answers = await eventually(lambda: line.messages, "answer of the released tool")
            assert answers[0]["result"]["content"][0]["text"] == "released"
    finally:
        server.release.set()


@pytest.mark.parametrize("tool", ["block", "block_a_thread"])
async def test_leaving_while_a_tool_blocks_gives_its_thread_up_and_says_so(
    tool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "END_TIME", 0.05)
    monkeypatch.setattr(memory, "CANCEL_TIME", 0.05)
    server = Blocking()
    notes: list[str] = []
    try:
        async with connected(of(server), Hooks(note=notes.append)) as line:
            await line.send(
                {"id": 1, "method": "tools/call", "params": {"_meta": MODERN, "name": tool, "arguments": {}}}
            )
            await eventually(server.blocked.is_set, "blocked server")
        assert not server.release.is_set()
        assert ["did not end" in note for note in notes] == [True]
        assert not nothing_of_ours()  # what it may still print must not reach our stdout
    finally:
        server.release.set()
    await eventually(nothing_of_ours, "end of the thread that was given up")


@pytest.mark.parametrize(
    ("end", "title"),
    [(SystemExit(3), "SystemExit: 3"), (KeyboardInterrupt(), "KeyboardInterrupt"), (SystemExit(), "SystemExit")],
)
@pytest.mark.parametrize("asynchronous", [True, False])
async def test_a_tool_that_ends_the_program_ends_only_its_server(
    asynchronous: bool, end: BaseException, title: str
) -> None:
    def server() -> MCPServer:
        made = MCPServer("leaving")

        async def leave() -> str:
            raise end

        def leave_from_a_thread() -> str:
            raise end

        made.tool(name="leave", structured_output=False)(leave if asynchronous else leave_from_a_thread)
        return made

    async with connected(of(adder)) as other, connected(of(server)) as line:
        await line.send(
            {"id": 1, "method": "tools/call", "params": {"_meta": MODERN, "name": "leave", "arguments": {}}}
        )
        assert (await line.ended()).title == f"the server crashed: {title}"
        assert "result" in await other.ask(1, "initialize", INITIALIZE)


async def test_connecting_can_be_given_up_while_a_module_is_still_being_imported() -> None:
    started, release = threading.Event(), threading.Event()

    def factory() -> object:
        started.set()
        release.wait(BOUND)
        return adder()

    try:
        with anyio.fail_after(BOUND):
            async with anyio.create_task_group() as tasks:

                async def connect() -> None:
                    async with InProcessTransport(of(factory)):
                        pass

                tasks.start_soon(connect)
                assert await anyio.to_thread.run_sync(started.wait, BOUND)
                tasks.cancel_scope.cancel()
            assert nothing_of_ours() is False  # as long as its thread goes on
    finally:
        release.set()
    await eventually(nothing_of_ours, "end of the thread that was given up")


async def test_entering_happens_without_holding_up_the_loop() -> None:
    here = threading.get_ident()
    there: list[int] = []

    def factory() -> object:
        there.append(threading.get_ident())
        return adder()

    async with connected(of(factory)):
        pass
    assert there != [here]
