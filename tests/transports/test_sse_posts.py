"""What becomes of the POSTs of HTTP+SSE: protocol section 13."""

from __future__ import annotations

from collections.abc import Mapping

import anyio
import pytest

from mcpdeck.services.errors import (
    AuthorizationRefused,
    AuthorizationRequired,
    HttpStatusError,
    McpDeckError,
    SessionExpired,
)
from tests.servers.scripted_http import Exchange
from tests.transports.sse_peer import Legacy, client
from tests.waiting import eventually


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 Accepted", "204 No Content"])
async def test_any_success_takes_the_message(status: str) -> None:
    legacy = Legacy()

    async def post(exchange: Exchange) -> None:
        await exchange.answer(status, b"" if "204" in status else b"Accepted", "text/plain")
        await legacy.say(exchange.message["id"])

    legacy.post = post
    async with client(legacy) as it:
        assert await it.request() == "done"
        assert len(it.frames) == 1
        assert it.notes == []


async def test_a_message_in_the_body_of_the_post_is_delivered_with_a_note() -> None:
    async with client(Legacy(post=lambda exchange: exchange.result("in the body"))) as it:
        assert await it.request() == "in the body"
        assert "it belongs on the stream" in it.notes[0]


async def test_json_in_the_body_that_is_no_message_is_left_alone() -> None:
    legacy = Legacy()

    async def post(exchange: Exchange) -> None:
        await exchange.answer("200 OK", b'{"status":"ok"}')
        await legacy.say(exchange.message["id"])

    legacy.post = post
    async with client(legacy) as it:
        await it.request()
        assert (len(it.frames), it.notes) == (1, [])


async def test_an_answer_on_the_stream_counts_though_its_post_is_still_open() -> None:
    legacy = Legacy()

    async def post(exchange: Exchange) -> None:
        await legacy.say(exchange.message["id"])
        await exchange.until_closed()

    legacy.post = post
    async with client(legacy) as it:
        assert await it.request() == "done"
        assert await it.request(2) == "done"


async def test_a_caller_that_gives_up_takes_its_post_with_it() -> None:
    async with client(Legacy(post=lambda exchange: exchange.until_closed())) as it:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(it.send)
            await eventually(lambda: it.posts, "the post")
            tasks.cancel_scope.cancel()
        await eventually(it.posts[0].closed.is_set, "the end of the post")


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        ("400 Bad Request", {}, HttpStatusError),
        ("401 Unauthorized", {}, AuthorizationRequired),
        ("401 Unauthorized", {"Authorization": "Bearer old"}, AuthorizationRefused),
        ("404 Not Found", {}, HttpStatusError),
        ("413 Content Too Large", {}, HttpStatusError),
    ],
)
async def test_a_refused_post_fails_that_message_and_not_the_connection(
    status: str, headers: Mapping[str, str], expected: type[McpDeckError]
) -> None:
    async with client(Legacy(post=lambda exchange: exchange.answer(status)), headers=headers) as it:
        with pytest.raises(expected):
            await it.send()
        assert it.ended == []


async def test_an_endpoint_that_is_gone_after_it_worked_ends_the_session() -> None:
    legacy = Legacy()
    async with client(legacy) as it:
        await it.request()
        legacy.post = lambda exchange: exchange.answer("404 Not Found")
        with pytest.raises(SessionExpired) as caught:
            await it.send(2)
        assert caught.value.untaken
        await eventually(lambda: it.ended, "the end of the connection")
        assert isinstance(it.ended[0], SessionExpired)
        assert not it.ended[0].untaken
        with pytest.raises(SessionExpired):
            await it.send(3)
