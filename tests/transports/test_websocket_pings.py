"""What keeps a WebSocket alive, and when silence is its end: protocol section 14."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
from websockets.asyncio.server import ServerConnection
from websockets.frames import Opcode

from mcpdeck.services.errors import ConnectionLost, McpDeckError
from mcpdeck.services.models import WebSocketTarget
from mcpdeck.services.transports.base import Frame, Hooks
from mcpdeck.services.transports.websocket import WAITING_FRAMES, WebSocketTransport
from tests.transports.websocket_peer import Script, server
from tests.waiting import eventually


@dataclass
class Pinging:
    """``sent``: pings of ours so far; ``room``: what whoever takes the frames wants waited for."""

    transport: WebSocketTransport
    room: anyio.Event | None = None
    sent: int = 0
    frames: list[Frame] = field(default_factory=list)
    ended: list[McpDeckError] = field(default_factory=list)

    def deliver(self, frame: Frame) -> anyio.Event | None:
        self.frames.append(frame)
        return self.room

    async def run(self) -> None:
        socket = self.transport._socket
        assert socket is not None
        plain = socket.ping

        async def ping(*data: Any) -> Any:
            self.sent += 1
            return await plain(*data)

        socket.ping = ping  # type: ignore[method-assign]
        try:
            await self.transport.run(self.deliver)
        except McpDeckError as error:
            self.ended.append(error)

    @property
    def reads(self) -> bool:
        assert self.transport._socket is not None
        return self.transport._socket.transport.is_reading()


@asynccontextmanager
async def pinging(script: Script, *, timeout: float, room: anyio.Event | None = None) -> AsyncGenerator[Pinging]:
    """A transport that pings all the time."""
    async with (
        server(script) as url,
        WebSocketTransport(WebSocketTarget(url), Hooks(), ping_interval=0.01, ping_timeout=timeout) as transport,
    ):
        it = Pinging(transport, room)
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(it.run)
                yield it
                tasks.cancel_scope.cancel()


async def test_a_connection_on_which_nothing_passes_is_kept_alive_by_pings() -> None:
    pings = 0

    async def script(socket: ServerConnection) -> None:
        plain = socket.protocol.recv_frame

        def recv_frame(frame: Any) -> None:
            nonlocal pings
            pings += frame.opcode is Opcode.PING
            plain(frame)

        socket.protocol.recv_frame = recv_frame  # type: ignore[method-assign]
        await socket.wait_closed()

    async with pinging(script, timeout=10) as it:
        await eventually(lambda: pings > 3, "pings")
        assert it.ended == []
        assert it.sent > 3


async def test_a_server_that_answers_no_ping_is_lost() -> None:
    async def script(socket: ServerConnection) -> None:
        socket.transport.pause_reading()
        await socket.wait_closed()

    async with pinging(script, timeout=0.05) as it:
        await eventually(lambda: it.ended, "the end")
        assert isinstance(it.ended[0], ConnectionLost)
        assert "did not answer a ping within 0.05 s" in it.ended[0].title
        assert it.ended[0].retryable


async def test_a_reader_that_waits_for_a_human_is_not_taken_for_a_server_that_does_not_answer() -> None:
    count = 3 * WAITING_FRAMES

    async def script(socket: ServerConnection) -> None:
        for _ in range(count):
            await socket.send("{}")
        await socket.wait_closed()

    room = anyio.Event()
    async with pinging(script, timeout=0.01, room=room) as it:
        await eventually(lambda: it.frames and not it.reads, "a socket that is not read")
        before = it.sent
        # The answers lie in the socket: each of these pings but the last has run out of time.
        await eventually(lambda: it.sent > before + 3, "more pings")
        assert (len(it.frames), it.ended) == (1, [])
        room.set()
        await eventually(lambda: len(it.frames) == count, "the other frames")
        assert it.ended == []


async def test_pings_of_the_server_are_answered_while_nobody_reads() -> None:
    answered = anyio.Event()

    async def script(socket: ServerConnection) -> None:
        await (await socket.ping())
        answered.set()
        await socket.wait_closed()

    async with server(script) as url, WebSocketTransport(WebSocketTarget(url), Hooks()):
        with anyio.fail_after(10):
            await answered.wait()
