"""The search: anything by a few letters of its name, from everywhere, and every action.

Owns the line that is typed and what was found. Ctrl+P is the same with ``>`` typed already. Looks in slices, so that
keys and the screen have their turn; Enter waits until what was typed last is found. Never goes anywhere by itself: it
tells the app which place was chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ...services.state.model import McpState
from ...widgets.line_input import LineInput
from ...widgets.place_rows import PlaceRows
from ...widgets.virtual_list import VirtualList
from ..bridge import NOT_FED, FedScreen
from ..places import Asked, Directory, Place

SLICE = 1_500
"""Places that are looked at between two turns of the others."""
NARROWING = "@server · #kind · > actions"


class SearchScreen(FedScreen, ModalScreen[str | None]):
    """``chosen`` is called with a place once this screen is gone."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False, priority=True),
        Binding("down,ctrl+n", "move(1)", "Down", show=False, priority=True),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("pagedown", "page(1)", "Page down", show=False, priority=True),
        Binding("pageup", "page(-1)", "Page up", show=False, priority=True),
    ]

    def __init__(self, directory: Directory, chosen: Callable[[Place], None], begin: str = "") -> None:
        super().__init__()
        self._directory = directory
        self._chosen = chosen
        self._begin = begin
        self._entered = False
        self._looks = 0
        self._finding = False
        self._input = LineInput(
            begin, placeholder="Find anything by a few letters", compact=True, select_on_focus=False
        )
        self._rows = PlaceRows(id="search-rows")

    def compose(self) -> ComposeResult:
        with Vertical(id="search") as box:
            box.border_subtitle = Content("Enter goes there · Esc closes")
            with Horizontal(id="search-line"):
                yield Static("⌕ ")
                yield self._input
            yield self._rows

    def on_mount(self) -> None:
        self._input.focus()
        self._input.cursor_position = len(self._begin)
        self._find()

    def begin_with(self, text: str) -> None:
        """The key of the search was pressed in it: narrow what is found anew, or close it where that is so already."""
        if self._input.value == text:
            self.action_close()
            return
        self._input.value = text
        self._input.cursor_position = len(text)

    def watch_mcp(self, old: McpState, new: McpState) -> None:
        """Servers came or went, or what they offer: looked for again, but never under the cursor of who chooses."""
        if new is NOT_FED or not _offers_differ(old, new):
            return
        self._directory.know(new)
        if self.is_mounted and self._rows.cursor == 0:
            self._find()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._entered = False
        self._find()

    def _find(self) -> None:
        self._directory.begin(self._input.value)
        self._looks += 1
        self._finding = True
        self._go_on(self._looks)

    def _go_on(self, look: int) -> None:
        if look != self._looks or not self.is_attached:
            return
        if not self._directory.go_on(SLICE):
            self.call_later(self._go_on, look)
            return
        self._finding = False
        places, total = self._directory.found()
        words = Asked.read(self._input.value).words
        self._rows.present(places, words, "nothing is called so" if self._input.value else "")
        shown = f"{total:,} found" if words else f"{total:,} places"
        self.query_one("#search", Vertical).border_title = Content.assemble(
            "Search", (f"  {shown} · {NARROWING}", "$text-muted not bold")
        )
        if self._entered:
            self._go()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._finding or (self._input.value and not self._rows.length()):
            self._entered = self._finding
            return
        self._go()

    @on(VirtualList.Chosen)
    def _row_chosen(self, event: VirtualList.Chosen) -> None:
        event.stop()
        self._go()

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:  # beside the box
            self.action_close()

    def _go(self) -> None:
        place = self._rows.current
        if isinstance(place, Place):
            self.dismiss(None)
            self._chosen(place)

    def action_move(self, step: int) -> None:
        self._rows.action_move(step)

    def action_page(self, direction: int) -> None:
        self._rows.action_move_page(direction)

    def action_close(self) -> None:
        self.dismiss(None)


def _offers_differ(old: McpState, new: McpState) -> bool:
    """Whether there is something else to be found; that a server answers faster changes nothing."""
    if old.order != new.order:
        return True
    return any(
        (before := old.servers.get(name)) is None
        or (
            before is not now
            and (
                before.status is not now.status
                or before.tools is not now.tools
                or before.resources is not now.resources
                or before.templates is not now.templates
                or before.prompts is not now.prompts
                or before.tasks is not now.tasks
            )
        )
        for name, now in new.servers.items()
    )
