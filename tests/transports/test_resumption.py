"""Broken streams go on where they ended: protocol section 12, Resumption and GET stream."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import anyio
import pytest

from mcpdeck.services.errors import ConnectionLost, HttpStatusError
from mcpdeck.services.models import EraName, Json
from mcpdeck.services.transports import event_stream
from mcpdeck.services.transports.base import Hooks
from mcpdeck.services.transports.event_stream import DELAYS, LONGEST, SHORTEST, EventStream
from mcpdeck.services.transports.streamable_http import RESUME_ATTEMPTS
from tests.playbooks.http_peer import http_peer
from tests.servers.scripted_http import Exchange
from tests.waiting import eventually

pytestmark = pytest.mark.anyio

Step = Callable[[Exchange], Awaitable[None]]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "DELAYS", (0.01,))


def note(method: str, identity: str = "") -> bytes:
    body = json.dumps({"jsonrpc": "2.0", "method": method})
    return (f"id: {identity}\n" if identity else "").encode() + f"data: {body}\n\n".encode()


def answer(number: int, value: Json, identity: str = "") -> bytes:
    body = json.dumps({"jsonrpc": "2.0", "id": number, "result": value})
    return (f"id: {identity}\n" if identity else "").encode() + f"data: {body}\n\n".encode()


def then_breaks(*chunks: bytes) -> Step:
    async def step(exchange: Exchange) -> None:
        await exchange.stream(*chunks)
        await exchange.socket.aclose()

    return step


def with_status(status: str, body: bytes = b"") -> Step:
    return lambda exchange: exchange.answer(status, body)


class Playbook:
    """``call`` answers the POST of tools/call, ``gets`` the resuming GETs in turn (the last one again and again)."""

    def __init__(self, call: Step, *gets: Step, alone: Step | None = None) -> None:
        self._call, self._gets, self._count = call, gets, 0
        self._alone = alone or with_status("405 Method Not Allowed")

    async def __call__(self, exchange: Exchange) -> None:
        if exchange.method == "GET" and "last-event-id" in exchange.headers:
            step = self._gets[min(self._count, len(self._gets) - 1)]
            self._count += 1
            await step(exchange)
        elif exchange.method == "GET":
            await self._alone(exchange)
        elif exchange.method == "DELETE" or "id" not in exchange.message:
            await exchange.answer("202 Accepted")
        elif exchange.message["method"] in ("initialize", "server/discover", "tools/list"):
            await exchange.result({}, Mcp_Session_Id="s1")
        else:
            await self._call(exchange)


async def test_a_stream_born_from_post_goes_on_by_get_with_its_last_event_id() -> None:
    script = Playbook(
        then_breaks(b"id: e1\ndata:\n\n", note("one", "e2")), then_breaks(note("two", "e3"), answer(2, "x"))
    )
    async with http_peer(script) as it:
        await it.established()
        assert await it.request("tools/call") == "x"
        assert it.heard == ["one", "two"]
        resumed = it.gets()[-1]
        assert resumed.headers["last-event-id"] == "e2"
        assert resumed.headers["accept"] == "text/event-stream"
        assert resumed.headers["mcp-session-id"] == "s1"
        assert resumed.headers["mcp-protocol-version"] == "2025-11-25"


async def test_each_stream_is_resumed_from_its_own_last_event() -> None:
    both = anyio.Event()
    calls = 0

    async def call(exchange: Exchange) -> None:
        nonlocal calls
        calls += 1
        number = exchange.message["id"]
        await exchange.stream(f"id: of-{number}\ndata:\n\n".encode())
        if calls == 2:
            both.set()
        await both.wait()
        await exchange.socket.aclose()

    async def resume(exchange: Exchange) -> None:
        number = int(exchange.headers["last-event-id"].removeprefix("of-"))
        await then_breaks(answer(number, number))(exchange)

    async with http_peer(Playbook(call, resume)) as it:
        await it.established()
        results: list[Json] = []

        async def ask() -> None:
            results.append(await it.request("tools/call"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            tasks.start_soon(ask)
        assert sorted(map(str, results)) == ["2", "3"]


async def test_what_is_sent_again_counts_once() -> None:
    script = Playbook(
        then_breaks(note("one", "e1"), note("two", "e2")),
        then_breaks(note("one", "e1"), note("two", "e2"), note("three", "e3"), answer(2, "done", "e4")),
    )
    async with http_peer(script) as it:
        await it.established()
        assert await it.request("tools/call") == "done"
        assert it.heard == ["one", "two", "three"]
        assert sum("sent again" in text for text in it.notes) == 1


async def test_an_id_that_stands_for_something_else_the_second_time_hides_nothing() -> None:
    script = Playbook(
        then_breaks(note("one", "1"), note("two", "2")), then_breaks(note("three", "1"), answer(2, "done", "2"))
    )
    async with http_peer(script) as it:
        await it.established()
        assert await it.request("tools/call") == "done"
        assert it.heard == ["one", "two", "three"]


async def test_an_event_that_was_cut_off_has_not_been_had() -> None:
    script = Playbook(
        then_breaks(note("one", "e1"), b'id: e2\ndata: {"jsonrpc"'), then_breaks(note("two", "e2"), answer(2, 1))
    )
    async with http_peer(script) as it:
        await it.established()
        assert await it.request("tools/call") == 1
        assert it.resumed_from()[-1] == "e1"
        assert it.heard == ["one", "two"]
        assert it.strays == []


async def test_attempts_that_bring_nothing_end_after_some() -> None:
    script = Playbook(then_breaks(b"id: e1\ndata:\n\n"), then_breaks())
    async with http_peer(script) as it:
        await it.established()
        with pytest.raises(ConnectionLost, match="the request is lost: the stream ended before the answer") as caught:
            await it.request("tools/call")
        assert f"{RESUME_ATTEMPTS} times" in caught.value.hint
        assert it.resumed_from() == [None, *["e1"] * RESUME_ATTEMPTS]
        assert await it.request("tools/list") == {}
        assert it.ended == []


async def test_a_server_that_lets_the_client_poll_may_take_as_many_turns_as_it_likes() -> None:
    turns = 3 * RESUME_ATTEMPTS
    polls = [then_breaks(f"id: p{number}\ndata:\n\n".encode()) for number in range(turns)]
    script = Playbook(then_breaks(b"retry: 10\nid: e1\ndata:\n\n"), *polls, then_breaks(answer(2, "at last")))
    async with http_peer(script) as it:
        await it.established()
        assert await it.request("tools/call") == "at last"
        assert len(it.gets()) == turns + 2


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "405 Method Not Allowed", "409 Conflict"])
async def test_a_refusal_to_resume_gives_the_request_up_and_keeps_the_connection(status: str) -> None:
    script = Playbook(then_breaks(b"id: e1\ndata:\n\n"), with_status(status, b"no"))
    async with http_peer(script) as it:
        await it.established()
        with pytest.raises(ConnectionLost, match="lost") as caught:
            await it.request("tools/call")
        assert status[:3] in caught.value.hint
        assert it.resumed_from() == [None, "e1"]
        assert await it.request("tools/list") == {}
        assert it.ended == []


async def test_an_answer_to_resuming_that_is_no_stream_gives_up() -> None:
    script = Playbook(then_breaks(b"id: e1\ndata:\n\n"), with_status("200 OK", b"{}"))
    async with http_peer(script) as it:
        await it.established()
        with pytest.raises(ConnectionLost, match="lost"):
            await it.request("tools/call")


async def test_a_failing_server_is_asked_again() -> None:
    script = Playbook(
        then_breaks(b"id: e1\ndata:\n\n"),
        with_status("503 Service Unavailable"),
        with_status("502 Bad Gateway"),
        then_breaks(answer(2, "up again")),
    )
    async with http_peer(script) as it:
        await it.established()
        assert await it.request("tools/call") == "up again"


@pytest.mark.parametrize("identity", [b"", b"\x01", b"a\x7fb", b"x" * 5_000, "é".encode()])
async def test_an_event_id_that_no_header_can_carry_makes_a_lost_request_and_nothing_worse(identity: bytes) -> None:
    script = Playbook(then_breaks(b"id: " + identity + b"\ndata:\n\n"), with_status("500 Internal Server Error"))
    async with http_peer(script) as it:
        await it.established()
        with pytest.raises(ConnectionLost, match="lost") as caught:
            await it.request("tools/call")
        assert "event id" in caught.value.hint
        assert await it.request("tools/list") == {}
        assert it.ended == []


async def test_in_the_stateless_era_a_broken_stream_is_a_lost_request_whatever_ids_it_had() -> None:
    script = Playbook(then_breaks(b"retry: 1\nid: e1\ndata:\n\n"), then_breaks(answer(2, "never")))
    async with http_peer(script) as it:
        await it.established(EraName.MODERN)
        with pytest.raises(ConnectionLost, match="the stream ended before the answer"):
            await it.request("tools/call")
        assert it.gets() == []


async def test_an_answer_that_comes_on_another_stream_completes_its_request() -> None:
    asked = anyio.Event()

    async def call(exchange: Exchange) -> None:
        await exchange.stream(b": nothing will come here\n\n")
        asked.set()
        await exchange.until_closed()

    async def alone(exchange: Exchange) -> None:
        await exchange.stream(b": open\n\n")
        await asked.wait()
        await exchange.socket.send(answer(2, "by the other way"))
        await exchange.until_closed()

    async with http_peer(Playbook(call, alone=alone)) as it:
        await it.established()
        assert await it.request("tools/call") == "by the other way"
        await eventually(lambda: it.server.seen[-1].closed.is_set(), "the request's own stream left")


# The stand-alone stream


async def test_a_stand_alone_stream_that_is_not_offered_is_never_asked_for_again() -> None:
    script = Playbook(lambda exchange: exchange.result("called"))
    async with http_peer(script) as it:
        await it.established()
        for _ in range(5):
            assert await it.request("tools/call") == "called"
        assert len(it.gets()) == 1
        assert it.notes == []


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "406 Not Acceptable"])
async def test_another_refusal_of_the_stand_alone_stream_is_noted_and_harms_nothing(status: str) -> None:
    script = Playbook(lambda exchange: exchange.result("called"), alone=with_status(status))
    async with http_peer(script) as it:
        await it.established()
        assert await it.request("tools/call") == "called"
        assert [status[:3] in text for text in it.notes] == [True]
        assert len(it.gets()) == 1
        assert it.ended == []


async def test_a_stand_alone_stream_goes_on_after_its_last_event_and_nothing_counts_twice() -> None:
    async def again(exchange: Exchange) -> None:
        await exchange.stream(note("one", "a"), note("two", "b"))
        await exchange.until_closed()

    script = Playbook(lambda exchange: exchange.result("called"), again, alone=then_breaks(note("one", "a")))
    async with http_peer(script) as it:
        await it.established()
        await eventually(lambda: "two" in it.heard, "the second notification")
        assert it.heard == ["one", "two"]
        assert it.resumed_from() == [None, "a"]


async def test_a_stand_alone_stream_that_ends_again_and_again_never_drops_the_connection() -> None:
    script = Playbook(lambda exchange: exchange.result("called"), alone=then_breaks(b": bye\n\n"))
    async with http_peer(script) as it:
        await it.established()
        await eventually(lambda: len(it.gets()) > 3 * RESUME_ATTEMPTS, "many GETs")
        assert await it.request("tools/call") == "called"
        assert it.ended == []


async def test_a_stand_alone_stream_with_an_event_beyond_the_limit_is_opened_anew_and_not_from_there() -> None:
    async def alone(exchange: Exchange) -> None:
        if len(it.gets()) == 1:
            await exchange.stream(note("one", "a"), b"id: b\ndata: ", b"x" * 3_000, b"\n\n")
        else:
            await exchange.stream(note("two", "c"))
        await exchange.until_closed()

    async with http_peer(Playbook(lambda exchange: exchange.result("called"), alone=alone), max_frame=1_000) as it:
        await it.established()
        await eventually(lambda: it.heard == ["one", "two"], "what came after it")
        assert it.resumed_from() == [None, None]
        assert any("opened anew" in text for text in it.notes)


async def test_a_stand_alone_stream_whose_server_fails_is_given_up_after_some_attempts() -> None:
    script = Playbook(lambda exchange: exchange.result("called"), alone=with_status("500 Internal Server Error"))
    async with http_peer(script) as it:
        await it.established()
        await eventually(lambda: len(it.gets()) == RESUME_ATTEMPTS, "attempts")
        assert await it.request("tools/call") == "called"
        assert len(it.gets()) == RESUME_ATTEMPTS


# Pauses


def stream_with(*chunks: bytes) -> EventStream:
    stream = EventStream(Hooks())
    stream.begin()
    for chunk in chunks:
        stream.feed(chunk)
    return stream


@pytest.mark.parametrize(("retry", "seconds"), [(b"250", 0.25), (b"0", SHORTEST), (b"999999999", LONGEST)])
def test_the_pause_is_what_the_server_asked_for_within_reason(retry: bytes, seconds: float) -> None:
    assert stream_with(b"retry: " + retry + b"\n\n").delay(0) == seconds


@pytest.mark.parametrize("retry", [b"-1", b"1.5", b"soon", b"1" * 20])
def test_a_pause_that_is_no_number_is_our_own(retry: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "DELAYS", DELAYS)
    stream = stream_with(b"retry: " + retry + b"\n\n")
    assert 0.8 * DELAYS[0] <= stream.delay(0) <= 1.2 * DELAYS[0]


def test_pauses_grow_while_nothing_comes_but_never_below_the_servers_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "DELAYS", DELAYS)
    eager, patient = stream_with(b"retry: 10\n\n"), stream_with(b"retry: 50000\n\n")
    assert eager.delay(1) == SHORTEST
    assert eager.delay(20) >= 0.8 * DELAYS[-1]
    assert [patient.delay(attempt) for attempt in range(10)] == [50.0] * 10


def test_what_a_long_stream_remembers_is_bounded() -> None:
    stream = EventStream(Hooks())
    for connection in range(3):
        stream.begin()
        for number in range(3 * event_stream.KEPT):
            stream.feed(note("n", f"{connection}-{number}"))
    assert len(stream._earlier) + len(stream._now) <= 2 * event_stream.KEPT


async def test_a_stream_that_cannot_be_resumed_says_so() -> None:
    async with http_peer(Playbook(then_breaks(note("one")))) as it:
        await it.established()
        with pytest.raises(ConnectionLost, match="lost") as caught:
            await it.request("tools/call")
        assert "event id" in caught.value.hint
        assert not isinstance(caught.value, HttpStatusError)
