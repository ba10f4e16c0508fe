"""Long work on what a server sent is done in slices: everybody else goes on meanwhile."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest

from mcpdeck.services.models import JsonObject
from mcpdeck.services.session.lists import Lists
from mcpdeck.services.state.store import Event

pytestmark = pytest.mark.anyio

TOOLS: list[JsonObject] = [{"name": f"tool-{n}", "inputSchema": {"type": "object"}} for n in range(1_000)]


async def test_the_loop_turns_while_a_long_list_of_tools_is_read() -> None:
    rounds = 0
    seen: list[Event] = []

    async def count() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await anyio.lowlevel.checkpoint()

    async def answer(method: str, params: JsonObject) -> JsonObject:
        return {"tools": list(TOOLS)}

    lists = Lists("busy", 1, request=answer, emit=seen.append, broke=pytest.fail)
    with anyio.fail_after(30):
        async with anyio.create_task_group() as counting:
            counting.start_soon(count)
            tools = await lists.read_tools()
            counting.cancel_scope.cancel()
    assert [tool.name for tool in tools] == [tool["name"] for tool in TOOLS]
    assert rounds >= len(TOOLS) // 64
