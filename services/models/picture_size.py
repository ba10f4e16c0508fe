"""How large a picture is, read from its header before anything is decoded.

Owns the few bytes of each raster format that tell width and height, and what a decoder would have to hold at once.
Never decodes pixels. Everything is bounded by the bytes that are there; what is broken has no size.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from struct import unpack_from

from .media import sniffed

MOST_ENTRIES = 256
"""Pictures of one icon, and fields of one TIFF directory, that are looked at."""
MOST_MARKERS = 4_096


@dataclass(frozen=True, slots=True)
class PictureSize:
    """``width`` × ``height`` in pixels. ``held``: pixels that decoding it needs at once, never fewer than those."""

    width: int
    height: int
    held: int

    @classmethod
    def plain(cls, width: int, height: int) -> PictureSize:
        return cls(width, height, width * height)


def picture_size(data: bytes) -> PictureSize | None:
    """The size that the header says, None for what is no known raster picture or breaks off before it."""
    try:
        match sniffed(data):
            case "image/png":
                return PictureSize.plain(*_png(data, 0))
            case "image/gif":
                return _gif(data)
            case "image/jpeg":
                return _jpeg(data)
            case "image/webp":
                return _webp(data)
            case "image/bmp":
                return PictureSize.plain(*_bitmap(data, 14))
            case "image/tiff":
                return _tiff(data)
            case "image/x-icon":
                return _icon(data)
            case _:
                return None
    except (struct.error, IndexError):
        return None


def _png(data: bytes, at: int) -> tuple[int, int]:
    width, height = unpack_from(">II", data, at + 16)
    return width, height


def _gif(data: bytes) -> PictureSize:
    """The screen, or the first frame where that reaches beyond it (GIF89a, 18 and 20)."""
    width, height, flags = unpack_from("<HHB", data, 6)
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    for _ in range(MOST_MARKERS):
        if at >= len(data):
            break
        if data[at] == 0x2C:
            left, top, wide, high = unpack_from("<HHHH", data, at + 1)
            width, height = max(width, left + wide), max(height, top + high)
            break
        if data[at] != 0x21:
            break
        at += 2
        while at < len(data) and data[at]:
            at += data[at] + 1
        at += 1
    return PictureSize.plain(width, height)


def _jpeg(data: bytes) -> PictureSize | None:
    at = 2
    for _ in range(MOST_MARKERS):
        while data[at] == 0xFF and data[at + 1] == 0xFF:
            at += 1
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = unpack_from(">HH", data, at + 5)
            return PictureSize.plain(width, height)
        if marker in (0xD9, 0xDA):
            return None
        alone = marker == 0x01 or 0xD0 <= marker <= 0xD8
        at += 2 if alone else 2 + max(2, unpack_from(">H", data, at + 2)[0])
    return None


def _webp(data: bytes) -> PictureSize | None:
    match data[12:16]:
        case b"VP8X":
            width = int.from_bytes(data[24:27], "little") + 1
            height = int.from_bytes(data[27:30], "little") + 1
            # An animation is put together on two canvases.
            return PictureSize(width, height, width * height * (2 if data[20] & 2 else 1))
        case b"VP8L":
            bits = unpack_from("<I", data, 21)[0]
            return PictureSize.plain((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        case b"VP8 ":
            width, height = unpack_from("<HH", data, 26)
            return PictureSize.plain(width & 0x3FFF, height & 0x3FFF)
        case _:
            return None


def _bitmap(data: bytes, at: int) -> tuple[int, int]:
    if unpack_from("<I", data, at)[0] == 12:
        width, height = unpack_from("<HH", data, at + 4)
    else:
        width, height = unpack_from("<ii", data, at + 4)
    return abs(width), abs(height)


_WIDTH, _HEIGHT, _TILE_WIDTH, _TILE_HEIGHT = 256, 257, 322, 323


def _tiff(data: bytes) -> PictureSize | None:
    """The first directory (TIFF 6.0); a tile is decoded as a whole, however little of it is seen."""
    order = "<" if data[:2] == b"II" else ">"
    at = unpack_from(order + "I", data, 4)[0]
    count = unpack_from(order + "H", data, at)[0]
    found: dict[int, int] = {}
    for index in range(min(count, MOST_ENTRIES)):
        entry = at + 2 + 12 * index
        tag, kind = unpack_from(order + "HH", data, entry)
        if tag in (_WIDTH, _HEIGHT, _TILE_WIDTH, _TILE_HEIGHT) and kind in (3, 4):
            found[tag] = unpack_from(order + ("H" if kind == 3 else "I"), data, entry + 8)[0]
    if _WIDTH not in found or _HEIGHT not in found:
        return None
    width, height = found[_WIDTH], found[_HEIGHT]
    tile = found.get(_TILE_WIDTH, 0) * found.get(_TILE_HEIGHT, 0)
    return PictureSize(width, height, max(width * height, tile))


def _icon(data: bytes) -> PictureSize | None:
    """The largest of the pictures in it: what the directory says of them may be smaller than they are."""
    count = unpack_from("<H", data, 4)[0]
    largest: tuple[int, int] | None = None
    for index in range(min(count, MOST_ENTRIES)):
        at = unpack_from("<I", data, 6 + 16 * index + 12)[0]
        if data[at : at + 8] == b"\x89PNG\r\n\x1a\n":
            size = _png(data, at)
        else:
            width, double = _bitmap(data, at)
            size = width, double // 2  # the mask stands below the picture
        if largest is None or size[0] * size[1] > largest[0] * largest[1]:
            largest = size
    return None if largest is None or count > MOST_ENTRIES else PictureSize.plain(*largest)
