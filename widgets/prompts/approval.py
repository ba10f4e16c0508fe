"""May this server of somebody else's be started: everything that would be run or contacted, and three answers.

Owns the lines, the keys and that none of them counts before anybody can have read the question. Never starts anything:
an accepted question approves, a declined one rejects, a cancelled one leaves it for later.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from ...services.models import JsonObject, as_list, as_text
from ...services.state.model import PromptState
from ...services.state.text import one_line, visible
from ..chip import Chip
from .question import QuestionPanel
from .read_first import ReadFirst
from .words import LABEL, Labelled, Told

APPROVAL = "mcpdeck/approval"
"""The method of our own question whether a server may be started. ``request``: ``lead``, ``facts`` (label, text) and
``odd`` (what should be noticed about them); all texts may come from files of others."""


class ApprovalPanel(QuestionPanel):
    """Questions of ``mcpdeck/approval``. ``ticks`` tells how long something took, in seconds."""

    DEFAULT_CSS = "ApprovalPanel { & > FieldsForm { display: none; } }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "stay", "Enter answers nothing", show=False),
        Binding("y", "accept", "Approve", show=False),
        Binding("x", "decline", "Reject", show=False),
        Binding("w", "screen.next_question", "Next", show=False),
        Binding("down,j", "scroll_words(1)", "Down", show=False),
        Binding("up,k", "scroll_words(-1)", "Up", show=False),
        Binding("home,g", "scroll_words(-100000)", "Top", show=False),
        Binding("end,G", "scroll_words(100000)", "End", show=False),
    ]

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.reading = self._reading = ReadFirst(ticks)

    def chips(self) -> ComposeResult:
        yield Chip("Approve", "y", id="question-accept")
        yield Chip("Reject", "x", id="question-decline")
        yield Chip("Not now", "Esc", id="question-cancel", classes="-strong")

    @property
    def has_form(self) -> bool:
        return False

    @property
    def form_rows(self) -> int:
        return 0

    def asker(self, prompt: PromptState) -> str:
        return f"Approve {one_line(prompt.server, 40)}?"

    def load(self, request: JsonObject) -> list[Told]:
        lines: list[Told] = [Content(visible(as_text(request.get("lead")) or ""))]
        for index, fact in enumerate(as_list(request.get("facts"))):
            label, text = (as_text(part) or "" for part in as_list(fact)[:2])
            label = one_line(label, 60)
            if cell_len(label) >= LABEL:  # it takes a line of its own
                lines.append(Content.styled(label, "$text-muted"))
                label = ""
            # The first is what would be run or contacted.
            style = "bold" if index == 0 else ""
            lines.append(Labelled(label, "$text-muted", Content.styled(visible(text).expandtabs(4), style)))
        lines += [
            Content.styled(f"▲ {visible(as_text(odd) or '')}", "$text-warning") for odd in as_list(request.get("odd"))
        ]
        lines.append(Content.styled("Remembered for this project, until the entry changes.", "$text-muted"))
        return lines

    def content(self) -> JsonObject | None:
        return None

    def accept(self) -> None:
        if self._can_have_read():
            super().accept()

    def action_decline(self) -> None:
        if self._can_have_read():  # a rejection is remembered as well
            super().action_decline()

    def _can_have_read(self) -> bool:
        early = self._reading.too_early()
        if early:
            self.say("read it first, then press again")
        return not early

    def action_stay(self) -> None:
        """Enter may have opened this: the same key again must not do anything by accident."""
        self.say("y approves, x rejects, Esc leaves it for later")

    def action_scroll_words(self, rows: int) -> None:
        self.query_one(".question-about").scroll_relative(y=rows, animate=False)
