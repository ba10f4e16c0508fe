"""Progress of requests in flight (protocol section 20).

Owns who listens to which token and the rule that progress increases. Never times anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ..models import JsonObject, as_text
from ..transports.base import RequestId

OnProgress: TypeAlias = Callable[[float, "float | None", "str | None"], None]
"""Called with progress, total and message."""


class ProgressTokens:
    """Listeners by token; ``broke`` takes sentences about broken rules."""

    def __init__(self, broke: Callable[[str], None]) -> None:
        self._broke = broke
        self._listeners: dict[tuple[type, RequestId], tuple[OnProgress, list[float]]] = {}

    def add(self, token: RequestId, listener: OnProgress) -> None:
        self._listeners[type(token), token] = (listener, [])

    def remove(self, token: RequestId) -> None:
        self._listeners.pop((type(token), token), None)

    def received(self, params: JsonObject) -> bool:
        """Take the params of ``notifications/progress``; False when nobody waits for them any more."""
        token, progress = params.get("progressToken"), params.get("progress")
        if not isinstance(token, (int, str)) or isinstance(token, bool):
            self._broke("a progress notification without a usable token (section 20)")
            return True
        listener = self._listeners.get((type(token), token))
        if listener is None:
            return False
        if isinstance(progress, bool) or not isinstance(progress, (int, float)):
            self._broke("a progress notification without a number (section 20)")
            return True
        on_progress, last = listener
        if last and progress <= last[0]:
            self._broke("progress did not increase (section 20)")
        last[:] = [progress]
        total = params.get("total")
        known_total = float(total) if isinstance(total, (int, float)) and not isinstance(total, bool) else None
        on_progress(float(progress), known_total, as_text(params.get("message")))
        return True
