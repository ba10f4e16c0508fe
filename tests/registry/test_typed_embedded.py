"""Typed tools that an embedding program hands over, used through a session, in both eras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio
import anyio.lowlevel
import mcp_types
import pytest

from mcpdeck.services.connections.given import entry_of
from mcpdeck.services.errors import ConfigValidationError
from mcpdeck.services.manager import ConnectionManager
from mcpdeck.services.models import EraMode, EraName
from mcpdeck.services.registry.typed import Success, ToolContext
from mcpdeck.services.registry.typed_server import TypedServer
from tests.registry.typed_samples import Doing, Split, Told
from tests.transports.in_process import INITIALIZE, MODERN, connected, of
from tests.waiting import eventually


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(lambda: [Split], id="list"),
        pytest.param(lambda: Split(), id="tool"),
        pytest.param(lambda: Split, id="class"),
        pytest.param(lambda: TypedServer([Split]), id="server"),
        pytest.param(lambda: lambda: (Split, Doing()), id="function"),
    ],
)
async def test_a_program_may_hand_typed_tools_over_as_a_server(given: Callable[[], object]) -> None:
    with anyio.fail_after(20):
        async with ConnectionManager() as manager:
            assert manager.set_servers({"mine": given()}).errors == {}
            session = await manager.connected("mine")
            result: Any = await session.call_tool("split", {"text": "a b"})
            assert result["structuredContent"] == {"words": ["a", "b"]}


@pytest.mark.parametrize("given", [[], [3], 3], ids=["no tools", "a number among them", "a number"])
async def test_what_is_no_typed_tool_is_an_error_of_its_name(given: object) -> None:
    manager = ConnectionManager()
    changes = manager.set_servers({"mine": given})
    assert changes.added == ()
    assert isinstance(changes.errors["mine"].title, str)


def test_a_list_with_a_flaw_is_found_when_it_is_made() -> None:
    with pytest.raises(ConfigValidationError, match="two tools"):
        TypedServer([Split, Split])


@pytest.mark.parametrize("era", [EraMode.MODERN, EraMode.LEGACY])
async def test_our_own_client_has_nothing_to_say_about_our_server(era: EraMode) -> None:
    async def do(context: ToolContext) -> Success[Told]:
        for step in range(3):
            context.progress(step, 3)
            await anyio.lowlevel.checkpoint()
        context.log("info", "done")
        return Success(Told(told=1))

    tools = [type(f"Tool{number}", (Split,), {"name": f"tool{number}"}) for number in range(150)]
    entry = replace(entry_of("mine", TypedServer([Doing(do), *tools]), None).entry, era=era)
    steps: list[float] = []
    with anyio.fail_after(20):
        async with ConnectionManager([entry]) as manager:
            session = await manager.connected("mine")
            assert manager.store is not None
            store = manager.store
            listed = await session.lists.known_tools()
            assert len(listed) == 151
            assert [tool.name for tool in listed if tool.problems] == []
            result: Any = await session.call_tool("doing", {}, on_progress=lambda *told: steps.append(told[0]))
            assert result["structuredContent"] == {"told": 1}
            assert (steps, steps[-1]) == (sorted(set(steps)), 2)
            row = await eventually(lambda: store.state.mcp.servers["mine"], "row")
            assert row.era is EraName(era.value)
            assert row.rules_broken == ()


async def test_what_our_server_says_is_what_the_specification_says() -> None:
    async with connected(of(lambda: TypedServer([Split], instructions="Mind the gap.", title="Mine"))) as line:
        answers = {
            mcp_types.DiscoverResult: await line.ask(1, "server/discover", {"_meta": MODERN}),
            mcp_types.ListToolsResult: await line.ask(2, "tools/list", {"_meta": MODERN}),
            mcp_types.CallToolResult: await line.ask(
                3, "tools/call", {"_meta": MODERN, "name": "split", "arguments": {"text": "a"}}
            ),
            mcp_types.InitializeResult: await line.ask(4, "initialize", INITIALIZE),
        }
    for model, answer in answers.items():
        read = model.model_validate(answer["result"])
        assert not (read.model_extra or {}), model
