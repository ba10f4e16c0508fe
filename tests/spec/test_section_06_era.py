"""Sections 6 to 8: finding the era out, the handshake, ``server/discover``."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import anyio
import pytest

from mcpdeck.services import events as ev
from mcpdeck.services.eras.negotiate import Wish
from mcpdeck.services.errors import RPCError
from mcpdeck.services.models import EraMode, EraName
from tests.playbooks.opened import opened
from tests.playbooks.scripted import error, result
from tests.servers.scripted_http import Exchange
from tests.spec.peers import (
    DISCOVER,
    HASTY,
    LEGACY,
    META,
    MODERN,
    Message,
    answered,
    ask,
    done,
    handler,
    no_connection,
    over_http,
    sent,
    server,
    tell,
)
from tests.waiting import eventually


@pytest.mark.requirement("6.0.1")
async def test_the_era_is_found_out_once_and_not_with_every_request() -> None:
    async with opened(server({"tools/call": done()})) as it:
        await it.session.open(Wish())
        for _ in range(3):
            await it.session.call_tool("t", {})
        assert [message["method"] for message in it.transport.sent] == ["server/discover", *["tools/call"] * 3]


@pytest.mark.requirement("6.0.5", "6.0.6", "41.1")
async def test_the_probe_is_labelled_and_how_the_era_was_decided_is_kept() -> None:
    async with over_http(handler(server(modern=False))) as it:
        probes = [record.method for record in it.services.trace.of("peer") if record.label == "probe"]
        assert "server/discover" in probes
        assert "initialize" not in probes
        row = it.services.store.state.mcp.servers["peer"]
        assert (row.era, row.version) == (EraName.LEGACY, "2025-11-25")
        assert row.decided
        assert "-32601" in row.decided


@pytest.mark.requirement("6.0.8")
async def test_a_verdict_can_be_thrown_away() -> None:
    upgraded: list[bool] = []

    def script(message: Message) -> Any:
        return server(modern=bool(upgraded))(message)

    async with over_http(handler(script)) as it:
        assert it.session.era is EraName.LEGACY
        upgraded.append(True)
        it.services.manager.reconnect("peer", redetect=True)
        await eventually(
            lambda: it.services.store.state.mcp.servers["peer"].era is EraName.MODERN,
            "the newer era after looking again",
        )


@pytest.mark.requirement("6.0.8")
@pytest.mark.parametrize("code", [-32022, -32601, -32602])
async def test_a_verdict_that_turns_out_to_be_wrong_is_looked_into_again(code: int) -> None:
    upgraded: list[bool] = []

    def script(message: Message) -> Any:
        if not upgraded:
            return server(modern=False)(message)
        gone = {"supported": ["2026-07-28"]}
        return server({"initialize": lambda m: error(m, code, "no handshake here", gone)})(message)

    async with over_http(handler(script)) as it:
        assert it.session.era is EraName.LEGACY
        upgraded.append(True)
        it.services.manager.reconnect("peer")
        await eventually(
            lambda: it.services.store.state.mcp.servers["peer"].era is EraName.MODERN, "the newer era after a refusal"
        )


@pytest.mark.requirement("6.0.1")
async def test_a_verdict_is_kept_so_that_the_next_connection_does_not_probe_again() -> None:
    async with over_http(handler(server(modern=False))) as it:
        it.services.manager.reconnect("peer")
        await eventually(lambda: len(it.posted("initialize")) == 2, "second handshake")
        assert len(it.posted("server/discover")) == 1


@pytest.mark.requirement("6.1.8")
async def test_a_probe_that_is_answered_late_harms_nothing() -> None:
    async with opened(server({"server/discover": lambda m: None, "tools/call": done()})) as it:
        await it.session.open(Wish(probe_timeout=0.01))
        probe = sent(it, "server/discover")[0]
        it.transport.feed(result(probe, DISCOVER))
        assert it.session.era is EraName.LEGACY
        assert await it.session.call_tool("t", {}) == done()


@pytest.mark.requirement("6.1.10")
async def test_the_words_with_which_a_modern_server_refuses_initialize_reach_the_person() -> None:
    words = "this server speaks 2026-07-28 only"
    script = server({"initialize": lambda m: error(m, -32022, words, {"supported": ["2026-07-28"]})})
    reason = await no_connection(handler(script), EraMode.LEGACY)
    assert words in f"{reason.title} {reason.hint} {reason.details}"


@pytest.mark.requirement("6.2.1", "10.1", "10.3")
async def test_the_probe_over_http_is_a_post_with_all_modern_headers() -> None:
    async with over_http(handler(server({"tools/call": done()}))) as it:
        await it.session.call_tool("t", {})
        for exchange in it.server.seen:
            assert (exchange.method, exchange.path) == ("POST", "/mcp")
            message = exchange.message
            assert exchange.headers["mcp-protocol-version"] == message["params"]["_meta"][f"{META}protocolVersion"]
            assert exchange.headers["mcp-method"] == message["method"]
        assert it.methods()[0] == "server/discover"


@pytest.mark.requirement("6.2.4", "6.0.2", "44.1")
async def test_400_with_a_modern_error_is_no_reason_for_the_handshake() -> None:
    refused: list[Message] = []

    async def handle(exchange: Exchange) -> None:
        message = exchange.message
        if message["method"] == "server/discover" and not refused:
            refused.append(message)
            body = error(message, -32022, "no", {"supported": ["2026-07-28"], "requested": "2026-07-28"})
            await exchange.answer("400 Bad Request", json.dumps(body).encode())
        else:
            await handler(server())(exchange)

    async with over_http(handle) as it:
        assert it.session.era is EraName.MODERN
        assert "initialize" not in it.methods()


@pytest.mark.requirement("6.2.6")
@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "405 Method Not Allowed"])
async def test_a_status_without_a_modern_body_leads_to_initialize_over_http(status: str) -> None:
    async def handle(exchange: Exchange) -> None:
        if exchange.method == "POST" and exchange.message["method"] == "server/discover":
            await exchange.answer(status, b"<html>what?</html>", "text/html")
        else:
            await handler(server())(exchange)

    async with over_http(handle) as it:
        assert it.session.era is EraName.LEGACY
        assert "mcp-session-id" not in it.posted("initialize")[0].headers


@pytest.mark.requirement("6.2.8")
async def test_a_discover_result_in_an_event_stream_is_understood() -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.stream(b": hello\n\n", exchange.event(DISCOVER))
        await exchange.socket.aclose()

    async with over_http(handle) as it:
        assert it.session.era is EraName.MODERN


@pytest.mark.requirement("6.2.9", "22.5")
async def test_silence_over_http_is_an_outage_and_no_older_server() -> None:
    seen: list[Message] = []

    async def handle(exchange: Exchange) -> None:
        seen.append(exchange.message)
        await exchange.until_closed()

    with anyio.fail_after(10):
        reason = await no_connection(handle, settings=replace(HASTY, connect_timeout=0.5, probe_timeout=0.1))
    assert reason.kind == "timeout"
    assert {message["method"] for message in seen} == {"server/discover"}


@pytest.mark.requirement("7.1", "7.2", "7.4")
async def test_the_handshake_begins_with_initialize_and_ends_with_initialized() -> None:
    async with opened(server({"tools/call": done()})) as it:
        await it.session.open(LEGACY)
        await it.session.call_tool("t", {})
        initialize, initialized, call = it.transport.sent
        assert initialize["method"] == "initialize"
        assert initialize["params"].keys() >= {"protocolVersion", "capabilities", "clientInfo"}
        assert initialize["params"]["protocolVersion"] == "2025-11-25"
        assert {"name", "version"} <= initialize["params"]["clientInfo"].keys()
        assert initialized == {"jsonrpc": "2.0", "method": "notifications/initialized"}
        assert call["method"] == "tools/call"


@pytest.mark.requirement("7.5", "1.1")
@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
async def test_any_handshake_version_in_the_answer_is_accepted_and_used(version: str) -> None:
    async with opened(server(version=version)) as it:
        await it.session.open(LEGACY)
        assert it.session.version == version
        header = it.transport.messages[-1].headers.get("MCP-Protocol-Version")
        assert header == (version if version >= "2025-06-18" else None)


@pytest.mark.requirement("7.6")
async def test_a_list_of_versions_in_the_refusal_leads_to_one_more_initialize() -> None:
    def initialize(message: Message) -> Any:
        if message["params"]["protocolVersion"] == "2025-11-25":
            return error(message, -32602, "unsupported", {"supported": ["2024-11-05", "2025-03-26"]})
        return {"protocolVersion": "2025-03-26", "capabilities": {}, "serverInfo": {"name": "old", "version": "1"}}

    async with opened(server({"initialize": initialize})) as it:
        await it.session.open(LEGACY)
        assert [message["params"]["protocolVersion"] for message in sent(it, "initialize")] == [
            "2025-11-25",
            "2025-03-26",
        ]


@pytest.mark.requirement("7.7", "23.2")
async def test_pings_and_log_messages_are_understood_before_initialize_is_answered() -> None:
    async with opened(server({"initialize": lambda m: None})) as it, anyio.create_task_group() as tasks:
        tasks.start_soon(it.session.open, LEGACY)
        initialize = await it.transport.until_sent(1)
        it.transport.feed(ask("early", "ping"))
        it.transport.feed(tell("notifications/message", {"level": "info", "data": "starting"}))
        await it.transport.until_sent(2)
        assert answered(it, "early")["result"] == {}
        assert [event.data for event in it.events if isinstance(event, ev.LogReceived)] == ["starting"]
        info = {"name": "s", "version": "1"}
        answer = {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": info}
        it.transport.feed(result(initialize, answer))


@pytest.mark.requirement("7.8", "21.4", "44.12")
async def test_initialize_is_never_cancelled() -> None:
    async with opened(server({"initialize": lambda m: None})) as it:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(it.session.open, LEGACY)
            await it.transport.until_sent(1)
            tasks.cancel_scope.cancel()
        await anyio.wait_all_tasks_blocked()
        assert [message["method"] for message in it.transport.sent] == ["initialize"]


@pytest.mark.requirement("7.10", "7.11")
async def test_instructions_are_kept_and_an_incomplete_initialize_result_is_told() -> None:
    answer = {"protocolVersion": "2025-11-25", "instructions": "Read\nme \x1b[2J first."}
    async with opened(server({"initialize": answer})) as it:
        greeting = await it.session.open(LEGACY)
        assert greeting.instructions == answer["instructions"]
        assert any("serverInfo" in rule for rule in it.rules())
        assert any("capabilities" in rule for rule in it.rules())
        assert await it.session.request("ping", {}) == {}


@pytest.mark.requirement("8.1")
async def test_the_params_of_discover_hold_the_envelope_and_nothing_else() -> None:
    async with opened(server()) as it:
        await it.session.open(MODERN)
        assert list(it.transport.sent[0]["params"]) == ["_meta"]


@pytest.mark.requirement("8.3", "8.4")
async def test_a_discover_result_of_before_the_release_is_read_and_told() -> None:
    old = {"supportedVersions": ["2026-07-28"], "capabilities": {}, "serverInfo": {"name": "old", "version": "1"}}
    async with opened(server({"server/discover": lambda m: result(m, old)})) as it:
        await it.session.open(MODERN)
        assert it.session.info is not None
        assert it.session.info.name == "old"
        for word in ("serverInfo", "ttlMs", "cacheScope", "resultType"):
            assert any(word in rule for rule in it.rules())


@pytest.mark.requirement("6.2.2", "10.13", "37.1.1")
async def test_a_login_that_is_wanted_is_told_with_every_challenge_and_no_handshake_follows() -> None:
    seen: list[Message] = []

    async def handle(exchange: Exchange) -> None:
        seen.append(exchange.message)
        head = (
            b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n"
            b'WWW-Authenticate: Bearer scope="a"\r\nWWW-Authenticate: Basic realm="b"\r\n\r\n'
        )
        await exchange.socket.send(head)

    reason = await no_connection(handle)
    assert reason.kind == "auth"
    assert reason.details["challenges"] == ['Bearer scope="a"', 'Basic realm="b"']
    assert [message["method"] for message in seen] == ["server/discover"]


@pytest.mark.requirement("6.2.3")
async def test_a_server_that_is_out_of_order_is_not_taken_for_an_older_one() -> None:
    seen: list[Message] = []

    async def handle(exchange: Exchange) -> None:
        seen.append(exchange.message)
        await exchange.answer("503 Service Unavailable", b"{}")

    assert not isinstance(await no_connection(handle), RPCError)
    assert {message["method"] for message in seen} == {"server/discover"}


@pytest.mark.requirement("7.9", "25.2", "43.1")
@pytest.mark.parametrize(("version", "context"), [("2025-03-26", False), ("2025-06-18", True), ("2025-11-25", True)])
async def test_completion_context_is_sent_only_to_revisions_that_know_it(version: str, context: bool) -> None:
    answer = {"completion": {"values": ["a"]}}
    async with opened(server({"completion/complete": answer}, version=version)) as it:
        await it.session.open(Wish(version=version))
        ref = {"type": "ref/prompt", "name": "p"}
        await it.session.complete(ref, {"name": "b", "value": ""}, {"a": "1"})
        assert ("context" in sent(it, "completion/complete")[0]["params"]) is context
