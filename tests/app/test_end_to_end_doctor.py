"""Keys, the dashboard, and real servers: the timeline of a failed one, and the doctor that finds out why."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from mcpdeck.services.models import Status
from tests import entries
from tests.ui.quiet import quiet
from tests.ui.real_runs import dashboard, on_screen
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def waits_until_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pilot goes on as soon as the screen has nothing left to do."""
    monkeypatch.setattr("textual.app.wait_for_idle", quiet)
    monkeypatch.setattr("textual.pilot.wait_for_idle", quiet)


async def test_c_finds_out_why_a_server_failed_and_leaves_the_others_alone(tmp_path: Path) -> None:
    with anyio.fail_after(90):
        async with dashboard([entries.misbehaving("exits"), entries.misbehaving("plain")], tmp_path) as (
            pilot,
            deck,
            services,
        ):
            rows = services.store
            await eventually(lambda: rows.state.mcp.servers["exits"].status is Status.FAILED, "failed server")
            await services.manager.connected("plain")
            await pilot.pause()
            await pilot.press("t")
            await eventually(lambda: "gave up" in on_screen(deck), "timeline of the failed server")
            await pilot.press("C")
            await eventually(lambda: "Failed: It speaks MCP" in on_screen(deck), "verdict", seconds=30)
            assert "fatal: no API key" in on_screen(deck)
            before = rows.state.mcp.servers["plain"]
            await pilot.press("escape", "down", "C")
            await eventually(lambda: "All is well" in on_screen(deck), "verdict on the good one", seconds=30)
            assert "The connection that stands answers" in on_screen(deck)
            now = rows.state.mcp.servers["plain"]
            assert (now.pid, now.generation, now.status) == (before.pid, before.generation, Status.CONNECTED)
