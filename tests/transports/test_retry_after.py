"""When a busy server wants to be asked again: RFC 9110, section 10.2.3."""

from __future__ import annotations

import time
from email.utils import formatdate

import anyio
import pytest

from mcpdeck.services.errors import HttpStatusError
from mcpdeck.services.models import EraMode
from tests.servers.scripted_http import Exchange
from tests.spec.peers import handler, over_http, server

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("7", 7, 7),
        ("0", 0, 0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0, 0),
    ],
    ids=["seconds", "at once", "a date that is over"],
)
async def test_it_is_told_in_seconds(said: str, least: float, most: float) -> None:
    error = await _refused({"Retry-After": said})
    assert error.retry_after is not None
    assert least <= error.retry_after <= most


async def test_a_date_is_told_in_seconds_from_now() -> None:
    error = await _refused({"Retry-After": formatdate(time.time() + 3_600, usegmt=True)})
    assert error.retry_after is not None
    assert 3_000 <= error.retry_after <= 3_600


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}, {"Retry-After": "-1"}, {"Retry-After": "²"}])
async def test_what_says_nothing_usable_says_nothing(headers: dict[str, str]) -> None:
    assert (await _refused(headers)).retry_after is None


async def _refused(headers: dict[str, str]) -> HttpStatusError:
    answer = handler(server(capabilities={"resources": {}}, modern=False))

    async def busy(exchange: Exchange) -> None:
        if exchange.method == "POST" and exchange.message["method"] == "resources/read":
            await exchange.answer("503 Service Unavailable", **{k.replace("-", "_"): v for k, v in headers.items()})
        else:
            await answer(exchange)

    with anyio.fail_after(20):
        async with over_http(busy, era=EraMode.LEGACY) as it:
            with pytest.raises(HttpStatusError) as caught:
                await it.session.read_resource("file:///a")
    return caught.value
