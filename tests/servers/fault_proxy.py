"""A TCP proxy on loopback between a client and a real HTTP server, which does to an answer what a network may do.

Reads each request whole, asks its plan whether something is to go wrong with this one, and otherwise passes
request and answer on, one connection for each.
"""

from __future__ import annotations

import gzip
import json
import socket
import struct
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import anyio
import anyio.abc
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

BOMB_SIZE = 512 * 1024 * 1024
GONE = (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError, anyio.ClosedResourceError)


class Fault(StrEnum):
    """What happens to one answer."""

    DELAY = "it comes 0.2 s late"
    SILENCE = "it never comes"
    DROP = "the connection is closed instead"
    RESET = "the connection is reset instead"
    TRUNCATE = "it ends in the middle of its body"
    HALF_CLOSE = "it ends in the middle of its body, but the connection stays half open"
    RESET_IN_BODY = "the connection is reset in the middle of its body"
    DUPLICATE = "it is an event stream that says everything twice"
    CONTENT_TYPE = "it says that it is a web page"
    GARBAGE = "it is no HTTP"
    GZIP_BOMB = "a packed body of 512 MiB comes instead"
    GZIP_EVENTS = "a packed event stream of 512 MiB comes instead"
    ENDLESS_HEADER = "a header comes that never ends"
    ENDLESS_BODY = "a JSON body comes that never ends"
    ENDLESS_LINE = "an event comes that never ends"
    ENDLESS_STREAM = "comments come that never end"


@dataclass
class Seen:
    """One request that came by."""

    verb: str
    headers: dict[str, str]
    body: bytes
    fault: Fault | None = None

    @property
    def method(self) -> str:
        """The JSON-RPC method; of GET and DELETE, that."""
        try:
            message: Any = json.loads(self.body)
            return message.get("method", "an answer")
        except (ValueError, AttributeError):
            return self.verb


@dataclass
class FaultProxy:
    """``begin`` makes a fault happen to requests of some methods, ``lift`` ends all of them."""

    url: str
    upstream: tuple[str, int]
    seen: list[Seen] = field(default_factory=list)
    _plan: dict[str, list[tuple[Fault, int]]] = field(default_factory=dict)

    def begin(self, fault: Fault, *methods: str, times: int = 1_000_000) -> None:
        for method in methods:
            self._plan[method] = [(fault, times)]

    def lift(self) -> None:
        self._plan.clear()

    def faults(self, fault: Fault) -> int:
        """How often it has happened."""
        return sum(seen.fault is fault for seen in self.seen)

    def take(self, method: str) -> Fault | None:
        planned = self._plan.get(method)
        if not planned:
            return None
        fault, times = planned.pop()
        if times > 1:
            planned.append((fault, times - 1))
        return fault

    async def serve(self, client: SocketStream) -> None:
        async with client:
            try:
                seen, head = await _request(BufferedByteReceiveStream(client))
                seen.fault = self.take(seen.method)
                self.seen.append(seen)
                await self._answer(client, seen, head)
            except GONE:
                return

    async def _answer(self, client: SocketStream, seen: Seen, head: bytes) -> None:
        match seen.fault:
            case Fault.DROP:
                return
            case Fault.RESET:
                _reset_at_close(client)
            case Fault.SILENCE:
                await _until_closed(client)
            case Fault.DELAY:
                await anyio.sleep(0.2)
                await self._passed_on(client, seen, head)
            case Fault.GARBAGE:
                await client.send(b"220 mail.example.invalid ESMTP\r\n\r\n")
            case Fault.GZIP_BOMB:
                await client.send(_head("application/json", b"Content-Encoding: gzip\r\n") + _bomb(b" "))
            case Fault.GZIP_EVENTS:
                await client.send(_head("text/event-stream", b"Content-Encoding: gzip\r\n") + _bomb(b"x"))
            case Fault.ENDLESS_HEADER:
                await _for_ever(client, b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 65_536)
            case Fault.ENDLESS_BODY:
                await _for_ever(client, _head("application/json") + b'{"jsonrpc":"2.0","x":"', b"x" * 65_536)
            case Fault.ENDLESS_LINE:
                await _for_ever(client, _head("text/event-stream") + b"data: ", b"x" * 65_536)
            case Fault.ENDLESS_STREAM:
                await _for_ever(client, _head("text/event-stream"), b": still here\n\n" * 1_000)
            case _:
                await self._passed_on(client, seen, head)

    async def _passed_on(self, client: SocketStream, seen: Seen, head: bytes) -> None:
        async with await anyio.connect_tcp(*self.upstream) as server:
            await server.send(head + seen.body)
            stream = BufferedByteReceiveStream(server)
            status, headers = _parsed(await stream.receive_until(b"\r\n\r\n", 65_536))
            media = headers.get("content-type", "")
            if status.split(" ")[1] in ("202", "204", "304"):
                await client.send(f"{status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                return
            if seen.fault is Fault.CONTENT_TYPE:
                media = "text/html"
            if seen.fault is Fault.DUPLICATE:
                media = "text/event-stream"
            kept = {name: value for name, value in headers.items() if name.startswith(("mcp-", "www-"))}
            lines = [status, f"Content-Type: {media}", *(f"{name}: {value}" for name, value in kept.items())]
            lines += ["Transfer-Encoding: chunked", "Connection: close", "", ""]
            await client.send("\r\n".join(lines).encode())
            await self._body(client, seen.fault, headers, stream)

    async def _body(
        self, client: SocketStream, fault: Fault | None, headers: dict[str, str], stream: BufferedByteReceiveStream
    ) -> None:
        is_json = "json" in headers.get("content-type", "")
        async for part in _parts(headers, stream):
            if fault in (Fault.TRUNCATE, Fault.HALF_CLOSE, Fault.RESET_IN_BODY) and b'"jsonrpc"' in part:
                # The chunk with the first message is announced, half of it comes.
                await client.send(f"{len(part):x}\r\n".encode() + part[: len(part) // 2])
                if fault is Fault.RESET_IN_BODY:
                    _reset_at_close(client)
                elif fault is Fault.HALF_CLOSE:
                    await client.send_eof()
                    await _until_closed(client)
                return
            if fault is Fault.DUPLICATE:
                part = b"data: " + part + b"\n\n" if is_json else part  # noqa: PLW2901
                part *= 2  # noqa: PLW2901
            await client.send(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        await client.send(b"0\r\n\r\n")


async def _request(stream: BufferedByteReceiveStream) -> tuple[Seen, bytes]:
    """A whole request, and its head as it is passed on."""
    first, headers = _parsed(await stream.receive_until(b"\r\n\r\n", 65_536))
    body = await stream.receive_exactly(int(headers.get("content-length", "0")))
    passed = {**headers, "connection": "close", "accept-encoding": "identity"}
    head = "\r\n".join([first, *(f"{name}: {value}" for name, value in passed.items()), "", ""])
    return Seen(first.split(" ")[0], headers, body), head.encode("latin-1")


def _parsed(head: bytes) -> tuple[str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    return first, {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}


async def _parts(headers: dict[str, str], stream: BufferedByteReceiveStream) -> AsyncIterator[bytes]:
    """The body of an answer without its framing."""
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await stream.receive_until(b"\r\n", 64), 16):
            yield await stream.receive_exactly(size)
            await stream.receive_exactly(2)
    elif "content-length" in headers:
        if body := await stream.receive_exactly(int(headers["content-length"])):
            yield body
    else:
        try:
            while True:
                yield await stream.receive()
        except anyio.EndOfStream:
            return


def _head(media: str, more: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: " + media.encode() + b"\r\n" + more + b"Connection: close\r\n\r\n"


@cache
def _bomb(filling: bytes) -> bytes:
    """``BOMB_SIZE`` bytes in half a megabyte."""
    block = gzip.compress(filling * (BOMB_SIZE // 64), 6)
    return block * 64


async def _for_ever(client: SocketStream, start: bytes, block: bytes) -> None:
    await client.send(start)
    while True:
        await client.send(block)


async def _until_closed(client: SocketStream) -> None:
    while True:
        await client.receive()


def _reset_at_close(client: SocketStream) -> None:
    raw = client.extra(SocketAttribute.raw_socket)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@asynccontextmanager
async def fault_proxy(url: str) -> AsyncGenerator[FaultProxy]:
    """A proxy in front of the server at ``url``."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(SocketAttribute.local_port)
    proxy = FaultProxy(f"http://127.0.0.1:{port}{parts.path}", (parts.hostname, parts.port))
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, proxy.serve)
        try:
            yield proxy
        finally:
            tasks.cancel_scope.cancel()
