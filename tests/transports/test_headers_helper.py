"""Headers that a helper gives: when it is asked, what becomes of its answer, and what a refusal means."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

import anyio
import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from mcpdeck.services.connections.targets import open_transport
from mcpdeck.services.errors import (
    AuthorizationRefused,
    AuthorizationRequired,
    ConnectError,
    HttpStatusError,
    McpDeckError,
)
from mcpdeck.services.models import HttpTarget, JsonObject, SseTarget, Target, WebSocketTarget
from mcpdeck.services.transports.base import Frame, Hooks, Outgoing, Transport
from tests.servers.scripted_http import Exchange, Handler, ScriptedServer, scripted_http
from tests.transports.sse_peer import Legacy
from tests.transports.websocket_peer import echo, server

Made = Callable[[str], Target]


class Helper:
    """Gives ``Authorization: token-0``, ``token-1`` …: another one each time, or what ``name`` is."""

    def __init__(self, name: str = "authorization", **more: str) -> None:
        self.name = name
        self.more = more
        self.asked = 0
        self.threads: set[int] = set()

    def __call__(self) -> Mapping[str, str]:
        self.threads.add(threading.get_ident())
        self.asked += 1
        return {self.name: f"token-{self.asked - 1}", **self.more}


def accepting(*tokens: str, name: str = "authorization", status: str = "401 Unauthorized") -> Handler:
    async def handler(exchange: Exchange) -> None:
        if exchange.headers.get(name) in tokens:
            await exchange.result("done")
        else:
            await exchange.answer(status, b"no" * 100)

    return handler


@asynccontextmanager
async def connected(
    handler: Handler, target: Made, notes: list[str] | None = None
) -> AsyncGenerator[tuple[Transport, ScriptedServer]]:
    async with scripted_http(handler) as peer:
        hooks = Hooks(note=(notes if notes is not None else []).append)
        with anyio.fail_after(20):
            async with open_transport(target(peer.url), hooks) as transport:
                yield transport, peer


def http(helper: Helper, **headers: str) -> Made:
    return lambda url: HttpTarget(url, headers, helper=helper)


async def requests(transport: Transport, count: int = 1) -> None:
    """Send requests at the same time and get their answers, or raise why there is none."""
    messages = {
        number: Outgoing(b'{"jsonrpc":"2.0","id":%d,"method":"ping"}' % number, "request", number, "ping")
        for number in range(count)
    }
    failed: list[McpDeckError] = []

    def deliver(frame: Frame) -> None:
        messages[json.loads(frame.data)["id"]].settled = True

    async def send(message: Outgoing) -> None:
        try:
            await transport.send(message)
        except McpDeckError as error:
            failed.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(transport.run, deliver)
        await anyio.wait_all_tasks_blocked()
        async with anyio.create_task_group() as sending:
            for message in messages.values():
                sending.start_soon(send, message)
        tasks.cancel_scope.cancel()
    if failed:
        raise failed[0]
    assert all(message.settled for message in messages.values())


async def test_it_is_asked_once_for_each_connection_in_a_thread_and_stands_above_the_written_headers() -> None:
    helper = Helper(extra="given")
    target = http(helper, Authorization="Bearer written", EXTRA="written", Other="written")
    for number in range(2):
        async with connected(accepting("token-0", "token-1"), target) as (transport, peer):
            await requests(transport)
            await requests(transport)
            assert helper.asked == number + 1
            for exchange in peer.seen:
                assert exchange.headers["authorization"] == f"token-{number}"
                assert (exchange.headers["extra"], exchange.headers["other"]) == ("given", "written")
    assert threading.get_ident() not in helper.threads


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
@pytest.mark.parametrize("name", ["authorization", "X-Key"])
async def test_a_refused_request_is_sent_once_more_with_new_headers(status: str, name: str) -> None:
    helper, notes = Helper(name), list[str]()
    handler = accepting("token-1", name=name.lower(), status=status)
    async with connected(handler, http(helper), notes) as (transport, peer):
        await requests(transport)
        await requests(transport)
        assert helper.asked == 2
        assert [exchange.headers[name.lower()] for exchange in peer.seen] == ["token-0", "token-1", "token-1"]
        assert peer.seen[0].body == peer.seen[1].body
    assert any("asked for new ones" in note for note in notes)
    assert "token-" not in str(notes)


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [
        ("Authorization", "401 Unauthorized", AuthorizationRefused),
        ("Authorization", "403 Forbidden", AuthorizationRefused),
        ("X-Key", "401 Unauthorized", AuthorizationRequired),
        ("X-Key", "403 Forbidden", HttpStatusError),
    ],
)
async def test_headers_that_are_refused_again_are_the_end_of_it(
    name: str, status: str, expected: type[McpDeckError]
) -> None:
    helper = Helper(name)
    async with connected(accepting(status=status), http(helper)) as (transport, peer):
        with pytest.raises(expected) as caught:
            await requests(transport)
        assert (helper.asked, len(peer.seen)) == (2, 2)
        shown = f"{caught.value.title}{caught.value.hint}{caught.value.details}"
        assert "token-" not in shown
        assert (expected is AuthorizationRefused) == ("headers helper" in shown)


async def test_requests_that_are_refused_together_share_one_new_answer() -> None:
    helper = Helper()
    waiting: list[Exchange] = []
    together = anyio.Event()

    async def handler(exchange: Exchange) -> None:
        if exchange.headers["authorization"] == "token-0":
            waiting.append(exchange)
            if len(waiting) == 3:
                together.set()
            await together.wait()
            await exchange.answer("401 Unauthorized")
        else:
            await exchange.result("done")

    async with connected(handler, http(helper)) as (transport, peer):
        await requests(transport, 3)
        assert helper.asked == 2
        assert len(peer.seen) == 6


async def test_without_a_helper_nothing_is_sent_twice() -> None:
    async with connected(accepting(), lambda url: HttpTarget(url, {"Authorization": "x"})) as (transport, peer):
        with pytest.raises(AuthorizationRefused, match="configured Authorization header"):
            await requests(transport)
        assert len(peer.seen) == 1


async def test_a_header_that_mcpdeck_sets_for_each_message_is_left_out_and_told() -> None:
    helper, notes = Helper(Accept="text/plain", **{"mcp-session-id": "s3cret"}), list[str]()
    async with connected(accepting("token-0"), http(helper), notes) as (transport, peer):
        await requests(transport)
        assert "application/json" in peer.seen[0].headers["accept"]
        assert "mcp-session-id" not in peer.seen[0].headers
    assert [note for note in notes if '"Accept"' in note]
    assert "s3cret" not in str(notes)


async def test_a_helper_that_fails_is_why_there_is_no_connection_and_nothing_is_sent() -> None:
    def failing() -> Mapping[str, str]:
        raise ConnectError("the headers helper ended with code 3")

    async with scripted_http(accepting()) as http_peer, server(echo) as url:
        for target in (
            HttpTarget(http_peer.url, helper=failing),
            SseTarget(http_peer.url, helper=failing),
            WebSocketTarget(url, helper=failing),
        ):
            with anyio.fail_after(10), pytest.raises(ConnectError, match="code 3"):
                await open_transport(target, Hooks()).__aenter__()
        assert http_peer.seen == []


async def test_a_helper_that_fails_when_it_is_asked_again_fails_that_request() -> None:
    def once() -> Mapping[str, str]:
        if asked:
            raise ConnectError("the headers helper ended with code 3")
        asked.append(True)
        return {"Authorization": "old"}

    asked: list[bool] = []
    async with connected(accepting(), lambda url: HttpTarget(url, helper=once)) as (transport, peer):
        with pytest.raises(ConnectError, match="code 3"):
            await requests(transport)
        assert len(peer.seen) == 1


async def test_the_loop_goes_on_while_it_is_asked_and_whoever_gives_up_need_not_wait() -> None:
    release, began = threading.Event(), threading.Event()

    def slow() -> Mapping[str, str]:
        began.set()
        release.wait(20)
        return {}

    async with scripted_http(accepting()) as peer:
        try:
            with anyio.fail_after(10):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(open_transport(HttpTarget(peer.url, helper=slow), Hooks()).__aenter__)
                    while not began.is_set():
                        await anyio.lowlevel.checkpoint()
                    tasks.cancel_scope.cancel()
        finally:
            release.set()
        assert peer.seen == []


# The other transports


class Guarded(Legacy):
    """A server of the old transport that wants ``token``."""

    def __init__(self, *tokens: str, posts: tuple[str, ...] | None = None) -> None:
        super().__init__()
        self.tokens = {"GET": tokens, "POST": tokens if posts is None else posts}

    async def __call__(self, exchange: Exchange) -> None:
        if exchange.headers.get("authorization") in self.tokens[exchange.method]:
            await super().__call__(exchange)
        else:
            await exchange.answer("401 Unauthorized")


@pytest.mark.parametrize(
    ("peer", "asked"),
    [(Guarded("token-0"), 1), (Guarded("token-1"), 2), (Guarded("token-0", posts=("token-1",)), 2)],
)
async def test_an_old_stream_and_its_posts_use_the_same_headers(peer: Guarded, asked: int) -> None:
    helper = Helper()
    async with connected(peer, lambda url: SseTarget(url, helper=helper)) as (transport, _):
        await requests(transport)
        assert helper.asked == asked


async def test_an_old_stream_that_is_refused_again_is_the_end_of_it() -> None:
    helper = Helper()
    async with scripted_http(Guarded()) as peer:
        with anyio.fail_after(10), pytest.raises(AuthorizationRefused):
            await open_transport(SseTarget(peer.url, helper=helper), Hooks()).__aenter__()
        assert (helper.asked, len(peer.seen)) == (2, 2)


def upgrading(*tokens: str, status: HTTPStatus = HTTPStatus.UNAUTHORIZED) -> tuple[list[str], JsonObject]:
    seen: list[str] = []

    def process_request(connection: ServerConnection, request: Request) -> Response | None:
        seen.append(request.headers.get("Authorization", ""))
        return None if seen[-1] in tokens else connection.respond(status, "no\n")

    return seen, {"process_request": process_request}  # type: ignore[dict-item]


@pytest.mark.parametrize("status", [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN])
async def test_a_refused_upgrade_is_asked_for_once_more_with_new_headers(status: HTTPStatus) -> None:
    seen, options = upgrading("token-1", status=status)
    helper = Helper()
    async with server(echo, **options) as url:
        with anyio.fail_after(10):
            async with open_transport(WebSocketTarget(url, {"AUTHORIZATION": "written"}, helper=helper), Hooks()):
                assert seen == ["token-0", "token-1"]
    seen, options = upgrading(status=status)
    helper = Helper()
    async with server(echo, **options) as url:
        with anyio.fail_after(10), pytest.raises(AuthorizationRefused) as caught:
            await open_transport(WebSocketTarget(url, helper=helper), Hooks()).__aenter__()
        assert seen == ["token-0", "token-1"]
        assert "token-" not in f"{caught.value.title}{caught.value.hint}"
