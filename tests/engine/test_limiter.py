"""How many calls run at a time, and who comes next."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import anyio.abc
import pytest

from mcpdeck.services.engine import limiter as room
from mcpdeck.services.engine.limiter import Limiter, Place

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def queued(per_server: int, in_all: int) -> AsyncGenerator[Queue]:
    """A limiter of that size; whoever still waits at the end is sent home."""
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            yield Queue(Limiter(per_server, in_all), tasks)
            tasks.cancel_scope.cancel()


class Queue:
    """Uses of a limiter, by name, in the order in which they got their places."""

    def __init__(self, limiter: Limiter, tasks: anyio.abc.TaskGroup) -> None:
        self.limiter = limiter
        self.order: list[str] = []
        self.places: dict[str, Place] = {}
        self.waited: list[str] = []
        self.scopes: dict[str, anyio.CancelScope] = {}
        self.tasks = tasks

    async def comes(self, name: str, server: str = "a", *, background: bool = False) -> None:
        """Somebody wants a place; returns when it has one, or waits."""
        scope = self.scopes[name] = anyio.CancelScope()

        async def enter() -> None:
            with scope:
                place = await self.limiter.enter(server, background=background, waits=lambda: self.waited.append(name))
                self.order.append(name)
                self.places[name] = place

        self.tasks.start_soon(enter)
        await anyio.wait_all_tasks_blocked()

    async def leaves(self, name: str) -> None:
        self.places.pop(name).leave()
        await anyio.wait_all_tasks_blocked()


async def test_a_server_takes_so_many_calls_and_the_next_ones_in_the_order_in_which_they_came() -> None:
    async with queued(2, 10) as queue:
        for name in "1234":
            await queue.comes(name)
        assert queue.order == ["1", "2"]
        assert queue.waited == ["3", "4"]
        await queue.leaves("2")
        await queue.leaves("1")
        assert queue.order == ["1", "2", "3", "4"]


async def test_calls_that_somebody_waits_for_come_before_those_in_the_background() -> None:
    async with queued(1, 10) as queue:
        await queue.comes("running")
        await queue.comes("list", background=True)
        await queue.comes("call")
        await queue.leaves("running")
        assert queue.order == ["running", "call"]
        await queue.leaves("call")
        assert queue.order[-1] == "list"


async def test_a_server_that_is_full_keeps_no_other_from_being_called() -> None:
    async with queued(1, 10) as queue:
        for name in ("a1", "a2", "b1"):
            await queue.comes(name, name[0])
        assert queue.order == ["a1", "b1"]
        await queue.leaves("a1")
        assert queue.order == ["a1", "b1", "a2"]


async def test_in_all_there_is_a_limit_too_and_the_longest_waiting_comes_next_wherever_it_goes() -> None:
    async with queued(2, 2) as queue:
        for name in ("a1", "a2", "b1", "a3", "c1"):
            await queue.comes(name, name[0])
        assert queue.order == ["a1", "a2"]
        await queue.leaves("a1")
        await queue.leaves("a2")
        assert queue.order == ["a1", "a2", "b1", "a3"]


async def test_whoever_gives_up_waiting_holds_nobody_up() -> None:
    async with queued(1, 1) as queue:
        for name in "123":
            await queue.comes(name)
        queue.scopes["2"].cancel()
        await queue.leaves("1")
        assert queue.order == ["1", "3"]
        assert queue.limiter.waiting("a") == 0


async def test_a_place_that_is_given_to_somebody_who_gives_up_at_that_moment_goes_to_the_next() -> None:
    async with queued(1, 1) as queue:
        for name in "123":
            await queue.comes(name)
        queue.scopes["2"].cancel()
        queue.places.pop("1").leave()
        await anyio.wait_all_tasks_blocked()
        assert queue.order == ["1", "3"]
        await queue.leaves("3")
        assert queue.limiter.running == 0


async def test_a_place_that_is_lent_serves_another_and_is_taken_again_without_waiting() -> None:
    async with queued(1, 1) as queue:
        for name in "123":
            await queue.comes(name)
        with queue.places["1"].lent(), queue.places["1"].lent():
            await anyio.wait_all_tasks_blocked()
            assert queue.order == ["1", "2"]
        assert queue.limiter.running == 2
        await queue.leaves("2")
        assert queue.order == ["1", "2"]  # the one that came back has the only place
        await queue.leaves("1")
        assert queue.order == ["1", "2", "3"]


async def test_a_call_that_ends_while_its_place_is_lent_gives_it_back_once() -> None:
    limiter = Limiter(1, 1)
    place = await limiter.enter("a")
    with place.lent():
        place.leave()
        place.leave()
    assert (limiter.running, limiter.busy("a")) == (0, 0)


async def test_a_list_is_read_at_once_where_no_call_waits_for_a_place() -> None:
    limiter = Limiter(2, 1)
    await limiter.enter("b")  # no place is left in all, which is none of its business
    async with limiter.background("a"):
        assert limiter.busy("a") == 0


async def test_a_list_is_read_after_the_calls_of_its_server() -> None:
    async with queued(1, 10) as queue:
        await queue.comes("1")
        read: list[bool] = []

        async def reads() -> None:
            async with queue.limiter.background("a"):
                read.append(True)

        queue.tasks.start_soon(reads)
        await queue.comes("2")
        assert not read
        await queue.leaves("1")
        assert not read
        await queue.leaves("2")
        assert read == [True]
        assert queue.limiter.running == 0


async def test_a_list_waits_for_a_place_of_its_server_and_not_for_one_of_those_in_all() -> None:
    async with queued(2, 4) as queue:
        for name in ("a1", "a2", "b1", "b2"):
            await queue.comes(name, name[0])
        read: list[int] = []

        async def reads() -> None:
            async with queue.limiter.background("a"):
                read.append(queue.limiter.running)

        queue.tasks.start_soon(reads)
        await queue.comes("c1", "c")
        assert not read
        await queue.leaves("a1")
        assert queue.order[-1] == "c1"  # all places are taken again
        assert read == [4]
        assert (queue.limiter.running, queue.limiter.busy("a")) == (4, 1)


async def test_a_list_does_not_wait_for_ever_for_calls_that_never_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "BACKGROUND_WAIT", 0.01)
    limiter = Limiter(1, 1)
    await limiter.enter("a")
    with anyio.fail_after(5):
        async with limiter.background("a"):
            assert limiter.running == 1
    assert limiter.waiting("a") == 0
    assert limiter.busy("a") == 1


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_comes_and_goes_no_limit_is_exceeded_and_everybody_gets_a_turn(seed: int) -> None:
    chance = random.Random(seed)
    limiter = Limiter(3, 5)
    served: list[int] = []

    async def use(number: int) -> None:
        server = chance.choice("abc")
        with anyio.CancelScope() as scope:
            if chance.random() < 0.2:
                scope.cancel()
            place = await limiter.enter(server, background=chance.random() < 0.5)
            try:
                assert limiter.running <= 5
                assert limiter.busy(server) <= 3
                for _ in range(chance.randrange(4)):
                    await anyio.lowlevel.checkpoint()
            finally:
                place.leave()
        served.append(number)

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            for number in range(60):
                tasks.start_soon(use, number)
    assert len(served) == 60
    assert limiter.running == 0
    assert not any(limiter.waiting(server) or limiter.busy(server) for server in "abc")
