"""The examination of one server: the tab.

Owns what is shown; asks its screen for an examination. Never examines anything.
"""

from __future__ import annotations

from textual.reactive import reactive

from ..services.models import CheckState
from .detail_document import DetailDocument
from .doctor_lines import Examined, examination
from .ink import Line


class DoctorView(DetailDocument):
    """``examined`` None: nobody looked at this server yet."""

    examined: reactive[Examined | None] = reactive[Examined | None](None)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(self._told, id=id)

    def watch_examined(self, old: Examined | None, new: Examined | None) -> None:
        at_end = self.scroll_offset.y >= self.max_scroll_y
        self.show_again()
        if old is None or new is None or old.server != new.server or not old.runs:
            return
        # What comes is followed, by whoever did not scroll away from it; a good end is told on the first line.
        failed = any(check.state is CheckState.FAIL for check in new.checks)
        if at_end and (new.runs or failed):
            self.scroll_end(animate=False)
        elif at_end:
            self.scroll_home(animate=False)

    def _told(self, width: int) -> list[Line]:
        return examination(self.examined, self.server, width)
