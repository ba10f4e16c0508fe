"""Which servers are known to want a login, so that they are not contacted again for nothing.

Owns a small file in the cache folder that all processes share: the digest of an entry, since when, and why. It is
a memory that may be lost: what cannot be read or written is no error. Never holds a credential.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import cast

from ..config.contents import Unreadable, plain_text
from ..config.files import Folders, write_private
from ..errors import ConfigError, StorageError
from ..models import JsonObject
from ..state.text import one_line
from .issuer_lock import held

FILE_NAME = "needs-auth.json"
SECONDS = 15 * 60
"""How long it is remembered (config contract, section 6)."""
_MOST = 500
_LARGEST = 256 * 1024
_LONGEST = 300
_WAIT = 1.0
"""Seconds for another process to finish writing; it never takes a hundredth of that."""
_Entry = tuple[float, str]


class NeededLogins:
    """One for each process; what one of them marks or clears, the others see at their next question."""

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time) -> None:
        self._path = path
        self._now = now
        self._seen: tuple[int, ...] | None = None
        self._known: dict[str, _Entry] = {}

    @classmethod
    def of(cls, folders: Folders) -> NeededLogins:
        return cls(folders.cache / FILE_NAME)

    def mark(self, digest: str, why: str) -> None:
        """The entry with this digest wants a login, since now; ``why`` in words (shown as one line)."""
        if digest:  # a TARGET of the command line is no entry: nobody would ask for it
            self._change(lambda known: known.update({digest: (self._now(), one_line(why, _LONGEST))}))

    def since(self, digest: str) -> tuple[float, str] | None:
        """Since when (wall seconds) the entry wants a login, and why; None when it is not known to, or was long ago."""
        self._look()
        found = self._known.get(digest)
        return found if found is not None and self._holds(found) else None

    def clear(self, digest: str | None = None) -> None:
        """Forget one entry; None: all of them (there was a login anywhere)."""
        self._look()
        if digest is None and self._known:
            self._change(lambda known: known.clear())
        elif digest in self._known:
            self._change(lambda known: known.pop(digest, None))

    def _holds(self, found: _Entry) -> bool:
        # a moment still to come is of a clock that was set back: it could hold for years
        return 0 <= self._now() - found[0] < SECONDS

    def _change(self, change: Callable[[dict[str, _Entry]], object]) -> None:
        with suppress(ConfigError, StorageError), held(self._path.with_name(self._path.name + ".lock"), seconds=_WAIT):
            self._look()
            known = {digest: found for digest, found in self._known.items() if self._holds(found)}
            change(known)
            newest = sorted(known.items(), key=lambda item: item[1][0])[-_MOST:]
            text = json.dumps({"version": 1, "servers": {digest: list(found) for digest, found in newest}})
            write_private(self._path, text + "\n")
            self._known, self._seen = dict(newest), self._stamp()

    def _look(self) -> None:
        """Read the file when it is another one than last time."""
        stamp = self._stamp()
        if stamp != self._seen:
            self._known, self._seen = ({} if stamp is None else self._read()), stamp

    def _stamp(self) -> tuple[int, ...] | None:
        try:
            found = os.stat(self._path)  # noqa: PTH116 - half the time of Path.stat, and asked at every connect
        except (OSError, ValueError):
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _read(self) -> dict[str, _Entry]:
        try:
            value = json.loads(plain_text(self._path, _LARGEST) or "{}")
        except (Unreadable, ValueError, RecursionError):
            return {}
        servers = cast("JsonObject", value).get("servers") if isinstance(value, dict) else None
        known: dict[str, _Entry] = {}
        for digest, found in servers.items() if isinstance(servers, dict) else ():
            match found:
                case [int() | float() as at, str() as why] if not isinstance(at, bool) and math.isfinite(at):
                    known[digest] = (float(at), one_line(why, _LONGEST))
                case _:  # rubbish, or of another version: as if it were not there
                    pass
        return known
