"""A call as a command, a program or a message, to be copied.

Owns the choice and the preview. Never makes the texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ...services.state.text import one_line, visible
from ...widgets.app_of import app_of

if TYPE_CHECKING:
    from ..copy_as import Copied

PREVIEW = 20_000
"""Characters that are shown; all are copied."""


class CopyScreen(ModalScreen[None]):
    """``title`` names the call. Enter copies the form under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "Close", show=False),
        Binding("j", "move(1)", "Down", show=False),
        Binding("k", "move(-1)", "Up", show=False),
        Binding("y", "copy", "Copy", show=False),
        Binding("1", "take(0)", show=False),
        Binding("2", "take(1)", show=False),
        Binding("3", "take(2)", show=False),
        Binding("4", "take(3)", show=False),
    ]

    def __init__(self, title: str, copies: tuple[Copied, ...]) -> None:
        super().__init__()
        self._title = title
        self._copies = copies

    def compose(self) -> ComposeResult:
        with Vertical(id="copy") as box:
            box.border_title = Content(f"Copy as · {one_line(self._title, 60)}")
            box.border_subtitle = "Enter copies · Esc closes"
            yield OptionList(
                *(Option(Content(f"{number} {one.title}"), one.key) for number, one in enumerate(self._copies, 1)),
                compact=True,
            )
            with VerticalScroll(id="copy-preview", can_focus=False):
                yield Static(id="copy-text", markup=False)
            yield Static(id="copy-needs", markup=False)

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.highlighted = 0
        options.focus()

    @property
    def _current(self) -> Copied:
        return self._copies[self.query_one(OptionList).highlighted or 0]

    @on(OptionList.OptionHighlighted)
    def _look(self) -> None:
        one = self._current
        text = visible(one.text[:PREVIEW]) + ("\n…" if len(one.text) > PREVIEW else "")
        shown = Content(text) if one.text else Content.styled(one.problem, "$text-muted")
        self.query_one("#copy-text", Static).update(shown)
        self.query_one("#copy-preview").scroll_home(animate=False)
        needs = f"Set first: {', '.join(one.needs)}. No secret is copied." if one.needs else ""
        self.query_one("#copy-needs", Static).update(Content.styled(needs, "$text-warning"))

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_copy()

    def action_take(self, number: int) -> None:
        if number < len(self._copies):
            self.query_one(OptionList).highlighted = number
            self.call_after_refresh(self.action_copy)

    def action_copy(self) -> None:
        one = self._current
        if not one.text:
            self.notify(one.problem, title="Nothing is copied", markup=False)
            return
        app_of(self).copy_to_clipboard(one.text)
        hint = f"Set {', '.join(one.needs)} before you run it." if one.needs else " "
        self.notify(hint, title=f"Copied as {one.title}", markup=False)
        self.dismiss(None)

    def action_move(self, step: int) -> None:
        options = self.query_one(OptionList)
        options.action_cursor_down() if step > 0 else options.action_cursor_up()

    def action_close(self) -> None:
        self.dismiss(None)
