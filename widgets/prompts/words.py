"""What a question says, line by line: plain lines, and labelled ones whose words keep clear of the label.

Owns the layout for the width there is. Never sees raw server text: callers make it visible first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

LABEL = 11
"""Cells of a label with the blank after it."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """``words`` behind a label of its style; an empty label continues the one before."""

    label: str
    style: str
    words: Content


Told: TypeAlias = Content | Labelled


class Words(Static):
    """Lays its lines out again when its width changes."""

    def __init__(self) -> None:
        super().__init__("", classes="question-words")
        self._told: Sequence[Told] = ()
        self._width = 0

    def tell(self, told: Sequence[Told]) -> None:
        self._told = told
        self._lay_out()

    def on_resize(self) -> None:
        if self._room != self._width:
            self._lay_out()

    @property
    def _room(self) -> int:
        # Not the region on the screen: that is nowhere while the panel is hidden, and no other size follows then.
        return self.outer_size.width - self.gutter.width

    def _lay_out(self) -> None:
        self._width = self._room
        self.update(Content("\n").join(line for told in self._told for line in _lines(told, self._width)))


def _lines(told: Told, width: int) -> Iterable[Content]:
    if isinstance(told, Content):
        yield told
        return
    for index, words in enumerate(told.words.wrap(max(20, width - LABEL))):
        label = "" if index else told.label
        yield Content.assemble((label, told.style), " " * max(1, LABEL - cell_len(label)), words)
