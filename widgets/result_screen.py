"""One call's whole outcome on the whole screen: as it was received, or as a model gets it.

Owns scrolling through it, which of the two shows, and leaving again. Never calls a service: saving and following a
link are asked of whoever opened it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeAlias

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ..services.models import JsonObject
from ..services.state.model import CallState
from ..services.state.text import one_line
from .app_of import app_of
from .call_words import MARKS, duration_words, kind_word
from .result_blocks import size_words
from .result_copy import copy_result
from .result_view import ResultView

ForModel: TypeAlias = "Callable[[CallState], JsonObject | None]"
"""A finished call's result as a model gets it; None where there is nothing to show of the kind."""


class ResultScreen(ModalScreen[None]):
    """``save`` and ``follow`` are called with the call's id when the person asks for it; ``follow`` None: no links.

    ``for_model``: what a model gets of the result; None: that cannot be shown.
    """

    DEFAULT_CSS = """
    ResultScreen { background: $background 60%; align: center middle; }
    ResultScreen > #result-frame {
        width: 100%; height: 100%; background: $background; border: round $border; padding: 0 1;
        border-title-color: $primary; border-title-style: bold; border-subtitle-color: $text-muted;
        scrollbar-size-vertical: 1;
    }
    ResultScreen #result-head { height: 1; color: $text-muted; margin: 0 0 1 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o", "leave", "Close", show=False),
        Binding("enter", "follow", "Follow the link", show=False),
        Binding("m", "model", "As a model gets it", show=False),
        Binding("s", "save", "Save", show=False),
        Binding("y", "copy", "Copy", show=False),
        Binding("j", "scroll(1)", "Down", show=False),
        Binding("k", "scroll(-1)", "Up", show=False),
        Binding("g", "edge(False)", "Start", show=False),
        Binding("G", "edge(True)", "End", show=False),
    ]

    def __init__(
        self,
        call: CallState,
        *,
        save: Callable[[str], None],
        follow: Callable[[str], None] | None = None,
        for_model: ForModel | None = None,
    ) -> None:
        super().__init__()
        self._call = call
        self._save = save
        self._follow = follow
        self._for_model = for_model if call.result is not None else None
        self._as_model = False

    def compose(self) -> ComposeResult:
        call = self._call
        view = self._received()
        facts = [one_line(call.instance or call.server, 60), kind_word(call), duration_words(call.duration_ms)]
        if view.outcome.size:
            facts.append(size_words(view.outcome.size, exact=view.outcome.exact))
        self._facts = " · ".join(fact for fact in facts if fact)
        with VerticalScroll(id="result-frame") as frame:
            frame.border_title = Content(one_line(call.tool, 80))
            yield Static(id="result-head")
            yield view

    def on_mount(self) -> None:
        self._tell()
        self.query_one("#result-frame").focus()

    def _received(self) -> ResultView:
        return ResultView(self._call, arguments=bool(self._call.arguments) or self._call.method == "tools/call")

    def _tell(self) -> None:
        mark, ink = MARKS[self._call.status]
        style = {"good": "$text-success", "warn": "$text-warning", "bad": "$text-error"}.get(ink, "$text-muted")
        shown = ("  as a model gets it", "bold $primary") if self._as_model else ""
        self.query_one("#result-head", Static).update(
            Content.assemble((f"{mark} {self._call.status.value}", style), "  ", self._facts, shown)
        )
        keys = ["Esc close", "s save", "y copy"]
        if self._for_model is not None:
            keys.insert(1, "m as received" if self._as_model else "m as a model gets it")
        if self._follow is not None:
            keys.insert(1, "Enter follows the link")
        self.query_one("#result-frame").border_subtitle = Content(" · ".join(keys))

    async def action_model(self) -> None:
        """Show the result as a model gets it, or as it was received again."""
        if self._for_model is None:
            return
        given = None if self._as_model else self._for_model(self._call)
        if given is None and not self._as_model:
            self.notify("There is nothing of it for a model.", markup=False)
            return
        self._as_model = not self._as_model
        frame = self.query_one("#result-frame")
        await self.query(ResultView).remove()
        await frame.mount(self._received() if given is None else ResultView(self._call, given=given))
        frame.scroll_home(animate=False)
        self._tell()

    def action_follow(self) -> None:
        if self._follow is not None:
            self._follow(self._call.id)
            self.dismiss()

    def action_leave(self) -> None:
        self.dismiss()

    def action_save(self) -> None:
        self._save(self._call.id)

    def action_copy(self) -> None:
        copy_result(app_of(self), self._call)

    def action_scroll(self, step: int) -> None:
        self.query_one("#result-frame").scroll_relative(y=step, animate=False)

    def action_edge(self, end: bool) -> None:
        frame = self.query_one("#result-frame")
        if end:
            frame.scroll_end(animate=False)
        else:
            frame.scroll_home(animate=False)
