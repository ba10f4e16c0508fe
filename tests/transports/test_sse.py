"""HTTP+SSE (2024-11-05) against a real server that says what a test wants: protocol section 13."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

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
    SessionExpired,
    TransportTimeout,
)
from mcpdeck.services.models import SseTarget, TransportKind
from mcpdeck.services.protocol import jsonrpc
from mcpdeck.services.transports.base import Frame, Hooks, Outgoing
from mcpdeck.services.transports.sse import EARLY_MESSAGES, SseTransport
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
        target = SseTarget(server.url.replace("//", f"//{user}"), headers or {})
        with anyio.fail_after(20):
            async with SseTransport(
                target, Hooks(note=notes.append), max_frame=max_frame, endpoint_timeout=endpoint_timeout
            ) as transport:
                it = Client(transport, server, notes=notes)

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


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 Accepted", "204 No Content"])
async def test_any_success_takes_the_message(status: str) -> None:
    legacy = Legacy()

    async def post(exchange: Exchange) -> None:
        await exchange.answer(status, b"" if "204" in status else b"Accepted", "text/plain")
        await legacy.say(exchange.message["id"])

    legacy.post = post
    async with client(legacy) as it:
        assert await it.request() == "done"
        assert len(it.frames) == 1
        assert it.notes == []


async def test_a_message_in_the_body_of_the_post_is_delivered_with_a_note() -> None:
    async with client(Legacy(post=lambda exchange: exchange.result("in the body"))) as it:
        assert await it.request() == "in the body"
        assert "it belongs on the stream" in it.notes[0]


async def test_json_in_the_body_that_is_no_message_is_left_alone() -> None:
    legacy = Legacy()

    async def post(exchange: Exchange) -> None:
        await exchange.answer("200 OK", b'{"status":"ok"}')
        await legacy.say(exchange.message["id"])

    legacy.post = post
    async with client(legacy) as it:
        await it.request()
        assert (len(it.frames), it.notes) == (1, [])


async def test_an_answer_on_the_stream_counts_though_its_post_is_still_open() -> None:
    legacy = Legacy()

    async def post(exchange: Exchange) -> None:
        await legacy.say(exchange.message["id"])
        await exchange.until_closed()

    legacy.post = post
    async with client(legacy) as it:
        assert await it.request() == "done"
        assert await it.request(2) == "done"


async def test_a_caller_that_gives_up_takes_its_post_with_it() -> None:
    async with client(Legacy(post=lambda exchange: exchange.until_closed())) as it:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(it.send)
            await eventually(lambda: it.posts, "the post")
            tasks.cancel_scope.cancel()
        await eventually(it.posts[0].closed.is_set, "the end of the post")


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        ("400 Bad Request", {}, HttpStatusError),
        ("401 Unauthorized", {}, AuthorizationRequired),
        ("401 Unauthorized", {"Authorization": "Bearer old"}, AuthorizationRefused),
        ("404 Not Found", {}, HttpStatusError),
        ("413 Content Too Large", {}, HttpStatusError),
    ],
)
async def test_a_refused_post_fails_that_message_and_not_the_connection(
    status: str, headers: Mapping[str, str], expected: type[McpDeckError]
) -> None:
    async with client(Legacy(post=lambda exchange: exchange.answer(status)), headers=headers) as it:
        with pytest.raises(expected):
            await it.send()
        assert it.ended == []


async def test_an_endpoint_that_is_gone_after_it_worked_ends_the_session() -> None:
    legacy = Legacy()
    async with client(legacy) as it:
        await it.request()
        legacy.post = lambda exchange: exchange.answer("404 Not Found")
        with pytest.raises(SessionExpired) as caught:
            await it.send(2)
        assert caught.value.untaken
        await eventually(lambda: it.ended, "the end of the connection")
        assert isinstance(it.ended[0], SessionExpired)
        assert not it.ended[0].untaken
        with pytest.raises(SessionExpired):
            await it.send(3)


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
