"""The audit log as it stands at one moment, while other processes go on writing and putting files aside.

Owns holding still what is read: how far each file goes, and what the anchor tells of just that. Never writes, and keeps
no writer waiting for longer than it takes to open the files.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from .audit_chain import ANCHOR_SIZE
from .audit_file import ANCHOR, LOG, TAIL, key_of, opened, rotated

PATIENCE: Final = 2.0
"""Seconds that a process which is writing is waited for; one that was stopped in the middle of a line keeps the log."""
_HELD: Final = 64
"""Files that are open at once: those that may be put aside, or removed for their age, before they are read."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One file: what is behind ``size`` bytes came later. ``held`` None: it is opened when it is read."""

    path: Path
    size: int
    held: BinaryIO | None = None

    def lines(self) -> Iterator[bytes]:
        """Every line with its line break, which the last one may be without. Raises ``OSError``."""
        if self.held is not None:
            yield from _lines(self.held, self.size)
            return
        with os.fdopen(opened(self.path, os.O_RDONLY), "rb") as file:
            yield from _lines(file, self.size)


@dataclass(frozen=True, slots=True)
class Moment:
    """``files``, oldest first; ``anchor`` as it was read, None where there is none. ``locked``: by somebody else."""

    files: tuple[Standing, ...]
    anchor: bytes | None
    key: bytes | None
    locked: bool = False


@contextmanager
def moment(folder: Path) -> Generator[Moment]:
    """The log in ``folder``. What is told is true of one moment, also while others write. Raises ``OSError``."""
    with ExitStack() as stack:
        anchor = _open(folder / ANCHOR, stack)
        locked = anchor is not None and not _shared(anchor)
        try:
            older, latest = rotated(folder), _open(folder / LOG, stack)
            files: list[Standing] = []
            for number, path in enumerate(older):
                held = _open(path, stack) if number < _HELD else None
                files.append(Standing(path, path.stat().st_size if held is None else _size(held), held))
            if latest is not None:
                files.append(Standing(folder / LOG, _size(latest), latest))
            told = os.pread(anchor.fileno(), ANCHOR_SIZE, 0) if anchor is not None else None
            key = key_of(folder)
        finally:
            if anchor is not None:
                fcntl.flock(anchor, fcntl.LOCK_UN)
        yield Moment(tuple(files), told, key, locked)


def _shared(anchor: BinaryIO) -> bool:
    """Nobody writes from now on; False where somebody does not let go of it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(anchor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.0005)
        else:
            return True


def _open(path: Path, stack: ExitStack) -> BinaryIO | None:
    try:
        return stack.enter_context(os.fdopen(opened(path, os.O_RDONLY), "rb"))
    except FileNotFoundError:
        return None


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def _lines(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (text := file.readline(min(TAIL, size))):
        size -= len(text)
        yield text
