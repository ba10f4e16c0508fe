"""Pictures: decoded within limits, drawn in cells, and honest about what cannot be drawn."""

from __future__ import annotations

import base64
import io
import os
import pty
import struct
import sys
import zlib

import pytest
from PIL import Image

from mcpdeck.widgets import terminal_graphics
from mcpdeck.widgets.image_data import MAX_BYTES, NoPicture, Picture, cells_for, decode, sniffed
from mcpdeck.widgets.image_preview import HalfCells, ImagePreview
from mcpdeck.widgets.terminal_graphics import Graphics, TerminalGraphics, from_environment, read_answer
from tests.ui.form_stage import FORBIDDEN, HOSTILE, settle, staged, text_of


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 40), colour: str = "red") -> str:
    raw = io.BytesIO()
    Image.new("RGB", size, colour).save(raw, kind)
    return base64.b64encode(raw.getvalue()).decode()


def bomb() -> str:
    """A PNG whose header claims 60,000 × 60,000 pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    check = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    chunk = struct.pack(">I", 13) + b"IHDR" + header + check
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IEND\xaeB`\x82").decode()


FORMATS = [(kind, f"image/{kind.lower()}") for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")]


@pytest.mark.parametrize(("kind", "mime"), FORMATS)
def test_usual_formats_are_decoded(kind: str, mime: str) -> None:
    got = decode(picture(kind), mime)
    assert isinstance(got, Picture)
    assert (got.width, got.height, got.mime, got.warnings) == (64, 40, mime, ())


def test_a_wrong_type_is_warned_about_and_the_picture_still_shown() -> None:
    got = decode(picture("PNG"), "image/jpeg")
    assert isinstance(got, Picture)
    assert got.warnings == ("the server says image/jpeg, the bytes are image/png",)


def test_line_breaks_in_base64_are_forgiven_and_named() -> None:
    data = picture()
    got = decode(data[:20] + "\n" + data[20:], "image/png")
    assert isinstance(got, Picture)
    assert "line breaks" in got.warnings[0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("%%%", "not base64"),
        ("ü", "not base64"),
        ("", "no data"),
        (base64.b64encode(b"just words").decode(), "no picture format"),
        (picture()[:80], "cannot be decoded"),
        (bomb(), "pixels"),
        (base64.b64encode(b"<svg xmlns='x'/>").decode(), "not drawn here"),
        ("A" * (MAX_BYTES * 4 // 3 + 8), "larger than"),
    ],
)
def test_what_cannot_be_drawn_is_named_with_its_reason(data: str, reason: str) -> None:
    got = decode(data, "image/png")
    assert isinstance(got, NoPicture)
    assert reason in got.reason


def test_large_pictures_are_kept_small() -> None:
    got = decode(picture("JPEG", (4000, 3000)), "image/jpeg")
    assert isinstance(got, Picture)
    assert (got.width, got.height) == (4000, 3000)
    assert max(got.image.size) <= 1600


def test_bytes_tell_what_they_are() -> None:
    assert sniffed(b"%PDF-1.7") == "application/pdf"
    assert sniffed(b"<?xml version='1.0'?><svg>") == "image/svg+xml"
    assert sniffed(b"hello") is None


@pytest.mark.parametrize(
    ("size", "room", "cells"),
    [((640, 400), (60, 20), (60, 19)), ((640, 400), (60, 10), (32, 10)), ((16, 16), (60, 20), (16, 8)),
     ((1, 1), (60, 20), (1, 1)), ((10_000, 10), (60, 20), (60, 1)), ((10, 10_000), (60, 20), (1, 20)),
     ((100, 100), (0, 20), (0, 0))],
)  # fmt: skip
def test_proportions_are_kept_within_the_room(
    size: tuple[int, int], room: tuple[int, int], cells: tuple[int, int]
) -> None:
    assert cells_for(*size, *room) == cells


async def test_a_picture_is_drawn_in_half_cells_with_a_caption() -> None:
    preview = ImagePreview(picture(), "image/png", max_rows=lambda: 10)
    async with staged(preview) as (app, pilot):
        await settle(app, pilot)
        drawing = preview.query_one(HalfCells)
        assert (drawing.size.width, drawing.size.height) == (32, 10)
        strip = drawing.render_line(0)
        assert strip.text == "▀" * 32
        (segment,) = [segment for segment in strip if segment.text.startswith("▀")]
        assert segment.style is not None
        assert segment.style.color is not None
        assert segment.style.color.triplet is not None
        assert segment.style.color.triplet.hex == "#ff0000"
        assert "image/png · 64×40 · " in text_of(app)


async def test_a_narrower_pane_draws_a_smaller_picture() -> None:
    preview = ImagePreview(picture(size=(640, 400)), "image/png", max_rows=lambda: 20)
    async with staged(preview, size=(60, 30)) as (app, pilot):
        await settle(app, pilot)
        assert preview.query_one(HalfCells).size.width == 60
        await pilot.resize_terminal(20, 30)
        await settle(app, pilot)
        assert preview.query_one(HalfCells).size.width == 20


async def test_pictures_can_be_switched_off_and_keep_their_caption() -> None:
    terminal_graphics.use(TerminalGraphics(Graphics.OFF))
    try:
        preview = ImagePreview(picture(), "image/png", max_rows=lambda: 10)
        async with staged(preview) as (app, pilot):
            await settle(app, pilot)
            assert not preview.query(HalfCells)
            assert "64×40" in text_of(app)
    finally:
        terminal_graphics.use(TerminalGraphics())


@pytest.mark.parametrize("graphics", [Graphics.KITTY, Graphics.SIXEL])
async def test_real_graphics_are_drawn_at_the_same_size_without_asking_the_terminal(graphics: Graphics) -> None:
    terminal_graphics.use(TerminalGraphics(graphics, 8, 16))
    try:
        preview = ImagePreview(picture(), "image/png", max_rows=lambda: 10)
        async with staged(preview) as (app, pilot):
            await settle(app, pilot)
            (drawing,) = preview.query(".drawing")
            assert (drawing.size.width, drawing.size.height) == (32, 10)
            assert sys.__stdout__ is not None
            assert type(sys.__stdout__).__name__ != "_NoTerminal"
    finally:
        terminal_graphics.use(TerminalGraphics())


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_types_and_data_show_as_text(words: str) -> None:
    async with staged(ImagePreview(words, words, max_rows=lambda: 10)) as (app, pilot):
        await settle(app, pilot)
        assert "picture not shown" in text_of(app)
        assert not FORBIDDEN & set(text_of(app))


@pytest.mark.parametrize(
    ("environ", "graphics"),
    [
        ({"TERM": "xterm-256color"}, Graphics.HALF_CELL),
        ({"TERM": "xterm-kitty"}, None),
        ({"TERM": "xterm-256color", "WEZTERM_PANE": "0"}, None),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/x"}, Graphics.HALF_CELL),
        ({"TERM": "screen-256color"}, Graphics.HALF_CELL),
        ({"TERM": "tmux-256color", "MCPDECK_GRAPHICS": "kitty"}, Graphics.KITTY),
        ({"MCPDECK_GRAPHICS": "off"}, Graphics.OFF),
        ({"MCPDECK_GRAPHICS": "nonsense", "TERM": "xterm-kitty"}, None),
    ],
)
def test_the_environment_can_settle_it(environ: dict[str, str], graphics: Graphics | None) -> None:
    assert from_environment(environ) is graphics


@pytest.mark.parametrize(
    ("answer", "graphics"),
    [
        (b"\x1b[6;18;9t\x1b[?62;4;22c", TerminalGraphics(Graphics.SIXEL, 9, 18)),
        (b"\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t\x1b[?62;c", TerminalGraphics(Graphics.KITTY, 10, 20)),
        (b"\x1b_Gi=31;EINVAL\x1b\\\x1b[?62;14;22c", TerminalGraphics(Graphics.HALF_CELL)),
        (b"", TerminalGraphics(Graphics.HALF_CELL)),
        (b"garbage \x1b[6;0;0t", TerminalGraphics(Graphics.HALF_CELL)),
    ],
)
def test_answers_of_terminals_are_understood(answer: bytes, graphics: TerminalGraphics) -> None:
    assert read_answer(answer) == graphics


def test_a_terminal_is_asked_once_its_answer_read_and_typed_keys_handed_back(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave, "r+b", buffering=0) as end:

        class Terminal:
            def isatty(self) -> bool:
                return True

            def fileno(self) -> int:
                return end.fileno()

        monkeypatch.setattr(sys, "__stdin__", Terminal())
        monkeypatch.setattr(sys, "__stderr__", Terminal())
        try:
            assert terminal_graphics.begin({"TERM": "xterm-kitty"})
            assert os.read(master, 200).endswith(b"\x1b[c")
            os.write(master, b"q\x1b_Gi=31;OK\x1b\\\x1b[6;32;16t\x1b[?62;22c")
            assert terminal_graphics.finish() == "q"
            assert terminal_graphics.current() == TerminalGraphics(Graphics.KITTY, 16, 32)
            assert terminal_graphics.finish() == ""
        finally:
            terminal_graphics.use(TerminalGraphics())
            os.close(master)
