"""demo-http, used with the official SDK's client."""

from __future__ import annotations

import anyio
import httpx2
import pytest
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ElicitResult

from mcpdeck.services.models import HttpTarget, ServerEntry

from .clients import BOTH_ERAS, Human, Mode, colours, entries, picture, talking, text


def url_of(entry: ServerEntry) -> str:
    assert isinstance(entry.target, HttpTarget)
    return entry.target.url


@pytest.mark.parametrize("mode", BOTH_ERAS)
async def test_every_tool_of_demo_http_answers_in_both_eras(mode: Mode) -> None:
    human = Human(ElicitResult(action="accept", content={"size": "large", "milk": "oat", "name": "Ada", "to_go": True}))
    seen: list[float] = []

    async def progress(value: float, *_: object) -> None:
        seen.append(value)

    async with entries() as servers, talking(url_of(servers["demo-http"]), mode, human) as client:
        untried = {tool.name for tool in (await client.list_tools()).tools}
        headers = await client.call_tool("request_headers", {})
        assert headers.structured_content
        assert headers.structured_content["host"].startswith("127.0.0.1:")
        rolled = await client.call_tool("roll_dice", {"dice": 5, "sides": 4})
        assert rolled.structured_content
        assert rolled.structured_content["total"] == sum(rolled.structured_content["dice"])
        image = picture(await client.call_tool("bar_chart", {"values": [3, -1, 4.5], "labels": ["a", "b", "c"]}))
        assert image.size == (640, 360)
        assert colours(image) > 3
        assert (await client.call_tool("bar_chart", {"values": [1, 2], "labels": ["a"]})).is_error
        primes = await client.call_tool("count_primes", {"limit": 100_000}, progress_callback=progress)
        assert primes.structured_content == {"limit": 100_000, "count": 9_592, "largest": 99_991}
        coffee = text(await client.call_tool("order_coffee", {"drink": "tea"}))
        assert coffee == "One large tea with oat milk to go for Ada!"
        untried -= {"request_headers", "roll_dice", "bar_chart", "count_primes", "order_coffee"}
        assert not untried
    assert len(seen) > 5
    assert seen == sorted(set(seen))
    assert human.questions[0].message == "One tea, coming up. How would you like it?"


async def test_secret_headers_are_masked() -> None:
    async with entries() as servers:
        http = httpx2.AsyncClient(headers={"Authorization": "Bearer sesame", "X-Api-Key": "k", "X-Colour": "red"})
        transport = streamable_http_client(url_of(servers["demo-http"]), http_client=http)
        async with http, talking(transport, "legacy") as client:
            headers = (await client.call_tool("request_headers", {})).structured_content
    assert headers
    assert headers["authorization"] == headers["x-api-key"] == "•••"
    assert headers["x-colour"] == "red"


async def test_a_cancelled_call_over_http_ends_and_the_server_goes_on() -> None:
    async with entries() as servers, talking(url_of(servers["demo-http"]), "legacy") as client:
        with anyio.CancelScope() as scope:

            async def cancel(*_: object) -> None:
                scope.cancel()

            await client.call_tool("count_primes", {"limit": 50_000_000}, progress_callback=cancel)
        assert scope.cancelled_caught
        assert not (await client.call_tool("roll_dice", {})).is_error
