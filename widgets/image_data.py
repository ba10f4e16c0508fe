"""Base64 to a small picture, with every limit checked before work is done.

Owns strict decoding, the sniffing of file types and the size limits. Never draws, never runs on the
loop's thread (callers use a worker thread), and opens known raster formats only.
"""

from __future__ import annotations

import base64
import binascii
import io
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..services.state.text import one_line
from .result_blocks import size_words

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES = 32_000_000
MAX_PIXELS = 50_000_000
"""Width times height, read from the header before anything is decoded."""
SMALL = (1600, 1200)
"""A picture is kept no larger than this, in pixels."""

_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "ICO")
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"\x00\x00\x01\x00", "image/x-icon"),
    (b"%PDF-", "application/pdf"),
)
_SAME = {"image/jpg": "image/jpeg", "image/vnd.microsoft.icon": "image/x-icon", "image/ico": "image/x-icon"}


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture, scaled down; ``width`` and ``height`` are the original's, in pixels."""

    image: Image
    width: int
    height: int
    size: int
    mime: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoPicture:
    """Why there is nothing to draw, in words; ``size`` in bytes as far as known."""

    reason: str
    mime: str
    size: int


def sniffed(data: bytes) -> str | None:
    """The media type that the first bytes tell, or None."""
    for magic, mime in _MAGIC:
        if data.startswith(magic):
            return mime
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    head = data[:512].lstrip().lower()
    return "image/svg+xml" if head.startswith((b"<svg", b"<?xml")) and b"<svg" in head else None


def decode(data: str, mime: str) -> Picture | NoPicture:
    """A picture, or the reason why there is none. CPU work: for a worker thread."""
    claimed = _SAME.get(mime.lower().split(";")[0].strip(), mime.lower().split(";")[0].strip())
    about = len(data) * 3 // 4
    if about > MAX_BYTES:
        return NoPicture(f"larger than {size_words(MAX_BYTES)}", mime, about)
    warnings: list[str] = []
    try:
        raw = base64.b64decode(data.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        try:
            raw = base64.b64decode("".join(data.split()).encode("ascii"), validate=True)
            warnings.append("the base64 has line breaks in it, which MCP does not allow")
        except (binascii.Error, UnicodeEncodeError):
            return NoPicture("the data is not base64", mime, about)
    if not raw:
        return NoPicture("no data", mime, 0)
    found = sniffed(raw)
    if found is not None and found != claimed:
        said = one_line(mime, 60) or "no type"
        warnings.append(f"the server says {said}, the bytes are {found}")
    if found in ("image/svg+xml", "image/avif", "application/pdf"):
        return NoPicture(f"{found} is not drawn here", mime, len(raw))
    return _opened(raw, found or one_line(mime, 60) or "image", tuple(warnings))


def _opened(raw: bytes, mime: str, warnings: tuple[str, ...]) -> Picture | NoPicture:
    from PIL import Image, UnidentifiedImageError  # 60 ms: only for pictures

    try:
        with Image.open(io.BytesIO(raw), formats=_FORMATS) as opened:
            width, height = opened.size
            if width * height > MAX_PIXELS:
                return NoPicture(f"{width:,}×{height:,} pixels is more than is decoded here", mime, len(raw))
            if opened.format == "JPEG":
                opened.draft("RGB", SMALL)
            small = opened.convert("RGBA")
            small.thumbnail(SMALL, Image.Resampling.BILINEAR)
    except UnidentifiedImageError:
        return NoPicture("the bytes are no picture format known here", mime, len(raw))
    except Image.DecompressionBombError:
        return NoPicture("too many pixels", mime, len(raw))
    except (OSError, ValueError, SyntaxError, EOFError, ArithmeticError, LookupError, TypeError, MemoryError,
            struct.error, zlib.error) as error:  # fmt: skip
        return NoPicture(f"cannot be decoded ({one_line(str(error), 80) or type(error).__name__})", mime, len(raw))
    return Picture(small, width, height, len(raw), mime, warnings)


def cells_for(width: int, height: int, columns: int, rows: int, cell: tuple[int, int] = (10, 20)) -> tuple[int, int]:
    """Columns and rows that a picture takes: its proportions kept, no larger than the room, and no pixel
    of it larger than half a cell.
    """
    if width <= 0 or height <= 0 or columns <= 0 or rows <= 0:
        return 0, 0
    proportion = (height * cell[0]) / (width * cell[1])  # rows per column
    wide = min(float(columns), float(width), rows / proportion)
    return max(1, round(wide)), max(1, min(rows, round(wide * proportion)))
