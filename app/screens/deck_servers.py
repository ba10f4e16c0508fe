"""What the keys of the main screen do to servers: one method an action of the registry.

Owns turning a key into an intent, and the words for why one does nothing here. Where panes stand and the
focus goes is the deck screen's.
"""

from __future__ import annotations

from collections.abc import Callable

from ...services.models import NEEDS_APPROVAL, Status
from ...services.state.model import ServerState
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.provenance_lines import offered
from ...widgets.status_marks import of_whole_file, wants_variables
from ..actions import Zone
from ..bridge import FedScreen
from ..controller import Intents
from ..hints import APPROVABLE
from ..seen import Seen
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


NOT_CONTACTED = frozenset(
    {Status.PENDING_APPROVAL, Status.REJECTED, Status.DISABLED, Status.BLOCKED, Status.NOT_CONFIGURED}
)


def _switched(server: ServerState) -> bool:
    """It has a switch of its own that counts."""
    stopped = server.suppressed_by or offered(server) or of_whole_file(server)
    return not stopped and server.status not in (Status.REJECTED, Status.BLOCKED)


class ServerActions(FedScreen):
    """Base of the deck screen. ``selected`` is the server that the keys speak of."""

    def __init__(self, intents: Intents) -> None:
        super().__init__()
        self._intents = intents

    @property
    def selected(self) -> ServerState | None:
        raise TypeError("the deck screen knows the selected server")

    @property
    def targets(self) -> tuple[ServerState, ...]:
        """What keys that can act on several servers act on: those that are marked, else the selected one."""
        server = self.selected
        return () if server is None else (server,)

    def focus_zone(self, zone: Zone) -> None:
        raise TypeError("the deck screen moves the focus")

    def action_open(self) -> None:
        server = self.selected
        if server is None:
            return
        if server.status is Status.PENDING_APPROVAL:
            self.action_approve()
        elif wants_variables(server):
            self._ask_for_variables(server)
        else:
            self.focus_zone(Zone.TOOLS if server.usable else Zone.OVERVIEW)

    def _ask_for_variables(self, server: ServerState) -> None:
        from .variable_screen import VariableScreen

        def given(values: dict[str, str] | None) -> None:
            if values:
                self._intents.set_variables(values)

        app_of(self).push_screen(VariableScreen(server), given)

    def action_reconnect(self) -> None:
        self._each(lambda server: self._intents.reconnect(server.id))

    def _each(self, act: Callable[[ServerState], None]) -> None:
        """Do it to every server that is meant and may be contacted; with several, the others are passed over."""
        servers = self.targets
        if len(servers) == 1:
            if self._contacted(servers[0]):
                act(servers[0])
            return
        left_out = 0
        for server in servers:
            if server.status in NOT_CONTACTED:
                left_out += 1
            else:
                act(server)
        if left_out:
            self._say(f"{left_out} of {len(servers)} cannot be contacted", "They are off, or wait for something.")

    def action_undo(self) -> None:
        self._intents.undo()

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
        self._each(lambda server: self._intents.reconnect(server.id, redetect=True))

    def action_relist(self) -> None:
        for server in self._all_connected():
            self._intents.relist(server.id)

    def _all_connected(self) -> tuple[ServerState, ...]:
        """Of several servers those of which something can be asked; of one, what ``_connected`` says."""
        servers = self.targets
        if len(servers) > 1:
            return tuple(server for server in servers if server.usable)
        if servers and not servers[0].usable:
            self._say(f"{one_line(servers[0].id, 60)} is not connected", "Press r to connect it.")
            return ()
        return servers

    def action_log_level(self) -> None:
        servers = self._all_connected()
        if not servers:
            return
        logging = tuple(server for server in servers if "logging" in server.capabilities)
        if not logging:
            name = one_line(servers[0].id, 60) if len(servers) == 1 else "None of them"
            self._say(f"{name} sends no log messages", "Its capabilities do not name logging.")
            return
        server = logging[0]

        def chosen(level: str | None) -> None:
            if level is not None:
                for each in logging:
                    self._intents.set_log_level(each.id, level)

        choices = tuple((level, level, words) for level, words in LOG_LEVELS)
        title = f"Log level of {one_line(server.id, 40) if len(logging) == 1 else f'{len(logging)} servers'}"
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

    def _enable_all(self, servers: tuple[ServerState, ...]) -> None:
        """Switch off those that are on; with none of them on, switch all of them on."""
        may = [one for one in servers if _switched(one)]
        on = [one for one in may if one.status is not Status.DISABLED]
        if may:
            # Instances of one entry are switched together.
            self._intents.set_enabled_all(tuple(dict.fromkeys(map(Seen.of, on or may))), not on)
        else:
            self._say("None of them can be switched", "They are offered, rejected or not used.")

    def action_enable(self) -> None:
        if len(self.targets) > 1:
            self._enable_all(self.targets)
            return
        server = next(iter(self.targets), None)
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
        self.ask_approval(server)

    def ask_approval(self, server: ServerState) -> None:
        """Show everything that would be run or contacted, and ask."""
        raise TypeError("the deck screen has the questions")

    def _say(self, title: str, hint: str) -> None:
        self.notify(hint or " ", title=title, markup=False)
