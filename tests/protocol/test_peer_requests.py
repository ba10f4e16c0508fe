"""A peer that asks much, all at once: nothing is dropped, nothing refused, and reading stops in the end."""

from __future__ import annotations

import anyio
import pytest

from mcpdeck.services.errors import RequestTimeout
from mcpdeck.services.protocol import dispatcher, peer_requests
from mcpdeck.services.protocol.dispatcher import AT_ONCE, ERROR_TEXT
from mcpdeck.services.protocol.peer_requests import MOST_TASKS, MOST_WAITING
from mcpdeck.services.transports.base import Outgoing
from tests.playbooks.dispatched import Peer, peer
from tests.playbooks.scripted import result

pytestmark = pytest.mark.anyio


def asked(number: int | str, method: str = "hold", **params: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def stuck(it: Peer) -> anyio.Event:
    """The peer does not read what it is sent until the event is set."""
    reads, plain = anyio.Event(), it.transport.send

    async def send(message: Outgoing) -> None:
        await reads.wait()
        await plain(message)

    it.transport.send = send  # type: ignore[method-assign]
    return reads


async def test_two_hundred_questions_in_one_burst_are_all_answered() -> None:
    async with peer() as it:
        for number in range(200):
            assert it.transport.feed(asked(number)) is None
        await anyio.wait_all_tasks_blocked()
        assert it.begun == [*range(MOST_TASKS)]  # the others wait for their turn
        it.hold.set()
        await it.transport.until_sent(200)
        assert it.begun == [*range(200)]
        assert {message["id"] for message in it.transport.sent} == {*range(200)}
        assert all(message["result"] == {"asked": "hold"} for message in it.transport.sent)
        assert it.flaws == []


async def test_what_needs_nobody_is_answered_at_once_however_many_questions_wait() -> None:
    async with peer() as it:
        for number in range(500):
            it.transport.feed(asked(number))
        it.transport.feed(asked("p", "ping"))
        assert (await it.transport.until_sent(1))["id"] == "p"


async def test_a_question_that_is_given_up_while_it_waits_is_never_asked() -> None:
    async with peer() as it:
        for number in range(MOST_TASKS + 3):
            it.transport.feed(asked(number))
        it.dispatcher.cancel_answer(MOST_TASKS + 1)
        it.transport.feed(asked(MOST_TASKS + 1))  # its id is free again
        it.dispatcher.cancel_answer(MOST_TASKS + 1)
        it.hold.set()
        await it.transport.until_sent(MOST_TASKS + 2)
        await anyio.wait_all_tasks_blocked()
        assert MOST_TASKS + 1 not in it.begun
        assert len(it.transport.sent) == MOST_TASKS + 2


async def test_reading_stops_when_more_wait_than_can_and_goes_on_when_there_is_room() -> None:
    async with peer() as it:
        full = [it.transport.feed(asked(number)) for number in range(MOST_TASKS + MOST_WAITING)]
        assert full[:-1] == [None] * (len(full) - 1)
        room = full[-1]
        assert room is not None
        assert it.transport.feed({"jsonrpc": "2.0", "method": "n"}) is room
        await anyio.wait_all_tasks_blocked()
        assert not room.is_set()
        it.dispatcher.cancel_answer(MOST_TASKS + 5)
        assert room.is_set()
        assert it.transport.feed({"jsonrpc": "2.0", "method": "n"}) is None
        it.hold.set()
        await it.transport.until_sent(len(full) - 1)


async def test_what_waits_is_bounded_in_bytes_and_one_always_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_requests, "MOST_BYTES", 10_000)
    async with peer() as it:
        assert it.transport.feed(asked(1, text="x" * 20_000)) is None  # worked on at once
        assert it.transport.feed(asked(2, text="x" * 6_000)) is None
        room = it.transport.feed(asked(3, text="x" * 6_000))
        assert room is not None
        await anyio.wait_all_tasks_blocked()
        assert it.begun == [1]
        it.hold.set()
        await it.transport.until_sent(3)
        assert room.is_set()


async def test_a_peer_that_does_not_read_its_answers_gets_each_of_them_later() -> None:
    async with peer() as it:
        reads = stuck(it)
        number, room = 0, None
        while room is None:
            number += 1
            room = it.transport.feed(asked(number, "ping"))
        assert number == MOST_TASKS + MOST_WAITING
        await anyio.wait_all_tasks_blocked()
        assert it.transport.sent == []
        reads.set()
        with anyio.fail_after(5):
            await room.wait()
        await it.transport.until_sent(number)
        assert [message["id"] for message in it.transport.sent] == [*range(1, number + 1)]
        assert it.flaws == []


async def test_an_answer_that_cannot_be_sent_is_given_up_flagged_and_makes_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatcher, "ANSWER_TIMEOUT", 0.01)
    monkeypatch.setattr(peer_requests, "MOST_TASKS", 1)
    async with peer() as it:
        reads = stuck(it)
        it.transport.feed(asked(1, "ping"))
        it.transport.feed(asked(2, "ping"))
        with anyio.fail_after(5):
            while len(it.flaws) < 2:
                await anyio.lowlevel.checkpoint()
        assert all("the answer to ping could not be sent within 0.01 s" in flaw for flaw in it.flaws)
        reads.set()
        it.transport.feed(asked(3, "ping"))
        assert (await it.transport.until_sent(1))["id"] == 3


async def test_a_notification_that_is_not_taken_is_a_time_out() -> None:
    async with peer() as it:
        stuck(it)
        with pytest.raises(RequestTimeout, match=r"notifications/x could not be sent within 0\.01 s"):
            await it.dispatcher.notify("notifications/x", None, timeout=0.01)


async def test_a_long_method_name_is_not_sent_back_in_full() -> None:
    async with peer() as it:
        it.transport.feed(asked(1, "break" + "x" * 10_000))
        it.transport.feed(asked(1, "break" + "x" * 10_000))
        answer = await it.transport.until_sent(1)
        assert answer["error"]["message"].startswith("internal error: our faultxxx")
        assert len(answer["error"]["message"]) == ERROR_TEXT + 1
        assert "used again" in it.flaws[0]
        assert len(it.flaws[0]) < 300


async def test_the_end_of_the_connection_lets_go_of_whoever_waits_for_room() -> None:
    async with peer() as it:
        room = None
        for number in range(MOST_TASKS + MOST_WAITING):
            room = it.transport.feed(asked(number))
        assert room is not None
    assert room.is_set()


# Batches


def batch(count: int) -> list[dict[str, object]]:
    return [{"jsonrpc": "2.0", "method": "n", "params": {"number": number}} for number in range(count)]


async def test_a_large_batch_is_taken_bit_by_bit_in_order_and_reading_waits_for_it() -> None:
    async with peer() as it:
        taken = it.transport.feed(batch(10_000))
        assert taken is not None
        assert len(it.heard) == AT_ONCE
        with anyio.fail_after(20):
            await taken.wait()
        assert [params["number"] for _, params in it.heard] == [*range(10_000)]


async def test_others_have_their_turn_while_a_large_batch_is_taken() -> None:
    async with peer() as it:
        taken = it.transport.feed(batch(1_000))
        assert taken is not None
        turns = 0
        with anyio.fail_after(20):
            while not taken.is_set():
                await anyio.lowlevel.checkpoint()
                turns += 1
        assert turns >= 1_000 // 64


async def test_a_batch_with_more_questions_than_can_wait_waits_for_room_within() -> None:
    count = MOST_TASKS + MOST_WAITING + 50
    async with peer() as it:
        taken = it.transport.feed([asked(number) for number in range(count)])
        assert taken is not None
        await anyio.wait_all_tasks_blocked()
        assert not taken.is_set()
        it.hold.set()
        await it.transport.until_sent(count)
        with anyio.fail_after(5):
            await taken.wait()
        assert it.begun == [*range(count)]


async def test_an_answer_late_in_a_large_batch_reaches_its_request() -> None:
    async with peer() as it, anyio.create_task_group() as tasks:
        answers: list[object] = []

        async def ask() -> None:
            answers.append(await it.dispatcher.request("x", None))

        tasks.start_soon(ask)
        sent = await it.transport.until_sent(1)
        taken = it.transport.feed([*batch(500), result(sent, "late")])
        assert taken is not None
        with anyio.fail_after(5):
            await taken.wait()
        await anyio.wait_all_tasks_blocked()
        assert answers == ["late"]
