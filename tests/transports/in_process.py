"""One connection to a server object in this process, spoken to in bytes."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
from mcp.server.mcpserver import MCPServer

from mcpdeck.services.errors import ConnectionLost
from mcpdeck.services.models import InProcessTarget
from mcpdeck.services.transports import server_output
from mcpdeck.services.transports.base import Frame, Hooks, Outgoing
from mcpdeck.services.transports.memory import InProcessTransport
from tests.waiting import eventually

BOUND = 10


MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}


def adder() -> MCPServer:
    server = MCPServer("adder")

    @server.tool()
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    return server


class Line:
    """One connection, spoken to in bytes; every frame that came is kept."""

    def __init__(self, transport: InProcessTransport) -> None:
        self.transport = transport
        self.frames: list[Frame] = []
        self.lost: ConnectionLost | None = None

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(frame.data) for frame in self.frames]

    async def listen(self) -> None:
        try:
            await self.transport.run(self.frames.append)
        except ConnectionLost as error:
            self.lost = error

    async def send(self, message: dict[str, Any]) -> None:
        kind = "request" if "id" in message else "notification"
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        await self.transport.send(Outgoing(data, kind, message.get("id"), message["method"]))

    async def ask(self, number: int, method: str, params: dict[str, Any]) -> dict[str, Any]:
        await self.send({"id": number, "method": method, "params": params})
        answers = await eventually(lambda: [m for m in self.messages if m.get("id") == number], f"answer to {method}")
        return answers[0]

    async def ended(self) -> ConnectionLost:
        return await eventually(lambda: self.lost, "end of the connection")


@asynccontextmanager
async def connected(target: InProcessTarget, hooks: Hooks | None = None) -> AsyncGenerator[Line]:
    with anyio.fail_after(BOUND):
        async with InProcessTransport(target, hooks=hooks or Hooks()) as transport, anyio.create_task_group() as tasks:
            line = Line(transport)
            tasks.start_soon(line.listen)
            yield line
            tasks.cancel_scope.cancel()


def of(factory: Callable[[], object]) -> InProcessTarget:
    return InProcessTarget("tests:factory", factory=factory)


def nothing_of_ours() -> bool:
    """Streams and logging are as they were before any server was there."""
    streams = not any(isinstance(stream, server_output._Stream) for stream in (sys.stdout, sys.stderr))
    return streams and not any(isinstance(each, server_output._ServerLog) for each in logging.getLogger().handlers)
