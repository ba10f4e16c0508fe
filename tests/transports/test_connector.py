"""Streamable HTTP with an account's token: what is sent, when it is renewed, and what is never shown."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import anyio
import pytest

from mcpdeck.services.connections.targets import open_transport
from mcpdeck.services.errors import AuthError, AuthorizationRefused, HttpStatusError, McpDeckError
from mcpdeck.services.models import ConnectorTarget, TransportKind
from mcpdeck.services.transports.base import Frame, Hooks, Outgoing, Transport
from tests.servers.scripted_http import Exchange, Handler, ScriptedServer, scripted_http
from tests.waiting import eventually


class Account:
    """Tokens ``token-0``, ``token-1`` …: a new one for each refresh."""

    def __init__(self) -> None:
        self.asked: list[bool] = []
        self.threads: set[int] = set()
        self.number = 0

    def __call__(self, refresh: bool) -> str:
        self.threads.add(threading.get_ident())
        self.asked.append(refresh)
        self.number += refresh
        return f"token-{self.number}"


def accepting(*tokens: str) -> Handler:
    async def handler(exchange: Exchange) -> None:
        if exchange.headers["authorization"].removeprefix("Bearer ") in tokens:
            await exchange.result("done")
        else:
            await exchange.answer("401 Unauthorized", b"x" * 10_000, WWW_Authenticate='Bearer realm="r"')

    return handler


@asynccontextmanager
async def connected(
    handler: Handler, token: Callable[[bool], str], **headers: str
) -> AsyncGenerator[tuple[Transport, ScriptedServer]]:
    async with scripted_http(handler) as server:
        with anyio.fail_after(15):
            async with open_transport(ConnectorTarget(server.url, token, headers), Hooks()) as transport:
                yield transport, server


async def request(transport: Transport, number: int = 1) -> None:
    message = Outgoing(b'{"jsonrpc":"2.0","id":%d,"method":"ping"}' % number, "request", number, "ping")
    got: list[Frame] = []

    def deliver(frame: Frame) -> None:
        got.append(frame)
        message.settled = True

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(transport.run, deliver)
        await anyio.wait_all_tasks_blocked()
        try:
            await transport.send(message)
            failed: McpDeckError | None = None
        except McpDeckError as error:
            failed = error
        tasks.cancel_scope.cancel()
    if failed is not None:
        raise failed
    assert got


async def test_every_request_carries_the_token_which_is_asked_for_once_and_in_a_thread() -> None:
    account = Account()
    async with connected(accepting("token-0"), account, authorization="Bearer other", Extra="e") as (transport, server):
        assert transport.kind is TransportKind.CONNECTOR
        await request(transport)
        await request(transport, 2)
        assert account.asked == [False]
        assert threading.get_ident() not in account.threads
        assert [exchange.headers["authorization"] for exchange in server.seen] == ["Bearer token-0"] * 2
        assert {exchange.headers["extra"] for exchange in server.seen} == {"e"}


async def test_after_a_401_the_token_is_renewed_and_that_request_repeated_once() -> None:
    account = Account()
    async with connected(accepting("token-1"), account) as (transport, server):
        await request(transport)
        await request(transport, 2)
        assert account.asked == [False, True]
        assert [exchange.headers["authorization"][-1] for exchange in server.seen] == ["0", "1", "1"]
        assert server.seen[0].body == server.seen[1].body


async def test_a_token_that_is_refused_again_is_the_end_of_it_and_is_not_shown() -> None:
    account = Account()
    async with connected(accepting(), account) as (transport, server):
        with pytest.raises(AuthorizationRefused) as caught:
            await request(transport)
        assert account.asked == [False, True]
        assert len(server.seen) == 2
        error = caught.value
        assert "account" in error.title
        assert "token-" not in f"{error.title}{error.hint}{error.details}{error!r}"


async def test_requests_that_are_refused_together_renew_the_token_once() -> None:
    account = Account()
    waiting: list[Exchange] = []
    together = anyio.Event()

    async def handler(exchange: Exchange) -> None:
        if exchange.headers["authorization"] == "Bearer token-0":
            waiting.append(exchange)
            if len(waiting) == 3:
                together.set()
            await together.wait()
            await exchange.answer("401 Unauthorized")
        else:
            await exchange.answer("202 Accepted")

    async with connected(handler, account) as (transport, server):
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(transport.send, Outgoing(b'{"jsonrpc":"2.0","method":"n"}', "notification", None, "n"))
        assert account.asked == [False, True]
        assert len(server.seen) == 6


async def test_other_refusals_renew_nothing() -> None:
    account = Account()
    async with connected(lambda exchange: exchange.answer("403 Forbidden"), account) as (transport, _):
        with pytest.raises(HttpStatusError):
            await request(transport)
        assert account.asked == [False]


async def test_a_token_that_cannot_be_had_is_the_error_of_the_request() -> None:
    def none(refresh: bool) -> str:
        raise AuthError("the token command ended with code 3", hint="run it by hand")

    async with connected(accepting(), none) as (transport, server):
        with pytest.raises(AuthError, match="code 3"):
            await request(transport)
        assert server.seen == []


async def test_a_caller_does_not_wait_for_a_token_that_takes_for_ever() -> None:
    asked, enough = threading.Event(), threading.Event()

    def slow(refresh: bool) -> str:
        asked.set()
        enough.wait(15)
        return "late"

    async with connected(accepting(), slow) as (transport, server):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(request, transport)
            await eventually(asked.is_set, "the question")
            tasks.cancel_scope.cancel()
        enough.set()
        assert server.seen == []
