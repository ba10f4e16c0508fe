"""What the keys of the main screen do to servers: one method an action of the registry.

Owns turning a key into an intent, and the words for why one does nothing here. Where panes stand and the
focus goes is the deck screen's.
"""

from __future__ import annotations

from ...services.models import NEEDS_APPROVAL, Status
from ...services.state.model import ServerState
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.provenance_lines import offered
from ..actions import Zone
from ..bridge import FedScreen
from ..controller import Intents
from ..hints import APPROVABLE
from ..seen import Seen
from .approve_screen import ApproveScreen
from .choice_screen import ChoiceScreen

LOG_LEVELS: tuple[tuple[str, str], ...] = (
    ("debug", "everything"),
    ("info", "what goes on"),
    ("notice", "what is worth knowing"),
    ("warning", "what may go wrong"),
    ("error", "what went wrong"),
    ("critical", "a part does not work"),
    ("alert", "somebody must act at once"),
    ("emergency", "nothing works"),
)
"""In the order of RFC 5424, the least grave first."""


class ServerActions(FedScreen):
    """Base of the deck screen. ``selected`` is the server that the keys speak of."""

    def __init__(self, intents: Intents) -> None:
        super().__init__()
        self._intents = intents

    @property
    def selected(self) -> ServerState | None:
        raise TypeError("the deck screen knows the selected server")

    def focus_zone(self, zone: Zone) -> None:
        raise TypeError("the deck screen moves the focus")

    def action_open(self) -> None:
        server = self.selected
        if server is None:
            return
        if server.status is Status.PENDING_APPROVAL:
            self.action_approve()
        else:
            self.focus_zone(Zone.TOOLS if server.usable else Zone.OVERVIEW)

    def action_reconnect(self) -> None:
        server = self.selected
        if server is not None and self._contacted(server):
            self._intents.reconnect(server.id)

    def _contacted(self, server: ServerState) -> bool:
        """The server may be connected to; else a person is told, or shown, what stands in the way."""
        name = one_line(server.id, 60)
        match server.status:
            case Status.PENDING_APPROVAL | Status.REJECTED:
                self._say(f"{name} is not approved", "Press a to see all of it.")
            case Status.DISABLED if server.suppressed_by or offered(server):
                self.focus_zone(Zone.OVERVIEW)
            case Status.DISABLED:
                self._say(f"{name} is disabled", "Press e to enable it.")
            case Status.BLOCKED | Status.NOT_CONFIGURED:
                self.focus_zone(Zone.OVERVIEW)
            case _:
                return True
        return False

    def action_redetect(self) -> None:
        server = self.selected
        if server is not None and self._contacted(server):
            self._intents.reconnect(server.id, redetect=True)

    def action_relist(self) -> None:
        server = self._connected()
        if server is not None:
            self._intents.relist(server.id)

    def action_log_level(self) -> None:
        server = self._connected()
        if server is None:
            return
        if "logging" not in server.capabilities:
            self._say(f"{one_line(server.id, 60)} sends no log messages", "Its capabilities do not name logging.")
            return

        def chosen(level: str | None) -> None:
            if level is not None:
                self._intents.set_log_level(server.id, level)

        choices = tuple((level, level, words) for level, words in LOG_LEVELS)
        title = f"Log level of {one_line(server.id, 40)}"
        about = "Messages of this level and the graver ones below it."
        app_of(self).push_screen(ChoiceScreen(title, about, choices, server.log_level or "debug"), chosen)

    def action_cancel_task(self) -> None:
        server = self._connected()
        if server is None:
            return
        going = [task for task in server.tasks if not task.over]

        def chosen(task: str | None) -> None:
            if task is not None:
                self._intents.cancel_task(server.id, task)

        if not going:
            self._say("No task to cancel", f"{one_line(server.id, 60)} runs none that mcpdeck knows of.")
        elif len(going) == 1:
            chosen(going[0].id)
        else:
            choices = tuple((task.id, task.tool or "(not ours)", f"{task.id[:8]:<8}  {task.message}") for task in going)
            app_of(self).push_screen(ChoiceScreen("Cancel which task?", "", choices), chosen)

    def _connected(self) -> ServerState | None:
        """The selected server, if something can be asked of it."""
        server = self.selected
        if server is not None and not server.usable:
            self._say(f"{one_line(server.id, 60)} is not connected", "Press r to connect it.")
            return None
        return server

    def action_reconnect_all(self) -> None:
        self._intents.reconnect_all()

    def action_enable(self) -> None:
        server = self.selected
        if server is None:
            return
        if server.suppressed_by:
            self._say(f"{one_line(server.id, 60)} is not used", f"{one_line(server.suppressed_by)} is used instead.")
        elif offered(server):
            self._say(f"{one_line(server.id, 60)} is only offered", "Press d to take it over into a file of yours.")
        elif server.status is Status.REJECTED:  # whether it is switched off as well would not be seen
            self._say(f"{one_line(server.id, 60)} is rejected", "It never starts. Press a to look at it again.")
        else:
            self._intents.set_enabled(Seen.of(server), server.status is Status.DISABLED)

    def action_approve(self) -> None:
        server = self.selected
        if server is None:
            return
        name = one_line(server.id, 60)
        if server.status is Status.DISABLED and server.source in NEEDS_APPROVAL and not server.suppressed_by:
            self._say(f"{name} is disabled", "Press e to enable it; it is asked about then, unless it is approved.")
            return
        if server.status not in APPROVABLE:
            self._say(f"{name} needs no approval", "Only servers that others configured do.")
            return
        seen = Seen.of(server)

        def answered(answer: str | None) -> None:
            if answer == "approve":
                self._intents.approve(seen)
            elif answer == "reject":
                self._intents.reject(seen)

        app_of(self).push_screen(ApproveScreen(server), answered)

    def _say(self, title: str, hint: str) -> None:
        self.notify(hint or " ", title=title, markup=False)
