"""What is remembered of a server from one connection to the next, and from one run to the next."""

from __future__ import annotations

import json
import stat
import sys
import time
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from mcpdeck.app.main import running
from mcpdeck.app.worker import Services
from mcpdeck.services.events import ToolsChanged
from mcpdeck.services.manager import ConnectionManager
from mcpdeck.services.models import EraName, Freshness, HttpTarget, ServerEntry
from mcpdeck.services.session import Memory
from mcpdeck.services.session.memory import VERDICT_LIFE, KeptList
from mcpdeck.services.telemetry.trace import TraceRecord
from tests import entries
from tests.entries import SERVERS
from tests.waiting import eventually

pytestmark = pytest.mark.anyio

TINY = entries.stdio("peer", sys.executable, str(SERVERS / "tiny_stdio.py"))


def assert_private(path: Path | None) -> None:
    """For this user only, and without anything secret."""
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "Bearer" not in path.read_text()


def sent(records: tuple[TraceRecord, ...]) -> list[str | None]:
    return [record.method for record in records if record.direction == "sent"]


async def remembered(services: Services, folder: Path) -> None:
    """Connected, lists read and written."""
    await services.manager.connected("peer")

    def written() -> bool:
        files = [*folder.glob("*.json")]
        return bool(files) and "tools/list" in json.loads(files[0].read_text())["lists"]

    await eventually(written, "file of what is remembered")


async def test_a_server_of_the_handshake_era_is_not_probed_again(tmp_path: Path) -> None:
    with anyio.fail_after(40):
        async with running([TINY], memory=Memory(tmp_path)) as services:
            await remembered(services, tmp_path)
            assert sent(services.trace.of("peer"))[:2] == ["server/discover", "initialize"]
        async with running([TINY], memory=Memory(tmp_path)) as services:
            await services.manager.connected("peer")
            assert sent(services.trace.of("peer"))[0] == "initialize"
            assert "last connection" in services.store.state.mcp.servers["peer"].decided


async def test_detecting_again_asks_anew_whatever_is_remembered(tmp_path: Path) -> None:
    with anyio.fail_after(40):
        async with running([TINY], memory=Memory(tmp_path)) as services:
            session = await services.manager.connected("peer")
            services.manager.reconnect("peer", redetect=True)
            await services.manager._find("peer").connected(after=session)
            assert sent(services.trace.of("peer")).count("server/discover") == 2


async def test_a_server_that_was_replaced_by_a_newer_one_is_found_out(tmp_path: Path) -> None:
    modern = entries.stdio("peer", sys.executable, str(SERVERS / "modern_only.py"))
    memory = Memory(tmp_path)
    await memory.of(modern).load()
    memory.of(modern).found(EraName.LEGACY)
    with anyio.fail_after(40):
        async with running([modern], memory=memory) as services:
            session = await services.manager.connected("peer")
            assert session.era is EraName.MODERN
            assert sent(services.trace.of("peer"))[:2] == ["initialize", "server/discover"]
    assert memory.of(modern).era() is None


async def test_lists_of_the_last_run_are_shown_at_once_and_marked_until_they_are_read_anew(tmp_path: Path) -> None:
    with anyio.fail_after(40):
        async with running([TINY], memory=Memory(tmp_path)) as services:
            await remembered(services, tmp_path)
        events: list[object] = []
        manager = ConnectionManager([TINY], emit=events.append, memory=Memory(tmp_path))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(manager.run)
            await (await manager.connected("peer")).lists.known_tools()
            tasks.cancel_scope.cancel()
    lists = [event for event in events if isinstance(event, ToolsChanged)]
    assert [event.freshness.cached for event in lists if event.freshness] == [True, False]
    assert [tool.name for tool in lists[0].tools] == [tool.name for tool in lists[1].tools] != []


def test_the_older_verdict_expires() -> None:
    memory = Memory().of(TINY)
    memory.found(EraName.LEGACY)
    assert memory.era() is EraName.LEGACY
    memory.legacy_since = time.time() - VERDICT_LIFE - 1
    assert memory.era() is None


async def test_another_login_or_another_entry_sees_nothing_of_the_first(tmp_path: Path) -> None:
    def entry(token: str) -> ServerEntry:
        plain = entries.http("peer", "http://127.0.0.1:1/mcp")
        return replace(plain, target=HttpTarget("http://127.0.0.1:1/mcp", {"Authorization": token}))

    mine = Memory(tmp_path).of(entry("Bearer mine"))
    mine.keep_list("tools/list", KeptList([{"name": "secret"}], Freshness(1.0, 1000, "private")))
    await mine.save()
    again = Memory(tmp_path).of(entry("Bearer mine"))
    await again.load()
    assert again.list("tools/list") == KeptList([{"name": "secret"}], Freshness(1.0, 1000, "private"))
    for other in (entry("Bearer yours"), replace(entry("Bearer mine"), digest="changed")):
        theirs = Memory(tmp_path).of(other)
        await theirs.load()
        assert theirs.list("tools/list") is None
    assert_private(mine.path)


async def test_tasks_that_are_not_over_outlive_the_run(tmp_path: Path) -> None:
    memory = Memory(tmp_path).of(TINY)
    memory.keep_task("a", {"tool": "slow", "era": "2025-11-25"})
    memory.keep_task("b", {"tool": "slow", "era": "2025-11-25"})
    memory.keep_task("b", None)
    await memory.save()
    again = Memory(tmp_path).of(TINY)
    await again.load()
    assert dict(again.tasks()) == {"a": {"tool": "slow", "era": "2025-11-25"}}


@pytest.mark.parametrize(
    "rubbish", [b"", b"[]", b"{", b'{"lists": 3, "tasks": [], "legacySince": "x"}', b"[" * 100_000]
)
async def test_a_file_that_cannot_be_read_is_as_none(tmp_path: Path, rubbish: bytes) -> None:
    memory = Memory(tmp_path).of(TINY)
    assert memory.path is not None
    memory.path.write_bytes(rubbish)
    await memory.load()
    assert memory.era() is None
    assert not memory.tasks()
    memory.found(EraName.LEGACY)
    await memory.save()
    again = Memory(tmp_path).of(TINY)
    await again.load()
    assert again.era() is EraName.LEGACY


async def test_a_folder_that_cannot_be_written_loses_nothing_but_the_memory(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    memory = Memory(blocked / "below").of(TINY)
    memory.found(EraName.LEGACY)
    await memory.save()
    assert memory.era() is EraName.LEGACY


async def test_two_programs_on_one_server_keep_each_others_tasks(tmp_path: Path) -> None:
    mine, theirs = Memory(tmp_path).of(TINY), Memory(tmp_path).of(TINY)
    await mine.load()
    await theirs.load()
    mine.keep_task("a", {"tool": "slow"})
    await mine.save()
    theirs.keep_task("b", {"tool": "slow"})
    await theirs.save()
    mine.keep_task("a", None)
    await mine.save()
    again = Memory(tmp_path).of(TINY)
    await again.load()
    assert dict(again.tasks()) == {"b": {"tool": "slow"}}
