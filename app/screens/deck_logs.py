"""What the keys of the main screen do to the log: whose it is, filtering, searching, copying, writing it to a file.

Owns which servers' rings are shown together. The lines themselves are the log pane's.
"""

from __future__ import annotations

from collections.abc import Callable

from textual import on

from ...services.state.model import McpState
from ...services.state.ring import LogRing
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.call_console import CallConsole
from ...widgets.log_lines import Sources
from ...widgets.log_pane import LogPane, text_of
from ...widgets.tool_form import ToolForm
from ..actions import Zone
from ..controller import Intents
from .choice_screen import ChoiceScreen
from .deck_first_run import DeckFirstRun
from .deck_servers import LOG_LEVELS

ALL = "all servers"


class DeckLogs(DeckFirstRun):
    """Base of the deck screen, which says where the rings are."""

    _rings: Callable[[str], LogRing]

    def __init__(self, intents: Intents, form: ToolForm, calls: CallConsole, clock: Callable[[], float]) -> None:
        super().__init__(intents, form, calls, clock)
        self._logs = LogPane(id="log")
        self._every_log = False

    @property
    def zone(self) -> Zone:
        """Where the focus is."""
        return self._zone()

    # What arrives.

    def follow_logs(self, new: McpState) -> None:
        """Lines of the others came; those of the chosen server are shown as its row changes."""
        if self._every_log:
            self.show_log()

    def show_log(self) -> None:
        if self.tab == "log" and (self.server is not None or self._every_log):
            self._logs.present(self._sources())

    def _sources(self) -> Sources:
        if self._every_log:
            return tuple((name, self._rings(name)) for name in self.mcp.order)
        return ((self.server.id, self._rings(self.server.id)),) if self.server is not None else ()

    @property
    def log_of(self) -> str:
        """Whose log it is, in words."""
        if self._every_log:
            return ALL
        return one_line(self.server.id, 40) if self.server is not None else ""

    def tell_focus(self) -> None:
        raise TypeError("the deck screen has the borders")

    @on(LogPane.Changed)
    def _log_changed(self) -> None:
        self.tell_focus()

    # Keys.

    def action_record(self) -> None:
        self._logs.view.action_choose()

    def action_log(self) -> None:
        self.focus_zone(Zone.LOG)

    def action_log_filter(self) -> None:
        self._logs.open_filter()

    def action_log_keep(self) -> None:
        self._logs.view.focus()

    def action_log_next(self) -> None:
        self._to_match(1)

    def action_log_previous(self) -> None:
        self._to_match(-1)

    def _to_match(self, step: int) -> None:
        view = self._logs.view
        if not view.lines.filter:
            self._logs.open_filter()
        elif not view.go_to_match(step):
            self.notify(" ", title="No match after this one" if step > 0 else "No match before this one", markup=False)

    def action_log_pause(self) -> None:
        self._logs.view.pause()

    def action_log_all(self) -> None:
        self._every_log = not self._every_log
        self.show_log()
        self.tell_focus()

    def action_log_least(self) -> None:
        levels = ((level, level, f"{told}, and worse") for level, told in LOG_LEVELS[1:])
        choices = (("", "debug", "everything"), *levels)

        def chosen(level: str | None) -> None:
            if level is not None:
                self._logs.show_from(level)
                self.tell_focus()

        app_of(self).push_screen(
            ChoiceScreen(
                "Show from which level on?",
                "What has no level is always shown. v changes how much the server sends.",
                choices,
                self._logs.least,
            ),
            chosen,
        )

    def action_log_copy(self) -> None:
        entry = self._logs.view.current
        if entry is not None:
            app = app_of(self)
            app.copy_to_clipboard(text_of(entry, named=self._every_log))
            self.notify(" ", title="Line copied", markup=False)

    def action_log_copy_all(self) -> None:
        text, count = self._logs.shown_text()
        if count:
            app = app_of(self)
            app.copy_to_clipboard(text)
            self.notify(" ", title=f"{count:,} {'line' if count == 1 else 'lines'} copied", markup=False)

    def action_log_save(self) -> None:
        lines = self._logs.kept_texts()
        if lines is not None:
            self._intents.save_log("all" if self._every_log else self.log_of, lines)
