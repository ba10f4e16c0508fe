"""Rows of typed tools that turned out to be broken: known only once their server was connected.

Owns how a run hears of them. Never loads one: that is done by the registry, in the server's thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import anyio

from ..services.models import ServerEntry
from ..services.policy.configured import Configured
from ..services.registry.plugins import NAME, ToolPlugins
from ..services.transports.server_thread import in_loop


def found_broken(configured: Configured, known: Iterable[ServerEntry]) -> tuple[ServerEntry, ...]:
    """Rows of plugins that could not be loaded meanwhile; nothing where ``known`` has no server of typed tools."""
    tools, names = configured.options.brings, {entry.name for entry in known}
    if NAME not in names or not isinstance(tools, ToolPlugins) or not tools.broken:
        return ()
    broken = {each.row().name for each in tools.broken}
    return tuple(entry for entry in configured.load_entries() if entry.name in broken - names)


async def reload_on_broken(configured: Configured, reload: Callable[[], object]) -> None:
    """Call ``reload`` whenever other plugins than before cannot be loaded, until cancelled.

    In a task of its own: what it starts belongs to one.
    """
    tools = configured.options.brings
    if not isinstance(tools, ToolPlugins):
        return
    loop, told = asyncio.get_running_loop(), anyio.Event()

    def tell() -> None:
        told.set()

    tools.changed = lambda: in_loop(loop, tell)
    try:
        if tools.broken:
            tell()  # the server was quicker
        while True:
            await told.wait()
            told = anyio.Event()
            reload()
    finally:
        tools.changed = None
