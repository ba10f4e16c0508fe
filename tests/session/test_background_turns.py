"""Lists that change are read again behind the calls that somebody waits for; the first reading waits for nobody."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest

from mcpdeck.services.session import lists as room
from tests.playbooks.opened import opened
from tests.spec.peers import LEGACY, server, tools

pytestmark = pytest.mark.anyio


async def test_only_what_is_read_again_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "RELIST_INTERVAL", 0.0)
    capabilities = {"tools": {"listChanged": True}}
    may = anyio.Event()
    asked: list[str] = []

    @asynccontextmanager
    async def turn(server: str) -> AsyncGenerator[None]:
        asked.append(server)
        await may.wait()
        yield

    async with (
        opened(server({"tools/list": tools("a")}, capabilities=capabilities)) as it,
        anyio.create_task_group() as tasks,
    ):
        await it.session.open(LEGACY)
        it.session.lists.turn = turn
        tasks.start_soon(it.session.lists.keep, capabilities)
        with anyio.fail_after(5):
            await it.session.lists.known_tools()
        assert asked == []
        it.transport.feed({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
        await anyio.wait_all_tasks_blocked()
        assert asked == ["peer"]
        listed = [message for message in it.transport.sent if message.get("method") == "tools/list"]
        assert len(listed) == 1
        may.set()
        await anyio.wait_all_tasks_blocked()
        listed = [message for message in it.transport.sent if message.get("method") == "tools/list"]
        assert len(listed) == 2
        tasks.cancel_scope.cancel()
