"""Where the focus of a form is: row by row, also to rows that are only being made.

Owns the moves of the focus and what is typed while a row is not there yet. Never makes a row and knows no value.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from .nodes import Node
from .places import Place, Role
from .row import FormRow


class FocusedRows(VerticalScroll, can_focus=False):
    """Base of the form, which makes the rows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # Priority: the focus has moved before the key that comes right behind is given to anybody.
        Binding("tab", "step(1)", "Next field", show=False, priority=True),
        Binding("shift+tab", "step(-1)", "Field before", show=False, priority=True),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._places: list[Place] = []
        self._made: dict[tuple[Node, Role], FormRow] = {}
        self._awaited: int | None = None
        self._held: list[events.Key | events.Paste] = []

    def _row(self, index: int) -> FormRow:
        """A row, made if it was not."""
        raise TypeError("the form makes its rows")

    def _focused_at(self) -> int | None:
        if self._awaited is not None:
            return self._awaited
        return next(
            (
                index
                for index, place in enumerate(self._places)
                if (row := self._made.get((place.node, place.role))) is not None and row.has_focus_within
            ),
            None,
        )

    def action_step(self, step: int) -> None:
        at = self._focused_at()
        if at is not None and step > 0 and self._awaited is None and self._row(at).suggesting:
            self._row(at).action_take()
        elif at is None or not 0 <= at + step < len(self._places):
            (self.screen.focus_next if step > 0 else self.screen.focus_previous)()
        else:
            self._focus_at(at + step)

    def _focus_at(self, index: int, *, select: bool = False) -> None:
        """Focus a row. One that is only being made gets what is typed meanwhile as soon as it stands."""
        row = self._row(index)
        control = row.focusable_control
        if control is None:
            self._awaited = index
            self.can_focus = True
            self.screen.set_focus(self, scroll_visible=False)
            self.call_after_refresh(self._focus_awaited)
            return
        waited, self._awaited = self._awaited is not None, None
        self.screen.set_focus(control)
        if select:
            row.editor.select_all()
        if waited:
            self.can_focus = False
            held, self._held = self._held, []
            for event in held:
                control.post_message(event)

    def _focus_awaited(self) -> None:
        if self._awaited is None:
            return
        if self.has_focus and self._awaited < len(self._places):
            self._focus_at(self._awaited)
        else:  # the focus went somewhere else
            self._awaited, self._held, self.can_focus = None, [], False

    def on_key(self, event: events.Key) -> None:
        if self._awaited is not None and (event.is_printable or event.key in ("backspace", "enter", "space")):
            event.stop()
            event.prevent_default()
            self._held.append(events.Key(event.key, event.character))

    def on_paste(self, event: events.Paste) -> None:
        if self._awaited is not None:
            event.stop()
            self._held.append(events.Paste(event.text))
