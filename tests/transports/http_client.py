"""A Streamable HTTP transport and a server whose every answer a test writes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio

from mcpdeck.services.errors import (
    McpDeckError,
)
from mcpdeck.services.models import HttpTarget
from mcpdeck.services.protocol import jsonrpc
from mcpdeck.services.transports.base import Frame, Hooks, Outgoing
from mcpdeck.services.transports.streamable_http import StreamableHttpTransport
from tests.servers.scripted_http import Handler, ScriptedServer, scripted_http

VERSION = {"MCP-Protocol-Version": "2025-11-25"}


@dataclass
class Client:
    transport: StreamableHttpTransport
    server: ScriptedServer
    frames: list[Frame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ended: list[McpDeckError] = field(default_factory=list)
    waiting: list[Outgoing] = field(default_factory=list)

    async def request(self, method: str = "tools/list", number: int = 1) -> object:
        """Send a request; settles it like the dispatcher does; the result of its answer."""
        data = jsonrpc.encode_request(number, method, {})
        outgoing = Outgoing(data, "request", number, method, {**VERSION, "Mcp-Method": method})
        self.waiting.append(outgoing)
        await self.transport.send(outgoing)
        assert outgoing.settled
        message = jsonrpc.decode(self.frames[-1].data)
        assert isinstance(message, jsonrpc.Response)
        return message.result

    def deliver(self, frame: Frame) -> None:
        self.frames.append(frame)
        message = jsonrpc.decode(frame.data)
        for outgoing in self.waiting:
            if isinstance(message, jsonrpc.Response) and message.id == outgoing.id:
                outgoing.settled = True


@asynccontextmanager
async def client(
    handler: Handler, *, headers: Mapping[str, str] | None = None, max_frame: int = 1_000_000
) -> AsyncGenerator[Client]:
    async with scripted_http(handler) as server:
        notes: list[str] = []
        target = HttpTarget(server.url, headers or {})
        async with StreamableHttpTransport(target, Hooks(note=notes.append), max_frame=max_frame) as transport:
            it = Client(transport, server, notes=notes)

            async def run() -> None:
                try:
                    await transport.run(it.deliver)
                except McpDeckError as error:
                    it.ended.append(error)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(run)
                await anyio.wait_all_tasks_blocked()
                with anyio.fail_after(20):
                    yield it
                tasks.cancel_scope.cancel()
