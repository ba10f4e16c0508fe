"""The audit log on the disk: appended to by many processes, rotated by size, never rewritten.

Owns the files in one folder: ``audit.jsonl`` and, older, ``audit-000001.jsonl`` …, the ``audit.anchor`` that says where
they end and is the lock of whoever writes, and the ``audit.key`` of this installation. Never knows what a line says.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import secrets
import stat
import time
from pathlib import Path
from typing import Final

from ..models import JsonObject
from .audit_chain import ANCHOR_SIZE, Anchor, End, read_anchor, read_line, sealed, written

LOG: Final = "audit.jsonl"
ANCHOR: Final = "audit.anchor"
KEY: Final = "audit.key"
ROTATED = re.compile(r"audit-(\d{6,})\.jsonl")
LARGEST = 16 * 1024 * 1024
"""Bytes from which on a file is put aside."""
KEPT = 10
"""Files that were put aside and are kept; older ones are removed."""
TAIL = 4 * 1024 * 1024
"""Bytes of a file's end in which its last line is looked for; no line is longer."""
PATIENCE = 0.05
"""Seconds that a line waits for another process that is writing one, which takes microseconds."""
KEY_SIZE = 32

_NOTHING_ODD: JsonObject = {}
_FLAGS = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class Busy(OSError):
    """Another process has the log, and keeps it: it was stopped in the middle of a line."""


class AuditFile:
    """Appends lines. Not thread-safe. Every method may raise ``OSError``."""

    def __init__(self, folder: Path, *, largest: int = LARGEST, kept: int = KEPT) -> None:
        self.folder = folder
        self.path = folder / LOG
        self._name = str(self.path)
        self._largest = largest
        self._kept = kept
        self._log = -1
        self._anchor = -1
        self._key = b""
        self._end = End()
        self._first = 1
        self._size = -1
        self._inode = 0
        self._patience = PATIENCE

    def key(self) -> bytes:
        """The key of this installation, made when there is none."""
        if not self._key:
            self._lock()
            try:
                self._key = self._begun()
            finally:
                fcntl.flock(self._anchor, fcntl.LOCK_UN)
        return self._key

    def append(self, members: JsonObject) -> End:
        """Write ``members`` with its number and the hash of the line before; where the log ends now.

        Raises ``ValueError`` and ``RecursionError`` for what is no JSON, with nothing written.
        """
        self._lock()
        try:
            key = self._key = self._key or self._begun()
            status = self._status()
            if status is not None and status.st_size == self._size and status.st_ino == self._inode:
                odd, lead = _NOTHING_ODD, b""
            else:
                odd, lead = self._caught_up(key)
            data, digest = written({"seq": self._end.seq + 1, **members, **odd, "prev": self._end.hash})
            if self._size and self._size + len(data) > self._largest:
                if lead:
                    self._put(lead)
                self._rotate(key)
                lead = b""
            self._put(lead + data if lead else data)
            self._end = End(self._end.seq + 1, digest)
            os.pwrite(self._anchor, sealed(Anchor(self._end, self._first), key), 0)
        finally:
            fcntl.flock(self._anchor, fcntl.LOCK_UN)
        return self._end

    def close(self) -> None:
        for descriptor in (self._log, self._anchor):
            if descriptor >= 0:
                os.close(descriptor)
        self._log = self._anchor = self._size = -1

    def _begun(self) -> bytes:
        """The key that there is. Else a new one, with an anchor of a log that has no line yet: where there is a key and
        no anchor, somebody took it away.
        """
        key = key_of(self.folder)
        if key is not None:
            return key
        key = secrets.token_bytes(KEY_SIZE)
        told = os.pread(self._anchor, ANCHOR_SIZE, 0)
        anchor = read_anchor(told, None)
        empty = not told or (anchor is not None and not anchor.end.seq)  # it was ended between the two
        begins = empty and self._status() is None and not rotated(self.folder)
        try:
            if begins:
                os.pwrite(self._anchor, sealed(Anchor(), key), 0)
            _keep(key, self.folder)
        except OSError:
            if begins:
                os.ftruncate(self._anchor, 0)
            raise
        return key

    # -- what other processes did meanwhile, or nobody should have done

    def _status(self) -> os.stat_result | None:
        try:
            return os.lstat(self._name)  # a third of what asking the path takes
        except FileNotFoundError:
            return None

    def _caught_up(self, key: bytes) -> tuple[JsonObject, bytes]:
        """Know the end of the log, and have its file open.

        What was found in disorder, which the next line tells; and what must be written before it.
        """
        self._open_log()
        odd: JsonObject = {}
        told = os.pread(self._anchor, ANCHOR_SIZE, 0)
        anchor = read_anchor(told, key)
        end, torn = _tail(self._log, self._size)
        lead = b"\n" if torn else b""
        whole = read_line(torn)
        if whole is not None:  # only its line break is missing
            end = End(whole.seq, whole.hash)
        elif torn:
            # A line that was not written to its end stays as it is; what comes goes on from the one before it.
            odd["torn"] = {"bytes": len(torn), "sha256": hashlib.sha256(torn).hexdigest()}
        older = rotated(self.folder)
        if end is None and older:
            end = _end_of(older[-1])
        if anchor is None:
            # Whatever the end was before, nobody can tell any more; from here on it is known again.
            odd["anchor"] = "not ours" if told else "missing"
            anchor = Anchor(end or End(), first_of(older[0] if older else self.path) or 1)
        self._first = anchor.first
        # It goes on from what the anchor tells: where lines were cut off or written anew, the next one does not fit
        # them, and says so for ever. Lines behind the anchor were written by somebody who was ended before telling it.
        behind = end is not None and end.seq > anchor.end.seq
        self._end = end if end is not None and behind and self._holds(anchor.end, older) else anchor.end
        return odd, lead

    def _holds(self, told: End, older: list[Path]) -> bool:
        """The log has the line that the anchor tells of."""
        if not told.seq:
            return True
        texts = _tail_of(self._log, self._size).splitlines()
        if not texts and older:
            texts = older[-1].read_bytes()[-TAIL:].splitlines()
        return any((line := read_line(text)) is not None and End(line.seq, line.hash) == told for text in texts)

    # -- files

    def _lock(self) -> None:
        """Nobody else writes meanwhile. Raises ``Busy``."""
        if self._anchor >= 0 and not os.fstat(self._anchor).st_nlink:  # the folder was removed under us
            self.close()
            self._key = b""
        if self._anchor < 0:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._anchor = opened(self.folder / ANCHOR, os.O_RDWR | os.O_CREAT)
        deadline = time.monotonic() + self._patience
        while True:
            try:
                fcntl.flock(self._anchor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    self._patience = 0.0  # not each line waits for a process that hangs
                    raise Busy(errno.EBUSY, "another process has it locked") from None
                time.sleep(0.0005)
        self._patience = PATIENCE

    def _open_log(self) -> None:
        if self._log >= 0:
            os.close(self._log)
            self._log = -1
        self._log = opened(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        status = os.fstat(self._log)
        self._inode, self._size = status.st_ino, status.st_size

    def _put(self, data: bytes) -> None:
        """All of ``data``, in one write where the disk has room; else nothing of it, and the error."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._log, rest) :]
        except OSError:
            os.ftruncate(self._log, self._size)
            raise
        self._size += len(data)

    def _rotate(self, key: bytes) -> None:
        """Put the file aside, begin another one, and remove those that are too old."""
        older = rotated(self.folder)
        number = number_of(older[-1]) + 1 if older else 1
        self.path.rename(self.folder / f"audit-{number:06d}.jsonl")
        self._open_log()
        older = rotated(self.folder)
        old = older[: -self._kept] if self._kept else older
        if old:
            kept = older[len(old) :]
            self._first = (first_of(kept[0]) if kept else None) or self._end.seq + 1
            # It is told before it is done: whoever is interrupted here leaves more than is told, and not less.
            os.pwrite(self._anchor, sealed(Anchor(self._end, self._first), key), 0)
            for path in old:
                path.unlink(missing_ok=True)


def key_of(folder: Path) -> bytes | None:
    """The key of the installation whose log stands in ``folder``; None where there is none. Raises ``OSError``."""
    try:
        descriptor = opened(folder / KEY, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        key = os.read(descriptor, KEY_SIZE + 1)
    finally:
        os.close(descriptor)
    if len(key) != KEY_SIZE:
        raise OSError(errno.EINVAL, "is not a key of mcpdeck", str(folder / KEY))
    return key


def _keep(key: bytes, folder: Path) -> None:
    """A file that was written whole before it has its name."""
    made = folder / f"{KEY}.{secrets.token_hex(8)}"
    descriptor = opened(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        os.write(descriptor, key)
        os.link(made, folder / KEY)
    finally:
        os.close(descriptor)
        made.unlink()


def rotated(folder: Path) -> list[Path]:
    """The files that were put aside, oldest first."""
    try:
        found = [path for path in folder.iterdir() if ROTATED.fullmatch(path.name)]
    except FileNotFoundError:
        return []
    return sorted(found, key=number_of)


def number_of(path: Path) -> int:
    """Of a file that was put aside."""
    match = ROTATED.fullmatch(path.name)
    return int(match[1]) if match else 0


def first_of(path: Path) -> int | None:
    """The number of a file's first line; None when that is none."""
    try:
        with path.open("rb") as file:
            line = read_line(file.readline(TAIL).rstrip(b"\n"))
    except OSError:
        return None
    return line.seq if line is not None else None


def _end_of(path: Path) -> End | None:
    descriptor = opened(path, os.O_RDONLY)
    try:
        return _tail(descriptor, os.fstat(descriptor).st_size)[0]
    finally:
        os.close(descriptor)


def _tail(descriptor: int, size: int) -> tuple[End | None, bytes]:
    """Where a file ends, None when nothing in it is a line; and what stands behind its last line break."""
    whole, found, torn = _tail_of(descriptor, size).rpartition(b"\n")
    if found:
        for text in reversed(whole.split(b"\n")):
            line = read_line(text)
            if line is not None:
                return End(line.seq, line.hash), torn
    return None, torn


def _tail_of(descriptor: int, size: int) -> bytes:
    start = max(0, size - TAIL)
    return os.pread(descriptor, size - start, start)


def opened(path: Path, flags: int) -> int:
    """A file of ours, private. Raises ``OSError``, also for what is no plain file."""
    descriptor = os.open(path, flags | _FLAGS, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is not a plain file", str(path))
    return descriptor
