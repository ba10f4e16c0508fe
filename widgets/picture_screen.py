"""The pictures of a result, one at a time on the whole screen: fitted, enlarged and moved about.

Owns which picture shows and which part of it. Never decodes on the loop's thread; saving is asked of whoever opened it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from anyio import to_thread
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ..services.state.text import one_line
from .image_data import NoPicture, Picture, cells_for, decode
from .image_preview import drawing_of
from .result_blocks import size_words
from .terminal_graphics import Graphics, current

STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""How many times larger than fitted."""
MOVE = 0.2
"""The part of what is in sight that one key moves."""


class PictureScreen(ModalScreen[None]):
    """``pictures`` are (number of the part, base64, claimed type); ``save`` is called with the number."""

    DEFAULT_CSS = """
    PictureScreen { background: $background; align: center middle; }
    PictureScreen > #picture-frame {
        width: 100%; height: 100%; background: $background; border: round $border; align: center middle;
        border-title-color: $primary; border-title-style: bold; border-subtitle-color: $text-muted; overflow: hidden;
    }
    PictureScreen .said { width: auto; height: auto; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "Close", show=False),
        Binding("n,right_square_bracket,tab", "turn(1)", "Next", show=False),
        Binding("N,left_square_bracket,shift+tab", "turn(-1)", "Before", show=False),
        Binding("plus,equals_sign", "zoom(1)", "Larger", show=False),
        Binding("minus", "zoom(-1)", "Smaller", show=False),
        Binding("0", "zoom(0)", "Fit", show=False),
        Binding("left,h", "pan(-1, 0)", "Left", show=False),
        Binding("right,l", "pan(1, 0)", "Right", show=False),
        Binding("up,k", "pan(0, -1)", "Up", show=False),
        Binding("down,j", "pan(0, 1)", "Down", show=False),
        Binding("s", "save", "Save", show=False),
    ]

    def __init__(self, pictures: Sequence[tuple[int, str, str]], *, save: Callable[[int], None] | None = None) -> None:
        super().__init__()
        self._pictures = pictures
        self._save = save
        self._at = 0
        self._step = 0
        self._middle = (0.5, 0.5)
        self._picture: Picture | NoPicture | None = None

    def compose(self) -> ComposeResult:
        yield Container(id="picture-frame")

    async def on_mount(self) -> None:
        await self._load()

    async def on_resize(self) -> None:
        await self._draw()

    async def _load(self) -> None:
        at = self._at
        _, data, mime = self._pictures[at]
        self._picture, self._step, self._middle = None, 0, (0.5, 0.5)
        await self._draw()
        self.run_worker(self._decode(at, data, mime), exclusive=True, exit_on_error=False)

    async def _decode(self, at: int, data: str, mime: str) -> None:
        picture = await to_thread.run_sync(partial(decode, data, mime))
        if at == self._at:
            self._picture = picture
            await self._draw()

    async def _draw(self) -> None:
        frame = self.query_one("#picture-frame", Container)
        self._tell(frame)
        await frame.remove_children()
        picture, room = self._picture, frame.content_size
        if picture is None:
            await frame.mount(Static(Content("decoding the picture …"), classes="said"))
        elif isinstance(picture, NoPicture):
            words = Content.assemble(("✖ picture not shown: ", "$text-error"), picture.reason)
            await frame.mount(Static(words, classes="said"))
        elif current().graphics is Graphics.OFF:
            await frame.mount(Static(Content("Pictures are switched off: s saves it."), classes="said"))
        elif room.width and room.height:
            terminal = current()
            box = self._box(picture)
            part = picture.image.crop(box) if self._step else picture.image
            cells = cells_for(
                max(part.width, room.width), max(1, round(part.height * max(1.0, room.width / part.width))),
                room.width, room.height, (terminal.cell_width, terminal.cell_height),
            )  # fmt: skip
            await frame.mount(drawing_of(part, cells, terminal))

    def _box(self, picture: Picture) -> tuple[int, int, int, int]:
        """The part in sight, in pixels of the picture that is kept."""
        image, larger = picture.image, STEPS[self._step]
        width, height = max(1, round(image.width / larger)), max(1, round(image.height / larger))
        left = min(max(0, round(self._middle[0] * image.width - width / 2)), image.width - width)
        top = min(max(0, round(self._middle[1] * image.height - height / 2)), image.height - height)
        return left, top, left + width, top + height

    def _tell(self, frame: Container) -> None:
        picture = self._picture
        _, _, mime = self._pictures[self._at]
        facts = [one_line(mime, 60) or "image"]
        if isinstance(picture, Picture):
            facts += [f"{picture.width}×{picture.height}", size_words(picture.size)]
        if len(self._pictures) > 1:
            facts.insert(0, f"{self._at + 1} of {len(self._pictures)}")
        if self._step:
            facts.append(f"{STEPS[self._step]:g}×")
        frame.border_title = Content(" · ".join(facts))
        keys = ["Esc close", "+ - larger, smaller", *(["0 fit", "arrows move"] if self._step else [])]
        keys += ["n next"] * (len(self._pictures) > 1) + ["s save"] * (self._save is not None)
        frame.border_subtitle = Content(" · ".join(keys))

    async def action_turn(self, step: int) -> None:
        if len(self._pictures) > 1:
            self._at = (self._at + step) % len(self._pictures)
            await self._load()

    async def action_zoom(self, step: int) -> None:
        to = max(0, min(len(STEPS) - 1, self._step + step)) if step else 0
        if to != self._step and isinstance(self._picture, Picture):
            self._step = to
            self._middle = (0.5, 0.5) if not to else self._middle
            await self._draw()

    async def action_pan(self, x: int, y: int) -> None:
        if not self._step:
            return
        reach = MOVE / STEPS[self._step]
        half = 0.5 / STEPS[self._step]
        self._middle = (
            min(max(half, self._middle[0] + x * reach), 1 - half),
            min(max(half, self._middle[1] + y * reach), 1 - half),
        )
        await self._draw()

    def action_save(self) -> None:
        if self._save is not None:
            self._save(self._pictures[self._at][0])
