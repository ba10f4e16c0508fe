"""The controls of a form that hold no value: the head of a container, and the way to add one more.

Owns one line each and its keys. Never changes a tree: what a key means is said in messages.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input

from ...services.state.text import one_line
from ..line_input import LineInput


class HeadLine(Widget, can_focus=True):
    """``▸`` folded or ``▾`` open, and what is in it."""

    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    HeadLine {
        height: 1; width: 1fr; padding: 0 1; color: $foreground; text-wrap: nowrap; text-overflow: ellipsis;
        pointer: pointer;
        &:focus { background: $primary 20%; }
        &.-unset { color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "fold('toggle')", "Open or fold", show=False),
        Binding("right", "fold('open')", "Open", show=False),
        Binding("left", "fold('fold')", "Fold", show=False),
        Binding("plus", "add", "Add an item", show=False),
        Binding("backspace,delete", "clear", "Unset", show=False),
    ]

    words: reactive[str] = reactive("")
    """What is in it, safe on one line."""
    folded: reactive[bool] = reactive(True)
    unset: reactive[bool] = reactive(False, toggle_class="-unset")

    class Folded(Message):
        """Open it, fold it, or the other of the two."""

        def __init__(self, line: HeadLine, how: str) -> None:
            super().__init__()
            self.line = line
            self.how = how

    class Added(Message):
        """One more item."""

    class Cleared(Message):
        """Leave it out."""

    def render(self) -> Content:
        mark = ("▸ " if self.folded else "▾ ", "$primary")
        return Content.assemble(mark, self.words)

    def action_fold(self, how: str) -> None:
        self.post_message(self.Folded(self, how))

    def action_add(self) -> None:
        self.post_message(self.Added())

    def action_clear(self) -> None:
        self.post_message(self.Cleared())

    def on_click(self, event: Click) -> None:
        event.stop()
        self.action_fold("toggle")


class AddLine(Widget, can_focus=True):
    """One more item of a list, on Enter."""

    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    AddLine {
        height: 1; width: 1fr; padding: 0 1; color: $text-muted; pointer: pointer; text-wrap: nowrap;
        text-overflow: ellipsis;
        &:focus { background: $primary 20%; color: $foreground; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space,plus", "add", "Add an item", show=False)]

    words: reactive[str] = reactive("")

    class Pressed(Message):
        """Add one."""

    def render(self) -> Content:
        keys = " · Alt+↑↓ moves, Alt+N adds, Alt+X removes the one you are in" if self.has_focus else ""
        return Content.assemble(("+ ", "$primary"), self.words, (keys, "$text-muted"))

    def action_add(self) -> None:
        self.post_message(self.Pressed())

    def on_click(self, event: Click) -> None:
        event.stop()
        self.action_add()


class NameLine(Widget):
    """The name of one more member, and Enter."""

    DEFAULT_CSS = """
    NameLine {
        height: 1; width: 1fr;
        & > Input, & > Input.-textual-compact {
            height: 1; background: $surface; color: $foreground; padding: 0 1 !important; width: 1fr;
            scrollbar-size: 0 0;
            &:focus { background: $primary 20%; }
        }
        & > Input > .input--placeholder { color: $text-muted; }
    }
    """

    class Named(Message):
        """A member of that name is wanted."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self) -> None:
        super().__init__()
        self.input = LineInput(placeholder="+ name of another member, then Enter", compact=True, select_on_focus=False)

    def compose(self) -> ComposeResult:
        yield self.input

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        name = event.value.strip()
        if name:
            event.input.value = ""
            self.post_message(self.Named(name))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()


def head_words(text: str) -> str:
    return one_line(text, 200)
