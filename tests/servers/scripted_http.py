"""A real HTTP server on loopback whose every answer a test writes by hand."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.abc
from anyio.abc import SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream


@dataclass
class Exchange:
    """One request and the socket its answer goes to."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    socket: SocketStream
    closed: anyio.Event = field(default_factory=anyio.Event)

    @property
    def message(self) -> dict[str, Any]:
        return json.loads(self.body)

    async def answer(self, status: str, body: bytes = b"", media: str = "application/json", **headers: str) -> None:
        """A whole answer; ``headers`` with ``_`` for ``-``."""
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
        if body:
            lines.append(f"Content-Type: {media}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.socket.send("\r\n".join([*lines, "", ""]).encode() + body)

    async def result(self, value: Any, **headers: str) -> None:
        body = json.dumps({"jsonrpc": "2.0", "id": self.message["id"], "result": value}).encode()
        await self.answer("200 OK", body, **headers)

    async def stream(self, *chunks: bytes) -> None:
        """Begin an event stream; the end of the connection ends it."""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nConnection: close\r\n\r\n"
        await self.socket.send(head + b"".join(chunks))

    def event(self, value: Any, identity: str = "") -> bytes:
        body = json.dumps({"jsonrpc": "2.0", "id": self.message["id"], "result": value})
        return (f"id: {identity}\n" if identity else "").encode() + f"data: {body}\n\n".encode()

    async def until_closed(self) -> None:
        """Until the client has closed its side."""
        with anyio.fail_after(5):
            try:
                while True:
                    await self.socket.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                self.closed.set()


Handler = Callable[[Exchange], Awaitable[None]]


@dataclass
class ScriptedServer:
    url: str
    seen: list[Exchange] = field(default_factory=list)


@asynccontextmanager
async def scripted_http(handler: Handler) -> AsyncGenerator[ScriptedServer]:
    """Serve ``handler`` on a free port; a connection ends when its handler closed it or returns false keep-alive."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    server = ScriptedServer(f"http://127.0.0.1:{port}/mcp")

    async def connection(socket: SocketStream) -> None:
        async with socket:
            stream = BufferedByteReceiveStream(socket)
            try:
                while True:
                    head = (await stream.receive_until(b"\r\n\r\n", 65_536)).decode("latin-1")
                    first, *lines = head.split("\r\n")
                    method, path, _ = first.split(" ")
                    headers = {
                        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
                    }
                    body = await stream.receive_exactly(int(headers.get("content-length", "0")))
                    exchange = Exchange(method, path, headers, body, socket)
                    server.seen.append(exchange)
                    await handler(exchange)
            except (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError, anyio.ClosedResourceError):
                return

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, connection)
        try:
            yield server
        finally:
            tasks.cancel_scope.cancel()
