"""Requests with a token: on every one of them, to its own server only, and what a refusal leads to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest

from mcpdeck.services.auth.seam import Refusal
from mcpdeck.services.connections.targets import open_transport
from mcpdeck.services.errors import (
    AuthorizationRequired,
    ConnectError,
    HttpStatusError,
    InsufficientScope,
    McpDeckError,
)
from mcpdeck.services.models import EraName, HttpTarget, SseTarget, WebSocketTarget
from mcpdeck.services.transports.admission import TRIALS
from mcpdeck.services.transports.base import Frame, Hooks, MessageKind, Outgoing, Transport
from tests.servers.scripted_http import Exchange, Handler, ScriptedServer, scripted_http
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


@dataclass
class Tokens:
    """``token-0``, then another at each refusal; ``says`` decides about one (raises, or whether to send again)."""

    says: Callable[[Refusal], bool] = lambda _: True
    number: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    nonces: list[str | None] = field(default_factory=list)
    renews: list[tuple[str, bool]] = field(default_factory=list)
    changed: anyio.Event = field(default_factory=anyio.Event)

    @property
    def token(self) -> str:
        return f"token-{self.number}"

    async def headers(self, method: str, url: str, *, renew: bool = True) -> Mapping[str, str]:
        self.renews.append((method, renew))
        return {"Authorization": f"Bearer {self.token}", "DPoP": f"proof-{method}-{url}"}

    async def refused(self, refusal: Refusal) -> bool:
        self.refusals.append(refusal)
        again = self.says(refusal)
        self.number += 1
        return again

    def answered(self, url: str, nonce: str | None) -> None:
        self.nonces.append(nonce)

    async def another(self) -> None:
        await self.changed.wait()
        self.changed = anyio.Event()


@dataclass
class Line:
    transport: Transport
    server: ScriptedServer
    tokens: Tokens
    hidden: list[str]
    notes: list[str]
    bodies: list[tuple[str, bytes]]
    ended: list[McpDeckError] = field(default_factory=list)

    async def request(self, method: str = "ping", params: str = "{}", number: int = 1) -> None:
        data = f'{{"jsonrpc":"2.0","id":{number},"method":"{method}","params":{params}}}'.encode()
        message = Outgoing(data, "request", number, method)
        self.waiting = message
        await self.transport.send(message)
        assert message.settled

    def deliver(self, frame: Frame) -> None:
        self.waiting.settled = True


@asynccontextmanager
async def line(handler: Handler, tokens: Tokens | None = None, **headers: str) -> AsyncGenerator[Line]:
    tokens = tokens or Tokens()
    hidden: list[str] = []
    notes: list[str] = []
    bodies: list[tuple[str, bytes]] = []
    hooks = Hooks(hide_token=hidden.append, note=notes.append, body=lambda what, data: bodies.append((what, data)))
    async with scripted_http(handler) as server:
        with anyio.fail_after(15):
            async with open_transport(HttpTarget(server.url, headers), hooks, auth=tokens) as transport:
                one = Line(transport, server, tokens, hidden, notes, bodies)

                async def run() -> None:
                    try:
                        await transport.run(one.deliver)
                    except McpDeckError as error:
                        one.ended.append(error)

                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(run)
                    await anyio.wait_all_tasks_blocked()
                    yield one
                    tasks.cancel_scope.cancel()


def guarding(*good: str, status: str = "401 Unauthorized", **headers: str) -> Handler:
    async def handler(exchange: Exchange) -> None:
        if exchange.headers.get("authorization", "").removeprefix("Bearer ") in good:
            await exchange.result("done")
        else:
            await exchange.answer(status, b'{"no": 1}', **{"WWW_Authenticate": 'Bearer realm="r"', **headers})

    return handler


def sent(server: ScriptedServer) -> list[str]:
    return [exchange.headers.get("authorization", "") for exchange in server.seen]


async def test_a_refused_message_is_sent_again_unchanged_with_the_next_token() -> None:
    async with line(guarding("token-1", DPoP_Nonce="n1")) as one:
        await one.request("tools/call", '{"name":"paint","arguments":{}}')
        assert sent(one.server) == ["Bearer token-0", "Bearer token-1"]
        assert len({exchange.body for exchange in one.server.seen}) == 1
        (refusal,) = one.tokens.refusals
        assert (refusal.status, refusal.operation, refusal.nonce) == (401, "tools/call paint", "n1")
        assert refusal.challenges == ('Bearer realm="r"',)
        assert refusal.sent["Authorization"] == "Bearer token-0"
        assert "token-0" not in repr(refusal)
        assert one.hidden == ["token-0", "token-1"]  # and not the proof that goes with each request
        assert one.bodies == [("body of 401 to POST", b'{"no": 1}')]


@pytest.mark.parametrize(
    ("kind", "method", "renew"),
    [
        ("request", "ping", True),
        ("response", None, True),
        ("notification", "notifications/cancelled", False),
        ("notification", "notifications/progress", False),
    ],
)
async def test_a_notification_is_no_reason_to_renew_a_token_before_it_is_sent(
    kind: MessageKind, method: str | None, renew: bool
) -> None:
    async def taken(exchange: Exchange) -> None:
        await (exchange.result("done") if kind == "request" else exchange.answer("202 Accepted"))

    async with line(taken) as one:
        one.waiting = Outgoing(b'{"jsonrpc":"2.0","id":1,"method":"ping"}', kind, 1, method)
        await one.transport.send(one.waiting)
        assert one.tokens.renews == [("POST", renew)]


@pytest.mark.parametrize(
    ("params", "said"),
    [("{}", "ping"), ('{"uri":"file:///x"}', "ping file:///x"), ('{"name":5}', "ping"), ("[1]", "ping")],
)
async def test_what_a_refused_request_wanted_is_told_in_words(params: str, said: str) -> None:
    async with line(guarding("token-1")) as one:
        await one.request(params=params)
        assert one.tokens.refusals[0].operation == said


async def test_a_refusal_that_leads_nowhere_is_raised_with_its_body_and_the_session_goes_on() -> None:
    async with line(guarding(status="403 Forbidden"), Tokens(lambda _: False)) as one:
        with pytest.raises(AuthorizationRequired) as caught:
            await one.request()
        assert caught.value.status == 403
        assert one.ended == []

    async def plain(exchange: Exchange) -> None:
        await exchange.answer("403 Forbidden", b'{"why": 2}')

    async with line(plain, Tokens(lambda _: False)) as one:
        with pytest.raises(HttpStatusError) as refused:
            await one.request()
        assert refused.value.body == b'{"why": 2}'
        assert len(one.server.seen) == 1


async def test_a_login_that_always_wants_another_try_is_not_believed_for_ever() -> None:
    async with line(guarding()) as one:
        with pytest.raises(AuthorizationRequired):
            await one.request()
        assert len(one.server.seen) == TRIALS


async def test_headers_that_say_who_we_are_stand_above_a_login() -> None:
    async with line(guarding("mine"), Authorization="Bearer mine") as one:
        await one.request()
        assert sent(one.server) == ["Bearer mine"]
        assert one.tokens.refusals == []


async def test_a_token_follows_a_redirect_within_its_origin_and_never_beyond() -> None:
    async with scripted_http(guarding("token-0")) as other:

        async def handler(exchange: Exchange) -> None:
            if exchange.path == "/mcp":
                await exchange.answer("307 Temporary Redirect", Location="/moved")
            elif b"away" in exchange.body:
                await exchange.answer("307 Temporary Redirect", Location=other.url)
            else:
                await exchange.result("done")

        async with line(handler) as one:
            await one.request()
            assert [exchange.path for exchange in one.server.seen] == ["/mcp", "/moved"]
            assert set(sent(one.server)) == {"Bearer token-0"}
            proofs = [exchange.headers["dpop"] for exchange in one.server.seen]
            assert [proof.rpartition("/")[2] for proof in proofs] == ["mcp", "moved"]
            with pytest.raises(ConnectError, match="another place"):
                await one.request("away")
            assert other.seen == []


async def test_a_session_that_stands_ends_when_its_token_is_refused_for_good_and_everybody_is_told_once() -> None:
    def final(refusal: Refusal) -> bool:
        raise AuthorizationRequired("no more", status=refusal.status)

    async with line(guarding(), Tokens(final)) as one:
        with pytest.raises(AuthorizationRequired):
            await one.request("initialize")
        assert one.ended == []
        await one.transport.established(EraName.MODERN, {})
        with pytest.raises(AuthorizationRequired):
            await one.request()
        await eventually(lambda: one.ended, "end of the session")
        assert isinstance(one.ended[0], AuthorizationRequired)
        seen = len(one.server.seen)
        with pytest.raises(AuthorizationRequired):
            await one.request()
        assert len(one.server.seen) == seen


async def test_missing_scopes_end_no_session() -> None:
    def final(refusal: Refusal) -> bool:
        raise InsufficientScope("more", status=refusal.status)

    async with line(guarding(status="403 Forbidden"), Tokens(final)) as one:
        await one.transport.established(EraName.MODERN, {})
        with pytest.raises(InsufficientScope):
            await one.request()
        await anyio.wait_all_tasks_blocked()
        assert one.ended == []


async def test_a_stand_alone_stream_that_is_refused_waits_for_a_token_and_is_opened_then() -> None:
    def no_login_for_a_stream(refusal: Refusal) -> bool:
        assert (refusal.method, refusal.operation) == ("GET", "")
        raise AuthorizationRequired("a login first", status=401)

    async def handler(exchange: Exchange) -> None:
        if exchange.headers["authorization"] == "Bearer token-1":
            await exchange.stream(b"data: {}\n\n")
            await exchange.until_closed()
        else:
            await exchange.answer("401 Unauthorized")

    async with line(handler, Tokens(no_login_for_a_stream)) as one:
        one.waiting = Outgoing(b"", "notification")
        await one.transport.established(EraName.LEGACY, {})
        await eventually(lambda: one.notes, "note")
        await anyio.wait_all_tasks_blocked()
        assert len(one.server.seen) == 1
        one.tokens.number = 1
        one.tokens.changed.set()
        await eventually(lambda: one.waiting.settled, "message on the stream")
        assert one.ended == []


async def test_saying_goodbye_carries_the_token_and_asks_nobody_for_another() -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.method == "DELETE":
            await exchange.answer("401 Unauthorized")
        else:
            await exchange.result("done", Mcp_Session_Id="s1")

    tokens = Tokens(lambda refusal: refusal.method != "DELETE")
    async with line(handler, tokens) as one:
        await one.request("initialize")
        server = one.server
    assert [(exchange.method, exchange.headers["authorization"]) for exchange in server.seen] == [
        ("POST", "Bearer token-0"),
        ("DELETE", "Bearer token-0"),
    ]


async def test_sse_carries_the_token_on_its_stream_and_its_posts_and_ends_when_it_is_refused_for_good() -> None:
    def judged(refusal: Refusal) -> bool:
        if refusal.operation == "ping":
            raise AuthorizationRequired("no more", status=401)
        return True

    async def handler(exchange: Exchange) -> None:
        if exchange.headers["authorization"] == "Bearer token-0" or b'"ping"' in exchange.body:
            await exchange.answer("401 Unauthorized")
        elif exchange.method == "GET":
            await exchange.stream(b"event: endpoint\ndata: /post\n\n")
            await exchange.until_closed()
        else:
            await exchange.answer("202 Accepted")

    async with scripted_http(handler) as server:
        tokens = Tokens(judged)
        with anyio.fail_after(15):
            async with open_transport(SseTarget(server.url), Hooks(), auth=tokens) as transport:
                await transport.send(Outgoing(b"{}", "notification", method="notifications/initialized"))
                with pytest.raises(AuthorizationRequired):
                    await transport.send(Outgoing(b'{"method":"ping"}', "request", 1, "ping"))
                with pytest.raises(AuthorizationRequired):
                    await transport.run(lambda _: None)
        assert [exchange.method for exchange in server.seen] == ["GET", "GET", "POST", "POST"]
        assert sent(server) == ["Bearer token-0", *["Bearer token-1"] * 3]


async def test_a_websocket_carries_the_token_on_its_upgrade_and_asks_again_with_the_next_one() -> None:
    seen: list[Any] = []

    async def handler(exchange: Exchange) -> None:
        seen.append(exchange.headers.get("authorization"))
        await exchange.answer("401 Unauthorized", WWW_Authenticate='Bearer scope="a"')

    def twice(refusal: Refusal) -> bool:
        assert refusal.challenges == ('Bearer scope="a"',)
        return len(tokens.refusals) < 2

    tokens = Tokens(twice)
    hidden: list[str] = []
    async with scripted_http(handler) as server:
        target = WebSocketTarget(server.url.replace("http:", "ws:"))
        with anyio.fail_after(15), pytest.raises(AuthorizationRequired):
            await open_transport(target, Hooks(hide_token=hidden.append), auth=tokens).__aenter__()
    assert seen == ["Bearer token-0", "Bearer token-1"]
    assert hidden == ["token-0", "token-1"]
