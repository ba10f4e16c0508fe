"""WebSocket against real servers that do what a test wants: protocol section 14."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import anyio
import anyio.abc
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from mcpdeck.services.connections.targets import open_transport
from mcpdeck.services.errors import (
    AuthorizationRefused,
    AuthorizationRequired,
    ConnectError,
    ConnectionLost,
    FrameTooLarge,
    HttpStatusError,
    McpDeckError,
    RemoteProtocolError,
    TransportTimeout,
)
from mcpdeck.services.models import TransportKind, WebSocketTarget
from mcpdeck.services.transports.base import Frame, Hooks, Outgoing
from mcpdeck.services.transports.websocket import CLOSE_TIMEOUT, WebSocketTransport
from tests.waiting import eventually

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


async def refused(
    url: str, expected: type[McpDeckError], headers: Mapping[str, str] | None = None, *, open_timeout: float = 5
) -> McpDeckError:
    transport = WebSocketTransport(WebSocketTarget(url, headers or {}), Hooks(), open_timeout=open_timeout)
    with anyio.fail_after(20), pytest.raises(expected) as caught:
        await transport.__aenter__()
    assert "token=t" not in f"{caught.value.title} {caught.value.hint} {caught.value.details}"
    return caught.value


async def test_a_message_is_one_text_frame_both_ways_and_comes_verbatim() -> None:
    received: list[str | bytes] = []

    async def script(socket: ServerConnection) -> None:
        received.append(await socket.recv())
        await socket.send(received[0])
        await socket.wait_closed()

    async with client(script) as it:
        await it.transport.send(REQUEST)
        await eventually(lambda: it.frames, "the answer")
    assert received == [REQUEST.data.decode()]
    assert it.data == [REQUEST.data]
    assert it.notes == []


async def test_the_upgrade_carries_the_headers_and_asks_for_the_subprotocol() -> None:
    seen: list[Headers] = []

    async def script(socket: ServerConnection) -> None:
        assert socket.request is not None
        seen.append(socket.request.headers)
        await socket.wait_closed()

    async with client(script, headers={"X-Claude-Code-Ide-Authorization": "secret"}) as it:
        await eventually(lambda: seen, "the upgrade")
        assert isinstance(it.transport, WebSocketTransport)
    assert seen[0]["X-Claude-Code-Ide-Authorization"] == "secret"
    assert seen[0]["Sec-WebSocket-Protocol"] == "mcp"
    assert seen[0]["User-Agent"] == "mcpdeck"
    assert "Origin" not in seen[0]


async def test_it_is_a_shared_channel_for_both_eras() -> None:
    assert not WebSocketTransport.handshake_only
    assert not WebSocketTransport.stream_per_request
    for kind in (TransportKind.WS, TransportKind.WS_IDE):
        assert open_transport(WebSocketTarget("ws://127.0.0.1:1/", kind=kind), Hooks()).kind is kind


async def test_a_server_that_chooses_no_subprotocol_is_noted_and_used() -> None:
    async with client(echo, subprotocols=None) as it:
        await it.transport.send(REQUEST)
        await eventually(lambda: it.frames, "the answer")
        assert "subprotocol" in it.notes[0]


async def test_binary_frames_are_read_and_noted_once() -> None:
    async def script(socket: ServerConnection) -> None:
        await socket.send(b'{"a":1}')
        await socket.send(b'{"a":2}')
        await socket.wait_closed()

    async with client(script) as it:
        await eventually(lambda: len(it.frames) == 2, "two messages")
        assert it.data == [b'{"a":1}', b'{"a":2}']
        assert [note for note in it.notes if "binary" in note] == it.notes
        assert len(it.notes) == 1


async def test_a_message_in_many_fragments_is_one_message() -> None:
    async def script(socket: ServerConnection) -> None:
        await socket.send(['{"a":', "1", "}"])
        await socket.wait_closed()

    async with client(script) as it:
        await eventually(lambda: it.frames, "the message")
        assert it.data == [b'{"a":1}']


async def test_a_message_beyond_the_limit_ends_the_connection_and_says_how_large_one_may_be() -> None:
    async def script(socket: ServerConnection) -> None:
        await socket.send("x" * 20_000)
        await socket.wait_closed()

    for compression in (None, "deflate"):
        async with client(script, max_frame=10_000, compression=compression) as it:
            await eventually(lambda: it.ended, "the end")
            assert isinstance(it.ended[0], FrameTooLarge)
            assert "10,000 bytes" in it.ended[0].title
            assert it.frames == []


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "going away"), (1011, "it broke")])
async def test_the_end_of_the_connection_says_how_it_ended(code: int, reason: str) -> None:
    async def script(socket: ServerConnection) -> None:
        await socket.send("{}")
        await socket.close(code, reason)

    async with client(script) as it:
        await eventually(lambda: it.ended, "the end")
        assert isinstance(it.ended[0], ConnectionLost)
        assert it.ended[0].retryable
        assert f"code {code}" in it.ended[0].title
        assert reason in it.ended[0].title
        assert len(it.frames) == 1
        with pytest.raises(ConnectionLost):
            await it.transport.send(REQUEST)


async def test_a_connection_that_is_cut_is_lost() -> None:
    async def script(socket: ServerConnection) -> None:
        socket.transport.abort()

    async with client(script) as it:
        await eventually(lambda: it.ended, "the end")
        assert isinstance(it.ended[0], ConnectionLost)
        assert "no closing handshake" in it.ended[0].title


async def test_text_that_is_not_utf8_breaks_the_websocket_protocol() -> None:
    async def script(socket: ServerConnection) -> None:
        await socket.send(b'{"a":"\xff"}', text=True)
        await socket.wait_closed()

    async with client(script) as it:
        await eventually(lambda: it.ended, "the end")
        assert isinstance(it.ended[0], RemoteProtocolError)
        assert "1007" in it.ended[0].title


async def test_pings_of_the_server_are_answered_while_nobody_reads() -> None:
    answered = anyio.Event()

    async def script(socket: ServerConnection) -> None:
        await (await socket.ping())
        answered.set()
        await socket.wait_closed()

    async with server(script) as url, WebSocketTransport(WebSocketTarget(url), Hooks()):
        with anyio.fail_after(10):
            await answered.wait()


def answering(status: HTTPStatus, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    def process_request(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(status, "no\n")
        for name, value in (headers or {}).items():
            response.headers[name] = value
        return response

    return {"process_request": process_request}


@pytest.mark.parametrize(
    ("status", "answer", "headers", "expected"),
    [
        (HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": "Bearer"}, {}, AuthorizationRequired),
        (HTTPStatus.UNAUTHORIZED, {}, {"Authorization": "Bearer old"}, AuthorizationRefused),
        (HTTPStatus.FORBIDDEN, {}, {"X-Claude-Code-Ide-Authorization": "old"}, AuthorizationRefused),
        (HTTPStatus.FORBIDDEN, {}, {}, HttpStatusError),
        (HTTPStatus.NOT_FOUND, {}, {}, HttpStatusError),
        (HTTPStatus.SERVICE_UNAVAILABLE, {}, {}, HttpStatusError),
    ],
)
async def test_a_refused_upgrade_means_what_its_status_says(
    status: HTTPStatus, answer: Mapping[str, str], headers: Mapping[str, str], expected: type[McpDeckError]
) -> None:
    async with server(echo, **answering(status, answer)) as url:
        error = await refused(url, expected, headers)
    assert str(status.value) in error.title
    assert error.retryable == (status.value >= 500)
    if isinstance(error, AuthorizationRequired):
        assert error.challenges == ("Bearer",)


async def test_a_redirect_within_the_origin_is_followed_and_another_is_refused_with_everything_kept() -> None:
    elsewhere: list[Request] = []

    def note(connection: ServerConnection, request: Request) -> None:
        elsewhere.append(request)

    def process_request(connection: ServerConnection, request: Request) -> Response | None:
        if request.path == "/there":
            return None
        response = connection.respond(HTTPStatus.TEMPORARY_REDIRECT, "")
        response.headers["Location"] = away if request.path.startswith("/away") else "/there"
        return response

    async with server(echo, process_request=note) as away, server(echo, process_request=process_request) as url:
        headers = {"X-Api-Key": "k"}
        async with WebSocketTransport(WebSocketTarget(url, headers), Hooks()) as transport:
            await transport.send(REQUEST)
        error = await refused(url.replace("/mcp", "/away"), ConnectError, headers)
    assert "redirects to another place" in error.title
    assert elsewhere == []


async def test_a_host_that_does_not_listen_or_is_not_known_is_said_to_be_so() -> None:
    assert "refused the connection" in (await refused("ws://127.0.0.1:1/", ConnectError)).title
    assert "is not known" in (await refused("ws://nobody.invalid/", ConnectError)).title


@asynccontextmanager
async def raw(said: bytes | None) -> AsyncGenerator[str]:
    """A TCP server that says something else than an upgrade; nothing at all with None."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")

    async def talk(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.receive()
            if said is None:
                await anyio.sleep_forever()
            else:
                await stream.send(said)

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, talk)
        yield f"ws://127.0.0.1:{listener.extra(anyio.abc.SocketAttribute.local_port)}/"
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("said", [b"", b"220 mail\r\n\r\n", b"HTTP/1.1 101 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
async def test_what_is_no_websocket_server_is_said_to_be_none(said: bytes) -> None:
    async with raw(said) as url:
        error = await refused(url, McpDeckError)  # pyright: ignore[reportArgumentType]
    assert isinstance(error, ConnectError | HttpStatusError)
    assert "Is it a WebSocket endpoint?" in error.hint or "Is this URL a WebSocket endpoint?" in error.hint


async def test_opening_is_bounded_in_time() -> None:
    async with raw(None) as url:
        error = await refused(url, TransportTimeout, open_timeout=0.3)
    assert "within 0.3 s" in error.title


async def test_a_proxy_of_the_environment_is_used_but_never_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")

    async def proxy(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            asked.append(await stream.receive())
            await stream.send(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, proxy)
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://me:hunter2@127.0.0.1:{port}")
        for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        async with client(echo) as it:
            await it.transport.send(REQUEST)
            await eventually(lambda: it.frames, "the answer")
        assert asked == []
        error = await refused("wss://server.invalid/mcp", ConnectError)
        assert asked[0].startswith(b"CONNECT server.invalid:443 ")
        assert "the proxy refused" in error.title
        assert "hunter2" not in f"{error.title}{error.hint}{error.details}"
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "gopher://x", "http://me:hunter2@h/path"])
async def test_a_proxy_that_cannot_be_used_is_named_as_the_reason(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, proxy)
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    error = await refused("wss://server.invalid/mcp", ConnectError)
    assert "proxy" in error.title
    assert "hunter2" not in f"{error.title}{error.hint}{error.details}"


async def test_a_header_that_cannot_be_sent_is_an_error_that_does_not_show_it() -> None:
    async with server(echo) as url:
        error = await refused(url, ConnectError, {"X-Key": "s\u00e9cret\u2603"})
    assert "cret" not in f"{error.title}{error.hint}{error.details}"


async def test_leaving_is_bounded_though_the_server_neither_reads_nor_closes() -> None:
    stuck = anyio.Event()

    async def script(socket: ServerConnection) -> None:
        socket.transport.pause_reading()
        await stuck.wait()

    async with server(script) as url:
        with anyio.fail_after(CLOSE_TIMEOUT + 5):
            async with WebSocketTransport(WebSocketTarget(url), Hooks()):
                pass
        stuck.set()


async def test_a_cancelled_sender_leaves_no_half_message() -> None:
    received: list[str | bytes] = []
    go = anyio.Event()

    async def script(socket: ServerConnection) -> None:
        socket.transport.pause_reading()
        await go.wait()
        socket.transport.resume_reading()
        received.extend([message async for message in socket])

    big = Outgoing(json.dumps({"text": "x" * 8_000_000}).encode(), "notification", None, "n")
    async with client(script, max_size=None, compression=None) as it:
        with anyio.move_on_after(0.3) as scope:
            await it.transport.send(big)
        go.set()
        assert scope.cancelled_caught
        await it.transport.send(REQUEST)
    await eventually(lambda: len(received) == 2, "both messages")
    assert received == [big.data.decode(), REQUEST.data.decode()]


async def test_a_flooding_server_is_slowed_down_while_nobody_reads() -> None:
    sent = 0
    piece = "x" * 64_000

    async def flood(socket: ServerConnection) -> None:
        nonlocal sent
        try:
            while True:
                await socket.send(piece)
                sent += len(piece)
        except ConnectionClosed:
            return

    async with server(flood, compression=None) as url:
        with anyio.fail_after(20):
            async with WebSocketTransport(WebSocketTarget(url), Hooks()) as transport:
                seen, before = 0, -1
                while before != sent:  # until what lies between us is full
                    before = sent
                    with anyio.move_on_after(0.3):
                        await anyio.sleep_forever()
                assert sent < 16_000_000

                def deliver(frame: Frame) -> None:
                    nonlocal seen
                    seen += len(frame.data)
                    if seen > 40_000_000:
                        tasks.cancel_scope.cancel()

                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(transport.run, deliver)
                assert sent - seen < 16_000_000
