"""A server of HTTP+SSE whose stream and answers a test writes, and a transport that speaks to it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio

from mcpdeck.services.errors import (
    McpDeckError,
)
from mcpdeck.services.models import SseTarget
from mcpdeck.services.protocol import jsonrpc
from mcpdeck.services.transports.base import Frame, Hooks, Outgoing
from mcpdeck.services.transports.sse import SseTransport
from tests.servers.scripted_http import Exchange, Handler, ScriptedServer, scripted_http
from tests.waiting import eventually

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n"


ENDPOINT = b"event: endpoint\ndata: /messages?session_id=s3cret\n\n"


class Legacy:
    """A server of the old transport: its stream, and what it does with a POST (None: 202, the answer on the stream)."""

    def __init__(self, endpoint: bytes = ENDPOINT, post: Handler | None = None) -> None:
        self.endpoint = endpoint
        self.post = post
        self.stream: Exchange | None = None

    async def __call__(self, exchange: Exchange) -> None:
        if exchange.method == "GET":
            self.stream = exchange
            await exchange.socket.send(HEAD + self.endpoint)
            await exchange.until_closed()
        elif self.post is not None:
            await self.post(exchange)
        else:
            await exchange.answer("202 Accepted")
            if "id" in exchange.message:
                await self.say(exchange.message["id"])

    async def say(self, identity: int, result: object = "done") -> None:
        await self.send(f"event: message\ndata: {answer(identity, result)}\n\n".encode())

    async def send(self, data: bytes) -> None:
        assert self.stream is not None
        await self.stream.socket.send(data)

    async def end(self) -> None:
        assert self.stream is not None
        await self.stream.socket.aclose()


def answer(identity: int, result: object = "done") -> str:
    return json.dumps({"jsonrpc": "2.0", "id": identity, "result": result})


@dataclass
class Client:
    transport: SseTransport
    server: ScriptedServer
    frames: list[Frame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    bodies: list[tuple[str, bytes]] = field(default_factory=list)
    ended: list[McpDeckError] = field(default_factory=list)
    waiting: list[Outgoing] = field(default_factory=list)

    async def send(self, number: int | None = 1, method: str = "tools/list") -> None:
        if number is None:
            await self.transport.send(Outgoing(b'{"jsonrpc":"2.0","method":"n"}', "notification", None, "n"))
            return
        data = jsonrpc.encode_request(number, method, {})
        outgoing = Outgoing(data, "request", number, method)
        self.waiting.append(outgoing)
        await self.transport.send(outgoing)

    async def request(self, number: int = 1) -> object:
        await self.send(number)
        await eventually(lambda: self.waiting[-1].settled, "the answer")
        message = jsonrpc.decode(self.frames[-1].data)
        assert isinstance(message, jsonrpc.Response)
        return message.result

    def deliver(self, frame: Frame) -> None:
        self.frames.append(frame)
        message = jsonrpc.decode(frame.data)
        for outgoing in self.waiting:
            if isinstance(message, jsonrpc.Response) and message.id == outgoing.id:
                outgoing.settled = True

    @property
    def posts(self) -> list[Exchange]:
        return [exchange for exchange in self.server.seen if exchange.method == "POST"]


@asynccontextmanager
async def client(
    handler: Handler,
    *,
    headers: Mapping[str, str] | None = None,
    max_frame: int = 1_000_000,
    endpoint_timeout: float = 5,
    user: str = "",
) -> AsyncGenerator[Client]:
    async with scripted_http(handler) as server:
        notes: list[str] = []
        bodies: list[tuple[str, bytes]] = []
        hooks = Hooks(note=notes.append, body=lambda what, data: bodies.append((what, data)))
        target = SseTarget(server.url.replace("//", f"//{user}"), headers or {})
        with anyio.fail_after(20):
            async with SseTransport(target, hooks, max_frame=max_frame, endpoint_timeout=endpoint_timeout) as transport:
                it = Client(transport, server, notes=notes, bodies=bodies)

                async def run() -> None:
                    try:
                        await transport.run(it.deliver)
                    except McpDeckError as error:
                        it.ended.append(error)

                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(run)
                    await anyio.wait_all_tasks_blocked()
                    yield it
                    tasks.cancel_scope.cancel()
