"""Where a call is saved, and under which name.

Owns the field and the list of places. Never writes: it dismisses with the place, or None.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from ...services.state.text import one_line
from ...widgets.line_input import LineInput

if TYPE_CHECKING:
    from ...services.collections.model import Collection

LONGEST = 80


@dataclass(frozen=True, slots=True)
class Place:
    """``path`` None: a file that is made now, the project's or a private one."""

    name: str
    path: Path | None
    private: bool


class NameField(LineInput):
    """One line; the arrows lead to the places."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "to_places", "To the places", show=False)]

    def action_to_places(self) -> None:
        self.screen.query_one(OptionList).focus()


class SaveScreen(ModalScreen["Place | None"]):
    """``name`` is offered; ``secrets`` are the names of variables that stand for what is not written."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
        Binding("ctrl+s", "save", "Save", show=False, priority=True),
    ]

    def __init__(self, name: str, collections: tuple[Collection, ...], secrets: list[str]) -> None:
        super().__init__()
        self._offered = name
        self._secrets = secrets
        self._collections = [one for one in collections if not one.problem]
        self._broken = [one for one in collections if one.problem]
        self._places: list[tuple[str, str, Path | None, bool]] = [
            (one.name, "private" if one.private else one.path.name, one.path, one.private) for one in self._collections
        ]
        if not any(not one.private for one in collections):
            self._places.append(("the project", "mcpdeck.calls.json, can be committed", None, False))
        if not any(one.private for one in collections):
            self._places.append(("mine", "private, on this machine only", None, True))

    def compose(self) -> ComposeResult:
        with Vertical(id="save-call") as box:
            box.border_title = "Save this call"
            box.border_subtitle = "Enter saves · Esc closes"
            with Horizontal(classes="line"):
                yield Static("Name", classes="label")
                yield NameField(self._offered, compact=True, id="save-name", max_length=LONGEST)
            yield Static("In", classes="about")
            yield OptionList(*(self._option(index) for index in range(len(self._places))), compact=True)
            yield Static(id="save-said", markup=False)

    def _option(self, index: int) -> Option:
        name, note, _, _ = self._places[index]
        return Option(Content.assemble(one_line(name, 30), (f"  {one_line(note, 60)}", "$text-muted")), str(index))

    def on_mount(self) -> None:
        self.query_one(OptionList).highlighted = 0
        self.query_one(Input).focus()
        self._look()

    @on(Input.Changed)
    @on(OptionList.OptionHighlighted)
    def _look(self) -> None:
        lines: list[Content] = []
        if self._taken() is not None:
            lines.append(
                Content.styled("It takes the place of the call of this name; its checks stay.", "$text-warning")
            )
        if self._secrets:
            names = ", ".join(f"${{{name}}}" for name in self._secrets)
            lines.append(
                Content.styled(f"Secrets are not written: {names} of the environment stands there.", "$text-warning")
            )
        lines += [
            Content.styled(f"{one.path.name} cannot be used: {one_line(one.problem, 120)}", "$text-error")
            for one in self._broken[:2]
        ]
        self.query_one("#save-said", Static).update(Content("\n").join(lines))

    @property
    def _chosen(self) -> tuple[str, str, Path | None, bool]:
        return self._places[self.query_one(OptionList).highlighted or 0]

    def _taken(self) -> Collection | None:
        path, name = self._chosen[2], self.query_one(Input).value.strip()
        return next((one for one in self._collections if one.path == path and one.call(name) is not None), None)

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def _entered(self, event: Input.Submitted | OptionList.OptionSelected) -> None:
        event.stop()
        self.action_save()

    def action_save(self) -> None:
        name = self.query_one(Input).value.strip()
        if not name:
            self.query_one("#save-said", Static).update(Content.styled("A call has a name.", "$text-error"))
            self.query_one(Input).focus()
            return
        _, _, path, private = self._chosen
        self.dismiss(Place(name, path, private))

    def action_close(self) -> None:
        self.dismiss(None)
