"""Connects that are free to begin together begin one after the other."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest

from mcpdeck.services.connections.turns import Turns

pytestmark = pytest.mark.anyio


async def test_in_one_round_of_the_loop_one_of_them_goes_on() -> None:
    turns = Turns()
    rounds = 0
    went_on: list[int] = []

    async def count() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await anyio.lowlevel.checkpoint()

    async def begin() -> None:
        await turns.mine()
        went_on.append(rounds)

    with anyio.fail_after(10):
        async with anyio.create_task_group() as counting:
            counting.start_soon(count)
            async with anyio.create_task_group() as beginning:
                for _ in range(8):
                    beginning.start_soon(begin)
            counting.cancel_scope.cancel()
    assert len(set(went_on)) == 8


async def test_one_that_is_called_off_while_it_waits_holds_nobody_up() -> None:
    turns = Turns()
    went_on: list[str] = []

    async def begin(name: str) -> None:
        await turns.mine()
        went_on.append(name)

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(begin, "first")
            async with anyio.create_task_group() as leaving:
                leaving.start_soon(begin, "called off")
                leaving.cancel_scope.cancel()
            tasks.start_soon(begin, "last")
    assert went_on == ["first", "last"]
