"""Cards of the call console: one call's head line with its progress, and a screenful of its result.

Owns how one call is drawn, on a card (rendered, as JSON, as raw messages) or on a line. Never selects one, and never
asks for anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from ..services.state.model import CallState, CallStatus
from .call_words import arguments_line, head_line, progress_line
from .ink import INK_CLASSES, INK_CSS, InkWell, Span
from .json_text import pretty
from .json_view import TextLines
from .raw_words import RawMessage, RawMessages, message_lines, raw_blocks, raw_lines
from .result_asks import View
from .result_blocks import JSON_TEXT, Remark, size_of, size_words
from .result_data import data_of, whole_of
from .result_view import CLIP, ResultView

SCREENFUL = 14
"""Rows of a result on a card."""
SIZES = 1000
"""Sizes of old results that are remembered."""
MORE = "o shows all"
SIZED = 2_000
"""Values of a result that are counted to see whether it is read as JSON at once."""
PREVIEWED = 4_000
"""Bytes of a message that are shown on a card."""


class CardHead(Widget):
    """The head line of a card, and below it the progress while the call runs."""

    ALLOW_SELECT: ClassVar[bool] = False
    COMPONENT_CLASSES: ClassVar[set[str]] = set(INK_CLASSES) | {"ink--faint"}
    DEFAULT_CSS = (
        "CardHead { height: auto; width: 1fr; color: $foreground; pointer: pointer; }\nCardHead {"
        + INK_CSS
        + ".ink--faint { color: $border-blurred; } }"
    )

    def __init__(self, call: CallState, clock: Callable[[], float]) -> None:
        super().__init__()
        self.call = call
        self.frame = 0
        self.selected = False
        self.unfolded = False
        self._clock = clock
        self._inks = InkWell(self)
        self._size_words = _result_size(call)

    def show(self, call: CallState) -> None:
        changed = call.status is not self.call.status
        rows = self._rows
        self.call = call
        if changed:
            self._size_words = _result_size(call)
        self.refresh(layout=rows != self._rows)

    @property
    def _rows(self) -> int:
        given = bool(self.call.arguments) and not self.unfolded
        return 1 + given + (self.call.status is CallStatus.RUNNING and progress_line(self.call, 40) is not None)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self._rows

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._inks.clear()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        line: list[Span] | None
        if y == 0:
            line = head_line(self.call, width - 1, now=self._clock(), frame=self.frame, size=self._size_words)
        elif y == 1 and self.call.arguments and not self.unfolded:
            line = [("  ", ""), *arguments_line(self.call.arguments, width - 4)]
        elif self.call.status is CallStatus.RUNNING:
            line = [("  ", ""), *(progress_line(self.call, width - 4) or [])]
        else:
            line = []
        edge = [("▌" if self.selected else " ", "edge")]
        return self._inks.strip([*edge, *line], width, "cursor" if self.selected and y == 0 else "")


class CallCard(Widget):
    """One call: its head and a screenful of its result."""

    DEFAULT_CSS = """
    CallCard { height: auto; width: 1fr; margin: 0 0 1 0; layout: vertical; }
    CallCard > ResultView, CallCard > .look { padding: 0 1 0 3; }
    CallCard > .card-arguments { padding: 0 1 0 3; }
    CallCard > .remark { padding: 0 1 0 3; height: auto; color: $text-muted; }
    CallCard.-running { margin: 0; }
    CallCard.-last-running { margin: 0 0 1 0; }
    """

    def __init__(
        self,
        call: CallState,
        clock: Callable[[], float],
        picture_rows: Callable[[], int],
        *,
        view: View = View.RENDERED,
        raw: Callable[[CallState], RawMessages] | None = None,
    ) -> None:
        super().__init__()
        self.head = CardHead(call, clock)
        self.view = view
        self._raw = raw
        self._picture_rows = picture_rows
        self._composed = False
        self.set_class(call.status is CallStatus.RUNNING, "-running")

    @property
    def call(self) -> CallState:
        return self.head.call

    def compose(self) -> ComposeResult:
        yield self.head
        if self.call.status is not CallStatus.RUNNING:
            yield from self._preview(self.call)

    def show(self, call: CallState) -> None:
        """The same call, later."""
        if call is self.head.call:
            return
        finished = self.head.call.status is CallStatus.RUNNING and call.status is not CallStatus.RUNNING
        let_go = call.result_dropped and not self.head.call.result_dropped
        self.head.show(call)
        if let_go and self._composed and not finished:
            # What the old one shows would keep the result alive.
            self.query(".shown").remove()
            self.mount(*self._preview(call))
        if finished:
            self.remove_class("-running")
            if self._composed:
                self._complete()

    def on_mount(self) -> None:
        self._composed = True
        self._complete()

    def _complete(self) -> None:
        """A call may end while its card is still being put on the screen."""
        if self.call.status is not CallStatus.RUNNING and not self.query(".shown"):
            self.mount(*self._preview(self.call))

    def look(self, view: View) -> None:
        """Show the result in another way."""
        if view is not self.view:
            self.view = view
            self.query(".shown").remove()
            self.mount(*self._preview(self.call))

    def unfold(self) -> None:
        """Show the arguments in full below the head, or on one line in it."""
        if not self.call.arguments:
            return
        self.head.unfolded = not self.head.unfolded
        self.query(".card-arguments").remove()
        if self.head.unfolded:
            lines = [*islice(pretty(self.call.arguments, align=True, clip=CLIP), SCREENFUL + 1)]
            self.mount(
                TextLines(lines, json=True, max_rows=SCREENFUL, more=MORE, classes="card-arguments"), after=self.head
            )
        self.head.refresh(layout=True)

    def _preview(self, call: CallState) -> list[Widget]:
        shown = self._looked_at(call)
        for widget in shown:
            widget.add_class("shown")
        return shown

    def _looked_at(self, call: CallState) -> list[Widget]:
        if self.view is View.JSON and call.result is not None:
            large = size_of(call.result, SIZED) if "structuredContent" not in call.result else (0, True)
            data = data_of(call) if large[1] and large[0] <= JSON_TEXT else None
            what, value = data or whole_of(call)
            lines = [*islice(pretty(value, align=True, clip=CLIP), SCREENFUL + 1)]
            return [
                Static(Content(what), classes="remark"),
                TextLines(lines, json=True, max_rows=SCREENFUL, more=MORE, classes="look"),
            ]
        if self.view is View.RAW and self._raw is not None:
            return list(_messages(self._raw(call)))
        return [ResultView(call, max_rows=SCREENFUL, picture_rows=self._picture_rows, more=MORE)]

    def select(self, selected: bool) -> None:
        if self.head.selected != selected:
            self.head.selected = selected
            self.head.refresh()


class OldCalls(Widget):
    """Calls without a card, a line each."""

    ALLOW_SELECT: ClassVar[bool] = False
    COMPONENT_CLASSES: ClassVar[set[str]] = set(INK_CLASSES) | {"ink--faint"}
    DEFAULT_CSS = "OldCalls { height: auto; width: 1fr; color: $foreground; }\nOldCalls {" + INK_CSS + "}"

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self.calls: tuple[CallState, ...] = ()
        self.selected: str | None = None
        self.frame = 0
        self._clock = clock
        self._inks = InkWell(self)
        self._sizes: dict[str, str] = {}

    def show(self, calls: tuple[CallState, ...], selected: str | None) -> None:
        if selected == self.selected and [*map(id, calls)] == [*map(id, self.calls)]:
            return
        taller = len(calls) != len(self.calls)
        self.calls, self.selected = calls, selected
        self.refresh(layout=taller)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.calls)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._inks.clear()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y >= len(self.calls):
            return Strip.blank(width, self.rich_style)
        call = self.calls[y]
        size = self._sizes.get(call.id)
        if size is None and call.status is not CallStatus.RUNNING:
            if len(self._sizes) > SIZES:
                self._sizes.clear()
            size = self._sizes[call.id] = _result_size(call)
        chosen = call.id == self.selected
        line = head_line(call, width - 1, now=self._clock(), frame=self.frame, size=size or "")
        return self._inks.strip([("▌" if chosen else " ", "edge"), *line], width, "cursor" if chosen else "")

    def at(self, y: int) -> CallState | None:
        return self.calls[y] if 0 <= y < len(self.calls) else None


def _messages(raw: RawMessages) -> Iterator[Widget]:
    """A screenful of the messages of a call."""
    rows = SCREENFUL
    for block in raw_blocks(raw):
        match block:
            case Remark(parts) if any(text for text, _ in parts):
                yield Static(Content.assemble(*parts), classes="remark")
            case RawMessage():
                head = replace(block, data=block.data[:PREVIEWED])
                lines = raw_lines(head, message_lines(head), max_rows=max(2, rows // 2), more=MORE)
                lines.add_class("look")
                yield lines
                rows -= rows // 2
            case _:
                pass


def _result_size(call: CallState) -> str:
    if call.result is None:
        return ""
    count, exact = size_of(call.result)
    return size_words(count, exact=exact)
