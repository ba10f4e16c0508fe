"""What a person asks about one server beside using it: to have it examined, and how its process is started.

Owns the examinations that are under way, one for a server at most. Never examines by itself and never draws.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

import anyio

from ..services.config.redaction import Redaction
from ..services.models import Check, ServerEntry, StdioTarget
from ..widgets.process_lines import NO_PROCESS, ProcessFacts

if TYPE_CHECKING:
    from ..services.errors import McpDeckError
    from .main import Services

Told: TypeAlias = Callable[[Check], None]
Over: TypeAlias = Callable[[bool], None]
"""Told once that an examination is over; True: it was given up."""


class DetailIntents(Protocol):
    """Everything a screen may ask for. Each returns at once; ``told`` and ``over`` are called from the examination."""

    def examine(self, server: str, told: Told, over: Over) -> None: ...
    def stop_examining(self, server: str) -> None: ...
    def report(self, server: str, checks: Iterable[Check]) -> str: ...
    def process_of(self, server: str) -> ProcessFacts: ...


class DetailController:
    """``DetailIntents`` on the real services."""

    _services: Services

    def __init__(self) -> None:
        self._examining: dict[str, anyio.CancelScope] = {}
        self._processes: dict[str, tuple[ServerEntry, ProcessFacts]] = {}

    def _beside(self, work: Callable[[], Awaitable[None]]) -> None:
        raise TypeError("the controller runs what takes time")

    def examine(self, server: str, told: Told, over: Over) -> None:
        """Examine a server beside the connection that stands; nothing begins while that is done already."""
        if server in self._examining:
            return
        scope = self._examining[server] = anyio.CancelScope()

        async def run() -> None:
            from ..services.doctor import Patient, examine  # not before somebody looks

            manager = self._services.manager
            settings = manager.settings
            try:
                with scope:
                    entry = manager.entry(server)
                    if entry is None:
                        return

                    def refusal() -> McpDeckError | None:
                        return manager.barred(server)

                    patient = Patient(
                        entry,
                        refusal,
                        manager.authorization(server),
                        manager.session(server),
                        settings.connect_timeout,
                        settings.probe_timeout,
                        settings.request_timeout,
                        settings.max_message,
                    )
                    await examine(patient, told)
            finally:
                del self._examining[server]
                over(scope.cancelled_caught)

        self._beside(run)

    def stop_examining(self, server: str) -> None:
        """Give an examination up; nothing happens when there is none."""
        scope = self._examining.get(server)
        if scope is not None:
            scope.cancel()

    def report(self, server: str, checks: Iterable[Check]) -> str:
        """What an examination found, as text without secrets."""
        from ..services.doctor import report

        return report(server, checks)

    def process_of(self, server: str) -> ProcessFacts:
        """How a local server is started; nothing for any other. Worked out once for an entry."""
        entry = self._services.manager.entry(server)
        if entry is None or not isinstance(entry.target, StdioTarget):
            return NO_PROCESS
        known = self._processes.get(server)
        if known is None or known[0] is not entry:
            known = self._processes[server] = (entry, facts_of(entry, entry.target))
        return known[1]


def facts_of(entry: ServerEntry, target: StdioTarget) -> ProcessFacts:
    """The names of variables, the masked command line, the folder."""
    from ..services.transports.process import INHERITED

    redaction = Redaction(target.put_in)
    sandbox = target.sandbox
    held = ""
    if sandbox is not None:
        writes = ", ".join(redaction.text(path) for path in sandbox.write) or "nothing"
        held = f"network {'open' if sandbox.network else 'closed'} · may write {writes}"
    return ProcessFacts(
        command=entry.endpoint,
        cwd=redaction.value(target.cwd) if target.cwd is not None else str(Path.cwd()),
        given=tuple(target.env),
        inherited=() if sandbox is not None else tuple(n for n in INHERITED if n in os.environ and n not in target.env),
        missing=entry.missing,
        sandbox=held,
    )
