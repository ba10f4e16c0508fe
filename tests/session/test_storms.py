"""Servers that say too much about tasks and subscriptions, or the same twice."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcpdeck.services.errors import McpDeckError, RemoteProtocolError
from mcpdeck.services.session import subscriptions
from tests.playbooks.opened import opened
from tests.spec.peers import LEGACY, MODERN, Message, sent, server, talking, tell
from tests.spec.test_section_16_changes import acknowledged, listening, listens
from tests.spec.test_section_36_tasks import core, task
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


async def test_a_thousand_words_about_a_task_are_not_a_thousand_looks_at_it() -> None:
    looks = 0

    def look(message: Message) -> Any:
        nonlocal looks
        looks += 1
        for _ in range(500):
            it.transport.feed(tell("notifications/tasks/status", task("working")))
        return task("working", pollInterval=60_000) if looks < 3 else task("completed")

    async with talking(core(tasks_get=look)) as it:
        await it.session.open(LEGACY)
        with anyio.fail_after(20):
            await it.session.call_tool("t", {}, as_task=True)
        assert looks == 3


async def test_two_calls_that_were_answered_with_the_same_task_do_not_share_it() -> None:
    async with talking(core(tasks_get=lambda message: task("working"))) as it:
        await it.session.open(LEGACY)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: it.session.call_tool("t", {}, as_task=True))
            await eventually(lambda: sent(it, "tasks/get"), "the first call's task")
            with anyio.fail_after(5), pytest.raises(RemoteProtocolError, match="same task"):
                await it.session.call_tool("t", {}, as_task=True)
            tasks.cancel_scope.cancel()


async def test_a_look_that_fails_now_and_then_does_not_end_the_call() -> None:
    replies = [None, {"jsonrpc": "2.0", "error": {"code": -32603, "message": "busy"}}, task("completed")]

    def look(message: Message) -> Any:
        reply = replies.pop(0) or task("working")
        return {**reply, "id": message["id"]} if "jsonrpc" in reply else reply

    async with talking(core(tasks_get=look)) as it:
        await it.session.open(LEGACY)
        with anyio.fail_after(20):
            await it.session.call_tool("t", {}, as_task=True)
        assert replies == []


async def test_a_stream_that_breaks_after_each_acknowledgement_is_opened_less_and_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    delays: list[int] = []

    class Delays(tuple):  # type: ignore[type-arg]
        """Notes which delay was chosen, and waits for none."""

        __slots__ = ()

        def __getitem__(self, index: Any) -> Any:
            delays.append(index)
            return 0.0

    monkeypatch.setattr(subscriptions, "LOST_DELAYS", Delays(subscriptions.LOST_DELAYS))

    def listen(message: Message) -> Any:
        it.transport.feed(acknowledged(message))
        return {"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32603, "message": "gone"}}

    async with talking(listening(**{"subscriptions/listen": listen}), keeps=True) as it:
        await it.session.open(MODERN)
        await eventually(lambda: len(delays) >= 4, "four delays")
    assert delays[:4] == [0, 1, 2, 3]


async def test_a_wider_subscription_that_is_refused_leaves_the_one_before_in_place() -> None:
    async with talking(listening(), keeps=True) as it:
        await it.session.open(MODERN)
        first = await listens(it)
        it.transport.feed(acknowledged(first))
        async with anyio.create_task_group() as tasks:

            async def subscribe() -> None:
                with pytest.raises(McpDeckError):
                    await it.session.subscribe("x://1")

            tasks.start_soon(subscribe)
            second = await listens(it, 2)
            it.transport.feed({"jsonrpc": "2.0", "id": second["id"], "error": {"code": -32603, "message": "no"}})
        assert [m for m in sent(it, "notifications/cancelled") if m["params"]["requestId"] == first["id"]] == []


async def test_a_subscription_of_a_connection_that_ends_is_not_waited_for() -> None:
    async with talking(listening(), keeps=True) as it:
        await it.session.open(MODERN)
        async with anyio.create_task_group() as tasks:

            async def subscribe() -> None:
                with anyio.fail_after(5), pytest.raises(McpDeckError):
                    await it.session.subscribe("x://1")

            tasks.start_soon(subscribe)
            await listens(it, 1)
            it.transport.end()


async def test_a_page_to_visit_is_no_part_of_the_stateless_era() -> None:
    refused = {"code": -32042, "message": "visit", "data": {"elicitations": [{"mode": "url", "url": "https://x/"}]}}

    def call(message: Message) -> Any:
        return {"jsonrpc": "2.0", "id": message["id"], "error": refused}

    async with opened(server({"tools/call": call})) as it:
        await it.session.open(MODERN)
        with pytest.raises(McpDeckError):
            await it.session.call_tool("t", {})
        assert len(sent(it, "tools/call")) == 1
        assert it.questions == []
