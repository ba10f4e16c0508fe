"""Sections 6.2 and 13: from an endpoint that takes no POST to HTTP+SSE (2024-11-05)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import anyio
import pytest

from mcpdeck.app.worker import running
from mcpdeck.services.models import EraName, HttpTarget, Status
from tests import entries
from tests.servers.scripted_http import Exchange, scripted_http
from tests.spec.peers import HASTY, done, server


@pytest.mark.requirement("6.2.7", "13.1", "13.4", "1.2")
@pytest.mark.parametrize("refused", ["400 Bad Request", "404 Not Found", "405 Method Not Allowed"])
async def test_an_endpoint_that_takes_no_post_turns_out_to_be_one_of_http_with_sse(refused: str) -> None:
    script = server({"tools/call": done()}, version="2024-11-05", modern=False)
    streams: list[Exchange] = []

    async def handle(exchange: Exchange) -> None:
        if exchange.method == "GET":
            await exchange.stream(b"event: endpoint\ndata: /messages?id=1\n\n")
            streams.append(exchange)
            await exchange.until_closed()
        elif exchange.path == "/mcp":
            await exchange.answer(refused)
        else:
            await exchange.answer("202 Accepted")
            reply: Any = script(exchange.message)
            if reply is not None:
                await streams[-1].socket.send(b"event: message\ndata: " + json.dumps(reply).encode() + b"\n\n")

    async with scripted_http(handle) as peer:
        entry = replace(entries.http("peer", peer.url), target=HttpTarget(peer.url, or_sse=True))
        with anyio.fail_after(20):
            async with running([entry], settings=HASTY) as services:
                session = await services.manager.connected("peer")
                assert (session.era, session.version) == (EraName.LEGACY, "2024-11-05")
                assert await session.call_tool("t", {}) == done()
                assert services.store.state.mcp.servers["peer"].status is Status.CONNECTED
        assert "/messages?id=1" in {exchange.path for exchange in peer.seen}


@pytest.mark.requirement("6.2.7")
async def test_without_that_wish_the_refusal_stands() -> None:
    async with scripted_http(lambda exchange: exchange.answer("405 Method Not Allowed")) as peer:
        with anyio.fail_after(20):
            async with running([entries.http("peer", peer.url)], settings=HASTY) as services:
                await services.manager.settled()
                assert services.store.state.mcp.servers["peer"].status is Status.FAILED
        assert "GET" not in {exchange.method for exchange in peer.seen}
