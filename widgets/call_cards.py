"""Cards of the call console: one call's head line with its progress, and a screenful of its result.

Owns how one call is drawn, on a card or on a line. Never selects one, and never asks for anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from ..services.state.model import CallState, CallStatus
from .call_words import head_line, progress_line
from .ink import INK_CLASSES, INK_CSS, InkWell, Span
from .result_blocks import size_of, size_words
from .result_view import ResultView

SCREENFUL = 14
"""Rows of a result on a card."""
SIZES = 1000
"""Sizes of old results that are remembered."""
MORE = "o shows all"


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
        return 2 if self.call.status is CallStatus.RUNNING and progress_line(self.call, 40) else 1

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
        elif y == 1 and self.call.status is CallStatus.RUNNING:
            line = [("  ", ""), *(progress_line(self.call, width - 4) or [])]
        else:
            line = []
        edge = [("▌" if self.selected else " ", "edge")]
        return self._inks.strip([*edge, *line], width, "cursor" if self.selected else "")


class CallCard(Widget):
    """One call: its head and a screenful of its result."""

    DEFAULT_CSS = """
    CallCard { height: auto; width: 1fr; margin: 0 0 1 0; layout: vertical; }
    CallCard > ResultView { padding: 0 1 0 3; }
    CallCard.-running { margin: 0; }
    CallCard.-last-running { margin: 0 0 1 0; }
    """

    def __init__(self, call: CallState, clock: Callable[[], float], picture_rows: Callable[[], int]) -> None:
        super().__init__()
        self.head = CardHead(call, clock)
        self._picture_rows = picture_rows
        self._composed = False
        self.set_class(call.status is CallStatus.RUNNING, "-running")

    @property
    def call(self) -> CallState:
        return self.head.call

    def compose(self) -> ComposeResult:
        yield self.head
        if self.call.status is not CallStatus.RUNNING:
            yield self._preview(self.call)

    def show(self, call: CallState) -> None:
        """The same call, later."""
        if call is self.head.call:
            return
        finished = self.head.call.status is CallStatus.RUNNING and call.status is not CallStatus.RUNNING
        let_go = call.result_dropped and not self.head.call.result_dropped
        self.head.show(call)
        if let_go and self._composed and not finished:
            # What the old one shows would keep the result alive.
            self.query(ResultView).remove()
            self.mount(self._preview(call))
        if finished:
            self.remove_class("-running")
            if self._composed:
                self._complete()

    def on_mount(self) -> None:
        self._composed = True
        self._complete()

    def _complete(self) -> None:
        """A call may end while its card is still being put on the screen."""
        if self.call.status is not CallStatus.RUNNING and not self.query(ResultView):
            self.mount(self._preview(self.call))

    def _preview(self, call: CallState) -> ResultView:
        return ResultView(call, max_rows=SCREENFUL, picture_rows=self._picture_rows, more=MORE)

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


def _result_size(call: CallState) -> str:
    if call.result is None:
        return ""
    count, exact = size_of(call.result)
    return size_words(count, exact=exact)
