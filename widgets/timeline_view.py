"""The timeline of one server: the tab.

Owns the clock it is drawn by. What the lines say is laid out in ``timeline_lines``.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from .detail_document import DetailDocument
from .ink import Line
from .timeline_lines import goes_on, timeline


class TimelineView(DetailDocument):
    """Every phase of each attempt that is still known."""

    def __init__(self, *, id: str | None = None, clock: Callable[[], float] = time.time) -> None:  # noqa: A002
        super().__init__(self._told, id=id)
        self._clock = clock

    @property
    def ticks(self) -> bool:
        """Seconds are shown that go by."""
        return self.display and self.server is not None and goes_on(self.server)

    def tick(self) -> None:
        if self.ticks:
            self.lay_out()

    def _told(self, width: int) -> list[Line]:
        return timeline(self.server, width, self._clock()) if self.server is not None else []
