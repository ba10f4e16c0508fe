"""What a server asks the human, and what comes back.

Owns the two values and their wire form. Never waits for anyone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..models import JsonObject


@dataclass(frozen=True, slots=True)
class Question:
    """The wire ``method`` and ``params`` of a question; ``call`` is the call it belongs to, when known."""

    server: str
    method: str
    params: JsonObject
    call: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """``content`` only with an accepted form (section 33)."""

    action: Literal["accept", "decline", "cancel"]
    content: JsonObject | None = None

    def wire(self) -> JsonObject:
        """The result object of ``elicitation/create``."""
        if self.action == "accept" and self.content is not None:
            return {"action": self.action, "content": self.content}
        return {"action": self.action}


Ask: TypeAlias = Callable[[Question], Awaitable[Answer]]
