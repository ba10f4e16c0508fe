"""Turns: one beginning of a connect at a time, and lists that are read again after the calls that somebody waits for.

Owns the order in which connects begin that are free to begin at the same moment. Never limits how many are under
way: the pools do that, and for calls whoever makes them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TypeAlias

import anyio
import anyio.lowlevel

Turn: TypeAlias = Callable[[str], AbstractAsyncContextManager[None]]
"""Waits, on one server, until what runs in the background may run."""


class Turns:
    """Shared by those who take turns.

    Making a client or starting a child takes a few milliseconds that nobody can interrupt. Places in a pool often
    come free together, and twenty beginnings in one round of the event loop would hold everything else up for all
    of that time.
    """

    def __init__(self) -> None:
        self._lock = anyio.Lock()
        self._turn: Turn | None = None

    async def mine(self) -> None:
        """Return when it is the caller's turn: in each round of the loop for one caller at most."""
        async with self._lock:
            await anyio.lowlevel.checkpoint()

    def given_by(self, turn: Turn) -> None:
        """From now on lists are read again when ``turn`` lets them; until now at once."""
        self._turn = turn

    def background(self, server: str) -> AbstractAsyncContextManager[None]:
        return self._turn(server) if self._turn is not None else nullcontext()
