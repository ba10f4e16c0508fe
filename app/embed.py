"""The dashboard on servers of an embedding program.

Owns the one call that such a program needs. Reads no configuration and writes none: which servers there are is
the program's business, and a person may call them, watch them and switch them off for as long as it runs. Calls go the
same way as everywhere; which of them are allowed, and whether they are written down, is the program's business too.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from functools import partial

import anyio

from ..services.config.files import Folders
from ..services.engine.limits import Limits
from ..services.engine.response_cache import ResponseCache
from ..services.engine.spill import Keeper
from ..services.errors import UsageError
from ..services.manager import Changes, ConnectionManager
from ..services.models import ServerEntry
from ..services.policy.permissions import Permissions
from ..services.telemetry.audit import Audit
from .main import Hands, begin_drawing, show
from .seen import Seen
from .worker import Engine

__all__ = ["engine_for", "run_dashboard", "run_dashboard_async"]


def engine_for(
    manager: ConnectionManager,
    *,
    permissions: Permissions | None = None,
    vouches: Callable[[ServerEntry], bool] | None = None,
    audit: Audit | None = None,
    cache: ResponseCache | None = None,
    limits: Limits | None = None,
) -> Engine:
    """What calls meet on their way (docs/execution.md): places, breaker, other tries, figures, large results in files.

    ``permissions`` None: everything is allowed, and a person may choose a stricter profile. ``vouches``: whether what
    a server says of its tools is believed, which decides about other tries as well; None: it is, for they are the
    program's own. ``audit`` None: nothing is written down; it is closed at the end. ``cache`` None: no answers are
    kept.
    """
    return Engine(
        permissions=permissions or Permissions.open(),
        vouches=vouches or _vouched_for,
        audit=audit,
        keeper=Keeper(Folders.of(os.environ).spilled, limit_tokens=manager.settings.output_tokens),
        cache=cache,
        limits=limits or Limits(),
    )


def _vouched_for(_entry: ServerEntry) -> bool:
    return True


def run_dashboard(manager: ConnectionManager, *, title: str | None = None, engine: Engine | None = None) -> int:
    """Show the dashboard on ``manager`` until the person leaves; the exit code.

    Connects its servers from the first frame on and ends every connection before it returns. Call it in the main
    thread. ``engine``: what calls meet on their way, None: ``engine_for(manager)``. Raises ``UsageError`` without a
    terminal, and inside an event loop: ``run_dashboard_async`` is for there.
    """
    _check_terminal()
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        begin_drawing()
        return anyio.run(partial(show, manager, _hands(manager), title=title, engine=engine or engine_for(manager)))
    raise UsageError("an event loop runs here already", hint="await run_dashboard_async(manager) instead.")


async def run_dashboard_async(
    manager: ConnectionManager, *, title: str | None = None, engine: Engine | None = None
) -> int:
    """``run_dashboard`` in a running asyncio event loop, in the main thread.

    A manager that runs already (``async with manager``) goes on running when the dashboard was left.
    """
    _check_terminal()
    begin_drawing()
    return await show(manager, _hands(manager), title=title, engine=engine or engine_for(manager))


def _check_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise UsageError("the dashboard needs a terminal", hint="Start the program in one, without redirections.")


def _hands(manager: ConnectionManager) -> Hands:
    def not_here(seen: Seen) -> None:
        raise UsageError(f"{seen.name} needs no approval", hint="The program that opened this dashboard added it.")

    def set_enabled(seen: Seen, enabled: bool, /, *more: Seen) -> None:
        for each in (seen, *more):
            manager.set_enabled(each.still(manager.entries.get(each.name)).name, enabled)

    return Hands(set_enabled, not_here, not_here, Changes, Folders.of(os.environ).data)
