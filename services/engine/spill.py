"""Whole results in files: what is cut for a model, or too large for the state, stays readable.

Owns the folder, the names, the modes and the end of such files. A result is written as it was received, in slices:
it is never encoded as a whole. Never overwrites, never follows somebody's link, never deletes what it did not name.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from anyio import to_thread

from ..models import JsonObject, Measured, Tool
from ..models.json_pieces import SLICE, pieces
from ..state.text import one_line
from .content import texts_of
from .truncation import Sizing, light_size, measure

KEEP_BYTES = 16 * 1024 * 1024
"""Bytes (as JSON, about) of a result up to which the state keeps it as it was received."""
DAYS_KEPT = 7
FILES_BYTES = 1024 * 1024 * 1024
"""Bytes of all files together, beyond which the oldest go; the one that was written just now stays."""
_OURS = re.compile(r"[A-Za-z0-9_-]{1,80}(\.\d+)?\.(txt|json)")
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_TRIES = 100


class Keeper:
    """Measures results and keeps the whole of those that are cut. ``keep_bytes``: see ``KEEP_BYTES``."""

    def __init__(self, folder: Path, *, limit_tokens: int, keep_bytes: int = KEEP_BYTES) -> None:
        self.folder = folder
        self._limit = limit_tokens
        self.keep_bytes = keep_bytes

    async def keep(self, call_id: str, server: str, tool: Tool | None, result: JsonObject) -> Measured:
        """How large ``result`` is; its file, where a model gets less than all of it or it is too large to be kept.

        Never raises for a disk that does not take it: then ``saved_to`` is None, and what is given says why.
        """
        size = light_size(result)
        if size is not None:
            sizing = measure(result, tool, limit_tokens=self._limit, size=size)
        else:
            sizing = await to_thread.run_sync(lambda: measure(result, tool, limit_tokens=self._limit))
        if not sizing.over and sizing.size <= self.keep_bytes:
            return sizing.measured()
        return await to_thread.run_sync(self._kept, sizing, call_id, server)

    def held(self, result: JsonObject, measured: Measured) -> JsonObject:
        """What the state holds: ``result``, or what a model gets of one that is too large, once it is in a file."""
        if measured.size <= self.keep_bytes or measured.saved_to is None or measured.given is None:
            return result
        return measured.given

    def _kept(self, sizing: Sizing, call_id: str, server: str) -> Measured:
        try:
            path = written(self.folder, f"{server}-{call_id}", sizing.result)
        except OSError as error:
            return sizing.measured(trouble=f": {one_line(error.strerror or type(error).__name__, 100)}")
        pruned(self.folder, newest=path)
        return sizing.measured(str(path), stands_in=sizing.size > self.keep_bytes)


def written(folder: Path, name: str, result: JsonObject) -> Path:
    """A new file with all of ``result``: ``.txt`` where it is one text, else ``.json``. Raises ``OSError``."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_private(folder)
    texts = texts_of(result)
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[-80:].lstrip("-") or "result"
    path, descriptor = _opened(folder, stem, ".txt" if texts else ".json")
    try:
        with os.fdopen(descriptor, "wb") as file:
            for piece in _slices(texts[0]) if texts else pieces(result, indent=1):
                file.write(piece.encode("utf-8", "surrogatepass"))
    except BaseException:
        with suppress(OSError):
            path.unlink()  # half a result is none
        raise
    return path


def pruned(folder: Path, *, newest: Path | None = None, now: float | None = None) -> int:
    """Remove files of ours that are too old or too many; returns how many. What cannot be removed stays."""
    found: list[tuple[float, int, Path]] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                about = entry.stat(follow_symlinks=False)
                if _OURS.fullmatch(entry.name) and stat.S_ISREG(about.st_mode) and entry.path != str(newest):
                    found.append((about.st_mtime, about.st_size, Path(entry.path)))
    oldest = (time.time() if now is None else now) - DAYS_KEPT * 86_400
    room = FILES_BYTES
    if newest is not None:
        with suppress(OSError):
            room -= newest.stat().st_size
    removed = 0
    for modified, size, path in sorted(found, reverse=True):
        room -= size
        if modified < oldest or room < 0:
            with suppress(OSError):
                path.unlink()
                removed += 1
    return removed


def _check_private(folder: Path) -> None:
    """The folder is a real one of this user, for nobody else. Raises ``OSError``."""
    about = folder.lstat()
    if not stat.S_ISDIR(about.st_mode):
        raise NotADirectoryError(20, "the folder for results is a link or a file", str(folder))
    if hasattr(os, "getuid"):
        if about.st_uid != os.getuid():
            raise PermissionError(1, "the folder for results belongs to somebody else", str(folder))
        if about.st_mode & 0o077:
            folder.chmod(0o700)


def _opened(folder: Path, stem: str, suffix: str) -> tuple[Path, int]:
    for number in range(_TRIES):
        path = folder / f"{stem}{f'.{number}' if number else ''}{suffix}"
        try:
            return path, os.open(path, _FLAGS, 0o600)
        except FileExistsError:
            continue
    raise FileExistsError(17, "too many files of that name", str(folder / f"{stem}{suffix}"))


def _slices(text: str) -> Iterator[str]:
    for start in range(0, len(text), SLICE):
        yield text[start : start + SLICE]
