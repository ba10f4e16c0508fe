"""Who reads waits when it is told to, over every transport; who cannot write leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
import psutil
import pytest
from websockets.asyncio.server import ServerConnection

from mcpdeck.services.errors import McpDeckError
from mcpdeck.services.models import HttpTarget, InProcessTarget, SseTarget, StdioTarget, WebSocketTarget
from mcpdeck.services.transports.base import Frame, Hooks, Outgoing, Transport
from mcpdeck.services.transports.memory import InProcessTransport
from mcpdeck.services.transports.sse import SseTransport
from mcpdeck.services.transports.stdio import StdioTransport
from mcpdeck.services.transports.streamable_http import StreamableHttpTransport
from mcpdeck.services.transports.websocket import WebSocketTransport
from tests.servers.scripted_http import Exchange, scripted_http
from tests.transports.sse_peer import ENDPOINT
from tests.transports.websocket_peer import server
from tests.waiting import eventually

pytestmark = pytest.mark.anyio

NOTE = b'{"jsonrpc":"2.0","method":"n"}'
COUNT = 5
REQUEST = Outgoing(b'{"jsonrpc":"2.0","id":1,"method":"x"}', "request", 1, "x")


@asynccontextmanager
async def stdio() -> AsyncGenerator[Transport]:
    said = (NOTE + b"\n") * COUNT
    code = f"import os, signal; os.write(1, {said!r}); signal.pause()"
    async with StdioTransport(StdioTarget(sys.executable, ("-c", code)), Hooks()) as transport:
        yield transport


@asynccontextmanager
async def http() -> AsyncGenerator[Transport]:
    async def handler(exchange: Exchange) -> None:
        await exchange.stream((b"data: " + NOTE + b"\n\n") * COUNT)
        await exchange.until_closed()

    async with scripted_http(handler) as peer, StreamableHttpTransport(HttpTarget(peer.url), Hooks()) as transport:
        yield transport


@asynccontextmanager
async def sse() -> AsyncGenerator[Transport]:
    async def handler(exchange: Exchange) -> None:
        await exchange.stream(ENDPOINT + (b"data: " + NOTE + b"\n\n") * COUNT)
        await exchange.until_closed()

    async with scripted_http(handler) as peer, SseTransport(SseTarget(peer.url), Hooks()) as transport:
        yield transport


@asynccontextmanager
async def websocket() -> AsyncGenerator[Transport]:
    async def script(socket: ServerConnection) -> None:
        for _ in range(COUNT):
            await socket.send(NOTE.decode())
        await socket.wait_closed()

    async with server(script) as url, WebSocketTransport(WebSocketTarget(url), Hooks()) as transport:
        yield transport


class Notifying:
    """A server object that says ``COUNT`` things and waits."""

    def create_initialization_options(self) -> None:
        return None

    async def run(self, _read: Any, write: Any, _options: object) -> None:
        from mcp.shared.message import SessionMessage
        from mcp_types import jsonrpc_message_adapter

        for _ in range(COUNT):
            await write.send(SessionMessage(jsonrpc_message_adapter.validate_json(NOTE)))
        await anyio.sleep_forever()


@asynccontextmanager
async def in_process() -> AsyncGenerator[Transport]:
    target = InProcessTarget("tests:Notifying", factory=Notifying)
    async with InProcessTransport(target) as transport:
        yield transport


@pytest.mark.parametrize("opened", [stdio, http, sse, websocket, in_process])
async def test_nothing_more_is_read_until_there_is_room(
    opened: Callable[[], AbstractAsyncContextManager[Transport]],
) -> None:
    frames: list[Frame] = []
    rooms: list[anyio.Event] = []

    def deliver(frame: Frame) -> anyio.Event:
        frames.append(frame)
        rooms.append(anyio.Event())
        return rooms[-1]

    with anyio.fail_after(20):
        async with opened() as transport, anyio.create_task_group() as tasks:
            tasks.start_soon(transport.run, deliver)
            if transport.stream_per_request:
                await anyio.wait_all_tasks_blocked()
                tasks.start_soon(transport.send, REQUEST)
            for number in range(1, COUNT + 1):
                await eventually(lambda number=number: len(frames) >= number, "the next frame")
                await anyio.wait_all_tasks_blocked()
                assert len(frames) == number
                rooms[-1].set()
            tasks.cancel_scope.cancel()


# Writing

BIG = 200_000
GIVEN_UP = 60


def message(number: int) -> Outgoing:
    return Outgoing(json.dumps({"number": number, "pad": "x" * BIG}).encode(), "notification", None, "n")


async def give_up(transport: Transport, count: int) -> None:
    """That many messages are begun to be sent, one after the other, and given up as soon as they have to wait."""
    for number in range(count):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(transport.send, message(number))
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()


async def test_senders_that_give_up_on_a_child_that_does_not_read_leave_one_message_behind_at_the_most() -> None:
    # It reads only when it is told to, and then says which messages came, whole.
    code = """
import json, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
print("ready", flush=True)
signal.sigwait({signal.SIGUSR1})
for line in sys.stdin:
    print(json.loads(line)["number"], flush=True)
"""
    frames: list[Frame] = []
    pids: list[int] = []
    hooks = Hooks(started=pids.append)
    with anyio.fail_after(30):
        async with (
            StdioTransport(StdioTarget(sys.executable, ("-c", code)), hooks) as transport,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(transport.run, frames.append)
            await eventually(lambda: frames, "the child")
            await give_up(transport, GIVEN_UP)
            assert transport._process is not None
            writer: Any = transport._process.stdin
            assert writer._stream.transport.get_write_buffer_size() < 2 * BIG
            os.kill(pids[0], signal.SIGUSR1)
            await transport.send(message(GIVEN_UP))
            await eventually(lambda: frames[-1].data == str(GIVEN_UP).encode(), "the last message")
            came = [int(frame.data) for frame in frames[1:]]
            assert came == sorted(came)
            assert len(came) < 5
            tasks.cancel_scope.cancel()
    assert not psutil.pid_exists(pids[0])


async def test_senders_that_give_up_on_a_websocket_that_is_not_read_leave_one_message_behind_at_the_most() -> None:
    received: list[int] = []
    go = anyio.Event()

    async def script(socket: ServerConnection) -> None:
        socket.transport.pause_reading()
        await go.wait()
        socket.transport.resume_reading()
        while True:
            received.append(json.loads(await socket.recv())["number"])

    with anyio.fail_after(30):
        async with (
            server(script, compression=None) as url,
            WebSocketTransport(WebSocketTarget(url), Hooks()) as transport,
            anyio.create_task_group() as tasks,
        ):

            async def run() -> None:
                try:
                    await transport.run(lambda frame: None)
                except McpDeckError:
                    return

            tasks.start_soon(run)
            await give_up(transport, 3 * GIVEN_UP)
            assert transport._socket is not None
            assert transport._socket.transport.get_write_buffer_size() < 2 * BIG
            go.set()
            await transport.send(message(-1))
            await eventually(lambda: received and received[-1] == -1, "the last message")
            assert received[:-1] == sorted(received[:-1])
            tasks.cancel_scope.cancel()
