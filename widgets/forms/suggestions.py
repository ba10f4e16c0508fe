"""What a server suggests for a field, below it.

Owns the list and the one that is highlighted. Never takes the focus and asks for nothing: typing goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from ...services.state.text import one_line

SEEN = 6


class Suggestions(Widget):
    """At most ``SEEN`` of ``values`` at a time, and how many there are."""

    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    Suggestions { height: auto; width: 1fr; background: $panel; color: $foreground; padding: 0 1; pointer: pointer; }
    """

    highlighted: reactive[int] = reactive(-1)

    class Taken(Message):
        """A click on one of them."""

        def __init__(self, value: str) -> None:
            super().__init__()
            self.value = value

    def __init__(self, values: Sequence[str], total: int | None, more: bool) -> None:
        super().__init__()
        self._values = list(values)
        self._total = total
        self._more = more

    @property
    def chosen(self) -> str | None:
        return self._values[self.highlighted] if 0 <= self.highlighted < len(self._values) else None

    @property
    def first(self) -> str:
        return self._values[0]

    def step(self, step: int) -> None:
        self.highlighted = max(-1, min(len(self._values) - 1, self.highlighted + step))

    @property
    def _top(self) -> int:
        return max(0, min(self.highlighted - SEEN + 2, len(self._values) - SEEN))

    def render(self) -> Content:
        shown = self._values[self._top : self._top + SEEN]
        width = max(10, self.size.width - 4)
        lines = [
            Content.styled(
                f" {one_line(value, width)} ",
                "bold $background on $primary" if self._top + index == self.highlighted else "$foreground",
            )
            for index, value in enumerate(shown)
        ]
        count = self._total if self._total is not None else len(self._values)
        also = (
            f"{count:,}{'+' if self._more and self._total is None else ''} suggested · " if count > len(shown) else ""
        )
        lines.append(Content.styled(f"{also}Tab takes · ↓ chooses · Esc closes", "$text-muted"))
        return Content("\n").join(lines)

    def on_click(self, event: Click) -> None:
        event.stop()
        offset = event.get_content_offset(self)
        if offset is not None and self._top + offset.y < len(self._values) and offset.y < SEEN:
            self.post_message(self.Taken(self._values[self._top + offset.y]))
