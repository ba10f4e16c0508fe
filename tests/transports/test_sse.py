"""HTTP+SSE (2024-11-05) against a real server that says what a test wants: protocol section 13."""

from __future__ import annotations

from collections.abc import Mapping

import anyio
import pytest

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
from mcpdeck.services.models import SseTarget, TransportKind
from mcpdeck.services.transports.base import Frame, Hooks
from mcpdeck.services.transports.sse import EARLY_MESSAGES, SseTransport
from tests.servers.scripted_http import Exchange, Handler, scripted_http
from tests.transports.sse_peer import ENDPOINT, Client, Legacy, client
from tests.waiting import eventually


async def refused(
    handler: Handler,
    expected: type[McpDeckError],
    *,
    headers: Mapping[str, str] | None = None,
    endpoint_timeout: float = 5,
) -> McpDeckError:
    """Why there is no connection to ``handler``."""
    async with scripted_http(handler) as server:
        transport = SseTransport(SseTarget(server.url, headers or {}), Hooks(), endpoint_timeout=endpoint_timeout)
        with anyio.fail_after(20), pytest.raises(expected) as caught:
            await transport.__aenter__()
        assert {exchange.method for exchange in server.seen} == {"GET"}
        if isinstance(handler, Legacy) and handler.stream is not None:
            await eventually(handler.stream.closed.is_set, "the closed stream")
    return caught.value


async def test_messages_are_posted_to_the_endpoint_and_answers_come_on_the_stream() -> None:
    async with client(Legacy(), headers={"Authorization": "Bearer t"}) as it:
        assert await it.request() == "done"
        await it.send(None)
        get, post, notification = it.server.seen
    assert (get.method, get.headers["accept"]) == ("GET", "text/event-stream")
    assert post.path == notification.path == "/messages?session_id=s3cret"
    assert post.headers["content-type"] == "application/json"
    assert {exchange.headers["authorization"] for exchange in it.server.seen} == {"Bearer t"}
    assert not any("mcp-session-id" in exchange.headers for exchange in it.server.seen)


async def test_it_is_a_shared_channel_that_only_knows_the_handshake() -> None:
    assert SseTransport.handshake_only
    assert not SseTransport.stream_per_request
    for kind in (TransportKind.SSE, TransportKind.SSE_IDE):
        assert open_transport(SseTarget("http://127.0.0.1:1/sse", kind=kind), Hooks()).kind is kind


@pytest.mark.parametrize(
    ("endpoint", "path"),
    [
        (b"event: endpoint\ndata: messages/1\n\n", "/messages/1"),
        (b"event: endpoint\ndata: ?id=1\n\n", "/mcp?id=1"),
        (b": hello\n\nevent: endpoint\r\ndata:/a\r\n\r\n", "/a"),
    ],
)
async def test_the_endpoint_is_resolved_against_the_url_of_the_stream(endpoint: bytes, path: str) -> None:
    async with client(Legacy(endpoint)) as it:
        await it.request()
        assert it.posts[0].path == path


async def test_an_absolute_endpoint_of_the_same_origin_is_used_with_the_users_own_credentials() -> None:
    legacy = Legacy()

    async def handler(exchange: Exchange) -> None:
        host = exchange.headers["host"]
        legacy.endpoint = f"event: endpoint\ndata: http://evil:x@{host}/m\n\n".encode()
        await legacy(exchange)

    async with client(handler, user="me:pw@") as it:
        await it.request()
        assert it.posts[0].path == "/m"
        assert {exchange.headers["authorization"] for exchange in it.server.seen} == {"Basic bWU6cHc="}


@pytest.mark.parametrize("place", ["https://127.0.0.1:1", "//elsewhere.invalid", "http://127.0.0.1:1"])
async def test_an_endpoint_elsewhere_is_refused_and_gets_nothing(place: str) -> None:
    endpoint = f"event: endpoint\ndata: {place}/messages?session_id=s3cret\n\n"
    error = await refused(Legacy(endpoint.encode()), ConnectError)
    assert "wants messages sent to another place" in error.title
    assert "s3cret" not in error.title
    assert "origin" in error.hint


@pytest.mark.parametrize("data", [b"\xff\xfe", b"http://[::1/x", b"/a\0b"])
async def test_an_endpoint_that_is_no_url_is_said_to_be_none(data: bytes) -> None:
    error = await refused(Legacy(b"event: endpoint\ndata: " + data + b"\n\n"), RemoteProtocolError)
    assert "no URL" in error.title


async def test_nothing_is_sent_before_the_endpoint_and_waiting_for_it_is_bounded() -> None:
    error = await refused(Legacy(b": just a comment\n\n"), TransportTimeout, endpoint_timeout=0.3)
    assert "named no endpoint within 0.3 s" in error.title


async def test_a_stream_that_ends_or_chatters_without_an_endpoint_is_no_stream_of_this_transport() -> None:
    async def ends(exchange: Exchange) -> None:
        await exchange.stream(b": bye\n\n")
        await exchange.socket.aclose()

    assert "ended" in (await refused(ends, ConnectionLost)).title
    chatter = Legacy(b"data: {}\n\n" * (EARLY_MESSAGES + 1))
    assert "names no endpoint" in (await refused(chatter, RemoteProtocolError)).title


async def test_a_message_before_the_endpoint_is_kept() -> None:
    early = b'data: {"jsonrpc":"2.0","method":"hello"}\n\n'
    async with client(Legacy(early + ENDPOINT + early)) as it:
        await eventually(lambda: len(it.frames) == 2, "both messages")


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        ("401 Unauthorized", {}, AuthorizationRequired),
        ("401 Unauthorized", {"Authorization": "Bearer wrong"}, AuthorizationRefused),
        ("404 Not Found", {}, HttpStatusError),
        ("503 Service Unavailable", {}, HttpStatusError),
    ],
)
async def test_a_refused_stream_means_what_its_status_says(
    status: str, headers: Mapping[str, str], expected: type[McpDeckError]
) -> None:
    error = await refused(lambda exchange: exchange.answer(status), expected, headers=headers)
    assert status[:3] in error.title
    assert error.retryable == (status[0] == "5")
    if status[:3] == "404":
        assert "/sse" in error.hint


async def test_a_page_instead_of_a_stream_is_named() -> None:
    error = await refused(lambda exchange: exchange.answer("200 OK", b"<p>hi", "text/html"), RemoteProtocolError)
    assert "text/html instead of an event stream" in error.title
    assert error.details["body"] == "<p>hi"


async def test_the_end_of_the_stream_is_the_end_of_the_connection() -> None:
    legacy = Legacy()
    async with client(legacy) as it:
        await it.request()
        await legacy.end()
        await eventually(lambda: it.ended, "the end of the connection")
        assert isinstance(it.ended[0], ConnectionLost)
        assert it.ended[0].retryable


async def test_a_message_beyond_the_limit_ends_the_connection() -> None:
    legacy = Legacy()
    async with client(legacy, max_frame=10_000) as it:
        await legacy.send(b"data: " + b"x" * 20_000 + b"\n\n")
        await eventually(lambda: it.ended, "the end of the connection")
        assert isinstance(it.ended[0], FrameTooLarge)


async def test_other_events_and_a_second_endpoint_are_noted_and_change_nothing() -> None:
    legacy = Legacy()
    async with client(legacy) as it:
        await legacy.send(
            b"event: ping\ndata: 1\n\nevent: endpoint\ndata: http://elsewhere.invalid/\n\n: x\n\ndata:\n\n"
        )
        await eventually(lambda: len(it.notes) == 2, "the notes")
        assert await it.request() == "done"
        assert it.posts[0].path.startswith("/messages")


async def test_redirects_are_followed_within_the_origin_only() -> None:
    legacy = Legacy(b"event: endpoint\ndata: m\n\n")

    async def here(exchange: Exchange) -> None:
        if exchange.path == "/mcp":
            await exchange.answer("307 Temporary Redirect", Location="/deep/sse")
        else:
            await legacy(exchange)

    async with client(here) as it:
        await it.request()
        assert it.posts[0].path == "/deep/m"

    async def away(exchange: Exchange) -> None:
        await exchange.answer("307 Temporary Redirect", Location="http://elsewhere.invalid/sse")

    assert "redirects to another place" in (await refused(away, ConnectError)).title


async def test_leaving_closes_the_stream_and_a_post_whose_answer_has_come() -> None:
    legacy = Legacy()

    async def post(exchange: Exchange) -> None:
        await legacy.say(exchange.message["id"])
        await exchange.until_closed()

    legacy.post = post
    async with scripted_http(legacy) as server:
        async with SseTransport(SseTarget(server.url), Hooks()) as transport, anyio.create_task_group() as tasks:
            it = Client(transport, server)
            tasks.start_soon(transport.run, it.deliver)
            assert await it.request() == "done"
            assert not any(exchange.closed.is_set() for exchange in server.seen)
            tasks.cancel_scope.cancel()
        await eventually(lambda: all(exchange.closed.is_set() for exchange in server.seen), "closed sockets")


async def test_a_flooding_server_is_slowed_down_while_nobody_reads() -> None:
    sent = 0
    piece = b"data: " + b"x" * 64_000 + b"\n\n"

    async def flood(exchange: Exchange) -> None:
        nonlocal sent
        await exchange.stream(ENDPOINT)
        while True:
            await exchange.socket.send(piece)
            sent += len(piece)

    async with scripted_http(flood) as server:
        with anyio.fail_after(20):
            async with SseTransport(SseTarget(server.url), Hooks()) as transport:
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
