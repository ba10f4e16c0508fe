"""A thousand connections made and left, over every transport: nothing of them stays."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import anyio
import psutil
import pytest

from mcpdeck.app.demo.entries import demo_servers
from mcpdeck.app.main import running
from mcpdeck.services.manager import Settings
from mcpdeck.services.models import EraMode, ServerEntry, TransportKind
from tests import entries
from tests.servers.processes import free_port, listening
from tests.waiting import eventually

pytestmark = pytest.mark.anyio

TINY = (sys.executable, "-S", "-E", str(entries.SERVERS / "tiny_stdio.py"))
HASTY = replace(Settings(), local_pool=8, remote_pool=20, pings=False)
NOISE = 12 * 1024 * 1024
"""Bytes by which the process may have grown: allocators keep what they had, and grow in steps."""


@dataclass(frozen=True)
class Left:
    """What a connection could leave behind."""

    tasks: int
    descriptors: int
    children: int
    threads: int

    @classmethod
    def now(cls) -> Left:
        gc.collect()
        process = psutil.Process()
        return cls(
            len(anyio.get_running_tasks()),
            process.num_fds(),
            len(process.children(recursive=True)),
            process.num_threads(),
        )


def resident() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss


async def connect_and_leave(crowd: Sequence[ServerEntry]) -> None:
    """All of them at once, and each answers a request."""
    async with running(crowd, settings=HASTY) as services:
        for entry in crowd:
            session = await services.manager.connected(entry.name)
            await session.lists.tools_settled()


async def rounds(count: int, crowd: Sequence[ServerEntry]) -> None:
    """``count`` times ``crowd``; then everything is as it was after the first time, and little has grown."""
    with anyio.fail_after(100):
        await connect_and_leave(crowd)  # what is loaded and cached once is here now
        await connect_and_leave(crowd)
        before, memory, objects = Left.now(), resident(), len(gc.get_objects())
        for _ in range(count):
            await connect_and_leave(crowd)
        await eventually(lambda: fits(before, Left.now()), f"return to {before}; left: {Left.now()}", seconds=5)
        assert resident() - memory < NOISE
        # Less than one object for each connection: what grew belongs to none of them.
        assert len(gc.get_objects()) - objects < count * len(crowd)


def fits(before: Left, now: Left) -> bool:
    return (
        now.tasks <= before.tasks
        and now.descriptors <= before.descriptors
        and now.children <= before.children
        and now.threads <= before.threads
    )


def crowd_of(count: int, make: Callable[[str], ServerEntry]) -> list[ServerEntry]:
    return [make(f"peer-{number}") for number in range(count)]


async def test_two_hundred_children_come_and_go() -> None:
    await rounds(8, crowd_of(20, lambda name: entries.stdio(name, *TINY, era=EraMode.LEGACY)))


@pytest.mark.parametrize("era", [EraMode.LEGACY, EraMode.MODERN])
async def test_two_hundred_http_connections_of_each_era_come_and_go(era: EraMode) -> None:
    port = free_port()
    with listening((sys.executable, str(entries.SERVERS / "sdk2_server.py"), "http", str(port))):
        url = f"http://127.0.0.1:{port}/mcp"
        await rounds(3, crowd_of(40, lambda name: entries.http(name, url, era=era)))


@pytest.mark.parametrize("kind", [TransportKind.SSE, TransportKind.WS])
async def test_a_hundred_and_fifty_event_streams_and_as_many_web_sockets_come_and_go(kind: TransportKind) -> None:
    async with demo_servers() as demos:
        [demo] = [entry for entry in demos if entry.transport is kind]
        await rounds(3, crowd_of(30, lambda name: replace(demo, name=name, digest=name)))


async def test_a_hundred_and_fifty_servers_inside_this_process_come_and_go() -> None:
    spec = "mcpdeck.app.demo.in_process:server"
    await rounds(3, crowd_of(30, lambda name: entries.in_process(name, spec)))
