"""Everything verbatim: what comes and is no message is put down all the same, up to 64 KiB of each."""

from __future__ import annotations

import gzip
import json
from http import HTTPStatus

import anyio
import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from mcpdeck.services.connections.witness import Witness
from mcpdeck.services.errors import AuthError, HttpStatusError, McpDeckError, RemoteProtocolError, SessionExpired
from mcpdeck.services.models import HttpTarget, WebSocketTarget
from mcpdeck.services.protocol.jsonrpc import encode_request
from mcpdeck.services.telemetry.trace import Trace
from mcpdeck.services.transports.base import BODY_KEPT, Hooks, Outgoing
from mcpdeck.services.transports.streamable_http import StreamableHttpTransport
from mcpdeck.services.transports.websocket import WebSocketTransport
from tests.playbooks.http_peer import http_peer
from tests.servers.scripted_http import Exchange, Handler, scripted_http
from tests.transports.sse_peer import Legacy, client
from tests.transports.websocket_peer import echo, server
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


def session(other: Handler, get: Handler | None = None) -> Handler:
    async def handler(exchange: Exchange) -> None:
        if exchange.method == "GET" and get is not None:
            await get(exchange)
        elif exchange.method != "POST":
            await exchange.answer("405 Method Not Allowed")
        elif exchange.message.get("method") == "initialize":
            await exchange.result({}, Mcp_Session_Id="s")
        else:
            await other(exchange)

    return handler


async def test_the_body_of_the_404_that_ends_a_session() -> None:
    async with http_peer(session(lambda exchange: exchange.answer("404 Not Found", b"who?", "text/plain"))) as it:
        await it.established()
        with pytest.raises(SessionExpired):
            await it.request("tools/list")
        assert ("body of 404 to POST", b"who?") in it.bodies


@pytest.mark.parametrize("status", [401, 403])
async def test_the_body_of_a_refused_login(status: int) -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer(f"{status} No", b'{"error":"invalid_token"}', WWW_Authenticate="Bearer")

    async with http_peer(handler) as it:
        with pytest.raises(AuthError):
            await it.request("tools/list")
        assert it.bodies == [(f"body of {status} to POST", b'{"error":"invalid_token"}')]


async def test_the_body_of_a_wrong_content_type_up_to_64_kib_and_unpacked() -> None:
    page = b"<p>" + b"x" * 100_000
    packed = gzip.compress(page)
    async with http_peer(
        lambda exchange: exchange.answer("200 OK", packed, "text/html", Content_Encoding="gzip")
    ) as it:
        with pytest.raises(RemoteProtocolError):
            await it.request("tools/list")
        assert it.bodies == [("body of 200 to POST", page[:BODY_KEPT])]


@pytest.mark.parametrize(("status", "body"), [("202 Accepted", b"Accepted"), ("200 OK", b'{"status":"ok"}')])
async def test_the_body_of_an_accepted_notification_that_is_no_message(status: str, body: bytes) -> None:
    async with http_peer(lambda exchange: exchange.answer(status, body)) as it:
        await it.notify()
        assert it.bodies == [(f"body of {status[:3]} to POST", body)]


async def test_the_body_of_a_refused_notification() -> None:
    async with http_peer(lambda exchange: exchange.answer("500 No", b"why", "text/plain")) as it:
        with pytest.raises(HttpStatusError):
            await it.notify()
        assert it.bodies == [("body of 500 to POST", b"why")]


@pytest.mark.parametrize("status", ["404 Not Found", "200 OK"])
async def test_the_body_of_a_get_that_brings_no_stream(status: str) -> None:
    async def get(exchange: Exchange) -> None:
        await exchange.answer(status, b"<p>no stream", "text/html")

    async with http_peer(session(lambda exchange: exchange.result({}), get)) as it:
        await it.established()
        await eventually(lambda: it.bodies, "the body")
        assert it.bodies == [(f"body of {status[:3]} to GET", b"<p>no stream")]


async def test_events_of_an_unknown_type_and_events_that_are_sent_again() -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.method == "GET":
            await exchange.answer("405 Method Not Allowed")
        else:
            await exchange.stream(b"event: heartbeat\ndata: 12:00\n\n", exchange.event("done"))
            await exchange.until_closed()

    async with http_peer(handler) as it:
        assert await it.request("tools/list") == "done"
        assert it.bodies == [("event of type 'heartbeat'", b"12:00")]


async def test_what_is_delivered_as_a_message_or_as_a_requests_error_is_not_put_down_twice() -> None:
    seen: list[bytes] = []
    bodies: list[bytes] = []
    body = b'{"why": 1}'

    async def handler(exchange: Exchange) -> None:
        await exchange.answer("400 Bad Request", body)

    async with http_peer(handler) as it:
        it.dispatcher._on_received = lambda frame, message: seen.append(frame.data)
        with pytest.raises(HttpStatusError):
            await it.request("tools/list")
        bodies += [data for _, data in it.bodies]
    assert (seen, bodies) == ([body], [])


async def test_an_array_in_the_answer_of_an_error_is_put_down_too() -> None:
    seen: list[bytes] = []
    async with http_peer(lambda exchange: exchange.answer("400 Bad Request", b"[1]")) as it:
        it.dispatcher._on_received = lambda frame, message: seen.append(frame.data)
        with pytest.raises(HttpStatusError):
            await it.request("tools/list")
    assert seen == [b"[1]"]


async def test_bodies_and_events_of_the_older_transport() -> None:
    legacy = Legacy()

    async def post(exchange: Exchange) -> None:
        await exchange.answer("202 Accepted", b"Accepted", "text/plain")
        await legacy.say(exchange.message["id"])

    legacy.post = post
    async with client(legacy) as it:
        await it.request()
        await legacy.send(b"event: ping\ndata: 1\n\n")
        await eventually(lambda: len(it.bodies) == 2, "both")
        legacy.post = lambda exchange: exchange.answer("404 Not Found", b"gone", "text/plain")
        with pytest.raises(SessionExpired):
            await it.send(2)
    assert it.bodies == [
        ("body of 202 to POST", b"Accepted"),
        ("event of type 'ping'", b"1"),
        ("body of 404 to POST", b"gone"),
    ]


async def test_the_body_of_a_refused_upgrade() -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(HTTPStatus.FORBIDDEN, "not for you\n")

    bodies: list[tuple[str, bytes]] = []
    hooks = Hooks(body=lambda what, data: bodies.append((what, data)))
    async with server(echo, process_request=refuse) as url:
        with anyio.fail_after(20), pytest.raises(McpDeckError):
            await WebSocketTransport(WebSocketTarget(url), hooks).__aenter__()
    assert bodies == [("body of 403 to the upgrade", b"not for you\n")]


async def test_it_stands_in_the_trace_with_words_for_what_it_is() -> None:
    trace = Trace()
    witness = Witness("peer", 1, lambda event: None, trace.connection("peer", 1, "http"))

    async def handler(exchange: Exchange) -> None:
        await exchange.answer("401 Unauthorized", b"log in first", "text/plain")

    with anyio.fail_after(20):
        async with (
            scripted_http(handler) as peer,
            StreamableHttpTransport(HttpTarget(peer.url), witness.hooks) as transport,
        ):
            with pytest.raises(AuthError):
                await transport.send(Outgoing(encode_request(1, "x", None), "request", 1, "x"))
    head, body = trace.of("peer")
    assert (head.kind, json.loads(head.data)["status"]) == ("http", 401)
    assert (body.kind, body.label, body.data) == ("malformed", "body of 401 to POST", b"log in first")
