"""The one-line footer: the keys that do something here, most useful first.

Owns fitting them into the width: keys that do not fit are left out, those on the right (help, quit)
stay. Posts ``FooterKeys.Pressed`` when one is clicked; which keys there are is told from outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from .ink import INK_CLASSES, INK_CSS, InkWell, Span, line_width


@dataclass(frozen=True, slots=True)
class KeyHint:
    """One key as shown, what it does in a word or two, and the action id."""

    key: str
    title: str
    action: str


class FooterKeys(Widget):
    """``hints`` on the left, ``fixed`` on the right."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = set(INK_CLASSES)
    DEFAULT_CSS = "FooterKeys { height: 1; background: $surface; color: $text-muted; }\nFooterKeys {" + INK_CSS + "}"

    hints: reactive[tuple[KeyHint, ...]] = reactive[tuple[KeyHint, ...]](())
    fixed: reactive[tuple[KeyHint, ...]] = reactive[tuple[KeyHint, ...]](())

    class Pressed(Message):
        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._inks = InkWell(self)
        self._places: list[tuple[int, int, str]] = []

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._inks.clear()

    def on_click(self, event: events.Click) -> None:
        for start, end, action in self._places:
            if start <= event.x < end:
                self.post_message(self.Pressed(action))
                return

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        right = [_spans(hint) for hint in self.fixed]
        right_width = sum(line_width(spans) for spans in right)
        line: list[Span] = []
        self._places = []
        x = 0
        for hint in self.hints:
            length = cell_len(hint.key) + cell_len(hint.title) + 3
            if x + length > width - right_width - 1:
                break
            line += _spans(hint)
            self._places.append((x, x + length, hint.action))
            x += length
        line.append((" " * max(0, width - right_width - x), ""))
        x = max(x, width - right_width)
        for hint, spans in zip(self.fixed, right, strict=True):
            line += spans
            self._places.append((x, x + line_width(spans), hint.action))
            x += line_width(spans)
        return self._inks.strip(line, width)


def _spans(hint: KeyHint) -> list[Span]:
    return [(f" {hint.key}", "title"), (f" {hint.title} ", "")]
