"""What the keys of the main screen do in the tabs about one server: its timeline, and the connection doctor.

Owns the examinations that were made here, the last of each server. Never examines: that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable

from ...services.models import Check
from ...services.state.model import ServerState
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.call_console import CallConsole
from ...widgets.doctor_lines import Examined
from ...widgets.doctor_view import DoctorView
from ...widgets.result_copy import copy_words
from ...widgets.timeline_view import TimelineView
from ...widgets.tool_form import ToolForm
from ..actions import Zone
from ..controller import Intents
from .deck_layout import DeckLayout

REMEMBERED = 50
"""Servers whose last examination can still be seen."""


class DeckDetail(DeckLayout):
    """Base of the deck screen, which shows its tabs."""

    def __init__(self, intents: Intents, form: ToolForm, calls: CallConsole, clock: Callable[[], float]) -> None:
        super().__init__(intents, form, calls, clock)
        self._timeline = TimelineView(id="timeline", clock=clock)
        self._doctor = DoctorView(id="doctor")
        self._examined: dict[str, Examined] = {}

    def show_examined(self, server: ServerState | None) -> None:
        """The doctor's tab is about this server from now on."""
        self._doctor.examined = self._examined.get(server.id) if server is not None else None

    def action_timeline(self) -> None:
        self._go_on_about(Zone.TIMELINE)

    def action_doctor(self) -> None:
        """Show the doctor, and examine the server."""
        self._go_on_about(Zone.DOCTOR)
        self.action_examine()

    def _go_on_about(self, zone: Zone) -> None:
        server = self.selected
        if server is not None and self.server is not None and server.id != self.server.id:
            self.go_to_server(server.id)  # among the calls it is another one than that of the tabs
        self.focus_zone(zone)

    def action_examine(self) -> None:
        server = self.selected
        if server is None:
            return
        known = self._examined.get(server.id)
        if known is not None and known.runs:
            return
        self._keep(Examined(server.id, runs=True))
        name = server.id
        self._intents.examine(
            name,
            # Called from the examination's task: the tab is told in the screen's own.
            lambda check: self._later(self._checked, name, check),
            lambda given_up: self._later(self._over, name, given_up),
        )

    def _later(self, work: Callable[..., None], *told: object) -> None:
        if self.is_attached:
            self.call_later(work, *told)

    def _checked(self, server: str, check: Check) -> None:
        known = self._examined.get(server)
        if known is not None and known.runs:
            self._keep(known.told(check))

    def _over(self, server: str, given_up: bool) -> None:
        known = self._examined.get(server)
        if known is not None:
            self._keep(Examined(server, known.checks, runs=False, given_up=given_up))

    def _keep(self, examined: Examined) -> None:
        self._examined.pop(examined.server, None)
        self._examined[examined.server] = examined
        while len(self._examined) > REMEMBERED:
            del self._examined[next(iter(self._examined))]
        self.show_examined(self.server)

    def stop_examining(self) -> bool:
        """Give up the examination that is shown; False: none is under way."""
        shown = self._doctor.examined
        if shown is None or not shown.runs:
            return False
        self._intents.stop_examining(shown.server)
        return True

    def action_copy_checks(self) -> None:
        shown = self._doctor.examined
        if shown is None or not shown.checks:
            self.notify("Press C to examine the server.", title="Nothing to copy yet", markup=False)
            return
        text = self._intents.report(shown.server, shown.checks)
        copy_words(app_of(self), text, f"Examination of {one_line(shown.server, 40)}")
