"""Hearing that another process logged in, or out: its login is ours too.

Owns knowing that what is stored changed. Never reads a login: who holds them is told to look again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from .file_events import Plan, Stamp, files_plan, hear, stamp

FOLDER = "auth"
"""Below the data folder, where logins are kept."""
KEPT = "*.sealed"


async def hear_logins(data: Path, review: Callable[[], Awaitable[object]]) -> None:
    """Call ``review`` whenever what is stored below ``data`` is another than before, until cancelled."""
    folder = data / FOLDER

    def look() -> Stamp:
        return stamp(folder.glob(KEPT))

    async def planned() -> Plan:
        plan = files_plan((folder,))
        # Locks and keys stand there as well, and come and go with every refresh.
        return Plan(plan.folders, lambda path: path in plan.names or Path(path).match(KEPT), plan.names)

    before = look()

    async def told(_: frozenset[str]) -> None:
        nonlocal before
        now = look()
        if now != before:
            before = now
            await review()

    await hear(planned, told)
