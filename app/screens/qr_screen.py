"""An authorization address as a QR code, on the whole screen: a camera wants it large.

Owns the room it gets and the words around it. Closes by itself once the login needs it no more.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Center, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ...services.state.model import PromptState
from ...widgets.qr_code import QrCode, code_rows
from ..bridge import FedScreen

NOTE = "Esc closes. If the browser ends at a page that cannot be shown, press p and paste that page's address."
LINES = 2
"""Rows beside the code."""


PASTE = "paste"


class QrScreen(FedScreen, ModalScreen[str | None]):
    """``prompt`` is the question that the address belongs to. Gives ``PASTE`` where somebody wants to paste."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,c,enter", "close", "Close", show=False),
        Binding("p", "paste", "Paste", show=False),
    ]

    def __init__(self, prompt: PromptState, url: str) -> None:
        super().__init__()
        self._prompt = prompt.id
        self._url = url
        self.set_reactive(QrScreen.prompts, (prompt,))

    def compose(self) -> ComposeResult:
        yield Vertical(id="qr")

    async def on_resize(self) -> None:
        """Another size may have room for it, or none any more."""
        rows = code_rows(self._url, self.size.width, self.size.height - LINES)
        box = self.query_one("#qr", Vertical)
        await box.remove_children()
        if isinstance(rows, str):
            await box.mount(Static(Content(rows), id="qr-not"), Static("Esc closes", classes="note"))
        else:
            await box.mount(Center(QrCode(rows)), Static(Content(NOTE), classes="note"))

    def watch_prompts(self, old: tuple[PromptState, ...], new: tuple[PromptState, ...]) -> None:
        if self.is_mounted and all(prompt.id != self._prompt for prompt in new):
            self.dismiss(None)

    def action_close(self) -> None:
        self.dismiss(None)

    def action_paste(self) -> None:
        self.dismiss(PASTE)
