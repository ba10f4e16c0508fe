"""What goes wrong in a typed tool stays in its call: what it raises, prints, blocks and cancels."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from mcpdeck.services.registry.typed import Success, ToolContext
from mcpdeck.services.transports import memory
from mcpdeck.services.transports.base import Hooks
from tests.registry.typed_samples import Doing, DoingInThread, Split, Told, call, server, text_of
from tests.transports.in_process import MODERN, connected
from tests.waiting import eventually


def _raise(error: BaseException) -> Callable[[ToolContext], Any]:
    def do(_: ToolContext) -> Any:
        raise error

    return do


@pytest.mark.parametrize("kind", [Doing, DoingInThread])
@pytest.mark.parametrize(
    ("error", "line_of"),
    [
        (KeyError("kettle"), "KeyError: 'kettle'"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (StopIteration("over"), "StopIteration: over"),
        (ExceptionGroup("both", [ValueError("inner")]), "ValueError: inner"),
        (ValueError("one\ntwo"), "two"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
async def test_what_a_tool_raises_is_a_result_with_its_last_line_and_the_server_goes_on(
    kind: type[Doing], error: BaseException, line_of: str
) -> None:
    said: list[bytes] = []
    async with connected(server(kind(_raise(error)), Split), Hooks(stderr=said.append)) as line:
        answer = await call(line, kind.name, {})
        assert answer["result"]["isError"] is True
        if isinstance(error, StopIteration) and kind is Doing:
            line_of = "RuntimeError: coroutine raised StopIteration"  # so says Python
        assert text_of(answer).startswith(f"{kind.name} failed: {line_of}")
        assert "result" in await call(line, "split", {"text": "a"}, 8)
        await eventually(lambda: any(b"Traceback" in text for text in said), "traceback in the log")
    assert not any(b"typed_calls" in text for text in said)  # the author's frames, and not ours


async def test_a_tool_that_cancels_itself_does_not_leave_its_caller_waiting() -> None:
    async with connected(server(Doing(_raise(asyncio.CancelledError())), Split)) as line:
        assert text_of(await call(line, "doing", {})).startswith("doing failed: asyncio.exceptions.CancelledError")
        assert "result" in await call(line, "split", {"text": "a"}, 8)


async def test_what_a_tool_prints_is_its_servers_log() -> None:
    said: list[bytes] = []

    def do(_: ToolContext) -> Success[Told]:
        print("from a thread")
        logging.getLogger("mine").warning("careful")
        return Success(Told())

    async with connected(server(DoingInThread(do)), Hooks(stderr=said.append)) as line:
        await call(line, "doing_in_thread", {})
        await eventually(lambda: len(said) == 2, "lines")
    assert said == [b"from a thread", b"WARNING mine: careful"]


async def test_leaving_while_a_tool_blocks_gives_its_thread_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "END_TIME", 0.05)
    monkeypatch.setattr(memory, "CANCEL_TIME", 0.05)
    began, release = threading.Event(), threading.Event()

    def do(_: ToolContext) -> Success[Told]:
        began.set()
        release.wait(30)
        return Success(Told())

    try:
        async with connected(server(DoingInThread(do))) as line:
            await line.send({"id": 1, "method": "tools/call", "params": {"name": "doing_in_thread", "_meta": MODERN}})
            await eventually(began.is_set, "running tool")
        assert not release.is_set()
    finally:
        release.set()


async def test_text_that_is_no_unicode_passes_both_ways() -> None:
    async with connected(server(Split, Doing(lambda context: Success(Told(told=1), text="\ud800 \u202e \0")))) as line:
        answer = await call(line, "split", {"text": "\ud800 x"})
        assert answer["result"]["isError"] is True  # pydantic takes no such text, and says so
        assert text_of(await call(line, "doing", {}, 8)) == "\ud800 \u202e \0"
