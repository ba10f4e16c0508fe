"""A picture from a result, drawn in the terminal.

Owns the way from base64 to cells: decoded in a thread, drawn by Kitty graphics or Sixel where the
terminal can, else in half cells. Never decodes on the loop's thread, never opens anything but the bytes given.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, TextIO, cast

from anyio import to_thread
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from ..services.state.text import one_line
from .image_data import NoPicture, Picture, cells_for, decode
from .result_blocks import size_words
from .terminal_graphics import Graphics, TerminalGraphics, current

if TYPE_CHECKING:
    from PIL.Image import Image


class HalfCells(Widget):
    """A picture in half cells: two pixels a cell, one above the other."""

    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = "HalfCells { width: auto; height: auto; }"

    def __init__(self, image: Image, columns: int, rows: int) -> None:
        super().__init__()
        self._image = image
        self._cells = Size(columns, rows)
        self._pixels: list[list[tuple[int, int, int]]] | None = None

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return self._cells.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self._cells.height

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._pixels = None

    def render_line(self, y: int) -> Strip:
        if self._pixels is None:
            self._pixels = self._scaled()
        if not 0 <= y < self._cells.height:
            return Strip.blank(self.size.width, self.rich_style)
        upper, lower = self._pixels[2 * y], self._pixels[2 * y + 1]
        segments: list[Segment] = []
        start = 0
        for at in range(1, len(upper) + 1):
            if at == len(upper) or upper[at] != upper[start] or lower[at] != lower[start]:
                style = Style(color=Color.from_rgb(*upper[start]), bgcolor=Color.from_rgb(*lower[start]))
                segments.append(Segment("▀" * (at - start), style))
                start = at
        return Strip(segments, len(upper)).adjust_cell_length(self.size.width, self.rich_style)

    def _scaled(self) -> list[list[tuple[int, int, int]]]:
        from PIL import Image

        width, height = self._cells.width, self._cells.height * 2
        _, backdrop = self.background_colors
        base = Image.new("RGBA", (width, height), (backdrop.r, backdrop.g, backdrop.b, 255))
        way = Image.Resampling.BOX if self._image.width > width else Image.Resampling.NEAREST
        fitted = self._image.resize((width, height), way)  # pyright: ignore[reportUnknownMemberType]
        base.alpha_composite(fitted)
        flat = base.convert("RGB").tobytes()
        row = width * 3
        return [
            [(flat[at], flat[at + 1], flat[at + 2]) for at in range(line * row, (line + 1) * row, 3)]
            for line in range(height)
        ]


class ImagePreview(Widget):
    """``data`` (base64) of the claimed type ``mime``, with a caption; ``max_rows`` tells the room there is."""

    DEFAULT_CSS = """
    ImagePreview {
        height: auto; width: 1fr; layout: vertical;
        & > .caption { height: auto; width: 1fr; color: $text-muted; }
    }
    """

    def __init__(self, data: str, mime: str, *, max_rows: Callable[[], int]) -> None:
        super().__init__()
        self._data = data
        self._mime = mime
        self._max_rows = max_rows
        self._picture: Picture | None = None
        self._drawn: tuple[int, int] = (0, 0)

    def compose(self) -> ComposeResult:
        yield Static(Content("decoding the picture …"), classes="caption")

    def on_mount(self) -> None:
        self.run_worker(self._decode(), exclusive=True, exit_on_error=False)

    def on_resize(self) -> None:
        self.redraw()

    @property
    def picture(self) -> Picture | None:
        """The decoded picture, when there is one."""
        return self._picture

    async def _decode(self) -> None:
        got = await to_thread.run_sync(partial(decode, self._data, self._mime))
        if isinstance(got, NoPicture):
            self._caption(got)
            return
        self._picture = got
        self.redraw()

    def _caption(self, of: Picture | NoPicture) -> None:
        mime = one_line(of.mime, 60) or "image"
        if isinstance(of, NoPicture):
            words = Content.assemble(
                ("✖ picture not shown: ", "$text-error"),
                of.reason,
                (f"  {mime} · {size_words(of.size)} · s saves it", "$text-muted"),
            )
        else:
            words = Content(f"{mime} · {of.width}×{of.height} · {size_words(of.size)}")
            for warning in of.warnings:
                words = Content("\n").join([words, Content.styled(f"! {warning}", "$text-warning")])
        self.query_one(".caption", Static).update(words)

    def redraw(self) -> None:
        """Draw for the width there is; again only when that changes the cells."""
        picture = self._picture
        if picture is None or not self.size.width:
            return
        terminal = current()
        cell = (terminal.cell_width, terminal.cell_height)
        cells = cells_for(picture.width, picture.height, self.size.width, self._max_rows(), cell)
        if cells == self._drawn:
            return
        self._drawn = cells
        self._caption(picture)
        for old in self.query(".drawing"):
            old.remove()
        if terminal.graphics is Graphics.OFF:
            return
        drawing = drawing_of(picture.image, cells, terminal)
        drawing.add_class("drawing")
        self.mount(drawing, before=0)


def drawing_of(image: Image, cells: tuple[int, int], terminal: TerminalGraphics) -> Widget:
    """A widget that draws ``image`` in so many columns and rows, in the best way that the terminal has."""
    if terminal.graphics is Graphics.HALF_CELL:
        return HalfCells(image, *cells)
    drawing = _library_widget(image, terminal)
    drawing.styles.width, drawing.styles.height = cells
    return drawing


def _library_widget(image: Image, terminal: TerminalGraphics) -> Widget:
    """textual-image's widget for a real graphics protocol.

    Importing that library asks the terminal questions on its standard output, which cannot be answered
    any more once the screen library reads the keyboard. So it is imported with a standard output that is no
    terminal, and told the cell size by the variables it reads then.
    """
    if "textual_image.widget" not in sys.modules:
        real, sizes = (
            sys.__stdout__,
            {"TEXTUAL_CELL_WIDTH": terminal.cell_width, "TEXTUAL_CELL_HEIGHT": terminal.cell_height},
        )
        before = {name: os.environ.get(name) for name in sizes}
        sys.__stdout__ = cast("TextIO", _NoTerminal(real)) if real is not None else real  # pyright: ignore[reportConstantRedefinition]
        os.environ.update({name: str(size) for name, size in sizes.items()})
        try:
            importlib.import_module("textual_image.widget")
        finally:
            sys.__stdout__ = real  # pyright: ignore[reportConstantRedefinition]
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
    from textual_image.widget import SixelImage, TGPImage

    return (SixelImage if terminal.graphics is Graphics.SIXEL else TGPImage)(image)


class _NoTerminal:
    """A stream that says it is no terminal and else is the real one."""

    def __init__(self, real: TextIO) -> None:
        self._real = real

    def isatty(self) -> bool:
        return False

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)
