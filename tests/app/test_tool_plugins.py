"""Typed tools that turn out to be broken while the dashboard runs."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from mcpdeck.app.tool_plugins import found_broken, reload_on_broken
from mcpdeck.services.config.load import LoadOptions
from mcpdeck.services.manager import ConnectionManager
from mcpdeck.services.models import Status
from mcpdeck.services.policy.configured import Configured
from mcpdeck.services.registry.plugins import ToolPlugins
from tests.registry.test_plugins import TOOL
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


def configured(tmp_path: Path) -> tuple[Configured, Path]:
    """A home whose folder of tools holds one that works and one that does not."""
    (tmp_path / ".git").mkdir()
    options = LoadOptions(tmp_path, os.environ, managed=(), brings=ToolPlugins())
    folder = options.folders.tools
    folder.mkdir(parents=True)
    (folder / "fine.py").write_text(TOOL.format(name="fine", said="yes"))
    (folder / "late.py").write_text("late = too_late\n")
    return Configured(options, approve_all=True), folder


async def test_a_tool_that_cannot_be_loaded_becomes_a_row_and_goes_again_when_it_is_mended(tmp_path: Path) -> None:
    deck, folder = configured(tmp_path)
    manager = ConnectionManager(deck.load_entries(), guard=deck.guard)
    assert manager.store is not None
    state = manager.store
    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks, manager:
            tasks.start_soon(reload_on_broken, deck, lambda: manager.configure(deck.load_entries()))
            session = await manager.connected("tools")
            await eventually(lambda: "tools:late" in state.state.mcp.servers, "row of the broken one")
            row = state.state.mcp.servers["tools:late"]
            assert row.status is Status.NOT_CONFIGURED
            assert row.error is not None
            assert "NameError: name 'too_late' is not defined" in row.error.title
            assert (row.origin.file, row.origin.line) == (str(folder / "late.py"), 1)
            assert manager.session("tools") is session  # nothing was restarted for it
            assert [tool.name for tool in await session.lists.known_tools()] == ["fine"]
            (folder / "late.py").write_text(TOOL.format(name="late", said="at last"))
            manager.reconnect("tools")
            await eventually(lambda: "tools:late" not in state.state.mcp.servers, "end of the row")
            again = await manager.connected("tools")
            assert [tool.name for tool in await again.lists.known_tools()] == ["fine", "late"]
            tasks.cancel_scope.cancel()


async def test_what_was_broken_before_anybody_listened_is_told_at_once(tmp_path: Path) -> None:
    deck, _ = configured(tmp_path)
    (before,) = deck.load_entries()
    told: list[int] = []
    async with ConnectionManager((before,), guard=deck.guard) as manager:
        await manager.connected("tools")
    assert [row.name for row in found_broken(deck, (before,))] == ["tools:late"]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(reload_on_broken, deck, lambda: told.append(1))
        await eventually(lambda: told, "word of it")
        tasks.cancel_scope.cancel()
    assert told == [1]


async def test_a_program_without_typed_tools_hears_nothing_of_them(tmp_path: Path) -> None:
    deck, _ = configured(tmp_path)
    without = Configured(replace(deck.options, brings=None))
    assert found_broken(without, without.load_entries()) == ()
    with anyio.fail_after(10):
        await reload_on_broken(without, lambda: pytest.fail("told"))  # there is nothing to wait for
