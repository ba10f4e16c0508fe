"""Calls of this dashboard, remembered for the next one: the last arguments of each tool, the recent calls.

Owns when the file is read and written: in a thread, a while after a call, and at the end. What is a secret, and what a
record looks like, is decided in the services.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from ..services.errors import McpDeckError
from ..services.models import JsonObject, Offered
from ..services.state.model import CallState, CallStatus

if TYPE_CHECKING:
    from ..services.collections.memory import CallMemory, Recent

METHODS = {"tools/call": Offered.TOOL, "resources/read": Offered.RESOURCE, "prompts/get": Offered.PROMPT}
AFTER = 0.5
"""Seconds after a call that the file is written: several calls are one write."""
CLOSING = 2.0
"""Seconds that the last write may take when the dashboard ends."""


class RememberedCalls:
    """``start`` runs work beside everything else. ``data`` None: nothing outlives this process.

    ``settings`` is the file that may switch it off; ``schema`` tells which arguments of a tool are secrets, ``told``
    hears why nothing can be kept, once.
    """

    def __init__(
        self,
        data: Callable[[], Path | None],
        settings: Callable[[], Path | None],
        start: Callable[[Callable[[], Awaitable[None]]], None],
        schema: Callable[[Offered, str, str], JsonObject],
        told: Callable[[str], None],
    ) -> None:
        self._data = data
        self._settings = settings
        self._start = start
        self._schema = schema
        self._told = told
        self._memory: CallMemory | None = None
        self._off = False
        self._failed = False
        self._writing = False

    @property
    def off(self) -> bool:
        """A person wants nothing to be remembered."""
        return self._off

    def begin(self, done: Callable[[], object] = lambda: None) -> None:
        """Read what is kept, in a thread; until then nothing is known. Once more: what others wrote meanwhile."""

        async def work() -> None:
            await anyio.to_thread.run_sync(self._load)
            done()

        self._start(work)

    def _load(self) -> None:
        from ..services.collections.memory import FILE_NAME, CallMemory, switched_off  # not before the first frame

        self._off = switched_off(os.environ, self._settings())
        memory = self._memory
        if memory is None:
            data = None if self._off else self._data()
            memory = CallMemory(None if data is None else data / FILE_NAME)
        memory.load()
        self._memory = memory

    def last(self, kind: Offered, server: str, name: str) -> JsonObject | None:
        """The arguments it was called with last, secrets left out; None where nothing is known."""
        return None if self._memory is None or self._off else self._memory.last(kind, server, name)

    @property
    def recent(self) -> tuple[Recent, ...]:
        return () if self._memory is None else self._memory.recent

    def ended(self, call: CallState, server: str) -> None:
        """A call that a person made came to its end; ``server`` is the name it is configured by."""
        kind = METHODS.get(call.method)
        if kind is None or self._off or call.status is CallStatus.RUNNING:
            return
        from ..services.collections.memory import Recent
        from ..services.collections.secrets import without

        kept = without(call.arguments, self._schema(kind, call.server, call.tool))
        one = Recent(
            server,
            kind,
            call.tool,
            kept,
            call.status.value,
            call.duration_ms,
            call.started_at,
            call.task is not None,
            partly=kept != call.arguments,
        )
        if self._memory is None:  # called before the file was read
            self._load_soon(one)
            return
        self._memory.add(one)
        self._write_soon()

    def _load_soon(self, one: Recent) -> None:
        def add() -> None:
            if self._memory is not None and not self._off:
                self._memory.add(one)
                self._write_soon()

        self.begin(add)

    def forget(self, done: Callable[[], object]) -> None:
        """All that is remembered, also in the file."""

        async def work() -> None:
            if self._memory is not None:
                await anyio.to_thread.run_sync(self._memory.forget)
            done()

        self._start(work)

    def _write_soon(self) -> None:
        if not self._writing:
            self._writing = True
            self._start(self._write)

    async def _write(self) -> None:
        try:
            await anyio.sleep(AFTER)
        finally:
            self._writing = False
            with anyio.CancelScope(shield=True), anyio.move_on_after(CLOSING):
                await self._written()

    async def _written(self) -> None:
        memory = self._memory
        if memory is None:
            return
        try:
            await anyio.to_thread.run_sync(memory.write)
        except McpDeckError as error:
            if not self._failed:  # once: every call would say it again
                self._failed = True
                self._told(error.title)
