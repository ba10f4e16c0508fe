"""Section 12: Streamable HTTP with sessions (2025-03-26 to 2025-11-25)."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from mcpdeck.services.errors import SessionExpired
from mcpdeck.services.models import EraMode
from tests.servers.scripted_http import Exchange
from tests.spec.peers import Message, done, handler, over_http, server, tell, tools
from tests.waiting import eventually

BOTH = "application/json, text/event-stream"


@pytest.mark.requirement("12.1", "12.2", "12.5", "46.5")
async def test_every_message_is_a_post_to_the_url_as_it_was_given() -> None:
    async with over_http(handler(server({"tools/call": done()})), EraMode.LEGACY) as it:
        await it.session.call_tool("t", {})
        posts = [each for each in it.server.seen if each.method == "POST"]
        assert {each.message["method"] for each in posts} >= {"initialize", "notifications/initialized", "tools/call"}
        for each in posts:
            assert each.path == "/mcp"
            assert each.headers["accept"] == BOTH
            assert isinstance(each.message, dict)
            assert not {"mcp-method", "mcp-name"} & each.headers.keys()


@pytest.mark.requirement("12.3", "12.4", "43.1", "44.4")
@pytest.mark.parametrize(("version", "header"), [("2025-03-26", None), ("2025-06-18", "2025-06-18")])
async def test_the_version_header_is_on_everything_after_initialize_from_2025_06_18_on(
    version: str, header: str | None
) -> None:
    script = server({"tools/call": done()}, version=version)
    async with over_http(handler(script), EraMode.LEGACY) as it:
        await it.session.call_tool("t", {})
        await eventually(lambda: "GET" in it.methods(), "stand-alone stream")
        first, *rest = it.server.seen
        assert first.message["method"] == "initialize"
        assert "mcp-protocol-version" not in first.headers
        assert [each.headers.get("mcp-protocol-version") for each in rest] == [header] * len(rest)


@pytest.mark.requirement("12.6", "12.7")
@pytest.mark.parametrize(("first", "used"), [("s3cret~!", "s3cret~!"), ("a b", None), (None, None)])
async def test_a_session_id_comes_from_initialize_alone_and_must_be_visible_ascii(
    first: str | None, used: str | None
) -> None:
    async def handle(exchange: Exchange) -> None:
        if exchange.method != "POST" or "id" not in exchange.message:
            await handler(server())(exchange)
            return
        reply = json.dumps(server({"tools/call": done()})(exchange.message)).encode()
        name = first if exchange.message["method"] == "initialize" else "another"
        await exchange.answer("200 OK", reply, **({"Mcp_Session_Id": name} if name else {}))

    async with over_http(handle, EraMode.LEGACY) as it:
        await it.session.call_tool("t", {})
        await it.session.call_tool("t", {})
        assert [each.headers.get("mcp-session-id") for each in it.posted("tools/call")] == [used, used]


@pytest.mark.requirement("12.8", "12.9", "44.14")
async def test_a_session_that_is_gone_is_started_anew_and_no_call_is_replayed() -> None:
    sessions: list[str] = []
    gone: set[str] = set()
    calls: list[Message] = []

    async def handle(exchange: Exchange) -> None:
        script = server(
            {"tools/list": tools("t"), "resources/subscribe": {}, "logging/setLevel": {}},
            capabilities={"tools": {}, "resources": {"subscribe": True}, "logging": {}},
        )
        if exchange.method != "POST":
            await exchange.answer("405 Method Not Allowed")
        elif exchange.message["method"] == "initialize":
            assert "mcp-session-id" not in exchange.headers
            sessions.append(f"s{len(sessions)}")
            await handler(script, session=sessions[-1])(exchange)
        elif exchange.message["method"] == "tools/call":
            calls.append(exchange.message)
            gone.add(exchange.headers["mcp-session-id"])
            await exchange.answer("404 Not Found", b"session not found", "text/plain")
        elif exchange.headers["mcp-session-id"] in gone:
            await exchange.answer("404 Not Found")
        else:
            await handler(script)(exchange)

    async with over_http(handle, EraMode.LEGACY) as it:
        await it.session.lists.known_tools()
        await it.session.subscribe("x://1")
        with pytest.raises(SessionExpired):
            await it.session.call_tool("t", {})
        for method, times in (("initialize", 2), ("tools/list", 2), ("resources/subscribe", 2)):
            await eventually(lambda m=method, n=times: len(it.posted(m)) == n, f"second {method}")
        assert len(calls) == 1
        assert it.posted("tools/list")[1].headers["mcp-session-id"] == "s1"


@pytest.mark.requirement("24.5")
async def test_the_log_level_is_set_again_in_a_new_session() -> None:
    script = server({"logging/setLevel": {}}, capabilities={"logging": {}})
    async with over_http(handler(script, session="s"), EraMode.LEGACY) as it:
        await it.session.set_log_level("error")
        it.services.manager.reconnect("peer")
        await eventually(lambda: len(it.posted("logging/setLevel")) == 2, "the level in the new session")
        assert [each.message["params"] for each in it.posted("logging/setLevel")] == [{"level": "error"}] * 2


@pytest.mark.requirement("12.10", "44.14")
@pytest.mark.parametrize("status", ["405 Method Not Allowed", "200 OK", "500 Internal Server Error"])
async def test_leaving_deletes_the_session_whatever_the_server_says_to_that(status: str) -> None:
    async def handle(exchange: Exchange) -> None:
        if exchange.method == "DELETE":
            await exchange.answer(status)
        else:
            await handler(server(), session="s")(exchange)

    async with over_http(handle, EraMode.LEGACY) as it:
        seen = it.server.seen
        row = it.services.store.state.mcp.servers
        await it.session.ping()
        await eventually(lambda: any(each.method == "GET" for each in seen), "stand-alone stream")
        it.services.manager.configure([])
        await eventually(lambda: any(each.method == "DELETE" for each in seen), "goodbye")
        (goodbye,) = [each for each in seen if each.method == "DELETE"]
        assert goodbye.headers["mcp-session-id"] == "s"
        assert row["peer"].error is None


@pytest.mark.requirement("12.11", "12.21")
async def test_a_question_on_a_response_stream_is_answered_by_a_post_of_its_own() -> None:
    calls: list[Exchange] = []

    async def handle(exchange: Exchange) -> None:
        message = exchange.message if exchange.method == "POST" else {}
        if message.get("method") == "tools/call":
            calls.append(exchange)
            await exchange.stream(b'data: {"jsonrpc":"2.0","id":"q1","method":"ping"}\n\n')
            await exchange.until_closed()
        elif "method" not in message and exchange.method == "POST":
            assert message == {"jsonrpc": "2.0", "id": "q1", "result": {}}
            await exchange.answer("202 Accepted")
            await calls[0].socket.send(calls[0].event(done()))
        else:
            await handler(server(), session="s")(exchange)

    async with over_http(handle, EraMode.LEGACY) as it:
        with anyio.fail_after(10):
            assert await it.session.call_tool("t", {}) == done()
        (answer,) = [each for each in it.server.seen if each.body and "method" not in each.message]
        assert answer.headers["mcp-session-id"] == "s"
        assert answer.headers["mcp-protocol-version"] == "2025-11-25"


@pytest.mark.requirement("12.14", "21.3", "44.12")
async def test_giving_a_request_up_says_so_in_a_post() -> None:
    async def handle(exchange: Exchange) -> None:
        if exchange.method == "POST" and exchange.message.get("method") == "tools/call":
            await exchange.stream(b": wait\n\n")
            await exchange.until_closed()
        else:
            await handler(server())(exchange)

    async with over_http(handle, EraMode.LEGACY) as it:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(it.session.call_tool, "t", {})
            await eventually(lambda: it.posted("tools/call"), "the call")
            tasks.cancel_scope.cancel()
        (said,) = await eventually(lambda: it.posted("notifications/cancelled"), "cancellation")
        assert said.message["params"]["requestId"] == it.posted("tools/call")[0].message["id"]


@pytest.mark.requirement("12.16", "44.14")
async def test_a_refused_stand_alone_stream_is_not_asked_for_again() -> None:
    async with over_http(handler(server({"tools/call": done()})), EraMode.LEGACY) as it:
        await eventually(lambda: "GET" in it.methods(), "stand-alone stream")
        for _ in range(3):
            await it.session.call_tool("t", {})
        assert it.methods().count("GET") == 1
        assert "text/event-stream" in next(each for each in it.server.seen if each.method == "GET").headers["accept"]


@pytest.mark.requirement("12.12", "12.13", "12.17", "12.20", "44.11")
async def test_a_stream_is_resumed_after_its_own_last_event_and_what_comes_twice_is_handled_once() -> None:
    log = json.dumps(tell("notifications/message", {"level": "info", "data": "once"})).encode()
    answer: list[bytes] = []

    async def handle(exchange: Exchange) -> None:
        last = exchange.headers.get("last-event-id")
        if exchange.method == "POST" and exchange.message.get("method") == "tools/call":
            answer.append(exchange.event(done(), "e2"))
            await exchange.stream(b"retry: 10\nid: e0\ndata:\n\nid: e1\ndata: " + log + b"\n\n")
            await exchange.socket.aclose()
        elif last is not None:
            assert last == "e1"
            await exchange.stream(b"id: e1\ndata: " + log + b"\n\n" + answer[0])
            await exchange.socket.aclose()
        else:
            await handler(server())(exchange)

    async with over_http(handle, EraMode.LEGACY) as it:
        with anyio.fail_after(10):
            assert await it.session.call_tool("t", {}) == done()
        logged = [each for each in it.services.store.ring("peer") if each.kind == "log" and each.data == "once"]
        assert len(logged) == 1


@pytest.mark.requirement("12.21", "12.15", "46.3")
async def test_an_answer_and_a_question_may_come_on_the_stand_alone_stream() -> None:
    streams: list[Exchange] = []

    async def handle(exchange: Exchange) -> None:
        if exchange.method == "GET":
            await exchange.stream(b": open\n\n")
            streams.append(exchange)
            await exchange.until_closed()
        elif exchange.method == "POST" and exchange.message.get("method") == "tools/call":
            assert streams, "the stream is up before the first call"
            await streams[0].socket.send(b'data: {"jsonrpc":"2.0","id":"q","method":"ping"}\n\n')
            await exchange.stream(b": elsewhere\n\n")
            body: Any = {"jsonrpc": "2.0", "id": exchange.message["id"], "result": done()}
            await streams[0].socket.send(b"data: " + json.dumps(body).encode() + b"\n\n")
            await exchange.until_closed()
        else:
            await handler(server(), session="s")(exchange)

    async with over_http(handle, EraMode.LEGACY) as it:
        with anyio.fail_after(10):
            assert await it.session.call_tool("t", {}) == done()
        await eventually(lambda: "answer" in it.methods(), "answer to the ping")


@pytest.mark.requirement("39.4")
async def test_the_session_id_stands_in_no_log_and_no_error() -> None:
    async def handle(exchange: Exchange) -> None:
        if exchange.method == "POST" and exchange.message.get("method") == "tools/call":
            await exchange.answer("404 Not Found")
        else:
            await handler(server(), session="very-s3cret-id")(exchange)

    async with over_http(handle, EraMode.LEGACY) as it:
        with pytest.raises(SessionExpired) as caught:
            await it.session.call_tool("t", {})
        await eventually(lambda: len(it.posted("initialize")) > 1, "new session")
        logs = [str(record.data) for record in it.services.store.ring("peer")]
        said = [caught.value.title, caught.value.hint, str(caught.value.details), *logs]
        assert not [text for text in said if "very-s3cret-id" in text]


@pytest.mark.requirement("23.4")
async def test_a_ping_tells_whether_the_server_is_still_there() -> None:
    async with over_http(handler(server()), EraMode.LEGACY) as it:
        await eventually(lambda: it.posted("ping"), "ping")
        await eventually(lambda: it.services.store.state.mcp.servers["peer"].latency_ms is not None, "latency")
