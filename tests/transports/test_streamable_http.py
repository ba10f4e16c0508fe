"""Streamable HTTP against a real server that says what a test wants: protocol sections 10 and 12."""

from __future__ import annotations

import time

import anyio
import pytest

from mcpdeck.services.errors import (
    ConnectError,
    ConnectionLost,
    SessionExpired,
)
from mcpdeck.services.models import EraName
from mcpdeck.services.transports.base import Outgoing
from mcpdeck.services.transports.streamable_http import GET_WAIT
from tests.servers.scripted_http import Exchange
from tests.transports.http_client import VERSION, client
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


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
