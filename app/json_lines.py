"""JSON Lines on stdin and stdout, without ever holding the loop.

Owns reading lines from a descriptor and writing documents to one, whatever it leads to: a pipe, a file,
a terminal. Nothing here blocks, so that a signal is always heard. Never knows what a line means.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncGenerator

import anyio
import anyio.lowlevel

from ..services.models import JsonObject
from ..services.models.json_pieces import in_ascii, pieces
from ..services.state.text import visible

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes of one line that are taken, the limit of the transports."""
_PIECE = 65_536
_ATOMIC = 4_096
"""Bytes that a pipe which counts as writable takes without blocking (PIPE_BUF)."""


async def read_lines(descriptor: int) -> AsyncGenerator[bytes | None]:
    """The lines of a descriptor until its end, without their line breaks; None for one that is too long."""
    rest, skipping = bytearray(), False
    while piece := await _read(descriptor):
        *ends, last = piece.split(b"\n")
        for end in ends:
            rest += end
            yield None if skipping else bytes(rest)
            rest.clear()
            skipping = False
        rest += last
        if skipping or len(rest) > LONGEST_LINE:
            rest.clear()
            skipping = True
    if skipping or rest:
        yield None if skipping else bytes(rest)


async def read_pieces(descriptor: int) -> AsyncGenerator[bytes]:
    """What a descriptor gives, as it comes, until its end."""
    while piece := await _read(descriptor):
        yield piece


async def _read(descriptor: int) -> bytes:
    while True:
        try:
            await anyio.wait_readable(descriptor)
        except OSError:  # a file: it is always readable, and the selector takes none
            await anyio.lowlevel.checkpoint()
        try:
            return os.read(descriptor, _PIECE)
        except BlockingIOError:
            continue
        except OSError:  # a terminal that hung up, a connection that was reset: nothing more comes
            return b""


class JsonLines:
    """Writes one document a line, each at once and whole."""

    def __init__(self, descriptor: int, encoding: str) -> None:
        self._descriptor = descriptor
        self._encoding = encoding
        self._lock = anyio.Lock()
        self._waits = True

    @classmethod
    def stdout(cls) -> JsonLines:
        sys.stdout.flush()
        return cls(sys.stdout.fileno(), sys.stdout.encoding or "utf-8")

    async def write(self, document: JsonObject) -> None:
        """Raises ``OSError`` when nobody reads any more or nothing can be written."""
        data = memoryview(json_line(document, self._encoding))
        async with self._lock:
            while data:
                data = data[await self._write(data[:_ATOMIC] if self._waits else data) :]

    async def _write(self, data: memoryview) -> int:
        if self._waits:
            try:
                await anyio.wait_writable(self._descriptor)
            except OSError:  # a file
                self._waits = False
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            return 0


def json_line(document: JsonObject, encoding: str = "utf-8") -> bytes:
    """``document`` on one line; escaped to ASCII where the stream could not show it safely."""
    try:
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError):  # NaN and infinities, which some servers send, are no JSON; or nested deeply
        text = "".join(pieces(document, compact=True, nan="null"))
    if visible(text) == text:
        try:
            return (text + "\n").encode(encoding)
        except UnicodeEncodeError:
            pass
    return in_ascii(text).encode("ascii") + b"\n"
