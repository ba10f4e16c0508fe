"""What the libraries below would log of our requests does not get into the log of the program around us."""

from __future__ import annotations

import logging

import anyio
import httpx
import pytest

from mcpdeck.services import http
from mcpdeck.services.connections.targets import open_transport
from mcpdeck.services.errors import AuthorizationRefused
from mcpdeck.services.models import HttpTarget, Target, WebSocketTarget
from mcpdeck.services.transports.base import Hooks, Outgoing
from tests.servers.scripted_http import Exchange, scripted_http

pytestmark = pytest.mark.anyio

SECRET = "s3cret-token"
HEADERS = {"Authorization": f"Bearer {SECRET}"}
PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'


async def unauthorized(exchange: Exchange) -> None:
    await exchange.answer("401 Unauthorized", SECRET.encode(), Set_Cookie=f"session={SECRET}")


@pytest.mark.parametrize("scheme", ["http", "ws"])
async def test_nothing_of_a_server_s_requests_is_logged_by_the_libraries(
    scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore.http11", "httpcore.connection", "websockets.client"):
        caplog.set_level(logging.DEBUG, name)
    async with scripted_http(unauthorized) as server:
        url = f"{scheme}{server.url.removeprefix('http')}?key={SECRET}"
        target: Target = HttpTarget(url, HEADERS) if scheme == "http" else WebSocketTarget(url, HEADERS)
        with anyio.fail_after(15), pytest.raises(AuthorizationRefused):
            async with open_transport(target, Hooks()) as transport:
                await transport.send(Outgoing(PING, "request", 1, "ping"))
        assert [exchange.headers["authorization"] for exchange in server.seen] == [f"Bearer {SECRET}"]
    assert [record for record in caplog.records if record.name.startswith(("httpx", "websockets"))] == []
    assert SECRET not in "".join(record.getMessage() for record in caplog.records)


async def test_what_a_program_asks_for_by_itself_is_logged_as_before(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def fine(exchange: Exchange) -> None:
        await exchange.answer("200 OK", b"{}")

    async with (
        scripted_http(fine) as server,
        http.client(server.url) as ours,
        httpx.AsyncClient(trust_env=False) as theirs,
    ):
        await ours.get(f"{server.url}?who=ours")
        await theirs.get(f"{server.url}?who=theirs")
    logged = [record.getMessage() for record in caplog.records if record.name == "httpx"]
    assert len(logged) == 1 and "who=theirs" in logged[0]
    assert any("send_request_headers" in record.getMessage() for record in caplog.records)
