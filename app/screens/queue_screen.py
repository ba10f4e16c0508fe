"""Everything that waits for a person, to go to in any order.

Owns the list on the screen. It dismisses with the id of what is gone to; only a no is given here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from ...services.models import Status
from ...services.state.model import McpState, PromptState
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.prompts.approval import APPROVAL
from ...widgets.prompts.queue_list import QueueList
from ...widgets.prompts.read_first import ReadFirst
from ...widgets.virtual_list import VirtualList
from ..bridge import FedScreen
from .approvals import approval_of


class QueueScreen(FedScreen, ModalScreen[str | None]):
    """Fed while it is open. ``declined`` is given the id of a question that is answered with no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,W", "close", "Close", show=False),
        Binding("d,n", "decline", "Decline", show=False),
    ]

    def __init__(self, mcp: McpState, prompts: tuple[PromptState, ...], declined: Callable[[str], None]) -> None:
        super().__init__()
        self.set_reactive(QueueScreen.mcp, mcp)
        self.set_reactive(QueueScreen.prompts, prompts)
        self._declined = declined
        self._list = QueueList(clock=self._clock, id="queue-list")
        self._reading = ReadFirst(self._ticks)

    def compose(self) -> ComposeResult:
        with Vertical(id="queue") as box:
            box.border_subtitle = "Enter goes there · d says no · Esc closes"
            yield self._list

    def on_mount(self) -> None:
        self._list.focus()
        self._show()
        self._reading.painted()
        self.set_interval(1.0, self._tick)

    def _clock(self) -> float:
        from ..deck import Deck

        app = app_of(self)
        return app.clock() if isinstance(app, Deck) else time.time()

    def _ticks(self) -> float:
        from ..deck import Deck

        app = app_of(self)
        return app.ticks() if isinstance(app, Deck) else time.monotonic()

    def _tick(self) -> None:
        self._list.refresh()

    def watch_prompts(self, old: tuple[PromptState, ...], new: tuple[PromptState, ...]) -> None:
        if self.is_mounted:
            self._show()

    def watch_mcp(self, old: McpState, new: McpState) -> None:
        if self.is_mounted:
            self._show()

    def _show(self) -> None:
        approvals = (row for row in self.mcp.listed() if row.status is Status.PENDING_APPROVAL)
        waits = (*self.prompts, *(approval_of(row) for row in approvals))
        if not self._list.show(waits):
            self._reading.painted()  # the cursor stands on a question that nobody has read there
        count = len(waits)
        title = f"{count} wait for you" if count != 1 else "1 waits for you"
        auto = [one_line(row.id, 30) for row in self.mcp.listed() if row.answers]
        told = f" · answered automatically: {', '.join(auto[:2])}" if auto else ""
        more = f" and {len(auto) - 2} more" if len(auto) > 2 else ""
        self.query_one("#queue").border_title = Content((title if count else "Nothing waits for you") + told + more)

    @on(VirtualList.Chosen)
    def _chosen(self) -> None:
        current = self._list.current
        if current is not None:
            self.dismiss(current.id)

    def action_decline(self) -> None:
        current = self._list.current
        if current is None:
            return
        if current.method == APPROVAL:
            self.notify("A rejection is remembered: go there (Enter) and press x.", title="Look at it first")
        elif self._reading.too_early():
            self.notify("Press it again.", title="Read it first")
        else:
            self._declined(current.id)

    def action_close(self) -> None:
        self.dismiss(None)
