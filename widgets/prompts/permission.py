"""May this be used: the tool, its arguments, what it claims, the rule that asks, and how far a yes reaches.

Owns the keys of the answers and that none counts before anybody can have read the question. Never decides, and never
holds up anything but the one call that waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from anyio import to_thread
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from ...services.models import JsonObject, as_object
from ...services.state.model import PromptState
from ..chip import Chip
from ..json_text import pretty
from ..json_view import TextLines
from ..result_blocks import size_of
from .permission_words import WAYS, by_enter, destructive, lines, offered, title
from .question import QuestionPanel, Unready
from .read_first import READING, ReadFirst
from .words import Told

__all__ = ["READING", "PermissionPanel"]


AT_ONCE = 50_000
"""Up to this size (characters, about) arguments are laid out on the loop's thread."""


class PermissionPanel(QuestionPanel):
    """Questions of ``mcpdeck/permission``. ``ticks`` tells how long something took, in seconds."""

    DEFAULT_CSS = """
    PermissionPanel {
        & > FieldsForm { display: none; }
        & .question-about > TextLines { width: 1fr; padding: 0 1 0 2; }
        &.-destructive { border: round $error; border-title-color: $error; }
        &.-destructive .-strong { background: $error; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "by_enter", "Answer", show=False),
        *(Binding(way.key, f"yes('{way.reach}')", way.label, show=False) for way in WAYS),
        Binding("n", "decline", "No", show=False),
        Binding("w", "screen.next_question", "Next", show=False),
        Binding("H", "history", "What changed", show=False),
        Binding("down,j", "scroll_words(1)", "Down", show=False),
        Binding("up,k", "scroll_words(-1)", "Up", show=False),
    ]

    class HistoryRequested(Message):
        """How the tool changed should be shown."""

        def __init__(self, server: str) -> None:
            super().__init__()
            self.server = server

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.reading = self._reading = ReadFirst(ticks)
        self._arguments = TextLines([], json=True)
        self._reach = "once"

    def below(self) -> ComposeResult:
        yield self._arguments

    def chips(self) -> ComposeResult:
        for way in WAYS:
            yield Chip(way.label, way.shown, id=f"permission-{way.reach}")
        yield Chip("No", "n", id="question-decline")

    @property
    def has_form(self) -> bool:
        return False

    @property
    def form_rows(self) -> int:
        return 0

    def asker(self, prompt: PromptState) -> str:
        return title(prompt.request)

    def aside(self, prompt: PromptState) -> str:
        return "destructive" if destructive(prompt.request) else ""

    def load(self, request: JsonObject) -> list[Told]:
        self.set_class(destructive(request), "-destructive")
        ways, first = offered(request), by_enter(request)
        for known in WAYS:
            chip = self.query_one(f"#permission-{known.reach}", Chip)
            way = next((way for way in ways if way.reach == known.reach), None)
            chip.display = way is not None
            chip.label = (way or known).label
            chip.set_class(way == first, "-strong")
            chip.key = f"{known.shown}, Enter" if way == first else known.shown
            chip.refresh(layout=True)
        self._show_arguments(as_object(request.get("arguments")))
        return lines(request)

    def _show_arguments(self, arguments: JsonObject) -> None:
        self._arguments.display = bool(arguments)
        size, counted = size_of(arguments)
        if counted and size <= AT_ONCE:
            self._arguments.show(_laid_out(arguments))
            return
        self._arguments.show(["laying out …"])

        async def prepare() -> None:
            ready = await to_thread.run_sync(_laid_out, arguments)
            if self.prompt is not None and self.prompt.request.get("arguments") is arguments:
                self._arguments.show(ready)

        self.run_worker(prepare(), exit_on_error=False)

    # Answers.

    def content(self) -> JsonObject | None:
        if self._reading.too_early():
            raise Unready("read it first, then press again")
        return {"reach": self._reach}

    def action_yes(self, reach: str) -> None:
        if self.prompt is not None and any(way.reach == reach for way in offered(self.prompt.request)):
            self._reach = reach
            self.accept()

    def action_by_enter(self) -> None:
        if self.prompt is not None:
            self.action_yes(by_enter(self.prompt.request).reach)

    def action_accept(self) -> None:
        self.action_by_enter()

    def action_history(self) -> None:
        if self.prompt is not None:
            self.post_message(self.HistoryRequested(self.prompt.server))

    def action_scroll_words(self, rows: int) -> None:
        self.query_one(".question-about").scroll_relative(y=rows, animate=False)

    def pressed(self, chip: Chip) -> None:
        self.action_yes((chip.id or "").removeprefix("permission-"))


def _laid_out(arguments: JsonObject) -> list[str]:
    return list(pretty(arguments, align=True))
