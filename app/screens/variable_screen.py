"""Values for variables that an entry names and that are not set: for this run.

Owns the fields. Never writes anything: it dismisses with the values by name, which nobody keeps beyond this process,
and says where a person would write them for good.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ...services.state.model import ServerState
from ...services.state.text import one_line
from ...widgets.line_input import LineInput

MOST = 12
"""Fields at once; the others are asked for when these are set."""


class VariableScreen(ModalScreen[dict[str, str] | None]):
    """What is typed is not shown until Ctrl+T asks for it: most such variables are secrets."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
        Binding("ctrl+t", "reveal", "Show", show=False, priority=True),
    ]

    def __init__(self, server: ServerState) -> None:
        super().__init__()
        self._server = server
        self._names = server.missing[:MOST]

    def compose(self) -> ComposeResult:
        server = self._server
        with Vertical(id="variables") as box:
            box.border_title = Content(f"{one_line(server.id, 40)} needs {self._what()}")
            box.border_subtitle = "Enter sets · Ctrl+T shows · Esc closes"
            yield Static(Content(f"Named in {one_line(str(server.origin), 200)} and set nowhere."), classes="lead")
            with VerticalScroll(can_focus=False):
                for name in self._names:
                    yield Static(Content(one_line(name, 80)), classes="label")
                    yield LineInput(password=True, name=name, compact=True)
            yield Static(Content(self._lasting()), classes="note")

    def on_mount(self) -> None:
        self.query(Input).first().focus()

    def _what(self) -> str:
        names = self._server.missing
        return one_line(names[0], 40) if len(names) == 1 else f"{len(names)} variables"

    def _lasting(self) -> str:
        """Where it would be written to hold longer than this run."""
        name = one_line(self._names[0], 40)
        return (
            "It holds for this run and is written nowhere.\n"
            f"For good: export {name}=… before mcpdeck starts, or give it a default in the entry "
            f"(E edits it): ${{{name}:-…}}"
        )

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        empty = next((field for field in self.query(Input) if not field.value), None)
        if empty is not None:
            empty.focus()
        else:
            self.dismiss({field.name or "": field.value for field in self.query(Input)})

    def action_reveal(self) -> None:
        for field in self.query(Input):
            field.password = not field.password

    def action_close(self) -> None:
        self.dismiss(None)
