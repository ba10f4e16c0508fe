"""Pictures made to hurt: refused by their header, before a decoder sees a byte of them."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import NoReturn

import pytest
from PIL import Image

from mcpdeck.widgets.image_data import MAX_SCANS, NoPicture, Picture, decode


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def saved(image: Image.Image, kind: str, **how: object) -> bytes:
    raw = io.BytesIO()
    image.save(raw, kind, **how)
    return raw.getvalue()


def png(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def tiff(*fields: tuple[int, int]) -> bytes:
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in fields)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(fields)) + entries + bytes(4)


def icon(*pictures: bytes) -> bytes:
    """An icon whose directory says of each picture that it is 16 × 16."""
    at = 6 + 16 * len(pictures)
    directory = b""
    for picture in pictures:
        directory += struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(picture), at)
        at += len(picture)
    return b"\0\0\x01\0" + struct.pack("<H", len(pictures)) + directory + b"".join(pictures)


def gif(screen: tuple[int, int], frame: tuple[int, int]) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + bytes(6)
    return head + b"," + struct.pack("<HHHHB", 0, 0, *frame, 0) + b"\x02\x02D\x01\0;"


SCANS = saved(Image.new("RGB", (64, 64), "red"), "JPEG", progressive=True)
BOMBS = [
    (png(60_000, 60_000), "pixels is more"),
    (png(400_000, 100), "pixels is more"),
    (png(0, 10), "no pixels"),
    (png(10, 10)[:18], "header breaks off"),
    (icon(png(60_000, 60_000)), "60,000×60,000 pixels"),
    (icon(saved(Image.new("RGBA", (16, 16)), "PNG"), png(20_000, 20_000)), "20,000×20,000 pixels"),
    (b"\0\0\x01\0\xff\xff" + bytes(2_000), "header breaks off"),
    (b"\0\0\x01\0\x00\x00", "header breaks off"),
    (gif((10, 10), (65_535, 65_535)), "65,535×65,535 pixels"),
    (b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0" + b"\xff" * 6 + bytes(100), "16,777,216×16,777,216 pixels"),
    (tiff((256, 60_000), (257, 60_000)), "60,000×60,000 pixels"),
    (tiff((256, 10), (257, 10), (322, 65_000), (323, 65_000)), "more than is decoded"),
    (b"BM\0\0\0\0\0\0\0\0\x36\0\0\0" + struct.pack("<Iii", 40, 60_000, -60_000) + bytes(40), "60,000×60,000 pixels"),
    (SCANS + b"\xff\xda" * MAX_SCANS, "scans"),
    (
        b"BM\0\0\0\0\0\0\0\0\x36\0\0\0" + struct.pack("<IiiHHI", 40, 5_000, 5_000, 1, 8, 1) + bytes(4_000_000),
        "packed bitmap",
    ),
]


@pytest.mark.parametrize(("data", "reason"), BOMBS, ids=[f"bomb{at}" for at in range(len(BOMBS))])
def test_a_bomb_is_refused_without_being_decoded(monkeypatch: pytest.MonkeyPatch, data: bytes, reason: str) -> None:
    def opened(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a decoder was given the bytes")

    monkeypatch.setattr(Image, "open", opened)
    got = decode(b64(data), "image/png")
    assert isinstance(got, NoPicture)
    assert reason in got.reason
    assert got.size == len(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\0\0\0\x20ftypavif" + bytes(40), "image/avif is not drawn here"),
        (b"<svg xmlns='x' onload='alert(1)'/>", "image/svg+xml is not drawn here"),
        (b"%PDF-1.7", "application/pdf is not drawn here"),
        (b"ID3\x04", "audio/mpeg is not drawn here"),
        (b"II+\0\x08\0\0\0", "no picture format known here"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "no picture format known here"),
    ],
)
def test_what_is_no_picture_that_is_drawn_is_named(data: bytes, reason: str) -> None:
    got = decode(b64(data), "image/png")
    assert isinstance(got, NoPicture)
    assert reason in got.reason


def frames(count: int) -> list[Image.Image]:
    return [Image.new("RGB", (40, 30), (number % 256, 0, 0)) for number in range(count)]


WHOLE = [
    ("GIF", saved(frames(1)[0], "GIF", save_all=True, append_images=frames(300)[1:])),
    ("PNG", saved(frames(1)[0], "PNG", save_all=True, append_images=frames(100)[1:])),
    ("WEBP", saved(frames(1)[0], "WEBP", save_all=True, append_images=frames(50)[1:])),
    ("TIFF", saved(frames(1)[0], "TIFF", save_all=True, append_images=frames(100)[1:])),
    ("ICO", saved(Image.new("RGBA", (40, 30), "red"), "ICO", sizes=[(40, 30)])),
    ("JPEG", saved(Image.new("CMYK", (40, 30)), "JPEG")),
    ("PNG", saved(Image.new("I;16", (40, 30)), "PNG")),
    ("PNG", saved(Image.new("P", (40, 30)), "PNG")),
    ("PNG", saved(Image.new("1", (40, 30)), "PNG")),
    ("PNG", saved(Image.new("LA", (40, 30)), "PNG")),
    ("TIFF", saved(Image.new("F", (40, 30)), "TIFF")),
]


@pytest.mark.parametrize(("kind", "data"), WHOLE, ids=[f"{kind}{at}" for at, (kind, _) in enumerate(WHOLE)])
def test_pictures_of_many_frames_and_of_any_mode_show_their_first(kind: str, data: bytes) -> None:
    got = decode(b64(data), "image/x")
    assert isinstance(got, Picture), got
    assert (got.width, got.height, got.image.mode) == (40, 30, "RGBA")
    assert got.warnings  # the claimed type is another one


@pytest.mark.parametrize(("kind", "data"), WHOLE[:6], ids=[kind for kind, _ in WHOLE[:6]])
def test_a_picture_cut_off_anywhere_is_a_picture_or_a_reason(kind: str, data: bytes) -> None:
    for end in (9, 20, 40, 60, len(data) // 4, len(data) // 2, len(data) - 3):
        got = decode(b64(data[:end]), "image/x")
        assert isinstance(got, Picture) or got.reason
