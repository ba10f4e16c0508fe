"""What is asked of several servers, and of what was done last, as tests keep it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mcpdeck.app.elsewhere import Elsewhere, Found
from mcpdeck.app.seen import Seen
from mcpdeck.services.models import ErrorInfo


class KeptElsewhere:
    """``Elsewhere`` that finds what a test says, when it says so."""

    def __init__(self, asked: list[tuple[object, ...]], found: tuple[Found, ...]) -> None:
        self.asked = asked
        self.found = found
        self.error: ErrorInfo | None = None
        self.done: Callable[[tuple[Found, ...]], None] | None = None

    def find(self, done: Callable[[tuple[Found, ...]], None]) -> None:
        self.asked.append(("find elsewhere",))
        self.done = done

    def tell(self) -> None:
        assert self.done is not None
        self.done(self.found)

    def take(self, program: str) -> ErrorInfo | None:
        self.asked.append(("take", program))
        return self.error

    def target(self) -> str:
        return "~/.config/mcpdeck/mcp.json"


class KeptServers:
    """``ServerIntents`` that only remember what was asked for."""

    asked: list[tuple[object, ...]]
    elsewhere: Elsewhere | None = None

    def set_enabled_all(self, seen: Sequence[Seen], enabled: bool) -> None:
        self.asked.append(("set_enabled_all", tuple(each.name for each in seen), enabled))

    def undo(self) -> None:
        self.asked.append(("undo",))

    def set_variables(self, values: Mapping[str, str]) -> None:
        self.asked.append(("set_variables", dict(values)))
