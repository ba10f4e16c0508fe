"""The path of a call on real servers."""

from __future__ import annotations

import math
import sys

import anyio
import pytest

from mcpdeck.app.main import Services, running
from mcpdeck.services.engine.validation import check
from mcpdeck.services.models import EraMode, ServerEntry
from mcpdeck.services.protocol.clock import Clock
from mcpdeck.services.session import Answer
from mcpdeck.services.state.model import CallStatus
from tests.entries import SERVERS, stdio
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


def demo(era: EraMode) -> ServerEntry:
    return stdio("demo", sys.executable, "-m", "mcpdeck.app.demo.stdio_server", era=era)


def tiny() -> ServerEntry:
    return stdio("tiny", sys.executable, str(SERVERS / "tiny_stdio.py"))


async def _answer(services: Services, answer: Answer) -> None:
    prompts = await eventually(lambda: services.store.state.prompts, "a question")
    (running_call,) = services.store.state.calls
    assert services.executor.deadline(running_call.id) == math.inf
    services.interactions.answer(prompts[0].id, answer)


@pytest.mark.parametrize("era", [EraMode.LEGACY, EraMode.MODERN])
async def test_the_clock_of_a_call_stands_still_while_a_human_answers(era: EraMode) -> None:
    with anyio.fail_after(30):
        async with running([demo(era)], can_ask=True) as services, anyio.create_task_group() as tasks:
            await services.manager.connected("demo")
            tasks.start_soon(_answer, services, Answer("accept", {"name": "Ada", "guests": 2}))
            call = await services.executor.call("demo", "book_table", {}, timeout=20)
            assert call.status is CallStatus.SUCCESS, call.error


def test_what_was_left_of_the_time_is_left_after_the_question() -> None:
    async def ask_twice() -> None:
        with anyio.CancelScope(deadline=anyio.current_time() + 100) as scope:
            clock = Clock(scope)
            with clock.paused(), clock.paused():
                assert scope.deadline == math.inf
            await anyio.lowlevel.checkpoint()
            assert 99 < scope.deadline - anyio.current_time() <= 101

    anyio.run(ask_twice)


async def test_a_misspelt_argument_is_named() -> None:
    with anyio.fail_after(30):
        async with running([tiny()]) as services:
            session = await services.manager.connected("tiny")
            tool = next(tool for tool in await session.lists.known_tools() if tool.input_schema.get("required"))
            name = next(iter(tool.input_schema["properties"]))  # type: ignore[arg-type, index, call-overload]
            call = await services.executor.call("tiny", tool.name, {f"{name}s": "x"})
            assert call.status is CallStatus.INVALID
            assert call.error is not None
            assert f"Did you mean {name}" in call.error.hint


async def test_an_unknown_tool_is_refused_before_anything_is_sent() -> None:
    with anyio.fail_after(30):
        async with running([tiny()]) as services:
            call = await services.executor.call("tiny", "no-such-tool", {})
            assert call.status is CallStatus.NOT_FOUND
            assert services.store.state.calls == ()


async def test_a_catastrophic_pattern_is_given_up_and_the_loop_goes_on_meanwhile() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await anyio.sleep(0.01)
            beats += 1

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(beat)
            assert await check({"a": "a" * 40 + "!"}, schema) is None
            assert beats > 0
            assert await check({"a": "b"}, schema) == ('a: is "b", which does not match the pattern ^(a+)+$',)
            tasks.cancel_scope.cancel()
