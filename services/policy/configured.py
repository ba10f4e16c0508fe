"""The configured servers of one run, with their gates: what the dashboard and the commands load.

Owns the way from files to gated rows, and the way a person's decision becomes a new gate. Never starts, stops
or contacts a server. The order of the gates stands in ``gates``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from ..config.entries import problem_entry
from ..config.files import MANAGED_FILE
from ..config.load import LoadOptions, load
from ..config.models import FileProblem, RawEntry, SourceFile
from ..errors import McpDeckError, UsageError
from ..models import OFFERED, ServerEntry, Source, SourceInfo, SourceStatus, Status, as_object
from .approval import Approval, counted
from .choices import Reset, remaining
from .gates import Gates, Standing
from .ownership import Ownership
from .permission_settings import NOTHING
from .permission_standing import Told
from .permissions import Permissions, Sources
from .refusals import blocked, exclusive, offered, refusal, rejected
from .remembered import place_of
from .rules import Policy
from .settings import Settings, SettingsReader, Stat, stat_of, tells, told_once
from .toggles import KEPT, ToggleStore
from .trust import Decision, TrustStore

__all__ = ["KEPT", "Configured"]

_Stamp: TypeAlias = "tuple[int, tuple[tuple[Path, Stat], ...]]"
"""How often git answered, and how the files stood."""


class Configured:
    """Loads entries and remembers decisions about them.

    ``approve_all`` and ``approved`` (names) let entries that wait for approval through for this run only;
    a rejection stays one, and policy stands above both. ``adjust`` is applied to every entry before its gate is
    decided (options of one run). After ``approve``, ``reject`` or ``set_enabled`` the next ``load_entries``
    has the new gates. ``remember`` False: loading writes nothing, not even which text an approval by name is about.
    """

    def __init__(
        self,
        options: LoadOptions,
        *,
        approve_all: bool = False,
        approved: Iterable[str] = (),
        adjust: Callable[[ServerEntry], ServerEntry] | None = None,
        remember: bool = True,
    ) -> None:
        self.options = options
        self._adjust = adjust
        folders, project = options.folders, options.project
        self._project = project
        managed = folders.managed if options.managed is None else options.managed
        self._managed_files = tuple(folder / MANAGED_FILE for folder in managed)
        self._trust = TrustStore(folders.data, project)
        self._toggles = ToggleStore(folders.data, project)
        self._reader = SettingsReader(folders, project, managed, options.environ)
        self._ownership = Ownership(project, options.environ)
        self._remember = remember
        self._approve_all = approve_all
        self._approved = frozenset(approved)
        self._switched: dict[str, bool] = {}  # servers of this run only: ad-hoc targets, demo servers
        self._raw: dict[str, RawEntry] = {}
        self._standing: tuple[_Stamp, Standing] | None = None
        self._settings: list[Settings] = []
        self._memory: dict[Path, str | None] = {}  # why a file of our own that remembers choices cannot be read
        self._loaded = False
        self._sources: tuple[SourceInfo, ...] = ()
        self._usable: dict[str, ServerEntry] = {}  # by the name that rules know it by
        self._permissions: Permissions | None = None
        self._lock = threading.RLock()
        self._exclusive: Path | None = None

    # -- what there is

    def load_entries(self) -> tuple[ServerEntry, ...]:
        """Every row, highest source first. Never raises for what stands in a file.

        The first load may wait for git (see ``refresh``); a later one takes what git said last.
        """
        loaded = load(self.options)
        self._raw = dict(loaded.raw)
        self._exclusive = loaded.exclusive or self._managed_file()
        standing = self._stand(wait=not self._loaded)
        self._loaded = True
        if self._remember:
            self._reader.keep()
        entries = [self._adjusted(entry) for entry in loaded.entries]
        approval, lints = standing.approval.with_pins(entries, write=self._remember)
        if approval is not standing.approval:
            standing = replace(standing, approval=approval)
            self._pinned(standing)
        gates = self._gates(standing)
        rows = [gates.gated(entry) for entry in entries]
        if lints:
            rows = [
                replace(row, lints=(*row.lints, *lints)) if row.gate is Status.PENDING_APPROVAL else row for row in rows
            ]
        if self.options.files and self.options.only is None:
            rows = [self._told(row) for row in rows] + self._malformed(rows)
        self._sources = told_once((*loaded.sources, *self._unread()), self._settings)
        self._usable = {row.configured_as: row for row in rows if row.target is not None and row.problem is None}
        return tuple(rows)

    @property
    def sources(self) -> tuple[SourceInfo, ...]:
        """Every place that the last load looked at, the settings files among them."""
        return self._sources

    @property
    def settings_lints(self) -> dict[str, tuple[str, ...]]:
        """What is odd about the settings files, rules that are left out among it: file -> remarks."""
        found: dict[str, tuple[str, ...]] = {}
        for one in self._settings:
            if one.info.lints:
                place = str(one.file.path)
                found[place] = tuple(dict.fromkeys((*found.get(place, ()), *one.info.lints)))
        return found

    @property
    def exclusive(self) -> Path | None:
        """The managed file that leaves no other source standing, as of the last load."""
        return self._exclusive

    def refresh(self) -> None:
        """Ask git again about local settings where it may say something else now, for the next load.

        Takes up to some seconds: call it from a thread, not from an event loop.
        """
        self._ownership.refresh()

    @property
    def git_answers(self) -> int:
        """How often git answered so far; another number means that the next load may let other servers through."""
        return self._ownership.answers

    def watched(self) -> tuple[Path, ...]:
        """The files whose change means new gates; some of them may not exist."""
        decide = [path for path, _ in self._stamp() if path != self._ownership.index]
        return tuple(dict.fromkeys((*decide, *self._managed_files)))

    def switched_on(self, entry: ServerEntry) -> bool:
        """How the switch of ``entry`` stands, its own "disabled" where nobody switched it; whatever else holds it."""
        standing = self._stand()
        switched = self._switched.get(entry.name, standing.switches.get(entry.name))
        if switched is not None:
            return switched
        if standing.may_be_off(entry):
            return False
        raw = self.raw(entry)
        return raw is None or as_object(raw.value).get("disabled") in (None, False)

    def raw(self, entry: ServerEntry) -> RawEntry | None:
        """The entry as written, of the last load; None for one that comes from no file."""
        return self._raw.get(entry.name)

    def guard(self, entry: ServerEntry) -> McpDeckError | None:
        """Why ``entry``, as it was loaded, must not be contacted now; None when it may.

        Asked before each connection and each call: costs some stats as long as no settings file changed, and never
        waits for git. Approvals, rejections and switches that others made meanwhile count. Never raises.
        """
        standing_in_the_way = refusal(entry)
        if standing_in_the_way is not None:
            return standing_in_the_way
        managed = self._managed_file()
        if managed is not None and entry.source is not Source.MANAGED:
            return exclusive(str(managed), f'"{entry.name}"')
        return refusal(self._gates(self._stand()).gated(entry))

    # -- what may be done with a server

    def permissions(self) -> Permissions:
        """What decides about calls of this run: the same object each time."""
        if self._permissions is None:
            sources = Sources(self._permissions_written, self.usable_names, self._place, self._program)
            self._permissions = Permissions(sources, self.options.folders.data)
        return self._permissions

    def usable_names(self) -> Iterable[str]:
        """The servers of the last load that rules can be about, by the names that rules know them by."""
        return tuple(self._usable)

    def vouches_for(self, entry: ServerEntry) -> bool:
        """A person put ``entry`` there, or approved it for more than this run: what it says of itself counts.

        As the files stood when they were looked at last, which ``guard`` does before each call.
        """
        if not entry.needs_approval:
            return True
        standing = self._stand() if self._standing is None else self._standing[1]
        return standing.approval.verdict(entry).decision is Decision.APPROVED

    def _permissions_written(self) -> Told:
        with self._lock:
            self._stand()
            return tuple(one.permissions for one in self._settings if one.permissions is not NOTHING)

    def _place(self, server: str) -> str | None:
        entry = self._usable.get(server)
        return None if entry is None else place_of(entry, self._project)

    def _program(self, server: str) -> str:
        entry = self._usable.get(server)
        return "" if entry is None else entry.digest

    # -- what a person decides

    def approve(self, entry: ServerEntry) -> None:
        """Remember that this text may start.

        Raises ``UsageError`` for a row that needs no approval, ``PolicyDenied`` for a blocked one, ``UntrustedError``
        where a settings file rejects it, ``ConfigError`` when it cannot be written.
        """
        self._check_approvable(entry)
        if entry.gate is Status.BLOCKED:
            raise blocked(entry)
        verdict = self._stand().approval.verdict(entry)
        if verdict.decision is Decision.REJECTED and verdict.by:
            raise rejected(entry, verdict.by)
        self._trust.remember(entry, Decision.APPROVED)

    def reject(self, entry: ServerEntry) -> None:
        """Remember that this text must not start. Raises ``UsageError`` for other rows, ``ConfigError``."""
        self._check_approvable(entry)
        self._trust.remember(entry, Decision.REJECTED)

    def undecide(self, entry: ServerEntry) -> None:
        """Forget what a person decided about this text: it is asked about again. Raises ``ConfigError``."""
        self._trust.undecide(entry)

    def set_enabled(self, entry: ServerEntry, enabled: bool) -> None:
        """Switch a server on or off in this project.

        Raises what ``check_switch`` raises, and ``ConfigError`` when it cannot be written.
        """
        self.check_switch(entry, enabled)
        if entry.source in KEPT:
            self._toggles.remember(entry.name, enabled)
        else:
            self._switched[entry.name] = enabled

    def check_switch(self, entry: ServerEntry, enabled: bool) -> None:
        """Raises ``UsageError`` for a row that is no server or is suppressed, ``UntrustedError`` for one that is only
        shown, ``PolicyDenied`` for switching on a blocked one.
        """
        if entry.suppressed_by is not None:
            reason = refusal(entry)
            if reason is not None and reason.kind == "policy":
                raise reason
            raise UsageError(
                f'"{entry.name}" is suppressed by {entry.suppressed_by}',
                hint="rename one of the two to use both",
                server=entry.name,
            )
        if entry.problem is not None and "entry" not in entry.problem.details:
            raise UsageError(f'"{entry.name}" is a file, not a server', hint=entry.problem.hint)
        if entry.source in OFFERED:
            raise offered(entry)
        if enabled and entry.gate is Status.BLOCKED:
            raise blocked(entry)

    def reset_choices(self, *, dry_run: bool = False) -> Reset:
        """Forget every approval, rejection and switch of this project that mcpdeck keeps. Raises ``ConfigError``."""
        self._stand()
        broken = tuple(Path(info.place) for info in self._unread())
        forgotten = self._trust.forget(dry_run=dry_run)
        switched = self._toggles.forget(dry_run=dry_run)
        if not dry_run:
            self._switched.clear()
        self._stand()  # so that the settings are those of now
        left = remaining(self._settings)
        return Reset(forgotten.approved, forgotten.rejected, forgotten.pinned, switched, left, broken)

    def _check_approvable(self, entry: ServerEntry) -> None:
        if not entry.needs_approval or entry.target is None or entry.suppressed_by is not None:
            raise UsageError(
                f'"{entry.name}" needs no approval',
                hint="only usable entries of a project's .mcp.json, of plugins, connectors and IDEs do",
                server=entry.name,
            )

    # -- how it stands now

    def _managed_file(self) -> Path | None:
        """The file that rules every other source out; it does so also where no file of servers is read."""
        return next((file for file in self._managed_files if stat_of(file) is not None), None)

    def _stamp(self) -> tuple[tuple[Path, Stat], ...]:
        # what git tracks decides whose the local settings are
        own = (self._trust.path, self._toggles.path, self._ownership.index)
        return (*self._reader.stamp(), *((path, stat_of(path)) for path in own))

    def _stand(self, *, wait: bool = False) -> Standing:
        """Policy and decisions; read again only when a file changed, or git answered. ``wait``: for git."""
        with self._lock:  # tools of this process ask for permissions in a thread of their own
            return self._stand_now(wait=wait)

    def _stand_now(self, *, wait: bool) -> Standing:
        stamp = (self._ownership.answers, self._stamp())
        known = self._standing is not None and self._standing[0] == stamp and not wait
        if self._standing is None or not known or not tells(status for _, status in stamp[1]):
            self._settings = counted(self._reader.read(), self._ownership, wait=wait)
            policy = Policy.of(one.lists for one in self._settings)
            approval = Approval(self._trust, self._trust.remembered(), self._settings)
            switches = self._toggles.switches()
            unknown = None if switches.problem is None else f"{self._toggles.path} does not tell: {switches.problem}"
            self._memory = {self._toggles.path: switches.problem, self._trust.path: approval.unremembered}
            self._standing = (stamp, Standing(policy, approval, switches.known, unknown))
        return self._standing[1]

    def _pinned(self, standing: Standing) -> None:
        """Keep ``standing``; of the files only our own memory changed, what else did since is still to be seen."""
        assert self._standing is not None  # pins are added to what was read
        own = self._trust.path
        answers, before = self._standing[0]
        stamp = tuple((path, stat_of(path) if path == own else status) for path, status in before)
        self._standing = ((answers, stamp), standing)

    def _gates(self, standing: Standing) -> Gates:
        return Gates(standing, self._raw, self._switched, self._lets_through)

    def _adjusted(self, entry: ServerEntry) -> ServerEntry:
        return entry if entry.problem is not None or self._adjust is None else self._adjust(entry)

    def _lets_through(self, entry: ServerEntry) -> bool:
        return self._approve_all or entry.name in self._approved

    def _told(self, row: ServerEntry) -> ServerEntry:
        """A file of servers that is one of settings too says what its being unreadable means for both."""
        if row.problem is None or "entry" in row.problem.details:
            return row
        one = next((one for one in self._settings if one.problem and str(one.file.path) == row.origin.file), None)
        if one is None:
            return row
        what = "nothing is allowed until it is repaired" if one.file.managed else one.remedy.partition("; ")[2]
        return replace(row, problem=replace(row.problem, hint=f"{row.problem.hint}; of its settings: {what}"))

    def _malformed(self, rows: list[ServerEntry]) -> list[ServerEntry]:
        """A row for each settings file that could not be read and has none yet."""
        told = {row.origin.file for row in rows if row.problem is not None and "entry" not in row.problem.details}
        names = {row.name for row in rows}
        found: list[ServerEntry] = []
        for one in self._settings:
            path = one.file.path
            if one.problem is None or str(path) in told or str(path) in names:
                continue
            place = SourceFile(one.file.source, path.parent, path)
            what = f"settings that cannot be read: {one.problem}"
            found.append(problem_entry(FileProblem(place, what, one.remedy)))
        for info in self._unread():
            path = Path(info.place)
            remedy = "repair it, or forget every choice about this project: mcpdeck reset-project-choices"
            found.append(problem_entry(FileProblem(SourceFile(info.source, path.parent, path), info.note, remedy)))
        return found

    def _unread(self) -> list[SourceInfo]:
        """A line for each file of our own that should tell what was decided, and does not."""
        words = {self._toggles.path: "what was switched on and off", self._trust.path: "what was approved and rejected"}
        return [
            SourceInfo(Source.USER, str(path), SourceStatus.UNREADABLE, note=f"{words[path]} is not known: {why}")
            for path, why in self._memory.items()
            if why is not None
        ]
