"""Bytes that come in parts and are taken as one.

Owns putting them together without a second copy of them: a message may be large. Never bounds them by itself.
"""

from __future__ import annotations

import io


class Gathered:
    """``add`` parts, then ``taken`` once; its length is in bytes."""

    __slots__ = ("_size", "_stream")

    def __init__(self) -> None:
        self._stream = io.BytesIO()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, part: bytes) -> None:
        self._size += self._stream.write(part)

    def taken(self) -> bytes:
        """Everything so far; nothing is held afterwards."""
        if not self._size:
            return b""
        # The stream hands out the very bytes that it holds.
        whole, self._stream, self._size = self._stream.getvalue(), io.BytesIO(), 0
        return whole
