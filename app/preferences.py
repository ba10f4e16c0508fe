"""What a person chose about the dashboard itself: theme, order of the servers, sizes of the panes.

Owns one small private file and when it is written. Never knows what a name means: whoever keeps a value checks it
when it is read again, for a person may have edited the file. Holds no secret.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

from ..services.config.files import PrivateJson
from ..services.errors import ConfigError
from ..services.models import Json, JsonObject

FILE = "preferences.json"
"""Below mcpdeck's data folder."""
WRITE_AFTER = 1.0
"""Seconds in which several changes become one write."""
LAST_WRITE = 3.0
"""Seconds that the write at the end may take: a folder on a network that is gone must not keep the process."""


class Preferences:
    """Values by name. ``path`` None: only for as long as this process runs.

    Another process may keep values in the same file at the same time: only what was changed here is written. A file
    that cannot be read counts as empty, which is said once; the next write puts it aside.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = PrivateJson(path) if path is not None else None
        self._values: JsonObject | None = None
        self._unwritten: JsonObject = {}
        self._news = anyio.Event()
        self._problem: str | None = None

    def value(self, name: str) -> Json | None:
        """What was kept under ``name``; None: nothing. The first call reads the file."""
        return self._read().get(name)

    def keep(self, name: str, value: Json) -> None:
        """Remember ``value``; None forgets it. It is written soon, by ``keeping``."""
        values = self._read()
        # compared as written: for Python 1, 1.0 and True are equal
        if json.dumps(values.get(name)) == json.dumps(value):
            return
        if value is None:
            del values[name]
        else:
            values[name] = value
        self._unwritten[name] = value
        self._news.set()

    async def keeping(self, tell: Callable[[str], None]) -> None:
        """Write what changes, until cancelled; once more then. ``tell`` is given what is wrong with the file, once."""
        self._read()
        if self._problem is not None:
            tell(self._problem)
        try:
            while True:
                await self._news.wait()
                self._news = anyio.Event()
                await anyio.sleep(WRITE_AFTER)
                await self._write(tell)
        finally:
            with anyio.move_on_after(LAST_WRITE, shield=True):
                await self._write(lambda _: None)

    def _read(self) -> JsonObject:
        if self._values is None:
            self._values = self._file.read() if self._file is not None else {}
            if self._file is not None and self._file.problem is not None:
                self._problem = f"{self._file.path} cannot be read: {self._file.problem}. The usual settings hold."
        return self._values

    async def _write(self, tell: Callable[[str], None]) -> None:
        changed, self._unwritten = self._unwritten, {}
        if self._file is None or not changed:
            return
        try:
            await anyio.to_thread.run_sync(self._file.update, partial(_put, changed), abandon_on_cancel=True)
        except anyio.get_cancelled_exc_class():
            self._unwritten = changed | self._unwritten  # it may or may not have been written
            raise
        except (ConfigError, ValueError) as error:
            self._unwritten = changed | self._unwritten  # tried again with the next change
            if self._problem != str(error):
                self._problem = str(error)
                tell(f"What you choose is not kept: {error}")


def _put(changed: JsonObject, content: JsonObject) -> None:
    for name, value in changed.items():
        if value is None:
            content.pop(name, None)
        else:
            content[name] = value
