"""What would be sent now: one line of JSON under the form, or all of it.

Owns that line. Never reads what was typed: it is told the values.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widgets import Static

from ...services.models import Json, JsonObject
from ..json_text import dumps, pretty

LINE = 400
"""Characters of the one line."""
LINES = 400
TEXT = 2_000
"""Longest text that is shown of one value when all of it is."""


class SentLine(VerticalScroll, can_focus=False):
    """``tell`` the values; ``-whole`` shows them laid out."""

    DEFAULT_CSS = """
    SentLine {
        height: 1; width: 1fr; padding: 0 1; background: $background; scrollbar-size-vertical: 1;
        & > #sent-words { height: auto; width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; color: $text-muted; }
        &.-whole { height: auto; max-height: 12; background: $surface; }
        &.-whole > #sent-words { text-wrap: wrap; }
    }
    """

    class Toggled(Message):
        """It takes more rows now, or fewer."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._words = Static("", id="sent-words")
        self._values: JsonObject | None = None
        self._wrong = 0

    def compose(self) -> ComposeResult:
        yield self._words

    @property
    def rows(self) -> int:
        return max(1, min(12, self._words.outer_size.height)) if self.has_class("-whole") else 1

    def tell(self, values: JsonObject | None, wrong: int = 0) -> None:
        """``values`` None: nothing that could be sent. ``wrong``: fields whose text is no value, which are left out."""
        self._values, self._wrong = values, wrong
        self._tell()

    def toggle(self) -> None:
        self.toggle_class("-whole")
        self._tell()
        self.post_message(self.Toggled())

    def on_click(self, event: Click) -> None:
        event.stop()
        self.toggle()

    def _tell(self) -> None:
        if self._values is None:
            self._words.update(Content.styled("sends nothing yet: that is not a JSON object", "$text-warning"))
            return
        left = f" ({self._wrong} left out)" if self._wrong else ""
        if self.has_class("-whole"):
            lines = list(islice(pretty(self._values, clip=TEXT), LINES + 1))
            more = ["…"] if len(lines) > LINES else []
            text = "\n".join([*lines[:LINES], *more])
            self._words.update(Content.assemble((f"sends{left} · Alt+S folds\n", "$text-muted"), (text, "$foreground")))
        else:
            line = "".join(islice(_pieces(self._values), LINE))[:LINE]
            self._words.update(
                Content.assemble(("sends", "$text-muted"), (left, "$text-warning"), " ", (line, "$foreground"))
            )


def _pieces(value: Json) -> Iterator[str]:
    """One line of JSON, a piece at a time: of a large value only its start is written."""
    match value:
        case dict():
            yield "{"
            for index, (name, part) in enumerate(value.items()):
                yield f"{', ' if index else ''}{dumps(name)}: "
                yield from _pieces(part)
            yield "}"
        case list():
            yield "["
            for index, part in enumerate(value):
                yield ", " if index else ""
                yield from _pieces(part)
            yield "]"
        case str() if len(value) > LINE:
            yield dumps(value[:LINE])
        case _:
            yield dumps(value)
