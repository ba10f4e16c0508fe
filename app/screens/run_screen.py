"""How often a call is made, how many at once, and when that stops.

Owns the three fields. Never calls: it dismisses with the plan, or None.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Checkbox, Input, Static

from ...services.collections.repeats import MOST_PARALLEL, MOST_TIMES, Plan
from ...services.state.text import one_line
from ...widgets.line_input import LineInput


class RunScreen(ModalScreen["Plan | None"]):
    """``title`` names the call; ``plan`` is what the fields begin with."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
        Binding("f9,ctrl+r", "start", "Start", show=False, priority=True),
    ]

    def __init__(self, title: str, plan: Plan, warning: str = "") -> None:
        super().__init__()
        self._title = title
        self._plan = plan
        self._warning = warning

    def compose(self) -> ComposeResult:
        with Vertical(id="run-many") as box:
            box.border_title = Content(f"Run many times · {one_line(self._title, 50)}")
            box.border_subtitle = "Enter starts · Esc closes"
            with Horizontal(classes="line"):
                yield Static("Times", classes="label")
                times = "" if self._plan.times is None else str(self._plan.times)
                yield LineInput(times, placeholder="until one fails", compact=True, id="run-times", max_length=9)
            with Horizontal(classes="line"):
                yield Static("At once", classes="label")
                yield LineInput(str(self._plan.parallel), compact=True, id="run-parallel", max_length=1)
            with Horizontal(classes="line"):
                yield Static("", classes="label")
                yield Checkbox("Stop at the first failure", self._plan.stop_at_failure, compact=True, id="run-stop")
            yield Static("Leave the times empty to go on until one fails.", classes="about")
            if self._warning:
                yield Static(Content.styled(self._warning, "$text-warning"), id="run-warning")
            yield Static("", id="run-problem", markup=False)
            with Horizontal(id="answers"):
                yield Button("Close (Esc)", id="run-close", compact=True)
                yield Button("Start (F9)", id="run-start", compact=True)

    def on_mount(self) -> None:
        self.query_one("#run-times", Input).focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_start()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_start() if event.button.id == "run-start" else self.dismiss(None)

    def action_start(self) -> None:
        times, parallel = (self.query_one(f"#run-{name}", Input).value.strip() for name in ("times", "parallel"))
        count = _number(times, MOST_TIMES) if times else None
        at_once = _number(parallel or "1", MOST_PARALLEL)
        if times and count is None:
            self._say(f"Times is a number from 1 to {MOST_TIMES:,}.", "run-times")
        elif at_once is None:
            self._say(f"At once is a number from 1 to {MOST_PARALLEL}.", "run-parallel")
        else:
            self.dismiss(Plan(count, at_once, self.query_one("#run-stop", Checkbox).value))

    def _say(self, problem: str, field: str) -> None:
        self.query_one("#run-problem", Static).update(Content.styled(problem, "$text-error"))
        self.query_one(f"#{field}", Input).focus()

    def action_close(self) -> None:
        self.dismiss(None)


def _number(text: str, most: int) -> int | None:
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text) <= most:
        return None
    return int(text)
