"""The dashboard on servers of an embedding program.

Owns the one call that such a program needs. Reads no configuration and writes none: which servers there are is
the program's business, and a person may call them, watch them and switch them off for as long as it runs.
"""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial

import anyio

from ..services.config.files import Folders
from ..services.errors import UsageError
from ..services.manager import Changes, ConnectionManager
from .main import Hands, begin_drawing, show
from .seen import Seen

__all__ = ["run_dashboard", "run_dashboard_async"]


def run_dashboard(manager: ConnectionManager, *, title: str | None = None) -> int:
    """Show the dashboard on ``manager`` until the person leaves; the exit code.

    Connects its servers from the first frame on and ends every connection before it returns. Call it in the main
    thread. Raises ``UsageError`` without a terminal, and inside an event loop: ``run_dashboard_async`` is for there.
    """
    _check_terminal()
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        begin_drawing()
        return anyio.run(partial(show, manager, _hands(manager), title=title))
    raise UsageError("an event loop runs here already", hint="await run_dashboard_async(manager) instead.")


async def run_dashboard_async(manager: ConnectionManager, *, title: str | None = None) -> int:
    """``run_dashboard`` in a running asyncio event loop, in the main thread.

    A manager that runs already (``async with manager``) goes on running when the dashboard was left.
    """
    _check_terminal()
    begin_drawing()
    return await show(manager, _hands(manager), title=title)


def _check_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise UsageError("the dashboard needs a terminal", hint="Start the program in one, without redirections.")


def _hands(manager: ConnectionManager) -> Hands:
    def not_here(seen: Seen) -> None:
        raise UsageError(f"{seen.name} needs no approval", hint="The program that opened this dashboard added it.")

    def set_enabled(seen: Seen, enabled: bool) -> None:
        manager.set_enabled(seen.still(manager.entries.get(seen.name)).name, enabled)

    return Hands(set_enabled, not_here, not_here, Changes, Folders.of(os.environ).data)
