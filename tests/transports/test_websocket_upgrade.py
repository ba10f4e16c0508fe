"""Upgrades that are refused, redirected or go through a proxy: protocol section 14."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import anyio
import anyio.abc
import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from mcpdeck.services.errors import (
    AuthorizationRefused,
    AuthorizationRequired,
    ConnectError,
    HttpStatusError,
    McpDeckError,
    TransportTimeout,
)
from mcpdeck.services.models import WebSocketTarget
from mcpdeck.services.transports.base import Hooks
from mcpdeck.services.transports.websocket import WebSocketTransport
from tests.transports.websocket_peer import REQUEST, client, echo, server
from tests.waiting import eventually


async def refused(
    url: str, expected: type[McpDeckError], headers: Mapping[str, str] | None = None, *, open_timeout: float = 5
) -> McpDeckError:
    transport = WebSocketTransport(WebSocketTarget(url, headers or {}), Hooks(), open_timeout=open_timeout)
    with anyio.fail_after(20), pytest.raises(expected) as caught:
        await transport.__aenter__()
    assert "token=t" not in f"{caught.value.title} {caught.value.hint} {caught.value.details}"
    return caught.value


def answering(status: HTTPStatus, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    def process_request(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(status, "no\n")
        for name, value in (headers or {}).items():
            response.headers[name] = value
        return response

    return {"process_request": process_request}


@pytest.mark.parametrize(
    ("status", "answer", "headers", "expected"),
    [
        (HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": "Bearer"}, {}, AuthorizationRequired),
        (HTTPStatus.UNAUTHORIZED, {}, {"Authorization": "Bearer old"}, AuthorizationRefused),
        (HTTPStatus.FORBIDDEN, {}, {"X-Claude-Code-Ide-Authorization": "old"}, AuthorizationRefused),
        (HTTPStatus.FORBIDDEN, {}, {}, HttpStatusError),
        (HTTPStatus.NOT_FOUND, {}, {}, HttpStatusError),
        (HTTPStatus.SERVICE_UNAVAILABLE, {}, {}, HttpStatusError),
    ],
)
async def test_a_refused_upgrade_means_what_its_status_says(
    status: HTTPStatus, answer: Mapping[str, str], headers: Mapping[str, str], expected: type[McpDeckError]
) -> None:
    async with server(echo, **answering(status, answer)) as url:
        error = await refused(url, expected, headers)
    assert str(status.value) in error.title
    assert error.retryable == (status.value >= 500)
    if isinstance(error, AuthorizationRequired):
        assert error.challenges == ("Bearer",)


async def test_a_redirect_within_the_origin_is_followed_and_another_is_refused_with_everything_kept() -> None:
    elsewhere: list[Request] = []

    def note(connection: ServerConnection, request: Request) -> None:
        elsewhere.append(request)

    def process_request(connection: ServerConnection, request: Request) -> Response | None:
        if request.path == "/there":
            return None
        response = connection.respond(HTTPStatus.TEMPORARY_REDIRECT, "")
        response.headers["Location"] = away if request.path.startswith("/away") else "/there"
        return response

    async with server(echo, process_request=note) as away, server(echo, process_request=process_request) as url:
        headers = {"X-Api-Key": "k"}
        async with WebSocketTransport(WebSocketTarget(url, headers), Hooks()) as transport:
            await transport.send(REQUEST)
        error = await refused(url.replace("/mcp", "/away"), ConnectError, headers)
    assert "redirects to another place" in error.title
    assert elsewhere == []


async def test_a_host_that_does_not_listen_or_is_not_known_is_said_to_be_so() -> None:
    assert "refused the connection" in (await refused("ws://127.0.0.1:1/", ConnectError)).title
    assert "is not known" in (await refused("ws://nobody.invalid/", ConnectError)).title


@asynccontextmanager
async def raw(said: bytes | None) -> AsyncGenerator[str]:
    """A TCP server that says something else than an upgrade; nothing at all with None."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")

    async def talk(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.receive()
            if said is None:
                await anyio.sleep_forever()
            else:
                await stream.send(said)

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, talk)
        yield f"ws://127.0.0.1:{listener.extra(anyio.abc.SocketAttribute.local_port)}/"
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("said", [b"", b"220 mail\r\n\r\n", b"HTTP/1.1 101 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
async def test_what_is_no_websocket_server_is_said_to_be_none(said: bytes) -> None:
    async with raw(said) as url:
        error = await refused(url, McpDeckError)  # pyright: ignore[reportArgumentType]
    assert isinstance(error, ConnectError | HttpStatusError)
    assert "Is it a WebSocket endpoint?" in error.hint or "Is this URL a WebSocket endpoint?" in error.hint


async def test_opening_is_bounded_in_time() -> None:
    async with raw(None) as url:
        error = await refused(url, TransportTimeout, open_timeout=0.3)
    assert "within 0.3 s" in error.title


async def test_a_proxy_of_the_environment_is_used_but_never_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")

    async def proxy(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            asked.append(await stream.receive())
            await stream.send(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, proxy)
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://me:hunter2@127.0.0.1:{port}")
        for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        async with client(echo) as it:
            await it.transport.send(REQUEST)
            await eventually(lambda: it.frames, "the answer")
        assert asked == []
        error = await refused("wss://server.invalid/mcp", ConnectError)
        assert asked[0].startswith(b"CONNECT server.invalid:443 ")
        assert "the proxy refused" in error.title
        assert "hunter2" not in f"{error.title}{error.hint}{error.details}"
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "gopher://x", "http://me:hunter2@h/path"])
async def test_a_proxy_that_cannot_be_used_is_named_as_the_reason(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, proxy)
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    error = await refused("wss://server.invalid/mcp", ConnectError)
    assert "proxy" in error.title
    assert "hunter2" not in f"{error.title}{error.hint}{error.details}"


async def test_a_header_that_cannot_be_sent_is_an_error_that_does_not_show_it() -> None:
    async with server(echo) as url:
        error = await refused(url, ConnectError, {"X-Key": "s\u00e9cret\u2603"})
    assert "cret" not in f"{error.title}{error.hint}{error.details}"
