"""What a person asks about the log: to have it in a file.

Owns where these files stand. Never draws and never reads a ring: it is given what is shown.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from anyio import to_thread

if TYPE_CHECKING:
    from .controller import Toast

LOGS = "logs"
"""Below mcpdeck's data folder."""


class LogIntents(Protocol):
    """Everything a screen may ask for. Returns at once."""

    def save_log(self, name: str, lines: Iterable[str]) -> None: ...


class LogController:
    """``LogIntents`` on the real services."""

    _toast: Toast
    _data_folder: Path

    def _beside(self, work: Callable[[], Awaitable[None]]) -> None:
        raise TypeError("the controller runs what takes time")

    def save_log(self, name: str, lines: Iterable[str]) -> None:
        """Write ``lines`` below the data folder, for the owner only. They are asked for in a thread."""
        from .saving import save_lines  # not before somebody wants a file

        stem = f"{time.strftime('%Y%m%d-%H%M%S')}-{re.sub(r'[^A-Za-z0-9_-]', '-', name)[:60] or 'log'}"

        async def work() -> None:
            write = partial(save_lines, lines, self._data_folder / LOGS, stem)
            try:
                path = await to_thread.run_sync(write)
            except OSError as error:
                self._toast("The log could not be saved", f"{error.strerror}: {error.filename}", severity="error")
                return
            self._toast("Log saved", str(path))

        self._beside(work)
