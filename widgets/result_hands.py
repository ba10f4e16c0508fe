"""What is done with a result on the whole screen: copied, saved, played, enlarged, sorted, followed, cancelled.

Owns turning keys into requests. Never does any of it: what is needed is asked of whoever opened the screen.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType

from ..services.models.content import Kind, parts_of
from ..services.state.model import CallState, CallStatus
from .app_of import app_of
from .json_text import pretty_text
from .json_tree import JsonTree
from .raw_words import RawMessages, raw_text
from .result_asks import ResultAsks, View
from .result_copy import copy_result, copy_words
from .result_pages import DiffPage, Page
from .result_search import ResultSearch
from .table_lines import TableLines


class ResultHands(ResultSearch):
    """Base of the result screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "enter", "Follow the link", show=False),
        Binding("plus", "enlarge", "Enlarge the pictures", show=False),
        Binding("s", "save", "Save", show=False),
        Binding("p", "play", "Play", show=False),
        Binding("x", "cancel", "Cancel", show=False),
        Binding("y", "copy", "Copy", show=False),
        Binding("Y", "copy_path", "Copy the path", show=False),
        Binding("less_than_sign", "column(-1)", "Column to the left", show=False),
        Binding("greater_than_sign", "column(1)", "Column to the right", show=False),
        Binding("equals_sign", "sort", "Sort", show=False),
        Binding("j,down", "scroll(1)", "Down", show=False),
        Binding("k,up", "scroll(-1)", "Up", show=False),
        Binding("g,home", "edge(False)", "Start", show=False),
        Binding("G,end", "edge(True)", "End", show=False),
    ]

    def __init__(
        self,
        call: CallState,
        save: Callable[[str], None],
        follow: Callable[[str], None] | None,
        cancel: Callable[[str], None] | None,
        asks: ResultAsks,
    ) -> None:
        super().__init__()
        self.call = call
        self.view = View.RENDERED
        self._save = save
        self._follow = follow
        self._cancel = cancel
        self._asks = asks
        self._raw: RawMessages | None = None
        self._played = 0
        self.take(call)

    def take(self, call: CallState) -> None:
        """The call, or the same one later."""
        self.call = call
        parts = [*enumerate(parts_of(call.result or {}))]
        self.pictures = tuple(
            (at, part.data, part.mime) for at, part in parts if part.kind is Kind.IMAGE or part.is_picture
        )
        self._sounds = tuple(
            at
            for at, part in parts
            if part.kind is Kind.AUDIO or (part.data and (part.found or part.mime).startswith("audio/"))
        )

    def action_enter(self) -> None:
        if self._follow is not None:
            self._follow(self.call.id)
            self.dismiss()
        else:
            self.action_enlarge()

    def action_enlarge(self) -> None:
        if self.pictures:
            from .picture_screen import PictureScreen

            save = self._asks.save_part
            keep = partial(save, self.call) if save is not None else None
            app_of(self).push_screen(PictureScreen(self.pictures, save=keep))

    def action_save(self) -> None:
        self._save(self.call.id)

    def action_play(self) -> None:
        """Play the sound; of several the next one each time."""
        if self._asks.play is not None and self._sounds:
            self._asks.play(self.call, self._sounds[self._played % len(self._sounds)])
            self._played += 1

    def action_cancel(self) -> None:
        if self._cancel is not None and self.call.status is CallStatus.RUNNING:
            self._cancel(self.call.id)

    def action_copy(self) -> None:
        """The value under the cursor, the messages, the differences, or the result."""
        app = app_of(self)
        if isinstance(self.page, JsonTree):
            value = self.page.chosen
            copy_words(app, value if isinstance(value, str) else pretty_text(value), "value")
        elif self.view is View.RAW and self._raw is not None:
            copy_words(app, raw_text(self._raw), "messages")
        elif isinstance(self.page, DiffPage):
            copy_words(app, self.page.text(), "differences")
        else:
            copy_result(app, self.call)

    def action_copy_path(self) -> None:
        if isinstance(self.page, JsonTree):
            copy_words(app_of(self), self.page.path, self.page.path)

    def table(self) -> TableLines | None:
        return next(iter(self.query(TableLines)), None)

    def action_column(self, step: int) -> None:
        if (table := self.table()) is not None:
            table.choose(step)

    def action_sort(self) -> None:
        if (table := self.table()) is not None:
            table.sort()

    def action_scroll(self, step: int) -> None:
        if isinstance(self.page, Page):
            self.page.scroll_relative(y=step, animate=False)

    def action_edge(self, end: bool) -> None:
        if isinstance(self.page, Page):
            if end:
                self.page.scroll_end(animate=False)
            else:
                self.page.scroll_home(animate=False)
