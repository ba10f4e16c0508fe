"""The session id and what answers POST: protocol sections 2, 10 and 12."""

from __future__ import annotations

import gzip
import json
from typing import Any

import anyio
import pytest

from mcpdeck.services.errors import HttpStatusError, McpDeckError, RemoteProtocolError, RPCError, SessionExpired
from mcpdeck.services.models import EraName
from mcpdeck.services.transports import streamable_http
from tests.playbooks.http_peer import HttpPeer, http_peer
from tests.servers.scripted_http import Exchange, Handler
from tests.waiting import eventually

pytestmark = pytest.mark.anyio

SECRET = "s3cret-5e551on"


async def refused(exchange: Exchange) -> None:
    await exchange.answer("405 Method Not Allowed")


def server(other: Handler, *, session: str = SECRET, delete: Handler = refused) -> Handler:
    """Gives out a session and refuses GET; every other POST is ``other``'s."""

    async def handler(exchange: Exchange) -> None:
        if exchange.method == "GET":
            await refused(exchange)
        elif exchange.method == "DELETE":
            await delete(exchange)
        elif exchange.message.get("method") == "initialize":
            await exchange.result({}, Mcp_Session_Id=session)
        else:
            await other(exchange)

    return handler


async def gone(exchange: Exchange) -> None:
    await exchange.answer("404 Not Found", b"who?", "text/plain")


def expired(it: HttpPeer) -> SessionExpired:
    error = it.ended[0]
    assert isinstance(error, SessionExpired)
    return error


@pytest.mark.parametrize(
    ("body", "media", "encoding"),
    [
        (b"", "text/plain", ""),
        (b"<html>nothing here</html>", "text/html", ""),
        (b'{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}', "application/json", ""),
        (b'{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"Method not found"}}', "application/json", ""),
        (gzip.compress(b"gone", mtime=0)[:12], "text/plain", "gzip"),
        (b"\x00\x01", "text/plain", "br"),
    ],
)
async def test_a_404_to_a_request_with_the_session_id_means_the_session_is_gone_whatever_its_body(
    body: bytes, media: str, encoding: str
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.answer("404 Not Found", body, media, **({"Content_Encoding": encoding} if encoding else {}))

    async with http_peer(server(answer)) as it:
        await it.established()
        with pytest.raises(SessionExpired) as caught:
            await it.request("tools/call")
        assert caught.value.untaken
        await eventually(lambda: it.ended, "end of the connection")
        assert not expired(it).untaken


async def test_only_the_request_that_was_answered_404_was_certainly_not_taken() -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.message["method"] == "tools/call":
            await exchange.stream(b": working\n\n")
            await exchange.until_closed()
        else:
            await gone(exchange)

    async with http_peer(server(answer)) as it:
        await it.established()
        outcome: list[SessionExpired] = []

        async def call() -> None:
            with pytest.raises(SessionExpired) as caught:
                await it.request("tools/call")
            outcome.append(caught.value)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            await eventually(lambda: len(it.server.seen) == 3, "the call")
            with pytest.raises(SessionExpired) as caught:
                await it.request("tools/list")
        assert caught.value.untaken
        assert [error.untaken for error in outcome] == [False]


async def test_two_requests_that_were_on_their_way_to_a_session_that_is_gone_both_may_be_sent_again() -> None:
    first_is_over = anyio.Event()

    async def answer(exchange: Exchange) -> None:
        if exchange.message["method"] == "prompts/list":
            await first_is_over.wait()
        await gone(exchange)

    async with http_peer(server(answer)) as it:
        await it.established()
        late: list[SessionExpired] = []

        async def second() -> None:
            with pytest.raises(SessionExpired) as caught:
                await it.request("prompts/list")
            late.append(caught.value)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(second)
            await eventually(lambda: len(it.server.seen) == 3, "the second request")
            with pytest.raises(SessionExpired) as caught:
                await it.request("tools/call")
            first_is_over.set()
        assert caught.value.untaken
        assert [error.untaken for error in late] == [True]
        await eventually(lambda: it.ended, "end of the connection")


@pytest.mark.parametrize("what", ["notification", "answer"])
async def test_a_404_to_a_notification_or_to_an_answer_of_ours_counts_as_well(what: str) -> None:
    async def other(exchange: Exchange) -> None:
        if exchange.message.get("method") == "tools/call":
            await exchange.stream(b'data: {"jsonrpc":"2.0","id":"q","method":"sampling/createMessage"}\n\n')
            await exchange.until_closed()
        else:
            await gone(exchange)

    async with http_peer(server(other)) as it:
        await it.established()
        if what == "notification":
            with pytest.raises(SessionExpired) as caught:
                await it.notify()
            assert caught.value.untaken
        else:
            with pytest.raises(SessionExpired) as caught:
                await it.request("tools/call")
            assert not caught.value.untaken
        await eventually(lambda: it.ended, "end of the connection")
        assert not expired(it).untaken


async def test_a_404_without_a_session_is_only_a_404() -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.method == "GET":
            await exchange.answer("405 Method Not Allowed")
        elif exchange.message["method"] == "initialize":
            await exchange.result({})
        else:
            await gone(exchange)

    async with http_peer(handler) as it:
        await it.established()
        with pytest.raises(HttpStatusError) as caught:
            await it.request("tools/list")
        assert caught.value.status == 404
        assert it.ended == []


async def test_a_message_after_the_end_of_the_session_is_not_sent_and_known_not_to_be_taken() -> None:
    async with http_peer(server(gone)) as it:
        await it.established()
        with pytest.raises(SessionExpired):
            await it.request("tools/list")
        sent = len(it.server.seen)
        with pytest.raises(SessionExpired) as caught:
            await it.notify()
        assert caught.value.untaken
        assert len(it.server.seen) == sent


async def test_400_is_a_misuse_and_not_the_end_of_the_session() -> None:
    async with http_peer(server(lambda exchange: exchange.answer("400 Bad Request", b"no session"))) as it:
        await it.established()
        with pytest.raises(HttpStatusError):
            await it.request("tools/list")
        assert it.ended == []


async def test_a_second_initialize_carries_no_session_id() -> None:
    async with http_peer(server(gone)) as it:
        await it.request("initialize")
        await it.request("initialize")
        assert all("mcp-session-id" not in exchange.headers for exchange in it.server.seen)


# Leaving


async def leave(handler: Handler, *, established: bool = True) -> list[Exchange]:
    """The DELETEs that were sent."""
    async with http_peer(handler) as it:
        if established:
            await it.established()
        else:
            await it.request("initialize")
            await it.notify()
        seen = it.server.seen
    return [exchange for exchange in seen if exchange.method == "DELETE"]


@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "405 Method Not Allowed", "404 Not Found", "500 No"])
async def test_leaving_gives_the_session_back_and_takes_any_answer(status: str) -> None:
    deleted = await leave(server(gone, delete=lambda exchange: exchange.answer(status)))
    assert [exchange.headers["mcp-session-id"] for exchange in deleted] == [SECRET]
    assert deleted[0].headers["mcp-protocol-version"] == "2025-11-25"


async def test_leaving_before_everything_is_agreed_names_the_version_too() -> None:
    deleted = await leave(server(lambda exchange: exchange.answer("202 Accepted")), established=False)
    assert [exchange.headers.get("mcp-protocol-version") for exchange in deleted] == ["2025-11-25"]


async def test_leaving_does_not_wait_for_a_server_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamable_http, "DELETE_TIMEOUT", 0.05)
    with anyio.fail_after(10):
        assert len(await leave(server(gone, delete=Exchange.until_closed))) == 1


async def test_a_session_that_is_gone_and_one_that_never_was_are_not_given_back() -> None:
    async def handler(exchange: Exchange) -> None:
        assert exchange.method != "DELETE"
        if exchange.method == "GET":
            await exchange.answer("405 Method Not Allowed")
        else:
            await exchange.result({})

    assert await leave(handler) == []
    async with http_peer(server(gone)) as it:
        await it.established()
        with pytest.raises(SessionExpired):
            await it.request("tools/list")
        seen = it.server.seen
    assert "DELETE" not in {exchange.method for exchange in seen}


async def test_the_stateless_era_knows_no_session() -> None:
    async with http_peer(lambda exchange: exchange.result({}, Mcp_Session_Id=SECRET)) as it:
        await it.established(EraName.MODERN)
        await it.request("tools/list")
        seen = it.server.seen
    assert [exchange.method for exchange in seen] == ["POST", "POST"]
    assert all("mcp-session-id" not in exchange.headers for exchange in seen)


# The id itself


@pytest.mark.parametrize("session", ["two words", "b\x7fd", "tab\tbed", ""])
async def test_a_session_id_outside_visible_ascii_is_not_used_and_not_shown(session: str) -> None:
    async with http_peer(server(lambda exchange: exchange.result({}), session=session)) as it:
        await it.established()
        await it.request("tools/list")
        assert all("mcp-session-id" not in exchange.headers for exchange in it.server.seen)
        assert any("session id" in text for text in it.notes)
        assert not session or not any(session in text for text in it.notes)


async def test_a_session_id_stands_in_no_note_and_no_error() -> None:
    errors: list[McpDeckError] = []
    for answer in (gone, lambda exchange: exchange.answer("400 Bad Request"), Exchange.until_closed):
        async with http_peer(server(answer)) as it:
            await it.established()
            with pytest.raises(McpDeckError) as caught:
                await it.request("tools/call", timeout=0.3)
            errors += [caught.value, *it.ended]
            assert SECRET not in "".join([*it.notes, *it.flaws])
    for error in errors:
        assert SECRET not in f"{error} {error!r} {error.title} {error.hint} {error.details}"


# Answers of every kind


def body_of(exchange: Exchange, **members: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": exchange.message.get("id"), **members}).encode()


@pytest.mark.parametrize("status", ["202 Accepted", "200 OK", "204 No Content", "201 Created"])
@pytest.mark.parametrize("body", [b"", b"{}", b"thanks", b'"Accepted"'])
async def test_a_notification_is_accepted_whatever_stands_in_the_answer(status: str, body: bytes) -> None:
    async def other(exchange: Exchange) -> None:
        await exchange.answer(status, b"" if status.startswith("204") else body)

    async with http_peer(server(other)) as it:
        await it.established()
        await it.notify()
        await it.notify()
        assert it.strays == []
        assert it.flaws == []


async def test_an_accepted_notification_leaves_its_socket_for_the_next() -> None:
    async with http_peer(server(lambda exchange: exchange.answer("202 Accepted"))) as it:
        await it.established()
        for _ in range(5):
            await it.notify()
        posts = [exchange.socket for exchange in it.server.seen if exchange.method == "POST"][1:]
        assert len(set(map(id, posts))) == 1


async def test_an_error_that_answers_a_notification_is_shown() -> None:
    error = b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"not now"}}'
    async with http_peer(server(lambda exchange: exchange.answer("200 OK", error))) as it:
        await it.established()
        await it.notify()
        assert any("not now" in flaw for flaw in it.flaws)


async def test_a_stream_that_answers_a_notification_is_not_waited_for() -> None:
    async def other(exchange: Exchange) -> None:
        await exchange.stream(b": for ever\n\n")
        await exchange.until_closed()

    async with http_peer(server(other)) as it:
        await it.established()
        await it.notify()
        assert any("stream" in text for text in it.notes)


@pytest.mark.parametrize("status", ["201 Created", "202 Accepted", "206 Partial Content"])
async def test_an_answer_with_another_status_of_success_is_read_and_noted(status: str) -> None:
    async def other(exchange: Exchange) -> None:
        await exchange.answer(status, body_of(exchange, result="odd"))

    async with http_peer(server(other)) as it:
        await it.established()
        assert await it.request("tools/list") == "odd"
        assert any(status[:3] in text for text in it.notes)


@pytest.mark.parametrize("status", ["201 Created", "202 Accepted"])
@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"jsonrpc":"2.0","method":"m"}', b"   "])
async def test_a_success_that_answers_nothing_fails_at_once(status: str, body: bytes) -> None:
    async with http_peer(server(lambda exchange: exchange.answer(status, body))) as it:
        await it.established()
        with pytest.raises(RemoteProtocolError, match=status[:3]):
            await it.request("tools/list", timeout=60)


async def test_an_array_that_holds_the_answer_is_read() -> None:
    async def other(exchange: Exchange) -> None:
        notification = {"jsonrpc": "2.0", "method": "notifications/progress"}
        answer = {"jsonrpc": "2.0", "id": exchange.message["id"], "result": "in an array"}
        await exchange.answer("200 OK", json.dumps([notification, 7, answer]).encode())

    async with http_peer(server(other)) as it:
        await it.established()
        assert await it.request("tools/list") == "in an array"
        assert it.heard == ["notifications/progress"]
        assert [stray.data for stray in it.strays] == [b"7"]


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "500 Internal Server Error"])
@pytest.mark.parametrize("identity", ["own", None, "absent"])
async def test_an_error_is_the_requests_own_with_its_id_and_without_one(status: str, identity: str | None) -> None:
    async def other(exchange: Exchange) -> None:
        message = json.loads(body_of(exchange, error={"code": -32603, "message": "broken", "data": 1}))
        if identity is None:
            message["id"] = None
        elif identity == "absent":
            del message["id"]
        await exchange.answer(status, json.dumps(message).encode())

    async with http_peer(server(other)) as it:
        await it.established()
        with pytest.raises(RPCError) as caught:
            await it.request("tools/list")
        assert (caught.value.code, caught.value.message) == (-32603, "broken")


async def test_an_error_for_somebody_else_is_not_this_requests() -> None:
    async def other(exchange: Exchange) -> None:
        await exchange.answer("400 Bad Request", b'{"jsonrpc":"2.0","id":"other","error":{"code":1,"message":"x"}}')

    async with http_peer(server(other)) as it:
        await it.established()
        with pytest.raises(HttpStatusError):
            await it.request("tools/list")
