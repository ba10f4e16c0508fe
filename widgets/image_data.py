"""Base64 to a small picture, with every limit checked before work is done.

Owns the limits of pictures and their decoding. Never draws, never runs on the loop's thread (callers use a worker
thread), opens known raster formats only, and never lets a decoder guess what it is given.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..services.models.media import contradiction, decoded, decoded_size, sniffed
from ..services.models.picture_size import PictureSize, picture_size
from ..services.state.text import one_line
from .result_blocks import size_words

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES = 32_000_000
MAX_PIXELS = 50_000_000
"""Pixels that a decoder would hold at once, read from the header before anything is decoded."""
MAX_SIDE = 65_535
MAX_SCANS = 120
"""Passes over a progressive JPEG: each costs as much as the whole picture, in a few bytes. Encoders use about ten."""
MAX_PACKED_BITMAP = 4_000_000
"""Bytes of a run-length encoded BMP: those are unpacked slowly."""
SMALL = (1600, 1200)
"""A picture is kept no larger than this, in pixels."""

_FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
    "image/x-icon": "ICO",
}


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


def decode(data: str, mime: str) -> Picture | NoPicture:
    """A picture, or the reason why there is none. CPU work: for a worker thread."""
    if decoded_size(data) > MAX_BYTES:
        return NoPicture(f"larger than {size_words(MAX_BYTES)}", mime, decoded_size(data))
    read = decoded(data, MAX_BYTES)
    raw = read.data
    if raw is None:
        return NoPicture(read.flaw, mime, decoded_size(data))
    if not raw:
        return NoPicture("no data", mime, 0)
    found = sniffed(raw)
    remarks = [one_line(flaw, 160) for flaw in (read.flaw, contradiction(mime[:60], found)) if flaw]
    if found is None:
        return NoPicture("the bytes are no picture format known here", mime, len(raw))
    if found not in _FORMATS:
        return NoPicture(f"{found} is not drawn here", mime, len(raw))
    size = picture_size(raw)
    refusal = _refusal(raw, found, size)
    if refusal:
        return NoPicture(refusal, mime, len(raw))
    return _opened(raw, found, tuple(remarks))


def _refusal(raw: bytes, found: str, size: PictureSize | None) -> str:
    """Why a picture is not given to a decoder, from its header; empty when it may be."""
    if size is None:
        return f"cannot be decoded (its header breaks off or is no {found})"
    if not size.width or not size.height:
        return "it has no pixels"
    if size.held > MAX_PIXELS or max(size.width, size.height) > MAX_SIDE:
        return f"{size.width:,}×{size.height:,} pixels is more than is decoded here"
    # In the data of a JPEG these two bytes never follow each other: each begins a scan.
    if found == "image/jpeg" and raw.count(b"\xff\xda") > MAX_SCANS:
        return f"a JPEG of more than {MAX_SCANS} scans is not decoded here"
    if found == "image/bmp" and len(raw) > MAX_PACKED_BITMAP and raw[14] >= 40 and raw[30] in (1, 2):
        return "a packed bitmap of this size is not decoded here"
    return ""


def _opened(raw: bytes, mime: str, remarks: tuple[str, ...]) -> Picture | NoPicture:
    from PIL import Image, UnidentifiedImageError  # 60 ms: only for pictures

    # What Pillow thinks of odd files would be written over the screen; its own limit is wider than ours.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        with Image.open(io.BytesIO(raw), formats=(_FORMATS[mime],)) as opened:
            width, height = opened.size
            if width * height > MAX_PIXELS:  # a frame may reach beyond the screen that the header tells of
                return NoPicture(f"{width:,}×{height:,} pixels is more than is decoded here", mime, len(raw))
            if opened.format == "JPEG":
                opened.draft("RGB", SMALL)
            # Shrunk first where that can be: converting takes a copy of what there is.
            if opened.mode in ("RGB", "RGBA", "L", "LA", "CMYK", "YCbCr"):
                opened.thumbnail(SMALL, Image.Resampling.BILINEAR)
            small = opened.convert("RGBA")
            small.thumbnail(SMALL, Image.Resampling.BILINEAR)
    except UnidentifiedImageError:
        return NoPicture("cannot be decoded (broken or cut off)", mime, len(raw))
    except Image.DecompressionBombError:
        return NoPicture("too many pixels", mime, len(raw))
    except (OSError, ValueError, SyntaxError, EOFError, ArithmeticError, LookupError, TypeError, AttributeError,
            RuntimeError, MemoryError, NotImplementedError, struct.error, zlib.error) as error:  # fmt: skip
        return NoPicture(f"cannot be decoded ({one_line(str(error), 80) or type(error).__name__})", mime, len(raw))
    return Picture(small, width, height, len(raw), mime, remarks)


def cells_for(width: int, height: int, columns: int, rows: int, cell: tuple[int, int] = (10, 20)) -> tuple[int, int]:
    """Columns and rows that a picture takes: its proportions kept, no larger than the room, and no pixel
    of it larger than half a cell.
    """
    if width <= 0 or height <= 0 or columns <= 0 or rows <= 0:
        return 0, 0
    proportion = (height * cell[0]) / (width * cell[1])  # rows per column
    wide = min(float(columns), float(width), rows / proportion)
    return max(1, round(wide)), max(1, min(rows, round(wide * proportion)))
