"""Streamable HTTP against a real server that says what a test wants: protocol sections 10 and 12."""

from __future__ import annotations

import gzip
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import pytest

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
)
from mcpdeck.services.models import EraName, HttpTarget
from mcpdeck.services.protocol import jsonrpc
from mcpdeck.services.transports.base import Frame, Hooks, Outgoing
from mcpdeck.services.transports.streamable_http import GET_WAIT, StreamableHttpTransport
from tests.servers.scripted_http import Exchange, Handler, ScriptedServer, scripted_http
from tests.waiting import eventually

pytestmark = pytest.mark.anyio

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


async def test_a_json_answer_is_delivered_as_it_came() -> None:
    async with client(lambda exchange: exchange.result({"tools": []})) as it:
        assert await it.request() == {"tools": []}
        sent = it.server.seen[0]
        assert sent.headers["accept"] == "application/json, text/event-stream"
        assert sent.headers["content-type"] == "application/json"
        assert sent.headers["mcp-method"] == "tools/list"
        assert "origin" not in sent.headers
        assert "mcp-session-id" not in sent.headers


async def test_reading_a_stream_ends_with_the_answer_though_the_server_keeps_it_open() -> None:
    async def handler(exchange: Exchange) -> None:
        notification = b'data: {"jsonrpc":"2.0","method":"notifications/progress","params":{}}\n\n'
        await exchange.stream(b": hello\n\nid: 1\ndata:\n\n", notification, exchange.event("done"))
        await exchange.until_closed()

    async with client(handler) as it:
        assert await it.request() == "done"
        assert len(it.frames) == 2
        await eventually(lambda: it.server.seen[0].closed.is_set(), "closed stream")


async def test_a_cancelled_request_closes_its_stream() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.stream(b": wait\n\n")
        await exchange.until_closed()

    async with client(handler) as it:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(it.request)
            await eventually(lambda: it.server.seen, "a request")
            tasks.cancel_scope.cancel()
        await eventually(lambda: it.server.seen[0].closed.is_set(), "closed stream")


async def test_a_session_id_is_on_everything_that_follows_and_is_deleted_at_the_end() -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.method == "GET":
            await exchange.answer("405 Method Not Allowed")
        elif exchange.method == "DELETE":
            await exchange.answer("200 OK")
        elif "id" not in exchange.message:
            await exchange.answer("202 Accepted")
        else:
            await exchange.result({}, Mcp_Session_Id="s3cret")

    async with client(handler) as it:
        await it.request("initialize")
        await it.transport.established(EraName.LEGACY, VERSION)
        await it.transport.send(Outgoing(b'{"jsonrpc":"2.0","method":"n"}', "notification", None, "n", VERSION))
        await it.request("tools/call", 2)
        server = it.server
    first, *rest = server.seen
    assert "mcp-session-id" not in first.headers
    assert {exchange.method for exchange in rest} == {"POST", "GET", "DELETE"}
    assert all(exchange.headers["mcp-session-id"] == "s3cret" for exchange in rest)
    assert all(exchange.headers["mcp-protocol-version"] == "2025-11-25" for exchange in rest)


async def test_the_stateless_era_opens_no_stream_and_deletes_nothing() -> None:
    async with client(lambda exchange: exchange.result({}, Mcp_Session_Id="ignored")) as it:
        await it.request("server/discover")
        await it.transport.established(EraName.MODERN, VERSION)
        await it.request("tools/call", 2)
        server = it.server
    assert [exchange.method for exchange in server.seen] == ["POST", "POST"]
    assert "mcp-session-id" not in server.seen[1].headers


async def test_a_404_to_a_session_ends_the_connection_as_expired() -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.message["method"] == "initialize":
            await exchange.result({}, Mcp_Session_Id="s")
        else:
            await exchange.answer("404 Not Found", b"who?", "text/plain")

    async with client(handler) as it:
        await it.request("initialize")
        with pytest.raises(SessionExpired):
            await it.request("tools/list", 2)
        await eventually(lambda: it.ended, "the end of the connection")
        assert isinstance(it.ended[0], SessionExpired)


async def test_a_challenge_is_a_wanted_login_with_the_challenge_kept() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer("401 Unauthorized", WWW_Authenticate='Bearer resource_metadata="https://x/y"')

    async with client(handler) as it:
        with pytest.raises(AuthorizationRequired) as caught:
            await it.request()
        assert caught.value.challenges == ('Bearer resource_metadata="https://x/y"',)


async def test_a_refused_configured_token_is_not_a_wanted_login() -> None:
    async with client(
        lambda exchange: exchange.answer("401 Unauthorized"), headers={"authorization": "Bearer old"}
    ) as it:
        with pytest.raises(AuthorizationRefused):
            await it.request()
        assert it.server.seen[0].headers["authorization"] == "Bearer old"


async def test_a_broken_stream_is_resumed_after_the_time_the_server_asked_for() -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.method == "POST" and exchange.message["method"] == "initialize":
            await exchange.result({})
        elif exchange.method == "POST":
            await exchange.stream(b"retry: 10\nid: e1\ndata:\n\n")
            await exchange.socket.aclose()
        elif "last-event-id" in exchange.headers:
            body = b'data: {"jsonrpc":"2.0","id":2,"result":"resumed"}\n\n'
            await exchange.stream(b"id: e2\n", body)
            await exchange.socket.aclose()
        else:
            await exchange.answer("405 Method Not Allowed")

    async with client(handler) as it:
        await it.request("initialize")
        await it.transport.established(EraName.LEGACY, VERSION)
        assert await it.request("tools/call", 2) == "resumed"
        resumed = [exchange for exchange in it.server.seen if "last-event-id" in exchange.headers]
        assert [exchange.headers["last-event-id"] for exchange in resumed] == ["e1"]


async def test_a_broken_stream_without_an_event_id_is_a_lost_request() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.stream(b": nothing\n\n")
        await exchange.socket.aclose()

    async with client(handler) as it:
        with pytest.raises(ConnectionLost, match="lost"):
            await it.request()


async def test_messages_of_the_stand_alone_stream_arrive_and_its_loss_drops_nothing() -> None:
    gets = 0

    async def handler(exchange: Exchange) -> None:
        nonlocal gets
        if exchange.method == "POST":
            await exchange.result({})
            return
        gets += 1
        if gets == 1:
            await exchange.stream(b'retry: 10\nid: 7\ndata: {"jsonrpc":"2.0","method":"hello"}\n\n')
            await exchange.socket.aclose()
        else:
            await exchange.answer("405 Method Not Allowed")

    async with client(handler) as it:
        await it.request("initialize")
        await it.transport.established(EraName.LEGACY, VERSION)
        await eventually(lambda: gets == 2, "a second GET")
        assert await it.request("tools/call", 2) == {}
        assert any(b"hello" in frame.data for frame in it.frames)
        assert it.ended == []
        asked_from = [seen.headers.get("last-event-id") for seen in it.server.seen if seen.method == "GET"]
        assert asked_from == [None, "7"]


@pytest.mark.parametrize(
    ("status", "body", "media"),
    [
        ("200 OK", b"<html>hi</html>", "text/html"),
        ("200 OK", b"", "text/plain"),
        ("202 Accepted", b"", "application/json"),
        ("204 No Content", b"", "application/json"),
    ],
)
async def test_an_answer_that_is_none_says_what_it_is(status: str, body: bytes, media: str) -> None:
    async with client(lambda exchange: exchange.answer(status, body, media)) as it:
        with pytest.raises(RemoteProtocolError):
            await it.request()


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "500 Internal Server Error"])
async def test_an_unsuccessful_status_keeps_its_body(status: str) -> None:
    async with client(lambda exchange: exchange.answer(status, b'{"why": 1}')) as it:
        with pytest.raises(HttpStatusError) as caught:
            await it.request()
        assert caught.value.status == int(status[:3])
        assert caught.value.body == b'{"why": 1}'


async def test_a_redirect_within_the_origin_is_followed_and_any_other_refused() -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.path == "/mcp":
            await exchange.answer("307 Temporary Redirect", Location="/mcp/")
        elif exchange.message["method"] == "away":
            await exchange.answer("307 Temporary Redirect", Location="http://elsewhere.invalid/mcp")
        else:
            await exchange.result("there")

    async with client(handler) as it:
        assert await it.request() == "there"
        with pytest.raises(ConnectError, match=r"elsewhere\.invalid"):
            await it.request("away", 2)


async def test_redirects_in_a_circle_end() -> None:
    async with client(lambda exchange: exchange.answer("307 Temporary Redirect", Location="/mcp")) as it:
        with pytest.raises(ConnectError, match="circle"):
            await it.request()


async def test_an_answer_to_something_else_is_no_answer() -> None:
    body = b'{"jsonrpc":"2.0","id":"other","result":{}}'
    async with client(lambda exchange: exchange.answer("200 OK", body)) as it:
        with pytest.raises(HttpStatusError, match="does not belong"):
            await it.request()


async def test_an_answer_beyond_the_limit_is_refused() -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.message["method"] == "stream":
            await exchange.stream(b"data: " + b"x" * 5_000)
            await exchange.until_closed()
        else:
            await exchange.result("x" * 5_000)

    async with client(handler, max_frame=1_000) as it:
        with pytest.raises(FrameTooLarge):
            await it.request()
        with pytest.raises(FrameTooLarge):
            await it.request("stream", 2)


async def test_a_server_that_went_away_ends_the_connection() -> None:
    async with client(lambda exchange: exchange.result({})) as it:
        await it.request()
        await it.transport.established(EraName.MODERN, VERSION)
        it.transport._http.url = "http://127.0.0.1:9/mcp"  # pyright: ignore[reportPrivateUsage]
        with pytest.raises(ConnectError):
            await it.request("tools/list", 2)
        await eventually(lambda: it.ended, "the end of the connection")
        assert isinstance(it.ended[0], ConnectionLost)


async def test_a_get_answered_404_does_not_end_a_session_that_stands() -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.method == "POST":
            await exchange.result({}, Mcp_Session_Id="abc")
        else:
            await exchange.answer("404 Not Found")

    async with client(handler) as it:
        await it.request("initialize")
        await it.transport.established(EraName.LEGACY, VERSION)
        await eventually(lambda: it.notes, "a note about the refused stream")
        assert await it.request("tools/call", 2) == {}
        assert it.ended == []


async def test_a_stand_alone_stream_whose_headers_are_held_back_delays_one_call_at_the_most() -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.method == "POST":
            await exchange.result({})
        else:
            await exchange.until_closed()

    async with client(handler) as it:
        await it.request("initialize")
        await it.transport.established(EraName.LEGACY, VERSION)
        await it.request("tools/call", 2)
        began = time.monotonic()
        for number in range(3, 13):
            await it.request("tools/call", number)
        assert time.monotonic() - began < 5 * GET_WAIT  # ten calls, none of which waits


PACKED_TWICE = gzip.compress(gzip.compress(b'{"jsonrpc":"2.0","id":1,"result":{}}'))


async def test_an_answer_packed_twice_is_refused_before_it_fills_the_memory() -> None:
    async with client(lambda exchange: exchange.answer("200 OK", PACKED_TWICE, Content_Encoding="gzip, gzip")) as it:
        with pytest.raises(RemoteProtocolError, match="more than once"):
            await it.request()


async def test_a_refusal_packed_twice_keeps_its_status_and_is_not_unpacked() -> None:
    async with client(lambda exchange: exchange.answer("400 No", PACKED_TWICE, Content_Encoding="gzip, gzip")) as it:
        with pytest.raises(HttpStatusError) as caught:
            await it.request()
        assert (caught.value.status, caught.value.body) == (400, b"")


@pytest.mark.parametrize(
    ("encoding", "body", "words"),
    [
        ("br", b"\x0b\x02\x80", "'br'"),
        ("gzip", b"not packed at all", "cannot be unpacked"),
        ("deflate", b"??", "unpacked"),
    ],
)
async def test_an_answer_that_cannot_be_unpacked_says_why(encoding: str, body: bytes, words: str) -> None:
    async with client(lambda exchange: exchange.answer("200 OK", body, Content_Encoding=encoding)) as it:
        with pytest.raises(RemoteProtocolError, match=words):
            await it.request()
        assert it.server.seen[0].headers["accept-encoding"] == "gzip, deflate"


async def test_a_packed_answer_is_read() -> None:
    packed = gzip.compress(b'{"jsonrpc":"2.0","id":1,"result":"unpacked"}')
    async with client(lambda exchange: exchange.answer("200 OK", packed, Content_Encoding="gzip")) as it:
        assert await it.request() == "unpacked"


async def test_a_message_whose_header_cannot_be_sent_fails_alone() -> None:
    async with client(lambda exchange: exchange.result("fine")) as it:
        await it.transport.established(EraName.MODERN, VERSION)
        data = jsonrpc.encode_request(7, "tools/call", {})
        with pytest.raises(ConnectError, match="header"):
            await it.transport.send(Outgoing(data, "request", 7, "tools/call", {"Mcp-Name": "two\nlines"}))
        assert await it.request() == "fine"
        assert it.ended == []


async def test_a_redirect_elsewhere_does_not_end_the_connection() -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.message["method"] == "away":
            await exchange.answer("307 Temporary Redirect", Location="http://elsewhere.invalid/mcp")
        else:
            await exchange.result("fine")

    async with client(handler) as it:
        await it.transport.established(EraName.MODERN, VERSION)
        with pytest.raises(ConnectError, match=r"elsewhere\.invalid"):
            await it.request("away", 2)
        assert await it.request("tools/list", 3) == "fine"
        assert it.ended == []


async def test_a_refused_resumption_is_a_lost_request_and_not_a_wrong_url() -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.method != "POST":
            await exchange.answer("405 Method Not Allowed")
        elif exchange.message["method"] == "initialize":
            await exchange.result({})
        else:
            await exchange.stream(b"retry: 10\nid: e1\ndata:\n\n")
            await exchange.socket.aclose()

    async with client(handler) as it:
        await it.request("initialize")
        await it.transport.established(EraName.LEGACY, VERSION)
        with pytest.raises(ConnectionLost, match="lost") as caught:
            await it.request("tools/call", 2)
        assert "405" in caught.value.hint


@pytest.mark.parametrize("value", ["Bearer s3cret ", "s3crét"])
async def test_a_header_that_http_does_not_allow_is_refused_without_showing_its_value(value: str) -> None:
    async with client(lambda exchange: exchange.result({}), headers={"Authorization": value}) as it:
        with pytest.raises(ConnectError, match="header") as caught:
            await it.request()
        assert "s3cr" not in caught.value.title + caught.value.hint
        assert not caught.value.retryable


async def test_a_redirect_to_nowhere_says_so() -> None:
    async with client(lambda exchange: exchange.answer("307 Temporary Redirect")) as it:
        with pytest.raises(ConnectError, match="no usable address"):
            await it.request()
