"""The Textual App: screens, themes, and the actions that hold everywhere.

Owns no domain state: snapshots come through the bridge, intents leave through the controller.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import Input, TextArea

from ..services.state.text import one_line
from .actions import bindings
from .bridge import Bridge
from .comfort import Comfort
from .screens.confirm_screen import ConfirmScreen
from .screens.deck_screen import DeckScreen
from .screens.unsaved_screen import UnsavedScreen

if TYPE_CHECKING:
    from textual.driver import Driver
    from textual.screen import Screen

    from ..services.state.store import Store
    from .actions import Zone
    from .controller import Intents, Severity, Toast
    from .keymap import KeyMap
    from .places import Directory
    from .preferences import Preferences

TITLE_LIMIT = 100
HINT_LIMIT = 160
"""A toast stands before other things: what is longer is told where it belongs too."""


class Deck(Comfort):
    """The dashboard. ``controller_factory`` is given the toast and makes the one controller.

    ``clock`` tells the time of day, ``ticks`` how long something took; both in seconds.
    ``preferences``: what a person chose, None: nothing is kept beyond this run. ``keys``: which
    keys do what, None: the usual ones. ``plain``: for screen readers.
    """

    TITLE = "mcpdeck"
    CSS_PATH = [  # noqa: RUF012 - typed by Textual
        "styles/deck.tcss",
        "styles/deck_screen.tcss",
        "styles/plain.tcss",
        "styles/help_screen.tcss",
        "styles/confirm_screen.tcss",
        "styles/choice_screen.tcss",
        "styles/pick_screens.tcss",
        "styles/search_screen.tcss",
        "styles/entry_screen.tcss",
        "styles/export_screen.tcss",
        "styles/sources_screen.tcss",
        "styles/registry_screen.tcss",
        "styles/auth_screen.tcss",
        "styles/tools_screens.tcss",
        "styles/saved_screens.tcss",
        "styles/question_screens.tcss",
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(app=True),
        Binding("ctrl+c", "interrupt", "Quit", show=False, priority=True),
    ]

    def __init__(
        self,
        store: Store,
        controller_factory: Callable[[Toast], Intents],
        *,
        version: str = "",
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        preferences: Preferences | None = None,
        keys: KeyMap | None = None,
        plain: bool = False,
        on_first_frame: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(preferences, keys, plain=plain)
        self.store = store
        self.clock = clock
        self.ticks = ticks
        self.version = version
        self._on_first_frame = on_first_frame
        self.intents = controller_factory(self.toast)
        self.directory: Directory | None = None
        self._bridge = Bridge(self, store)

    def _fatal_error(self) -> None:
        # Textual's own would print the local variables of every frame, tokens among them.
        from rich.text import Text

        from .crashes import crash_text

        error = sys.exception() or self._exception
        self.panic(Text(crash_text(error) if error is not None else "internal error"))

    def get_driver_class(self) -> type[Driver]:
        driver = super().get_driver_class()
        if driver.__name__ == "LinuxDriver":
            from .terminal_driver import TerminalDriver

            return TerminalDriver
        return driver

    def get_default_screen(self) -> Screen[str | None]:
        return DeckScreen(self.intents, self.store.ring, version=self.version, clock=self.clock)

    def on_mount(self) -> None:
        self._bridge.start()

    def on_ready(self) -> None:
        self._on_first_frame()

    async def on_event(self, event: events.Event) -> None:
        # Before any binding: those of a focused field would take the key first.
        if isinstance(event, events.Key) and not event.is_forwarded:
            screen = self.screen
            if isinstance(screen, DeckScreen) and screen.takes_back(event):
                return
            mapped = await self.mapped(event)
            if mapped is None:
                return
            event = mapped
        await super().on_event(event)

    def on_unmount(self) -> None:
        self._bridge.stop()

    def catch_up(self) -> None:
        """A screen became active: it is shown the newest snapshot."""
        self._bridge.feed()

    def toast(self, title: str, hint: str = "", *, severity: Severity = "information") -> None:
        """A passing message; ``title`` and ``hint`` may hold server text."""
        message = one_line(hint, HINT_LIMIT) or " "
        self.notify(message, title=one_line(title, TITLE_LIMIT), severity=severity, markup=False)

    def usual_sizes(self) -> None:
        deck = self.screen_stack[0]
        if isinstance(deck, DeckScreen):
            deck.action_usual_sizes()

    def zone_now(self) -> Zone | None:
        screen = self.screen
        return screen.zone if isinstance(screen, DeckScreen) else None

    def action_search(self) -> None:
        self._search("")

    def action_palette(self) -> None:
        self._search("> ")

    def action_command_palette(self) -> None:
        """Textual's name for it: its own key leads here."""
        self.action_palette()

    def _search(self, begin: str) -> None:
        from .searching import open_search  # not before somebody looks for something

        open_search(self, begin)

    def on_question_badge_pressed(self) -> None:
        self.action_next_question()

    def action_next_question(self) -> None:
        """To what waits for a person, from wherever one is; a dialog with something typed in it stays."""
        deck = self.screen_stack[0]
        if not isinstance(deck, DeckScreen):
            return
        if self.screen is deck:
            deck.action_next_question()
        elif any(isinstance(screen, UnsavedScreen) and screen.unsaved for screen in self.screen_stack):
            self.toast("Close this first", "What is typed here would be lost.", severity="warning")
        elif self.store.state.prompts or deck.waits():
            while self.screen is not deck:
                self.pop_screen()
            self.catch_up()
            deck.action_answer()
        else:
            self.toast("No server asks anything")

    def action_help(self) -> None:
        from .screens.help_screen import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen())

    async def action_quit(self) -> None:
        """Leave; with something typed in a dialog, that is asked about first, and leaving once more leaves."""
        if not self._asks_first():
            self.exit()

    def _asks_first(self) -> bool:
        stack = self.screen_stack
        dirty = next((screen for screen in stack if isinstance(screen, UnsavedScreen) and screen.unsaved), None)
        if dirty is None or isinstance(self.screen, ConfirmScreen):
            return False
        while self.screen is not dirty:  # the help, the palette, a choice: nothing is typed in them
            self.pop_screen()
        dirty.action_leave()
        return True

    async def action_interrupt(self) -> None:
        """Ctrl+C: copy what is selected in a field or on the screen, else leave."""
        focused = self.focused
        selected = ""
        if isinstance(focused, Input | TextArea):
            selected = focused.selected_text
        selected = selected or self.screen.get_selected_text() or ""
        if selected:
            self.copy_to_clipboard(selected)
            self.toast("Copied")
            return
        await self.action_quit()
