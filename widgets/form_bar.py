"""The last line of a tool's form: call it, what stands in the way, form or JSON.

Owns those words and the chips that can be clicked. Never calls: ``Chip.Pressed`` goes on to the form.
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from .chip import Chip


class FormBar(Horizontal):
    """One line; the chips are ``form-call``, ``form-as-form`` and ``form-as-json``."""

    DEFAULT_CSS = """
    FormBar {
        height: 1; dock: bottom; padding: 0 1 0 0; background: $surface;
        & > #form-call-task { display: none; }
        & > #form-status {
            width: 1fr; height: 1; padding: 0 1; color: $text-muted; text-overflow: ellipsis; text-wrap: nowrap;
        }
        & > #form-status.-bad { color: $text-error; }
        & > #form-status.-warn { color: $text-warning; }
    }
    """

    def compose(self) -> ComposeResult:
        yield Chip("▶ Call", "Ctrl+R", id="form-call", classes="-strong")
        yield Chip("As a task", "Ctrl+G", id="form-call-task")
        yield Static("", id="form-status")
        yield Chip("Form", id="form-as-form")
        yield Chip("JSON", "Ctrl+O", id="form-as-json")

    def say(self, words: str, tone: str = "") -> None:
        """Safe words beside the chips; ``tone`` is ``-bad``, ``-warn`` or nothing."""
        status = self.query_one("#form-status", Static)
        status.set_classes(tone)
        status.update(Content(words))

    def offer_call(self, offered: bool) -> None:
        self.query_one("#form-call", Chip).disabled = not offered

    def offer_task(self, offered: bool) -> None:
        self.query_one("#form-call-task", Chip).display = offered

    def show_mode(self, as_json: bool) -> None:
        self.query_one("#form-as-form", Chip).active = not as_json
        self.query_one("#form-as-json", Chip).active = as_json
