"""May an entry that somebody else put there be used? What a person decided, in mcpdeck or in a settings file.

Owns the weighing: a rejection in any file wins, an approval that could have come with the repository does
not count, and an approval by name is about the text that it was first seen with. Never asks anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..config.merge import configured_name
from ..errors import ConfigError
from ..models import ServerEntry, Source
from .ownership import ASKED, Ownership
from .settings import ENABLE_ALL, ENABLED, REJECTED, Settings
from .trust import Decision, Remembered, TrustStore


@dataclass(frozen=True, slots=True)
class Verdict:
    """``decision`` None: nobody decided. ``by``: the settings file and key that did, empty for a decision kept by
    mcpdeck. ``pin``: it counts once the text is pinned. ``lints``: approvals that do not count, and why.
    """

    decision: Decision | None
    by: str = ""
    pin: bool = False
    lints: tuple[str, ...] = ()


class Approval:
    """What is decided about the entries of one project, at one moment."""

    def __init__(self, store: TrustStore, remembered: Remembered, settings: Sequence[Settings]) -> None:
        self._store = store
        self._remembered = remembered
        self._settings = [one for one in settings if one.choices]

    @property
    def unremembered(self) -> str | None:
        """Why nothing that was decided is known."""
        return self._remembered.problem

    def verdict(self, entry: ServerEntry) -> Verdict:
        """``entry`` is one that needs approval and can be used."""
        name = configured_name(entry)
        for one in self._settings:
            if name in one.choices.rejected:
                return Verdict(Decision.REJECTED, f"{REJECTED} in {one.file.path}")
        decision = self._remembered.decisions.get(self._store.key(entry))
        if decision is not None or entry.source is not Source.PROJECT:
            return Verdict(decision)
        return self._by_name(entry, name)

    def _by_name(self, entry: ServerEntry, name: str) -> Verdict:
        lints: list[str] = []
        for one in self._settings:
            key = ENABLED if name in one.choices.enabled else ENABLE_ALL if one.choices.enable_all else None
            if key is None:
                continue
            by = f"{key} in {one.file.path}"
            if one.uncounted is not None:
                lints.append(f"{by} does not count: {one.uncounted}")
                continue
            if self._remembered.problem is not None:
                lints.append(
                    f"{by} does not count: {self._store.path} would tell which text it is about, and "
                    f"{self._remembered.problem}"
                )
                continue
            pinned = self._remembered.pins.get(self._store.pin_key(entry))
            if pinned is None and not one.asked:
                lints.append(f"{by} does not count yet: {ASKED}")
                continue
            if pinned is None:
                return Verdict(Decision.APPROVED, by, pin=True, lints=tuple(lints))
            if pinned == entry.digest:
                return Verdict(Decision.APPROVED, by, lints=tuple(lints))
            lints.append(f"{by} was about another text: the entry was edited since, so it asks again")
        return Verdict(None, lints=tuple(lints))

    def with_pins(self, entries: Iterable[ServerEntry], *, write: bool = True) -> tuple[Approval, tuple[str, ...]]:
        """Pin what approvals by name are about, where that is not known yet; lints where it cannot be kept.

        What cannot be kept does not count: the next text under that name would be approved as well.
        ``write`` False: as it would be.
        """
        seen: list[tuple[ServerEntry, str]] = []
        for entry in entries:
            verdict = self.verdict(entry) if _can_be_approved(entry) else None
            if verdict is not None and verdict.pin:
                seen.append((entry, verdict.by))
        if not seen:
            return self, ()
        pins = dict(self._remembered.pins)
        lints: tuple[str, ...] = ()
        try:
            if write:
                self._store.pin(seen)
                return Approval(self._store, self._store.remembered(), self._settings), ()
            pins |= {self._store.pin_key(entry): entry.digest for entry, _ in seen}
        except ConfigError as error:
            pins |= {self._store.pin_key(entry): "" for entry, _ in seen}
            lints = (f"approvals by name do not count, because it cannot be kept what they are about: {error.title}",)
        return Approval(self._store, replace(self._remembered, pins=pins), self._settings), lints


def counted(settings: Sequence[Settings], ownership: Ownership, *, wait: bool) -> list[Settings]:
    """``settings`` that know whether their approvals count; git is asked only about a file that holds some.

    ``wait``: for git's answer, up to some seconds. Else, until it is there, what counted before is all that counts.
    """
    found: list[Settings] = []
    for read in settings:
        one, why = read, None
        if one.choices.approves or one.permissions.allows:
            why = "it comes with the repository" if one.file.committed else None
            allows_not = why
            if one.file.maybe_committed:
                answer = ownership.answer(one.choices, wait=wait)
                why, one = answer.why_not, replace(one, choices=answer.choices, asked=answer.asked)
                allows_not = why if why is not None or answer.asked else ASKED
            if allows_not is not None:
                one = replace(one, permissions=one.permissions.without_allows(allows_not))
        if why is None or not read.choices.approves:
            found.append(one)
        else:
            lints = (*one.lints, f"its approvals do not count: {why}")
            found.append(replace(one, uncounted=why, lints=lints))
    return found


def _can_be_approved(entry: ServerEntry) -> bool:
    return entry.needs_approval and entry.problem is None and entry.target is not None
