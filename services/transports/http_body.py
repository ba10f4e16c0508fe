"""The body of an HTTP answer, read within bounds.

Owns decompression in small pieces, so that a few packed bytes never become more than ``PIECE`` at a
time, and reading a body as a whole or its start. Never knows what the bytes mean.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import cast

import anyio
import httpx

from ..errors import FrameTooLarge, RemoteProtocolError
from .base import BODY_KEPT, LIMIT_HINT, Pacer
from .gathered import Gathered

ACCEPT_ENCODING = "gzip, deflate"
"""What ``pieces`` unpacks. Named in every request: else the client would offer whatever is installed."""
PIECE = 256 * 1024
"""Bytes that come out of a packed body at a time."""
ERROR_TIME = 5.0
"""Seconds that the body of an unsuccessful answer may take."""

_NONE = frozenset(("", "identity"))
_GZIP = frozenset(("gzip", "x-gzip"))


def check_encoding(response: httpx.Response) -> None:
    """Raises ``RemoteProtocolError`` for a content encoding that was not asked for."""
    encoding = _encoding(response)
    if "," in encoding:
        raise RemoteProtocolError(
            "the answer is compressed more than once", hint="The server must use one content encoding."
        )
    if encoding not in _NONE | _GZIP | {"deflate"}:
        raise RemoteProtocolError(
            f"the answer is compressed with {encoding[:40]!r}, which was not asked for",
            hint=f"The server must use one of: {ACCEPT_ENCODING}.",
        )


async def pieces(response: httpx.Response) -> AsyncGenerator[bytes]:
    """The body as it comes, unpacked. Raises ``RemoteProtocolError`` when it cannot be."""
    encoding, pacer = _encoding(response), Pacer()
    unpacker = None if encoding in _NONE else _Unpacker(gzip=encoding in _GZIP)
    async with aclosing(cast("AsyncGenerator[bytes]", response.aiter_raw())) as raw:
        async for chunk in raw:
            if unpacker is None:
                yield chunk
                continue
            for piece in unpacker.feed(chunk):
                yield piece
                await pacer.tick()


async def whole_body(response: httpx.Response, limit: int) -> bytes:
    """All of an answer. Raises ``FrameTooLarge`` beyond ``limit`` bytes."""
    announced = response.headers.get("content-length", "")
    if announced.isdigit() and len(announced) < 20 and int(announced) > limit and _encoding(response) in _NONE:
        raise _too_large(limit)
    body = Gathered()
    async with aclosing(pieces(response)) as chunks:
        async for chunk in chunks:
            body.add(chunk)
            if len(body) > limit:
                raise _too_large(limit)
    return body.taken()


async def start_of_body(response: httpx.Response, seconds: float = ERROR_TIME) -> bytes:
    """The first ``BODY_KEPT`` bytes of an answer that is none, or what comes within ``seconds``.

    Never raises: the status has been said already, and that matters more than a body that breaks off.
    """
    body = bytearray()
    with anyio.move_on_after(seconds):
        try:
            check_encoding(response)
            async with aclosing(pieces(response)) as chunks:
                async for chunk in chunks:
                    body += chunk
                    if len(body) >= BODY_KEPT:
                        break
        except (httpx.HTTPError, OSError, RemoteProtocolError):
            pass
    return bytes(body[:BODY_KEPT])


def media_type(response: httpx.Response) -> str:
    """The media type in lower case, without its parameters."""
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


def _encoding(response: httpx.Response) -> str:
    return response.headers.get("content-encoding", "").strip().lower()


def _too_large(limit: int) -> FrameTooLarge:
    return FrameTooLarge(f"an answer of more than {limit:,} bytes arrived", hint=LIMIT_HINT)


class _Unpacker:
    """gzip or deflate, in pieces of ``PIECE`` bytes at the most."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._start: bytes | None = None if gzip else b""
        self._unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        if self._start is not None:
            # "deflate" means the zlib format, but raw deflate is what some servers send (RFC 9110, 8.4.1.2).
            # The first two bytes tell which it is.
            chunk = self._start + chunk
            if len(chunk) < 2:
                self._start = chunk
                return
            self._start = None
            is_zlib = chunk[0] & 0x0F == 8 and int.from_bytes(chunk[:2], "big") % 31 == 0
            self._unpack = zlib.decompressobj(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)
        full = False
        while chunk or full:
            if self._unpack.eof:
                if not self._gzip or not chunk:
                    return  # what follows the end belongs to nothing
                self._unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)  # gzip members may follow each other
            try:
                piece = self._unpack.decompress(chunk, PIECE)
            except zlib.error as error:
                raise RemoteProtocolError(
                    f"the answer cannot be unpacked: {error}", hint="Its Content-Encoding does not fit its bytes."
                ) from error
            chunk = self._unpack.unconsumed_tail or self._unpack.unused_data
            full = len(piece) == PIECE  # a little more may come out without anything going in
            if piece:
                yield piece
