"""The text of a file, of servers, of settings or of our own, whatever stands in its place.

Owns opening, bounding and decoding: a pipe, a folder, a link to nothing, a file that is being written.
Never understands a text and never raises anything but ``Unreadable``.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .models import Format, SourceFile

MAX_BYTES = 8 * 1024 * 1024
"""A larger file is no list of servers; it is refused before it is read. Claude Code's own grows to megabytes."""
MAX_SLOW_BYTES = 1024 * 1024
"""The same for TOML and YAML, which are read many times slower than JSON."""

_TRIES = 3
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
"""As the bytes stand there, and never as our terminal: each flag exists on one kind of system only."""
_PIPES: dict[tuple[int, int], bytes] = {}
"""What came out of pipes that a person named (``--mcp-config <(make-config)``), by device and inode: it comes once."""


class Unreadable(Exception):
    """Why there is no text, and what to do about it."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


class _Changed(Exception):
    """The file is another one, or a different one, than when it was opened."""


def text_of(file: SourceFile, lints: list[str]) -> str | None:
    """The text of ``file``, None when there is no such file; what is odd about it goes to ``lints``.

    Raises ``Unreadable``.
    """
    if file.inline is not None:
        return file.inline.removeprefix("\ufeff")
    assert file.path is not None  # a source without inline text has a path
    largest = MAX_BYTES if file.format in (Format.JSON, Format.JSONC) else MAX_SLOW_BYTES
    data = _bytes_at(file.path, file.explicit, largest)
    return None if data is None else _decoded(data, lints)


def plain_text(path: Path, largest: int = MAX_BYTES) -> str | None:
    """The text of the plain file ``path`` of at most ``largest`` bytes, None when there is no such file.

    Nothing that stands in its place holds it up. Raises ``Unreadable``.
    """
    data = _bytes_at(path, False, largest)
    return None if data is None else _decoded(data, [])


def _decoded(data: bytes, lints: list[str]) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("it is UTF-16", "save it as UTF-8")
    if data.startswith(b"\xef\xbb\xbf"):
        lints.append("the file starts with a byte order mark, which some clients refuse")
        data = data[3:]
    if b"\0" in data:
        # every second byte of ASCII text in UTF-16
        if b"\0" in data[:2]:
            raise Unreadable("it is UTF-16 without a byte order mark", "save it as UTF-8")
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise Unreadable(f"it holds NUL bytes (line {line})", "remove them, or save it as UTF-8")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"it is not UTF-8 (line {line})", "save it as UTF-8") from None


def _bytes_at(path: Path, explicit: bool, largest: int) -> bytes | None:
    """``explicit``: a person named it, so a pipe is waited for and its absence is a problem."""
    opened = False
    try:
        for _ in range(_TRIES):
            # a pipe that lies about must not hold us up; one that a person named is waited for
            handle = os.open(path, _FLAGS | (0 if explicit else getattr(os, "O_NONBLOCK", 0)))
            try:
                opened = True
                return _read(handle, path, explicit, largest)
            except _Changed:
                continue
            finally:
                os.close(handle)
    except FileNotFoundError:
        if opened:
            raise Unreadable("it was removed while it was read", "put it back, or leave it") from None
        if explicit:
            raise Unreadable("no such file", "check the path; JSON given directly starts with {") from None
        if path.is_symlink():
            raise Unreadable("it is a symbolic link to nothing", "correct the link, or remove it") from None
        return None
    except NotADirectoryError:
        if explicit:
            raise Unreadable("no such file", "check the path; JSON given directly starts with {") from None
        return None
    except PermissionError:
        if os.name == "nt" and path.is_dir():
            raise Unreadable("it is a directory", "put a file with that name in its place, or remove it") from None
        raise Unreadable("it cannot be read: permission denied", "give yourself the right to read it") from None
    except (OSError, ValueError) as error:  # a link loop, a name too long, a NUL in the name
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise Unreadable(f"it cannot be read: {reason}", "check the path") from None
    raise Unreadable("it changes while it is read", "wait for who writes it; it is read again when it changes")


def _read(handle: int, path: Path, explicit: bool, largest: int) -> bytes:
    """Everything behind ``handle``. Raises ``Unreadable``, ``_Changed`` and ``FileNotFoundError``."""
    before = os.fstat(handle)
    if stat.S_ISDIR(before.st_mode):
        raise Unreadable("it is a directory", "put a file with that name in its place, or remove it")
    too_large = Unreadable(f"it is larger than {largest // 1024 // 1024} MiB", "such a file is far smaller")
    if not stat.S_ISREG(before.st_mode):
        if not explicit:
            raise Unreadable("it is not a regular file", "put a plain file in its place, or remove it")
        key = (before.st_dev, before.st_ino)
        data = _PIPES[key] = _drained(handle, largest) or _PIPES.get(key, b"")
        if len(data) > largest:
            raise too_large
        return data
    if before.st_size > largest:
        raise too_large
    data = _drained(handle, before.st_size or largest)  # files that a system makes up have no size
    if len(data) > largest:
        raise too_large
    after, there = os.fstat(handle), path.stat()
    if _state(before) != _state(after) or not os.path.samestat(after, there):
        raise _Changed  # half of it may be old and half of it new, or another file stands there now
    return data


def _state(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _drained(handle: int, largest: int) -> bytes:
    """Until the end, or one byte more than may be."""
    parts: list[bytes] = []
    left = largest + 1
    while left > 0 and (part := os.read(handle, min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
