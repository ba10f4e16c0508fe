"""Sections 10 and 11: Streamable HTTP without sessions, and the headers that mirror a request."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from mcpdeck.services.eras.headers import SAFE_INTEGER, mirrored
from mcpdeck.services.errors import ConnectionLost, HttpStatusError, RPCError
from mcpdeck.services.models import EraName
from mcpdeck.services.state.model import CallStatus
from tests.playbooks.opened import opened
from tests.playbooks.scripted import error
from tests.servers.scripted_http import Exchange
from tests.spec.peers import MODERN, done, handler, over_http, sent, server, tools
from tests.waiting import eventually

HEADER_TOOL = {"type": "object", "properties": {"a": {"type": "number", "x-mcp-header": "A"}}}


@pytest.mark.requirement("10.6")
@pytest.mark.parametrize("media", ["application/json", "Application/JSON; charset=utf-8", "TEXT/Event-Stream;a=b"])
async def test_an_answer_is_understood_whatever_its_media_type_looks_like(media: str) -> None:
    async def handle(exchange: Exchange) -> None:
        if exchange.message["method"] != "tools/call":
            await handler(server())(exchange)
            return
        body = json.dumps({"jsonrpc": "2.0", "id": exchange.message["id"], "result": done()}).encode()
        await exchange.answer("200 OK", body if "json" in media.lower() else b"data: " + body + b"\n\n", media)

    async with over_http(handle) as it:
        assert await it.session.call_tool("t", {}) == done()


@pytest.mark.requirement("10.4", "10.9", "44.11")
async def test_a_stream_that_breaks_is_a_lost_request_that_is_never_resumed_or_sent_again() -> None:
    async def handle(exchange: Exchange) -> None:
        if exchange.message["method"] == "tools/call":
            await exchange.stream(b"retry: 1\nid: e1\ndata: \n\n")
            await exchange.socket.aclose()
        else:
            await handler(server())(exchange)

    async with over_http(handle) as it:
        with pytest.raises(ConnectionLost, match="lost"):
            await it.session.call_tool("t", {})
        await it.session.ping()
        assert it.methods().count("tools/call") == 1
        assert all(each.method == "POST" and "last-event-id" not in each.headers for each in it.server.seen)


@pytest.mark.requirement("10.14")
@pytest.mark.parametrize(
    ("status", "word"), [("413 Content Too Large", "too large"), ("431 Request Header Fields Too Large", "headers")]
)
async def test_a_request_that_is_too_large_says_which_part_is(status: str, word: str) -> None:
    async def handle(exchange: Exchange) -> None:
        if exchange.message["method"] == "tools/call":
            await exchange.answer(status)
        else:
            await handler(server())(exchange)

    async with over_http(handle) as it:
        with pytest.raises(HttpStatusError) as caught:
            await it.session.call_tool("t", {})
        assert word in caught.value.hint


@pytest.mark.requirement("11.1", "11.3", "44.5")
async def test_the_name_header_mirrors_what_the_method_is_about_and_nothing_else() -> None:
    answers: dict[str, Any] = {
        "tools/call": done(),
        "prompts/get": {"messages": []},
        "resources/read": {"contents": []},
        "resources/list": {"resources": []},
    }
    async with opened(server(answers)) as it:
        await it.session.open(MODERN)
        await it.session.call_tool("näme", {})
        await it.session.get_prompt(" p", {})
        await it.session.read_resource("x://host/A%20b?c#d")
        await it.session.request("resources/list", {})
        await it.session.request("resources/list", {"name": "n", "uri": "u"})
        names = [message.headers.get("Mcp-Name") for message in it.transport.messages]
        assert names == [None, "=?base64?bsOkbWU=?=", "=?base64?IHA=?=", "x://host/A%20b?c#d", None, None]


@pytest.mark.requirement("11.2", "36.2.10", "44.5")
@pytest.mark.parametrize("method", ["tasks/get", "tasks/update", "tasks/cancel"])
async def test_the_name_header_of_a_task_is_its_id(method: str) -> None:
    async with opened(server({method: {}})) as it:
        await it.session.open(MODERN)
        await it.session.request(method, {"taskId": "t-1"})
        assert it.transport.messages[-1].headers["Mcp-Name"] == "t-1"


@pytest.mark.requirement("11.7", "11.8", "26.11", "44.6")
async def test_a_tool_with_a_wrong_annotation_is_told_with_its_reason_and_not_called() -> None:
    listed = {"tools": [*tools("good")["tools"], {"name": "bad", "inputSchema": HEADER_TOOL}]}
    script = server({"tools/list": listed, "tools/call": done()}, capabilities={"tools": {}})
    async with over_http(handler(script)) as it:
        good, bad = await it.session.lists.known_tools()
        assert good.excluded is None
        assert bad.excluded is not None
        assert "x-mcp-header" in bad.excluded
        call = await it.services.executor.call("peer", "bad", {"a": 1})
        assert call.status is CallStatus.NOT_FOUND
        assert call.error is not None
        assert "must not be called" in call.error.title
        assert "tools/call" not in it.methods()


@pytest.mark.requirement("11.9")
async def test_elsewhere_than_over_http_a_wrong_annotation_is_information_only() -> None:
    listed = {"tools": [{"name": "odd", "inputSchema": HEADER_TOOL}]}
    async with opened(server({"tools/list": listed})) as it:
        await it.session.open(MODERN)
        (tool,) = await it.session.lists.read_tools()
        assert tool.excluded is None
        assert any("x-mcp-header" in problem for problem in tool.problems)


@pytest.mark.requirement("11.5", "11.6", "11.10")
async def test_arguments_are_mirrored_as_soon_as_the_tool_is_known() -> None:
    properties = {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "count": {"type": "integer", "x-mcp-header": "Count"},
    }
    listed = {"tools": [{"name": "t", "inputSchema": {"type": "object", "properties": properties}}]}
    script = server({"tools/list": listed, "tools/call": done()}, capabilities={"tools": {}})
    async with over_http(handler(script)) as it:
        await it.session.call_tool("never listed", {"region": "eu"})
        await it.session.lists.known_tools()
        await it.session.call_tool("t", {"region": "eu", "count": None})
        first, second = it.posted("tools/call")
        assert not [name for name in first.headers if name.startswith("mcp-param-")]
        assert {name: value for name, value in second.headers.items() if name.startswith("mcp-param-")} == {
            "mcp-param-region": "eu"
        }


@pytest.mark.requirement("11.11")
def test_an_integer_beyond_the_safe_range_is_not_mirrored() -> None:
    schema: Any = {"properties": {"n": {"type": "integer", "x-mcp-header": "N"}}}
    assert mirrored(schema, {"n": SAFE_INTEGER}) == {"Mcp-Param-N": str(SAFE_INTEGER)}
    assert mirrored(schema, {"n": SAFE_INTEGER + 1}) == {}


@pytest.mark.requirement("21.2", "44.12")
async def test_giving_a_stateless_request_up_closes_its_stream_and_says_nothing() -> None:
    closed = anyio.Event()

    async def handle(exchange: Exchange) -> None:
        if exchange.message["method"] != "tools/call":
            await handler(server())(exchange)
            return
        await exchange.stream(b": wait\n\n")
        await exchange.until_closed()
        closed.set()

    async with over_http(handle) as it:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(it.session.call_tool, "t", {})
            await eventually(lambda: it.posted("tools/call"), "the call")
            tasks.cancel_scope.cancel()
        with anyio.fail_after(5):
            await closed.wait()
        assert it.session.era is EraName.MODERN
        assert "notifications/cancelled" not in it.methods()


@pytest.mark.requirement("3.4", "11.10")
async def test_after_a_header_mismatch_the_headers_are_rebuilt_from_a_fresh_list_once() -> None:
    properties = {"region": {"type": "string", "x-mcp-header": "Region"}}
    listed = {"tools": [{"name": "t", "inputSchema": {"type": "object", "properties": properties}}]}

    async def handle(exchange: Exchange) -> None:
        message = exchange.message
        if message["method"] == "tools/call" and "mcp-param-region" not in exchange.headers:
            body = {"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32020, "message": "mismatch"}}
            await exchange.answer("400 Bad Request", json.dumps(body).encode())
        else:
            await handler(server({"tools/list": listed, "tools/call": done()}))(exchange)

    async with over_http(handle) as it:
        assert await it.session.call_tool("t", {"region": "eu"}) is not None
        assert [method for method in it.methods() if method.startswith("tools/")] == [
            "tools/call",
            "tools/list",
            "tools/call",
        ]
        first, second = it.posted("tools/call")
        assert first.message["id"] != second.message["id"]


@pytest.mark.requirement("3.4")
async def test_a_mismatch_that_stays_is_told_after_one_more_try() -> None:
    refused = server({"tools/call": lambda m: error(m, -32020, "mismatch"), "tools/list": tools("t")})
    async with opened(refused) as it:
        await it.session.open(MODERN)
        with pytest.raises(RPCError, match="mismatch"):
            await it.session.call_tool("t", {})
        assert len(sent(it, "tools/call")) == 2


@pytest.mark.requirement("16.6", "9.15")
async def test_a_subscription_over_http_is_a_stream_that_is_closed_at_its_end_and_opened_again_when_it_breaks() -> None:
    streams: list[Exchange] = []
    closed: list[Exchange] = []

    async def handle(exchange: Exchange) -> None:
        if exchange.message["method"] != "subscriptions/listen":
            await handler(server(capabilities={"resources": {"subscribe": True}}))(exchange)
            return
        message = exchange.message
        identity = {"_meta": {"io.modelcontextprotocol/subscriptionId": message["id"]}}
        granted = {"notifications": message["params"]["notifications"], **identity}
        said = {"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged", "params": granted}
        await exchange.stream(b"data: " + json.dumps(said).encode() + b"\n\n")
        streams.append(exchange)
        if len(streams) == 1:
            await exchange.socket.aclose()
            return
        await exchange.until_closed()
        closed.append(exchange)

    async with over_http(handle) as it:
        await it.session.subscribe("x://1")
        await eventually(lambda: len(streams) == 2, "second stream")
        first, second = [each.message for each in streams]
        assert first["id"] != second["id"]
        assert first["params"]["notifications"] == second["params"]["notifications"]
        await it.session.unsubscribe("x://1")
        await eventually(lambda: closed, "end of the stream")
        assert {"notifications/cancelled", "resources/unsubscribe", "GET", "DELETE"}.isdisjoint(it.methods())


@pytest.mark.requirement("31.2")
async def test_a_uri_goes_back_exactly_as_it_came() -> None:
    uris = ["HTTP://Example.COM", "x:Ä b", "file:///a/../b", "https://example.com:443/"]
    async with opened(server({"resources/read": {"contents": []}})) as it:
        await it.session.open(MODERN)
        for uri in uris:
            await it.session.read_resource(uri)
        assert [message["params"]["uri"] for message in sent(it, "resources/read")] == uris
