"""The calls that were made last, by this dashboard and earlier ones.

Owns the list and its filter. Never calls anything: it dismisses with what is to be done, and with which call.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ...services.state.model import McpState, ServerState
from ...services.state.spans import span
from ...widgets.app_of import app_of
from ...widgets.line_input import LineInput
from ...widgets.saved_rows import RecentList, RecentRow
from ...widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from ...services.collections.memory import Recent
    from ..saved_intents import Saved

KEYS = "Enter form · . again · s save · Y copy as · / filter · Esc"


@dataclass(frozen=True, slots=True)
class Picked:
    """``what`` is to be done with ``call``: ``open``, ``again``, ``save`` or ``copy``."""

    what: str
    call: Recent


class FilterField(LineInput):
    """One line; the arrows lead to the list."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down,enter", "to_list", "To the list", show=False)]

    def action_to_list(self) -> None:
        self.screen.query_one(RecentList).focus()


class RecentScreen(ModalScreen["Picked | None"]):
    """``now`` in wall seconds; ``mcp`` tells which servers and tools are still there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
        Binding("q", "close", "Close", show=False),
        Binding("slash", "filter", "Filter", show=False),
        Binding("full_stop,r,f5", "pick('again')", "Again", show=False),
        Binding("s,ctrl+s", "pick('save')", "Save", show=False),
        Binding("Y", "pick('copy')", "Copy as", show=False),
        Binding("D", "forget", "Forget all", show=False),
    ]

    def __init__(self, saved: Saved, mcp: McpState, now: float) -> None:
        super().__init__()
        self._saved = saved
        self._mcp = mcp
        self._now = now
        self._field = FilterField(
            placeholder="words of a name, a server, an argument", compact=True, id="recent-filter"
        )
        self._list = RecentList(id="recent-list")
        self._shown: tuple[Recent, ...] = ()

    def compose(self) -> ComposeResult:
        with Vertical(id="recent") as box:
            box.border_title = "Recent calls"
            box.border_subtitle = KEYS
            with Horizontal(id="recent-line"):
                yield Static("/")
                yield self._field
            yield self._list
            yield Static(id="recent-said")

    def on_mount(self) -> None:
        self._list.focus()
        self._present()
        self._saved.begin(self._read)  # others may have called meanwhile

    def _read(self) -> None:
        if self.is_attached:
            self._present()

    @on(Input.Changed)
    def _typed(self) -> None:
        self._present()

    def _present(self) -> None:
        words = self._field.value.casefold().split()
        rows: list[RecentRow] = []
        shown: list[Recent] = []
        for call in self._saved.recent:
            arguments = json.dumps(call.arguments, ensure_ascii=False) if call.arguments else ""
            text = f"{call.name} {call.server} {call.status} {arguments}".casefold()
            if all(word in text for word in words):
                shown.append(call)
                ago = f"{' '.join(span(max(0, round(self._now - call.at))).split()[:2])} ago"
                gone = _gone(call, self._mcp.servers.get(call.server))
                rows.append(RecentRow(call.name, call.server, call.status, call.ms, ago, arguments, gone, call.partly))
        self._shown = tuple(shown)
        nothing = "no call with these words" if words else "nothing was called yet"
        self._list.present(tuple(rows), "calls are not remembered: the settings say so" if self._saved.off else nothing)
        total = len(self._saved.recent)
        count = f"{len(rows)} of {total}" if words else f"{total}"
        self.query_one("#recent-said", Static).update(
            Content.assemble((f"{count} calls · secrets are never kept", "$text-muted"))
        )

    @property
    def _current(self) -> Recent | None:
        return self._shown[self._list.cursor] if self._list.cursor < len(self._shown) else None

    @on(VirtualList.Chosen)
    def _chosen(self) -> None:
        self.action_pick("open")

    def action_pick(self, what: str) -> None:
        call = self._current
        if call is not None:
            self.dismiss(Picked(what, call))

    def action_filter(self) -> None:
        self._field.focus()

    def action_forget(self) -> None:
        """All of them; asked first."""
        from .confirm_screen import Answer, ConfirmScreen

        def answered(answer: str | None) -> None:
            if answer == "forget":
                self._saved.forget(self._read)

        answers = (Answer("", "Keep (Esc)", "escape"), Answer("forget", "Forget (y)", "y"))
        lead = "Also the arguments that forms are filled in with. Saved calls stay."
        app_of(self).push_screen(ConfirmScreen("Forget all recent calls?", lead, (), answers), answered)

    def action_close(self) -> None:
        if self._field.has_focus and self._field.value:
            self._field.value = ""
        elif self._field.has_focus:
            self._list.focus()
        else:
            self.dismiss(None)


def _gone(call: Recent, row: ServerState | None) -> bool:
    if row is None:
        return True
    return call.kind.value == "tool" and row.tools is not None and all(tool.name != call.name for tool in row.tools)
