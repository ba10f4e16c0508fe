"""demo-sse with the official SDK's client, and both it and demo-websocket with our own services."""

from __future__ import annotations

import anyio
import httpx2
import pytest
from mcp import ClientSession
from mcp.client.sse import sse_client

from mcpdeck.app.worker import running
from mcpdeck.services.manager import Settings
from mcpdeck.services.models import SseTarget, Status, WebSocketTarget

from .clients import BOUND, entries

MOON = {"date": "2000-01-21", "phase": "full moon", "age_in_days": 14.7, "illuminated": 1.0}


async def test_the_official_client_gets_answers_from_demo_sse() -> None:
    async with entries() as servers:
        target = servers["demo-sse"].target
        assert isinstance(target, SseTarget)
        with anyio.fail_after(BOUND):
            async with sse_client(target.url) as (read, write), ClientSession(read, write) as session:
                await session.initialize()
                result = await session.call_tool("moon_phase", {"date": "2000-01-21"})
                assert result.structured_content == MOON
                told = await session.call_tool("convert_temperature", {"value": 100})
                assert "100.00 °C = 212.00 °F = 373.15 K" in str(told.content[0])


async def test_our_own_services_connect_to_both_and_see_their_progress() -> None:
    async with entries() as servers:
        chosen = [servers[name] for name in ("demo-sse", "demo-websocket")]
        with anyio.fail_after(BOUND):
            async with running(chosen, settings=Settings()) as services:
                sse, web_socket = [await services.manager.connected(entry.name) for entry in chosen]
                assert (sse.version, web_socket.version) == ("2025-11-25", "2026-07-28")
                for entry in chosen:
                    assert services.store.state.mcp.servers[entry.name].status is Status.CONNECTED
                seen: list[float] = []
                calendar = await sse.call_tool(
                    "moon_calendar", {"days": 4}, on_progress=lambda done, *_: seen.append(done)
                )
                assert len(calendar["structuredContent"]["result"]) == 4
                assert len(seen) == 4
                ticks = await web_socket.call_tool(
                    "metronome", {"beats": 5, "tempo": 6_000}, on_progress=lambda done, *_: seen.append(done)
                )
                assert ticks["structuredContent"]["beats"] == 5
                assert len(seen) == 9
                numbers = {"numbers": [2, 4, 4, 4, 5, 5, 7, 9]}
                stats = await web_socket.call_tool("statistics", numbers)
                assert stats["structuredContent"] == {"count": 8, "mean": 5, "median": 4.5, "deviation": 2}


@pytest.mark.parametrize("header", [{"Origin": "http://evil.invalid"}, {"Host": "evil.invalid:80"}])
async def test_demo_websocket_opens_no_socket_to_a_web_page(header: dict[str, str]) -> None:
    async with entries() as servers, httpx2.AsyncClient(timeout=BOUND) as http:
        target = servers["demo-websocket"].target
        assert isinstance(target, WebSocketTarget)
        upgrade = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
        }
        answer = await http.get(target.url.replace("ws://", "http://"), headers=upgrade | header)
        assert answer.status_code == 403
