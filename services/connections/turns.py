"""One beginning at a time.

Owns the order in which connects begin that are free to begin at the same moment. Never limits how many are under
way: the pools do that.
"""

from __future__ import annotations

import anyio
import anyio.lowlevel


class Turns:
    """Shared by those who take turns.

    Making a client or starting a child takes a few milliseconds that nobody can interrupt. Places in a pool often
    come free together, and twenty beginnings in one round of the event loop would hold everything else up for all
    of that time.
    """

    def __init__(self) -> None:
        self._lock = anyio.Lock()

    async def mine(self) -> None:
        """Return when it is the caller's turn: in each round of the loop for one caller at most."""
        async with self._lock:
            await anyio.lowlevel.checkpoint()
