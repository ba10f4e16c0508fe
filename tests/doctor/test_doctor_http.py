"""The doctor on remote servers: closed ports, names, statuses, logins, the older transport, proxies."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import anyio.abc
import pytest

from mcpdeck.services.models import CheckState, SseTarget, TransportKind, WebSocketTarget
from tests import entries
from tests.doctor.examined import examined, failed, warned
from tests.servers.scripted_http import Exchange, scripted_http

NO_POST = "405 Method Not Allowed"


async def serves(exchange: Exchange) -> None:
    """A server of 2025-11-25 with nothing to offer."""
    if exchange.method != "POST":
        await exchange.answer(NO_POST)
        return
    match exchange.message.get("method"):
        case "initialize":
            info = {"name": "small", "version": "1"}
            await exchange.result({"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": info})
        case "ping":
            await exchange.result({})
        case "server/discover":
            await exchange.answer("404 Not Found")
        case _:
            await exchange.answer("202 Accepted")


async def test_a_server_that_works_passes_every_check() -> None:
    async with scripted_http(serves) as server:
        checks = await examined(entries.http("small", server.url))
    assert failed(checks) == []
    assert [*checks][4:] == ["url", "proxy", "dns", "tcp", "open", "http", "speaks", "ping", "rules"]
    assert "127.0.0.1" in checks["dns"].detail
    assert checks["speaks"].detail.startswith("2025-11-25")


async def test_a_closed_port_ends_at_the_connect() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    checks = await examined(entries.http("closed", f"http://127.0.0.1:{port}/mcp"))
    assert failed(checks) == ["tcp"]
    assert "refused" in checks["tcp"].detail
    assert "Is the server running" in checks["tcp"].remedy


async def test_a_name_that_nobody_knows_ends_at_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(anyio, "getaddrinfo", unknown)
    checks = await examined(entries.http("nowhere", "https://mcp.example.test/mcp"))
    assert failed(checks) == ["dns"]
    assert "mcp.example.test" in checks["dns"].detail


@pytest.mark.parametrize("status", ["404 Not Found", "500 Internal Server Error", "503 Service Unavailable"])
async def test_a_status_that_is_no_success_is_named(status: str) -> None:
    async def refuses(exchange: Exchange) -> None:
        await exchange.answer(status)

    async with scripted_http(refuses) as server:
        checks = await examined(entries.http("refuses", server.url))
    assert failed(checks) == ["http"]
    assert status.partition(" ")[0] in checks["http"].detail
    assert checks["http"].remedy
    assert "speaks" not in checks


async def test_a_server_that_wants_a_login_is_told_from_one_that_fails() -> None:
    async def refuses(exchange: Exchange) -> None:
        await exchange.answer("401 Unauthorized", www_authenticate="Bearer")

    async with scripted_http(refuses) as server:
        checks = await examined(entries.http("locked", server.url))
    assert checks["http"].state is CheckState.WARN
    assert failed(checks) == ["credentials"]
    assert "login" in checks["credentials"].detail


async def test_an_address_of_the_older_transport_is_recognised() -> None:
    async def older(exchange: Exchange) -> None:
        if exchange.method == "GET":
            await exchange.stream(b"event: endpoint\ndata: /messages\n\n")
            await exchange.until_closed()
        else:
            await exchange.answer(NO_POST)

    async with scripted_http(older) as server:
        checks = await examined(entries.http("older", server.url))
    assert failed(checks) == ["http"]
    assert checks["sse"].state is CheckState.WARN
    assert '"type": "sse"' in checks["sse"].remedy


async def test_a_stream_address_that_is_no_stream_fails_when_it_opens() -> None:
    async def page(exchange: Exchange) -> None:
        await exchange.answer("200 OK", b"<html>Welcome</html>", "text/html")

    async with scripted_http(page) as server:
        entry = replace(entries.http("page", server.url), target=SseTarget(server.url), transport=TransportKind.SSE)
        checks = await examined(entry)
    assert failed(checks) == ["open"]


async def test_a_socket_address_that_answers_with_a_page_fails_when_it_opens() -> None:
    async def page(exchange: Exchange) -> None:
        await exchange.answer("200 OK", b"<html>Welcome</html>", "text/html")

    async with scripted_http(page) as server:
        url = server.url.replace("http://", "ws://")
        entry = replace(entries.http("page", url), target=WebSocketTarget(url), transport=TransportKind.WS)
        checks = await examined(entry)
    assert failed(checks) == ["open"]


async def test_an_address_that_is_none_ends_before_anything_is_looked_up() -> None:
    checks = await examined(entries.http("odd", "ftp://host/mcp"))
    assert failed(checks) == ["url"]
    assert [*checks][-1] == "url"


async def test_an_address_without_encryption_is_a_remark(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(anyio, "getaddrinfo", unknown)
    checks = await examined(entries.http("plain", "http://mcp.example.test/mcp"))
    assert "url" in warned(checks)


async def test_an_address_shows_no_password() -> None:
    checks = await examined(entries.http("secret", "ftp://user:hunter22@host/mcp?key=abcdef0123456789"))
    assert "hunter22" not in checks["url"].detail


@asynccontextmanager
async def proxy(answer: bytes) -> AsyncGenerator[str]:
    """A proxy that answers every CONNECT in one way."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")

    async def connection(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            try:
                await stream.receive()
                await stream.send(answer)
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, connection)
        yield f"http://127.0.0.1:{listener.extra(anyio.abc.SocketAttribute.local_port)}"
        tasks.cancel_scope.cancel()


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "who you are"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "NO_PROXY"),
    ],
)
async def test_a_proxy_that_lets_nobody_through_is_named(
    answer: bytes, words: str, monkeypatch: pytest.MonkeyPatch, no_proxy: None
) -> None:
    async with proxy(answer) as url:
        monkeypatch.setenv("HTTPS_PROXY", url.replace("http://", "http://me:hunter22@"))
        checks = await examined(entries.http("beyond", "https://mcp.example.test/mcp"))
    assert failed(checks) == ["tunnel"]
    assert "from HTTPS_PROXY" in checks["proxy"].detail
    assert words in checks["tunnel"].remedy
    assert not any("hunter22" in check.detail + check.remedy for check in checks.values())


async def test_a_proxy_that_is_not_there_ends_at_the_connect(monkeypatch: pytest.MonkeyPatch, no_proxy: None) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    checks = await examined(entries.http("beyond", "https://mcp.example.test/mcp"))
    assert failed(checks) == ["tcp"]


async def test_a_socks_proxy_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, no_proxy: None) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:9")
    checks = await examined(entries.http("beyond", "https://mcp.example.test/mcp"))
    assert failed(checks) == ["proxy"]
