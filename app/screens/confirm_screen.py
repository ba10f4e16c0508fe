"""A question before something is done: what it is about, laid out whole, and explicit answers.

Owns the question. Never does what was answered: it dismisses with the id of the answer, or None.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from ...services.state.model import McpState, ServerState
from ...services.state.text import one_line, visible
from ...widgets.app_of import app_of
from ..bridge import NOT_FED, FedScreen
from ..seen import Seen

READING = 0.5
"""Seconds that a question stands there, without an answer being pressed, before one counts."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A button. ``id`` is what the screen is dismissed with (``""``: nothing), ``key`` presses it too."""

    id: str
    title: str
    key: str


class ConfirmScreen(FedScreen, ModalScreen[str | None]):
    """``facts`` are labels and texts, ``odd`` what should be noticed about them. The first answer is the safe one.

    All texts may come from files of others. ``about``: the entry it is asked about; another one in its place closes
    the question. An answer that comes before anybody can have read the question (a held key, keys typed ahead) is
    none; the safe one always counts.
    """

    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012 - typed by Textual
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Close", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
        Binding("down,j", "scroll_facts(1)", show=False),
        Binding("up,k", "scroll_facts(-1)", show=False),
        Binding("pagedown,ctrl+d", "scroll_facts(8)", show=False),
        Binding("pageup,ctrl+u", "scroll_facts(-8)", show=False),
        Binding("home,g", "scroll_facts(-100000)", show=False),
        Binding("end,G", "scroll_facts(100000)", show=False),
    ]

    def __init__(
        self,
        title: str,
        lead: str,
        facts: tuple[tuple[str, str], ...],
        answers: tuple[Answer, ...],
        *,
        odd: tuple[str, ...] = (),
        note: str = "",
        danger: bool = False,
        about: ServerState | None = None,
    ) -> None:
        super().__init__(classes="-danger" if danger else None)
        self._title = title
        self._lead = lead
        self._facts = facts
        self._answers = answers
        self._noted = odd
        self._note = note
        self._about = about
        self._quiet_since: float | None = None  # None: nothing is painted yet
        self._hurried = False

    def compose(self) -> ComposeResult:
        with Vertical(id="confirm") as box:
            box.border_title = Content(one_line(self._title, 80))
            yield Static(Content(visible(self._lead)), classes="lead")
            with VerticalScroll(id="facts", can_focus=False):
                for index, (label, value) in enumerate(self._facts):
                    yield Static(Content(one_line(label)), classes="label")
                    # The first is what would be run or contacted.
                    yield Static(Content(visible(value)), classes="value first" if index == 0 else "value")
                for text in self._noted:
                    yield Static(Content("▲ " + visible(text)), classes="odd")
            if self._note:
                yield Static(Content(self._note), classes="note")
            with Horizontal(id="answers"):
                for answer in self._answers:
                    yield Button(Content(answer.title), name=answer.id, compact=True)

    def on_mount(self) -> None:
        # Enter may have opened this: the same key again must not do anything by accident.
        self.query(Button).first().focus()
        self.call_after_refresh(self._painted)

    def _painted(self) -> None:
        self._quiet_since = self._ticks()
        self._tell_more()

    def _ticks(self) -> float:
        from ..deck import Deck

        app = app_of(self)
        return app.ticks() if isinstance(app, Deck) else time.monotonic()

    def watch_mcp(self, old: McpState, new: McpState) -> None:
        if self._about is None or new is NOT_FED:
            return
        now = new.servers.get(self._about.id)
        if now is None or Seen.of(now) != Seen.of(self._about):
            name = one_line(self._about.id, 40)
            self.notify(
                "Look at it again; nothing was done.", title=f"{name} changed", severity="warning", markup=False
            )
            self.dismiss(None)

    def on_resize(self) -> None:
        self.call_after_refresh(self._tell_more)

    def _tell_more(self) -> None:
        """Nobody should answer about something whose end is out of sight without knowing that it is."""
        words = ["↑ ↓ shows the rest"] if self.query_one("#facts").max_scroll_y > 0 else []
        if self._hurried:
            words.append("read it first, then press again")
        self.query_one("#confirm").border_subtitle = " · ".join(words)

    def action_scroll_facts(self, lines: int) -> None:
        self.query_one("#facts").scroll_relative(y=lines, animate=False)

    def action_leave(self) -> None:
        self.dismiss(None)

    def on_key(self, event: events.Key) -> None:
        for answer in self._answers:
            if event.key == answer.key:
                event.stop()
                self._answer(answer.id)
                return

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self._answer(event.button.name or "")

    def _answer(self, answer: str) -> None:
        if answer and self._too_early():
            self._hurried = True
            self._tell_more()
        else:
            self.dismiss(answer or None)

    def _too_early(self) -> bool:
        """Nobody can have read it; and a key that is held comes again and again."""
        now = self._ticks()
        early = self._quiet_since is None or now - self._quiet_since < READING
        if self._quiet_since is not None:
            self._quiet_since = now
        return early
