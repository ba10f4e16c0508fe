"""A WebSocket server that does what a test wants, and a transport that speaks to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.abc
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from mcpdeck.services.errors import (
    McpDeckError,
)
from mcpdeck.services.models import WebSocketTarget
from mcpdeck.services.transports.base import Frame, Hooks, Outgoing
from mcpdeck.services.transports.websocket import WebSocketTransport

Script = Callable[[ServerConnection], Awaitable[None]]


REQUEST = Outgoing(
    b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"text":"gr\xc3\xbc\xc3\x9fe"}}', "request", 1, "ping"
)


@asynccontextmanager
async def server(script: Script, **options: Any) -> AsyncGenerator[str]:
    options.setdefault("subprotocols", [Subprotocol("mcp")])
    async with serve(script, "127.0.0.1", 0, close_timeout=1, **options) as listening:
        [socket] = listening.sockets
        yield f"ws://127.0.0.1:{socket.getsockname()[1]}/mcp?token=t"


@dataclass
class Client:
    transport: WebSocketTransport
    frames: list[Frame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ended: list[McpDeckError] = field(default_factory=list)

    @property
    def data(self) -> list[bytes]:
        return [frame.data for frame in self.frames]


@asynccontextmanager
async def client(
    script: Script, *, headers: Mapping[str, str] | None = None, max_frame: int = 1_000_000, **options: Any
) -> AsyncGenerator[Client]:
    async with server(script, **options) as url:
        notes: list[str] = []
        with anyio.fail_after(20):
            async with WebSocketTransport(
                WebSocketTarget(url, headers or {}), Hooks(note=notes.append), max_frame=max_frame
            ) as transport:
                it = Client(transport, notes=notes)

                async def run() -> None:
                    try:
                        await transport.run(it.frames.append)
                    except McpDeckError as error:
                        it.ended.append(error)

                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(run)
                    yield it
                    tasks.cancel_scope.cancel()


async def echo(socket: ServerConnection) -> None:
    async for message in socket:
        await socket.send(message)
