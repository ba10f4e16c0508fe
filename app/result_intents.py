"""What a person asks about a result beside reading it: its raw messages, one of its parts as a file or played.

Owns turning these into reads of the trace and files. Never draws, and opens nothing by itself.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from anyio import to_thread

from ..services.config.files import RESULTS
from ..services.errors import McpDeckError, UsageError
from ..services.state.model import CallState
from ..widgets.raw_words import RawMessages

if TYPE_CHECKING:
    from .controller import Toast
    from .main import Services


class ResultIntents(Protocol):
    """Everything a screen may ask for. Each returns at once."""

    def raw(self, call: CallState) -> RawMessages: ...
    def save_part(self, call: CallState, part: int) -> None: ...
    def play(self, call: CallState, part: int) -> None: ...


class ResultController:
    """``ResultIntents`` on the real services."""

    _services: Services
    _toast: Toast
    _data_folder: Path

    def _beside(self, work: Callable[[], Awaitable[None]]) -> None:
        raise TypeError("the controller runs what takes time")

    def raw(self, call: CallState) -> RawMessages:
        """The messages of a call as they passed, as far as the trace has them."""
        from .raw_messages import raw_of  # not before somebody wants to see them

        return raw_of(call, self._services.trace.of(call.instance or call.server))

    def save_part(self, call: CallState, part: int) -> None:
        """Write one part of a result below the data folder, as the file that it is."""

        async def work() -> None:
            path = await self._written(call, part)
            self._toast("Saved", str(path))

        self._beside(work)

    def play(self, call: CallState, part: int) -> None:
        """Save a sound and start the system's player on it."""

        async def work() -> None:
            from .opening import open_file

            path = await self._written(call, part)
            with_what = await to_thread.run_sync(partial(open_file, path, os.environ, sound=True))
            self._toast(f"Played by {with_what}", str(path))

        self._beside(work)

    async def _written(self, call: CallState, part: int) -> Path:
        try:
            return await to_thread.run_sync(partial(_write_part, call, part, self._data_folder / RESULTS))
        except OSError as error:
            raise McpDeckError("The part could not be saved", hint=f"{error.strerror}: {error.filename}") from None


def _write_part(call: CallState, number: int, folder: Path) -> Path:
    from ..services.models.content import parts_of
    from .saving import save_part

    part = next(islice(parts_of(call.result or {}), number, None), None)
    path = save_part(part, folder, call) if part is not None else None
    if path is None:
        raise UsageError("This part cannot be saved", hint="It is neither text nor valid base64.")
    return path
