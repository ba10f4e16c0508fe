"""The configured servers of one run, with their gates: what the dashboard and the commands load.

Owns the order of the gates (unusable, suppressed, rejected, disabled, pending approval) and the way
a person's decision becomes a new gate. Never starts, stops or contacts a server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from ..config.load import LoadOptions, load
from ..config.models import RawEntry
from ..errors import UsageError
from ..models import ServerEntry, Source, Status
from .toggles import ToggleStore
from .trust import Decision, TrustStore

_REMEMBERED = (Source.PROJECT, Source.USER)


class Configured:
    """Loads entries and remembers decisions about them.

    ``approve_all`` and ``approved`` (names) let pending project entries through for this run only;
    a rejection stays one. ``adjust`` is applied to every entry before its gate is decided (options of
    one run). After ``approve``, ``reject`` or ``set_enabled`` the next ``load_entries``
    has the new gates.
    """

    def __init__(
        self,
        options: LoadOptions,
        *,
        approve_all: bool = False,
        approved: Iterable[str] = (),
        adjust: Callable[[ServerEntry], ServerEntry] | None = None,
    ) -> None:
        self.options = options
        self._adjust = adjust
        data, project = options.folders.data, options.project
        self._trust = TrustStore(data, project)
        self._toggles = ToggleStore(data, project)
        self._approve_all = approve_all
        self._approved = frozenset(approved)
        self._switched: dict[str, bool] = {}  # servers of this run only: ad-hoc targets, demo servers
        self._raw: dict[str, RawEntry] = {}

    def load_entries(self) -> tuple[ServerEntry, ...]:
        """Every row, highest source first. Never raises for what stands in a file."""
        loaded = load(self.options)
        self._raw = dict(loaded.raw)
        decisions = self._trust.decisions() if _any_from(loaded.entries, Source.PROJECT) else {}
        switches = self._toggles.switches() if any(e.source in _REMEMBERED for e in loaded.entries) else {}
        return tuple(self._gated(entry, decisions, switches) for entry in loaded.entries)

    def raw(self, entry: ServerEntry) -> RawEntry | None:
        """The entry as written, of the last load; None for one that comes from no file."""
        return self._raw.get(entry.name)

    def approve(self, entry: ServerEntry) -> None:
        """Remember that this text may start. Raises ``UsageError`` for other rows, ``ConfigError``."""
        self._decide(entry, Decision.APPROVED)

    def reject(self, entry: ServerEntry) -> None:
        """Remember that this text must not start. Raises like ``approve``."""
        self._decide(entry, Decision.REJECTED)

    def set_enabled(self, entry: ServerEntry, enabled: bool) -> None:
        """Switch a server on or off in this project. Raises ``UsageError`` for a suppressed row, ``ConfigError``."""
        if entry.suppressed_by is not None:
            raise UsageError(
                f'"{entry.name}" is suppressed by {entry.suppressed_by}',
                hint="rename one of the two to use both",
                server=entry.name,
            )
        if entry.source in _REMEMBERED:
            self._toggles.remember(entry.name, enabled)
        else:
            self._switched[entry.name] = enabled

    def _decide(self, entry: ServerEntry, decision: Decision) -> None:
        if entry.source is not Source.PROJECT or entry.target is None or entry.suppressed_by is not None:
            raise UsageError(
                f'"{entry.name}" needs no approval',
                hint="only usable entries of a project's .mcp.json do",
                server=entry.name,
            )
        self._trust.remember(entry, decision)

    def _gated(self, entry: ServerEntry, decisions: dict[str, Decision], switches: dict[str, bool]) -> ServerEntry:
        if entry.problem is not None:  # unusable or suppressed: nothing a person decides here changes that
            return entry if entry.gate is not None else replace(entry, gate=Status.NOT_CONFIGURED)
        if self._adjust is not None:
            entry = self._adjust(entry)
        gate = entry.gate
        decision = decisions.get(self._trust.key(entry)) if entry.source is Source.PROJECT else Decision.APPROVED
        enabled = self._switched.get(entry.name, switches.get(entry.name) if entry.source in _REMEMBERED else None)
        if enabled is not None:
            gate = None if enabled else Status.DISABLED
        if decision is Decision.REJECTED:
            gate = Status.REJECTED
        elif gate is None and decision is None and not self._lets_through(entry):
            gate = Status.PENDING_APPROVAL
        return entry if gate is entry.gate else replace(entry, gate=gate)

    def _lets_through(self, entry: ServerEntry) -> bool:
        return self._approve_all or entry.name in self._approved


def _any_from(entries: Iterable[ServerEntry], source: Source) -> bool:
    return any(entry.source is source for entry in entries)
