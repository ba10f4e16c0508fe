"""Servers that an embedding program gives to the manager: before it runs, while it runs, without a screen."""

from __future__ import annotations

from dataclasses import replace

import anyio
import pytest
from mcp.server.mcpserver import MCPServer

from mcpdeck.services.errors import McpDeckError, PolicyDenied
from mcpdeck.services.manager import ConnectionManager, Given
from mcpdeck.services.models import Json, ServerEntry, Source, Status
from tests import entries

pytestmark = pytest.mark.anyio

TINY: dict[str, Json] = {"command": entries.PYTHON, "args": [str(entries.SERVERS / "tiny_stdio.py")], "era": "legacy"}


def greeter(greeting: str) -> MCPServer:
    server = MCPServer(greeting)

    @server.tool()
    def greet(name: str) -> str:
        return f"{greeting}, {name}!"

    return server


async def said(manager: ConnectionManager, name: str) -> str:
    session = await manager.connected(name)
    return str((await session.call_tool("greet", {"name": "Ada"}))["content"])


async def test_a_program_uses_its_server_without_a_screen() -> None:
    manager = ConnectionManager()
    changes = manager.set_servers({"greeter": greeter("Hello")})
    assert (changes.added, changes.removed, dict(changes.errors)) == (("greeter",), (), {})
    with anyio.fail_after(30):
        async with manager:
            assert "Hello, Ada!" in await said(manager, "greeter")
            assert manager.store is not None
            row = manager.store.state.mcp.servers["greeter"]
            assert (row.source, row.status) == (Source.SDK, Status.CONNECTED)


async def test_run_is_the_other_way_to_use_it_and_may_be_used_again() -> None:
    manager = ConnectionManager()
    manager.set_servers({"greeter": lambda: greeter("Good day")})
    for _ in range(2):
        with anyio.fail_after(30):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(manager.run)
                await anyio.wait_all_tasks_blocked()
                assert "Good day, Ada!" in await said(manager, "greeter")
                tasks.cancel_scope.cancel()
        assert not manager.running


async def test_what_is_given_again_goes_on_and_the_rest_comes_and_goes() -> None:
    server, written = greeter("Hello"), dict(TINY)
    manager = ConnectionManager([entries.in_process("from-file", "tests.servers.noisy_in_process:server")])
    with anyio.fail_after(60):
        async with manager:
            first = manager.set_servers({"object": server, "written": written, "old": greeter("Bye")})
            assert set(first.added) == {"object", "written", "old"}
            sessions = {name: await manager.connected(name) for name in ("object", "written")}
            again = manager.set_servers({"written": dict(written), "object": server, "new": greeter("New")})
            assert (again.added, again.removed, again.changed) == (("new",), ("old",), ())
            assert {name: manager.session(name) for name in sessions} == sessions
            assert "from-file" in manager.entries
            other = manager.set_servers({"object": greeter("Other"), "written": {**written, "timeout": 5000}})
            assert (set(other.changed), other.removed) == ({"object", "written"}, ("new",))
            assert "Other, Ada!" in await said(manager, "object")
            assert manager.set_servers({}).removed == ("object", "written")
            assert list(manager.entries) == ["from-file"]


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"url": "https://example.com/mcp"}, 'add "type": "http"'),
        ({"command": 7}, "command"),
        (42, "Give a server object"),
        (MCPServer, "Give a server object"),
    ],
)
async def test_one_that_cannot_be_used_is_an_error_and_costs_no_other(bad: Given, told: str) -> None:
    server = greeter("Hello")
    manager = ConnectionManager()
    with anyio.fail_after(30):
        async with manager:
            manager.set_servers({"kept": server, "good": TINY})
            session = await manager.connected("kept")
            changes = manager.set_servers({"kept": bad, "good": TINY, "new": bad})
            assert set(changes.errors) == {"kept", "new"}
            assert told in changes.errors["new"].title + changes.errors["new"].hint
            assert (changes.added, changes.removed, changes.changed) == ((), (), ())
            assert manager.session("kept") is session


async def test_a_server_of_the_program_stands_above_one_of_a_file() -> None:
    file = replace(entries.stdio("greeter", "false"), source=Source.USER)
    manager = ConnectionManager([file])
    with anyio.fail_after(30):
        async with manager:
            manager.set_servers({"greeter": greeter("Hello")})
            assert "Hello, Ada!" in await said(manager, "greeter")
            lower = manager.entries["greeter (user)"]
            assert lower.suppressed_by is not None
            assert lower.suppressed_by.startswith("greeter")
            manager.set_servers({})
            assert manager.entries["greeter"].source is Source.USER


async def test_a_server_that_policy_refuses_is_an_error_and_is_not_there() -> None:
    def guard(entry: ServerEntry) -> McpDeckError | None:
        return PolicyDenied("denied by serverName") if entry.name == "denied" else None

    manager = ConnectionManager(guard=guard)
    changes = manager.set_servers({"denied": greeter("No"), "allowed": greeter("Yes")})
    assert changes.errors["denied"].kind == "policy"
    assert list(manager.entries) == ["allowed"]


async def test_a_server_is_switched_off_and_on_for_this_run() -> None:
    manager = ConnectionManager()
    manager.set_servers({"greeter": greeter("Hello")})
    with anyio.fail_after(30):
        async with manager:
            await manager.connected("greeter")
            manager.set_enabled("greeter", enabled=False)
            with pytest.raises(McpDeckError, match="disabled"):
                await manager.connected("greeter")
            manager.set_enabled("greeter", enabled=True)
            assert "Hello, Ada!" in await said(manager, "greeter")
