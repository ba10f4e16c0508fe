"""What a person asks of several servers at once, of what was done last, and of variables that are missing.

Owns that many switches are one change of the configuration, and taking back. Never draws, and writes no file itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from ..services.errors import McpDeckError
from ..services.models import Status
from ..services.state.text import one_line
from .seen import Seen
from .undoing import Undo

if TYPE_CHECKING:
    from .controller import Toast
    from .main import Services


class Switch(Protocol):
    """Switches servers on or off by one change; raises ``McpDeckError``."""

    def __call__(self, seen: Seen, enabled: bool, /, *more: Seen) -> None: ...


class ServerIntents(Protocol):
    """Everything a screen may ask for. Each returns at once."""

    def set_enabled_all(self, seen: Sequence[Seen], enabled: bool) -> None: ...
    def undo(self) -> None: ...
    def set_variables(self, values: Mapping[str, str]) -> None: ...


def not_here(values: Mapping[str, str]) -> None:
    """Nothing here reads variables."""


class ServerController:
    """``ServerIntents`` on the real services. ``undecide`` forgets that an entry was rejected; None: cannot be."""

    _services: Services
    _toast: Toast
    _set_enabled: Switch

    def __init__(
        self, undecide: Callable[[Seen], None] | None, set_variables: Callable[[Mapping[str, str]], None]
    ) -> None:
        self.undoing = Undo()
        self._undecide = undecide
        self._set_variables = set_variables

    def _attempt(self, work: Callable[[], None]) -> None:
        raise TypeError("the controller tells what goes wrong")

    def set_enabled_all(self, seen: Sequence[Seen], enabled: bool) -> None:
        """Switch all of them, by one change of what is remembered and one look at the configuration."""

        def work() -> None:
            self._set_enabled(seen[0], enabled, *seen[1:])
            self._toast(f"{len(seen)} servers are {'enabled' if enabled else 'disabled'}")

        if seen:
            self._attempt(work)

    def undo(self) -> None:
        """Take back what was done last, of those things that can be."""
        step = self.undoing.take()
        if step is None:
            self._toast("Nothing to undo", "What is removed or rejected here can be taken back.")
            return

        def work() -> None:
            try:
                told = step.back()
            except (McpDeckError, OSError):
                self.undoing.failed(step)
                raise
            left = f" · U: {len(self.undoing)} more" if len(self.undoing) else ""
            self._toast(f"Undone: {step.what}", f"{told}{left}")

        self._attempt(work)

    def rejected(self, seen: Seen) -> None:
        """An entry was rejected: that can be taken back, as long as it is the same entry."""
        undecide = self._undecide
        if undecide is None:
            return

        def back() -> str:
            undecide(seen)
            return "It waits for approval again."

        self.undoing.did(f"{one_line(seen.name, 40)} rejected", back)

    def set_variables(self, values: Mapping[str, str]) -> None:
        """Read the configuration as if these variables were set, and connect what waited for them.

        For this run only: they are kept in memory and stand in no file.
        """

        def work() -> None:
            lacking = {name for name, row in self._services.store.state.mcp.servers.items() if row.missing}
            self._set_variables(values)
            manager = self._services.manager
            for name, entry in manager.entries.items():
                row = self._services.store.state.mcp.servers.get(name)
                if name in lacking and not entry.missing and row is not None and row.status is Status.FAILED:
                    manager.reconnect(name)
            names = ", ".join(values)
            self._toast(f"{names} {'is' if len(values) == 1 else 'are'} set for this run", "Nothing was written.")

        self._attempt(work)
