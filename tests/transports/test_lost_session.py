"""Servers that answer 400 where 404 is meant, because they do not know the session: protocol section 12."""

from __future__ import annotations

import json

import anyio
import pytest

from mcpdeck.app.main import running
from mcpdeck.services.errors import HttpStatusError, RPCError, SessionExpired
from mcpdeck.services.models import EraMode, Status
from mcpdeck.services.state.model import CallStatus
from mcpdeck.services.transports.base import Outgoing
from mcpdeck.services.transports.lost_session import LostSession
from tests import entries
from tests.playbooks.http_peer import http_peer
from tests.servers.scripted_http import Exchange, Handler, scripted_http
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


def refusal(message: str, **identity: object) -> bytes:
    error = {"code": -32000, "message": message}
    return json.dumps({"jsonrpc": "2.0", "error": error, **identity}).encode()


NO_ID = refusal("Bad Request: No valid session ID provided")
UNSAID = refusal("Bad Request: Server not initialized", id=None)


def call(method: str = "tools/call", number: int = 2) -> Outgoing:
    return Outgoing(b"{}", "request", number, method)


def worked() -> LostSession:
    session = LostSession()
    session.accepted(call())
    return session


@pytest.mark.parametrize(
    "body",
    [
        NO_ID,
        refusal("Session not found", id=None),
        refusal("invalid session id", id=2),
        refusal("Bad Request: Mcp-Session-Id header is required", id=None),
        refusal("Unknown session: 12ab", id="server-error"),
        b"Missing session ID",
        b"Invalid or missing session ID",
        b"session expired",
        b"No transport found for sessionId: the session does not exist",
    ],
)
def test_words_that_the_session_is_not_known_mean_that_it_is_gone_and_the_message_was_not_taken(body: bytes) -> None:
    assert worked().judge(call(), 400, body) is True


@pytest.mark.parametrize("body", [b"", NO_ID, b"<html>session", UNSAID])
def test_404_always_means_that(body: bytes) -> None:
    assert LostSession().judge(call(), 404, body) is True


@pytest.mark.parametrize("status", [400, 405, 409, 410, 500, 503])
def test_a_session_that_never_worked_or_another_status_is_not_judged_by_words(status: int) -> None:
    session = LostSession() if status == 400 else worked()
    assert session.judge(call(), status, NO_ID) is None


def test_other_words_about_a_session_mean_that_nobody_knows_what_became_of_the_message() -> None:
    assert worked().judge(call(), 400, refusal("the session went away", id=None)) is False


@pytest.mark.parametrize("body", [b"", UNSAID, b"no"])
def test_two_refusals_in_a_row_to_what_was_fine_before_mean_that_it_is_gone(body: bytes) -> None:
    session = worked()
    assert session.judge(call(), 400, body) is None
    assert session.judge(call(), 400, body) is False


def test_refusals_with_a_success_between_them_or_to_what_was_never_accepted_mean_nothing() -> None:
    session = worked()
    for _ in range(3):
        assert session.judge(call(), 400, b"") is None
        session.accepted(call("ping"))
    for _ in range(3):
        assert session.judge(call("prompts/get"), 400, b"") is None


def test_an_error_that_carries_the_requests_own_id_is_its_answer() -> None:
    session = worked()
    for message in ("the session went away", "Invalid arguments for tool pay", "missing argument session_name"):
        for _ in range(2):
            assert session.judge(call(), 400, refusal(message, id=2)) is None
    assert session.judge(call(number=3), 400, refusal("the session went away", id=2)) is False


def restarted(body: bytes) -> tuple[Handler, list[str]]:
    """A server that is started again, without its sessions, before the first call."""
    known: list[str] = []
    seen: list[str] = []

    async def handler(exchange: Exchange) -> None:
        if exchange.method != "POST":
            await exchange.answer("405 Method Not Allowed")
            return
        message = exchange.message
        method = message["method"]
        seen.append(method)
        if method == "initialize":
            known.append(f"s{len(known)}-{len(seen)}")
            value = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "s"}}
            await exchange.result(value, Mcp_Session_Id=known[-1])
            return
        if method == "tools/call" and seen.count("initialize") == 1:
            known.clear()
        if exchange.headers.get("mcp-session-id") not in known:
            await exchange.answer("400 Bad Request", body)
        elif "id" not in message:
            await exchange.answer("202 Accepted")
        elif method == "tools/list":
            await exchange.result({"tools": [{"name": "pay", "inputSchema": {"type": "object"}}]})
        else:
            await exchange.result({"content": []})

    return handler, seen


async def test_a_call_to_a_restarted_server_that_says_no_valid_session_is_made_once_in_a_new_session() -> None:
    handler, seen = restarted(NO_ID)
    async with scripted_http(handler) as server:
        with anyio.fail_after(30):
            async with running([entries.http("peer", server.url, era=EraMode.LEGACY)]) as services:
                done = await services.executor.call("peer", "pay", {})
                assert done.status is CallStatus.SUCCESS, done.error
    assert seen.count("initialize") == 2
    assert seen.count("tools/call") == 2


async def test_a_restarted_server_that_gives_no_reason_is_connected_to_again_and_no_call_is_repeated() -> None:
    handler, seen = restarted(UNSAID)
    async with scripted_http(handler) as server:
        with anyio.fail_after(30):
            async with running([entries.http("peer", server.url, era=EraMode.LEGACY)]) as services:
                await services.executor.call("peer", "pay", {})
                first = await services.manager.connected("peer")
                # A call that was never accepted says nothing about the session; a list that was does.
                for _ in range(2):
                    with pytest.raises((SessionExpired, RPCError, HttpStatusError)):
                        await first.request("tools/list", {})
                await eventually(lambda: seen.count("initialize") == 2, "a new session")
                done = await services.executor.call("peer", "pay", {})
                assert done.status is CallStatus.SUCCESS, done.error
                assert services.store.state.mcp.servers["peer"].status is Status.CONNECTED
    assert seen.count("tools/call") == 2


async def test_the_session_that_is_gone_is_not_given_back_and_its_refusal_is_kept() -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.method != "POST":
            await exchange.answer("405 Method Not Allowed")
        elif exchange.message["method"] == "initialize":
            await exchange.result({}, Mcp_Session_Id="s")
        elif "id" not in exchange.message:
            await exchange.answer("202 Accepted")
        else:
            await exchange.answer("400 Bad Request", NO_ID)

    async with http_peer(handler) as it:
        await it.established()
        await it.notify()
        with pytest.raises(SessionExpired) as caught:
            await it.request("tools/call")
        assert caught.value.untaken
        assert "(400)" in caught.value.title
        await eventually(lambda: it.ended, "end of the connection")
        assert isinstance(it.ended[0], SessionExpired)
        assert not it.ended[0].untaken
        assert ("body of 400 to POST", NO_ID) in it.bodies
    assert not any(exchange.method == "DELETE" for exchange in it.server.seen)
