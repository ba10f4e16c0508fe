"""WebSocket against real servers that do what a test wants: protocol section 14."""

from __future__ import annotations

import json

import anyio
import anyio.abc
import pytest
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed

from mcpdeck.services.connections.targets import open_transport
from mcpdeck.services.errors import (
    ConnectionLost,
    FrameTooLarge,
    RemoteProtocolError,
)
from mcpdeck.services.models import TransportKind, WebSocketTarget
from mcpdeck.services.transports.base import Frame, Hooks, Outgoing
from mcpdeck.services.transports.websocket import CLOSE_TIMEOUT, WebSocketTransport
from tests.transports.websocket_peer import REQUEST, client, echo, server
from tests.waiting import eventually


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
            assert "MCPDECK_MAX_MESSAGE" in it.ended[0].hint
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
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(it.transport.send, big)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
        go.set()
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
                while before != sent:  # until what lies between us is full, and whoever sends has to wait
                    before = sent
                    await anyio.wait_all_tasks_blocked()
                assert 0 < sent < 16_000_000

                def deliver(frame: Frame) -> None:
                    nonlocal seen
                    seen += len(frame.data)
                    if seen > 40_000_000:
                        tasks.cancel_scope.cancel()

                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(transport.run, deliver)
                assert sent - seen < 16_000_000
