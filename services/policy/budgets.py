"""How often something was used in the last minute, beside how often it may be.

Owns the counters, in memory and of this process. Never reads a clock by itself and never decides.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from ..models.permissions import Act
from .permission_settings import Budget

MINUTE = 60.0


class Budgets:
    """``now`` in seconds. Counters go by the text of a rule and where it stands, so that a reload forgets none."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._used: dict[tuple[str, str], deque[float]] = {}

    def spent(self, budgets: Iterable[Budget], act: Act) -> Budget | None:
        """The first of ``budgets``, which name ``act``, that leaves no use of it now."""
        return next((one for one in budgets if one.rule.holds(act) and self.used(one) >= one.limit), None)

    def count(self, budgets: Iterable[Budget], act: Act) -> None:
        """``act`` is made now."""
        for one in budgets:
            if one.rule.holds(act):
                # of more uses than there may be only the last ones matter
                kept = self._used.setdefault(self._key(one), deque())
                kept.append(self._now())
                while len(kept) > max(1, one.limit):
                    kept.popleft()

    def used(self, budget: Budget) -> int:
        """How often within the last minute, the limit at most (one where that is 0)."""
        times = self._used.get(self._key(budget))
        if not times:
            return 0
        since = self._now() - MINUTE
        while times and times[0] <= since:
            times.popleft()
        return len(times)

    def _key(self, budget: Budget) -> tuple[str, str]:
        return budget.rule.text, budget.rule.source
