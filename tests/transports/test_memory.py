"""The in-process transport, driven with JSON-RPC bytes, against real SDK servers and odd objects."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from mcp.server.lowlevel import Server
from mcp.server.mcpserver import MCPServer

from mcpdeck.services.errors import ConnectionLost, LocalProtocolError
from mcpdeck.services.transports import memory, server_thread
from mcpdeck.services.transports.base import Frame, Hooks, Outgoing
from mcpdeck.services.transports.memory import InProcessTransport
from tests.transports.in_process import BOUND, INITIALIZE, MODERN, Line, adder, connected, of
from tests.waiting import eventually


async def test_the_handshake_era_is_spoken_in_whole_json_frames() -> None:
    async with connected(of(adder)) as line:
        welcome = await line.ask(1, "initialize", INITIALIZE)
        assert welcome["result"]["protocolVersion"] == "2025-11-25"
        assert welcome["result"]["serverInfo"]["name"] == "adder"
        await line.send({"method": "notifications/initialized"})
        listed = await line.ask(2, "tools/list", {})
        assert [tool["name"] for tool in listed["result"]["tools"]] == ["add"]
        assert listed["result"]["tools"][0]["inputSchema"]["required"] == ["a", "b"]
        called = await line.ask(3, "tools/call", {"name": "add", "arguments": {"a": 2, "b": 3}})
        assert called["result"]["structuredContent"] == {"result": 5}
    assert all(frame.data.startswith(b'{"jsonrpc":"2.0"') and b"\n" not in frame.data for frame in line.frames)


async def test_the_stateless_era_is_spoken_too() -> None:
    async with connected(of(adder)) as line:
        found = await line.ask(1, "server/discover", {"_meta": MODERN})
        assert "2026-07-28" in found["result"]["supportedVersions"]
        called = await line.ask(2, "tools/call", {"_meta": MODERN, "name": "add", "arguments": {"a": 2, "b": 3}})
        assert called["result"]["structuredContent"] == {"result": 5}


async def test_text_beyond_ascii_passes_unchanged() -> None:
    def server() -> MCPServer:
        made = MCPServer("echo")
        made.tool(structured_output=False)(echo)
        return made

    def echo(text: str) -> str:
        return text

    text = 'grüße 日本 🎈 \u202e \u0000 \\ "'
    async with connected(of(server)) as line:
        answer = await line.ask(1, "tools/call", {"_meta": MODERN, "name": "echo", "arguments": {"text": text}})
        assert answer["result"]["content"][0]["text"] == text


async def test_a_low_level_server_object_is_served_as_well() -> None:
    async with connected(of(lambda: Server("bare", version="3"))) as line:
        welcome = await line.ask(1, "initialize", INITIALIZE)
        assert welcome["result"]["serverInfo"] == {"name": "bare", "version": "3"}


async def test_each_connection_gets_what_the_factory_makes() -> None:
    made: list[MCPServer] = []

    def factory() -> MCPServer:
        made.append(adder())
        return made[-1]

    for _ in range(2):
        async with connected(of(factory)) as line:
            await line.ask(1, "initialize", INITIALIZE)
    assert len(made) == 2


async def test_a_message_that_is_not_json_rpc_is_our_mistake_and_harms_nothing() -> None:
    async with connected(of(adder)) as line:
        with pytest.raises(LocalProtocolError, match="not JSON-RPC"):
            await line.transport.send(Outgoing(b'{"jsonrpc": "1.0"}', "request"))
        assert "result" in await line.ask(1, "initialize", INITIALIZE)


async def test_a_message_beyond_the_limit_is_cut_and_noted_and_the_next_is_read() -> None:
    notes: list[str] = []
    frames: list[Frame] = []

    def server() -> MCPServer:
        made = adder()

        @made.tool(structured_output=False)
        def large() -> str:
            return "x" * 50_000

        return made

    with anyio.fail_after(BOUND):
        async with (
            InProcessTransport(of(server), Hooks(note=notes.append), max_frame=10_000) as transport,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(transport.run, frames.append)
            line = Line(transport)
            for number, name in enumerate(("large", "add"), 1):
                params = {"_meta": MODERN, "name": name, "arguments": {"a": 1, "b": 1} if name == "add" else {}}
                await line.send({"id": number, "method": "tools/call", "params": params})
                await eventually(lambda number=number: len(frames) == number, "frame")
            tasks.cancel_scope.cancel()
    assert frames[0].dropped > 40_000
    assert len(frames[0].data) < 5_000
    assert frames[1].dropped == 0
    assert ["beyond the limit of 10,000" in note for note in notes] == [True]


class Odd:
    """An object with the two methods that make a server; the test says what ``run`` does."""

    def __init__(self, run: Callable[[Any, Any], Any]) -> None:
        self._run = run

    def create_initialization_options(self) -> None:
        return None

    async def run(self, read: Any, write: Any, _options: object) -> None:
        await self._run(read, write)


async def test_a_crash_inside_the_server_is_a_lost_connection_with_its_reason() -> None:
    async def run(read: Any, _write: Any) -> None:
        await read.receive()
        raise ExceptionGroup("while serving", [KeyError("kettle")])

    said: list[bytes] = []
    async with connected(of(lambda: Odd(run)), Hooks(stderr=said.append)) as line:
        await line.send({"id": 1, "method": "ping"})
        lost = await line.ended()
        assert lost.title == "the server crashed: KeyError: 'kettle'"
        with pytest.raises(ConnectionLost, match="KeyError: 'kettle'"):
            await line.send({"id": 2, "method": "ping"})
    assert any(b"Traceback" in text for text in said)


async def test_a_server_that_exits_takes_nothing_with_it() -> None:
    async def run(_read: Any, _write: Any) -> None:
        sys.exit(4)

    async with connected(of(lambda: Odd(run))) as line:
        assert (await line.ended()).title == "the server crashed: SystemExit: 4"


async def test_a_server_that_just_ends_is_a_lost_connection() -> None:
    async def run(_read: Any, _write: Any) -> None:
        return

    async with connected(of(lambda: Odd(run))) as line:
        assert (await line.ended()).title == "the server ended the connection"


async def test_a_server_that_ignores_the_end_of_its_input_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "END_TIME", 0.05)
    cancelled = threading.Event()

    async def run(_read: Any, _write: Any) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.set()

    async with connected(of(lambda: Odd(run))):
        pass
    assert cancelled.is_set()


async def test_a_server_ends_in_its_own_way_while_the_one_who_leaves_is_cancelled() -> None:
    tidied = threading.Event()

    async def run(read: Any, _write: Any) -> None:
        async for _ in read:
            pass
        await anyio.lowlevel.checkpoint()
        tidied.set()

    with anyio.fail_after(BOUND), anyio.CancelScope() as scope:
        async with InProcessTransport(of(lambda: Odd(run))):
            scope.cancel()
            await anyio.lowlevel.checkpoint()
    assert scope.cancelled_caught
    assert tidied.is_set()


async def test_a_server_nobody_reads_from_has_to_wait() -> None:
    written, count = 0, 10 * server_thread.MARK_COUNT

    async def run(_read: Any, write: Any) -> None:
        nonlocal written
        from mcp.shared.message import SessionMessage
        from mcp_types import jsonrpc_message_adapter

        note = jsonrpc_message_adapter.validate_python({"jsonrpc": "2.0", "method": "notifications/tick"})
        for _ in range(count):
            await write.send(SessionMessage(note))
            written += 1

    with anyio.fail_after(BOUND):
        async with InProcessTransport(of(lambda: Odd(run))) as transport:
            await eventually(lambda: written >= server_thread.MARK_COUNT, "full way to us")
            line = Line(transport)
            # One more is in the hand of who carries it over the border, one may just have been taken from it.
            assert written <= server_thread.MARK_COUNT + 2
            await line.listen()
            assert written == len(line.frames) == count


async def test_a_crossing_never_holds_more_than_its_marks_and_keeps_the_order() -> None:
    crossing: server_thread.Crossing[int] = server_thread.Crossing()
    put: list[int] = []

    async def fill() -> None:
        for number in range(6):
            await crossing.put(number, server_thread.MARK_BYTES // 2)
            put.append(number)
        crossing.close()

    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fill)
            await anyio.wait_all_tasks_blocked()
            assert put == [0, 1]
            assert [await crossing.get() for _ in range(6)] == [*range(6)]
            with pytest.raises(anyio.EndOfStream):
                await crossing.get()
        with pytest.raises(anyio.BrokenResourceError):
            await crossing.put(7, 1)


async def test_one_message_larger_than_the_mark_still_gets_through() -> None:
    crossing: server_thread.Crossing[str] = server_thread.Crossing()
    with anyio.fail_after(BOUND):
        await crossing.put("huge", 10 * server_thread.MARK_BYTES)
        assert await crossing.get() == "huge"
