"""HTTP answers that carry no message, cannot be read, or lead elsewhere: protocol section 10."""

from __future__ import annotations

import gzip

import pytest

from mcpdeck.services.errors import (
    AuthorizationRefused,
    AuthorizationRequired,
    ConnectError,
    FrameTooLarge,
    HttpStatusError,
    RemoteProtocolError,
)
from mcpdeck.services.models import EraName
from mcpdeck.services.protocol import jsonrpc
from mcpdeck.services.transports.base import Outgoing
from tests.servers.scripted_http import Exchange
from tests.transports.http_client import VERSION, client

pytestmark = pytest.mark.anyio


async def test_a_challenge_is_a_wanted_login_with_the_challenge_kept() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer("401 Unauthorized", WWW_Authenticate='Bearer resource_metadata="https://x/y"')

    async with client(handler) as it:
        with pytest.raises(AuthorizationRequired) as caught:
            await it.request()
        assert caught.value.challenges == ('Bearer resource_metadata="https://x/y"',)


async def test_a_refused_configured_token_is_not_a_wanted_login() -> None:
    async with client(
        lambda exchange: exchange.answer("401 Unauthorized"), headers={"authorization": "Bearer old"}
    ) as it:
        with pytest.raises(AuthorizationRefused):
            await it.request()
        assert it.server.seen[0].headers["authorization"] == "Bearer old"


@pytest.mark.parametrize(
    ("status", "body", "media"),
    [
        ("200 OK", b"<html>hi</html>", "text/html"),
        ("200 OK", b"", "text/plain"),
        ("202 Accepted", b"", "application/json"),
        ("204 No Content", b"", "application/json"),
    ],
)
async def test_an_answer_that_is_none_says_what_it_is(status: str, body: bytes, media: str) -> None:
    async with client(lambda exchange: exchange.answer(status, body, media)) as it:
        with pytest.raises(RemoteProtocolError):
            await it.request()


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "500 Internal Server Error"])
async def test_an_unsuccessful_status_keeps_its_body(status: str) -> None:
    async with client(lambda exchange: exchange.answer(status, b'{"why": 1}')) as it:
        with pytest.raises(HttpStatusError) as caught:
            await it.request()
        assert caught.value.status == int(status[:3])
        assert caught.value.body == b'{"why": 1}'


async def test_a_redirect_within_the_origin_is_followed_and_any_other_refused() -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.path == "/mcp":
            await exchange.answer("307 Temporary Redirect", Location="/mcp/")
        elif exchange.message["method"] == "away":
            await exchange.answer("307 Temporary Redirect", Location="http://elsewhere.invalid/mcp")
        else:
            await exchange.result("there")

    async with client(handler) as it:
        assert await it.request() == "there"
        with pytest.raises(ConnectError, match=r"elsewhere\.invalid"):
            await it.request("away", 2)


async def test_redirects_in_a_circle_end() -> None:
    async with client(lambda exchange: exchange.answer("307 Temporary Redirect", Location="/mcp")) as it:
        with pytest.raises(ConnectError, match="circle"):
            await it.request()


async def test_an_answer_to_something_else_is_no_answer() -> None:
    body = b'{"jsonrpc":"2.0","id":"other","result":{}}'
    async with client(lambda exchange: exchange.answer("200 OK", body)) as it:
        with pytest.raises(HttpStatusError, match="does not belong"):
            await it.request()


async def test_an_answer_beyond_the_limit_is_refused() -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.message["method"] == "stream":
            await exchange.stream(b"data: " + b"x" * 5_000)
            await exchange.until_closed()
        else:
            await exchange.result("x" * 5_000)

    async with client(handler, max_frame=1_000) as it:
        for number, method in enumerate(("whole", "stream"), start=1):
            with pytest.raises(FrameTooLarge) as caught:
                await it.request(method, number)
            assert "MCPDECK_MAX_MESSAGE" in caught.value.hint


PACKED_TWICE = gzip.compress(gzip.compress(b'{"jsonrpc":"2.0","id":1,"result":{}}'))


async def test_an_answer_packed_twice_is_refused_before_it_fills_the_memory() -> None:
    async with client(lambda exchange: exchange.answer("200 OK", PACKED_TWICE, Content_Encoding="gzip, gzip")) as it:
        with pytest.raises(RemoteProtocolError, match="more than once"):
            await it.request()


async def test_a_refusal_packed_twice_keeps_its_status_and_is_not_unpacked() -> None:
    async with client(lambda exchange: exchange.answer("400 No", PACKED_TWICE, Content_Encoding="gzip, gzip")) as it:
        with pytest.raises(HttpStatusError) as caught:
            await it.request()
        assert (caught.value.status, caught.value.body) == (400, b"")


@pytest.mark.parametrize(
    ("encoding", "body", "words"),
    [
        ("br", b"\x0b\x02\x80", "'br'"),
        ("gzip", b"not packed at all", "cannot be unpacked"),
        ("deflate", b"??", "unpacked"),
    ],
)
async def test_an_answer_that_cannot_be_unpacked_says_why(encoding: str, body: bytes, words: str) -> None:
    async with client(lambda exchange: exchange.answer("200 OK", body, Content_Encoding=encoding)) as it:
        with pytest.raises(RemoteProtocolError, match=words):
            await it.request()
        assert it.server.seen[0].headers["accept-encoding"] == "gzip, deflate"


async def test_a_packed_answer_is_read() -> None:
    packed = gzip.compress(b'{"jsonrpc":"2.0","id":1,"result":"unpacked"}')
    async with client(lambda exchange: exchange.answer("200 OK", packed, Content_Encoding="gzip")) as it:
        assert await it.request() == "unpacked"


async def test_a_message_whose_header_cannot_be_sent_fails_alone() -> None:
    async with client(lambda exchange: exchange.result("fine")) as it:
        await it.transport.established(EraName.MODERN, VERSION)
        data = jsonrpc.encode_request(7, "tools/call", {})
        with pytest.raises(ConnectError, match="header"):
            await it.transport.send(Outgoing(data, "request", 7, "tools/call", {"Mcp-Name": "two\nlines"}))
        assert await it.request() == "fine"
        assert it.ended == []


async def test_a_redirect_elsewhere_does_not_end_the_connection() -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.message["method"] == "away":
            await exchange.answer("307 Temporary Redirect", Location="http://elsewhere.invalid/mcp")
        else:
            await exchange.result("fine")

    async with client(handler) as it:
        await it.transport.established(EraName.MODERN, VERSION)
        with pytest.raises(ConnectError, match=r"elsewhere\.invalid"):
            await it.request("away", 2)
        assert await it.request("tools/list", 3) == "fine"
        assert it.ended == []


@pytest.mark.parametrize("value", ["Bearer s3cret ", "s3crét"])
async def test_a_header_that_http_does_not_allow_is_refused_without_showing_its_value(value: str) -> None:
    async with client(lambda exchange: exchange.result({}), headers={"Authorization": value}) as it:
        with pytest.raises(ConnectError, match="header") as caught:
            await it.request()
        assert "s3cr" not in caught.value.title + caught.value.hint
        assert not caught.value.retryable


async def test_a_redirect_to_nowhere_says_so() -> None:
    async with client(lambda exchange: exchange.answer("307 Temporary Redirect")) as it:
        with pytest.raises(ConnectError, match="no usable address"):
            await it.request()


async def test_a_refused_redirect_is_named_without_what_may_be_secret_in_it() -> None:
    location = "https://me:hunter2@elsewhere.invalid:8443/login/step?access_token=SECRET#id_token=SECRET"
    async with client(lambda exchange: exchange.answer("307 Temporary Redirect", Location=location)) as it:
        with pytest.raises(ConnectError) as caught:
            await it.request()
        shown = f"{caught.value.title} {caught.value.hint} {caught.value.details}"
        assert caught.value.title.endswith(": https://elsewhere.invalid:8443/login/step")
        assert "SECRET" not in shown
        assert "hunter2" not in shown
