"""Which entries that others put there a person approved or rejected.

Owns the remembered decisions: per project, and per entry as written (its digest, name and file), so
that an edited entry asks again. They stand in mcpdeck's data folder and never in the project, where
a repository could bring its own. Beside them the *pins*: which text an approval by name, in a settings file,
was about when it was seen first.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ..config.files import PrivateJson
from ..models import JsonObject, ServerEntry, as_list, as_object, as_text

FILE_NAME = "approvals.json"


class Decision(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered about one project, at one moment.

    ``decisions`` by ``TrustStore.key``; ``pins``: digest by ``TrustStore.pin_key``. ``problem``: why nothing could be
    read, so that nothing is known of rejections and pins either.
    """

    decisions: dict[str, Decision]
    pins: dict[str, str]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Names of servers whose decisions were forgotten, each kind sorted."""

    approved: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()


class TrustStore:
    """Remembered decisions about the entries of one project."""

    def __init__(self, data: Path, project: Path) -> None:
        self._file = PrivateJson(data / FILE_NAME)
        self._project = project

    @property
    def path(self) -> Path:
        return self._file.path

    def remembered(self) -> Remembered:
        """Everything of this project. What cannot be understood is no decision."""
        content, problem = self._file.read(), self._file.problem
        decisions: dict[str, Decision] = {}
        for record in self._records(content, "projects"):
            for decision in Decision:
                if record.get("decision") == decision:
                    key = _record_key(record)
                    # a rejection wins over an approval of the same text
                    if decisions.get(key) is not Decision.REJECTED:
                        decisions[key] = decision
        pins: dict[str, str] = {}
        for record in self._records(content, "pins"):
            # the first one counts: a second cannot make another text approved
            pins.setdefault(_joined(record.get("name"), record.get("file")), as_text(record.get("digest")) or "")
        return Remembered(decisions, pins, problem)

    def decisions(self) -> dict[str, Decision]:
        """Every decision of this project, by ``key``."""
        return self.remembered().decisions

    def key(self, entry: ServerEntry) -> str:
        """What a decision is about: name, file and text. The same text elsewhere is another entry."""
        return _joined(entry.name, self._place(entry), entry.digest)

    def pin_key(self, entry: ServerEntry) -> str:
        """What an approval by name is about: name and file."""
        return _joined(entry.name, self._place(entry))

    def remember(self, entry: ServerEntry, decision: Decision) -> None:
        """Store ``decision`` in place of an earlier one about the same text. Raises ``ConfigError``."""
        if not entry.needs_approval:
            return
        key, record = self.key(entry), self._record(entry, decision=decision.value)

        def change(content: JsonObject) -> None:
            content["version"] = 1
            projects = content["projects"] = as_object(content.get("projects"))
            kept = [item for item in as_list(projects.get(str(self._project))) if _record_key(item) != key]
            projects[str(self._project)] = [*kept, record]

        self._file.update(change)

    def undecide(self, entry: ServerEntry) -> None:
        """Forget the decision about this very text. Raises ``ConfigError``."""
        key = self.key(entry)

        def change(content: JsonObject) -> None:
            projects = content["projects"] = as_object(content.get("projects"))
            kept = as_list(projects.get(str(self._project)))
            projects[str(self._project)] = [item for item in kept if _record_key(item) != key]

        self._file.update(change)

    def pin(self, seen: Iterable[tuple[ServerEntry, str]]) -> None:
        """Remember which texts approvals by name are about; the second of a pair is the file that approves.

        A name and file that is pinned already stays as it is. Raises ``ConfigError``.
        """
        records = [(self.pin_key(entry), self._record(entry, by=by)) for entry, by in seen]

        def change(content: JsonObject) -> None:
            content["version"] = 1
            pins = content["pins"] = as_object(content.get("pins"))
            kept = as_list(pins.get(str(self._project)))
            known = {_joined(as_object(item).get("name"), as_object(item).get("file")) for item in kept}
            pins[str(self._project)] = [*kept, *(record for key, record in records if key not in known)]

        self._file.update(change)

    def forget(self, *, dry_run: bool = False) -> Forgotten:
        """Forget every decision and pin of this project; ``dry_run``: only say which. Raises ``ConfigError``."""
        content, problem = self._file.read(), self._file.problem
        names: dict[str, set[str]] = {"approved": set(), "rejected": set(), "pinned": set()}
        for record in self._records(content, "projects"):
            decision = as_text(record.get("decision"))
            if decision in names:
                names[decision].add(as_text(record.get("name")) or "")
        names["pinned"] = {as_text(record.get("name")) or "" for record in self._records(content, "pins")}

        def change(content: JsonObject) -> None:
            for key in ("projects", "pins"):
                as_object(content.get(key)).pop(str(self._project), None)

        if (any(names.values()) or problem is not None) and not dry_run:
            self._file.update(change)
        return Forgotten(*(tuple(sorted(names[kind])) for kind in ("approved", "rejected", "pinned")))

    def _records(self, content: JsonObject, key: str) -> list[JsonObject]:
        return [as_object(item) for item in as_list(as_object(content.get(key)).get(str(self._project)))]

    def _record(self, entry: ServerEntry, **more: str) -> JsonObject:
        return {
            "name": entry.name,
            "file": self._place(entry),
            "digest": entry.digest,
            "source": entry.source.value,
            "at": int(time.time()),
            **more,
        }

    def _place(self, entry: ServerEntry) -> str:
        """The file, relative where it stands in the project; the source of what comes from no file."""
        if entry.origin.file is None:
            return entry.source.value
        file = Path(entry.origin.file)
        return file.relative_to(self._project).as_posix() if file.is_relative_to(self._project) else str(file)


def _record_key(item: object) -> str:
    record = as_object(item)
    return _joined(record.get("name"), record.get("file"), record.get("digest"))


def _joined(*parts: object) -> str:
    return "\n".join(str(part) for part in parts)
