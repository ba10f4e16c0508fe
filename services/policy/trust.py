"""Which entries of project files a person approved or rejected.

Owns the remembered decisions: per project, and per entry as written (its digest, name and file), so
that an edited entry asks again. They stand in mcpdeck's data folder and never in the project, where
a repository could bring its own.
"""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path

from ..config.files import PrivateJson
from ..models import JsonObject, ServerEntry, Source, as_list, as_object

FILE_NAME = "approvals.json"


class Decision(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"


class TrustStore:
    """Remembered decisions about the entries of one project."""

    def __init__(self, data: Path, project: Path) -> None:
        self._file = PrivateJson(data / FILE_NAME)
        self._project = project

    def decisions(self) -> dict[str, Decision]:
        """Every decision of this project, by ``key``. What cannot be understood is no decision."""
        found: dict[str, Decision] = {}
        projects = as_object(self._file.read().get("projects"))
        for item in as_list(projects.get(str(self._project))):
            record = as_object(item)
            for decision in Decision:
                if record.get("decision") == decision:
                    key = _joined(record.get("name"), record.get("file"), record.get("digest"))
                    # a rejection wins over an approval of the same text
                    if found.get(key) is not Decision.REJECTED:
                        found[key] = decision
        return found

    def key(self, entry: ServerEntry) -> str:
        """What a decision is about: name, file and text. The same text elsewhere is another entry."""
        return _joined(entry.name, self._relative(entry), entry.digest)

    def remember(self, entry: ServerEntry, decision: Decision) -> None:
        """Store ``decision`` in place of an earlier one about the same text. Raises ``ConfigError``."""
        if entry.source is not Source.PROJECT:
            return
        record: JsonObject = {
            "name": entry.name,
            "file": self._relative(entry),
            "digest": entry.digest,
            "decision": decision.value,
            "at": int(time.time()),
        }

        def change(content: JsonObject) -> None:
            content["version"] = 1
            projects = content["projects"] = as_object(content.get("projects"))
            key = self.key(entry)
            kept = [item for item in as_list(projects.get(str(self._project))) if _record_key(item) != key]
            projects[str(self._project)] = [*kept, record]

        self._file.update(change)

    def _relative(self, entry: ServerEntry) -> str:
        file = Path(entry.origin.file or "")
        return file.relative_to(self._project).as_posix() if file.is_relative_to(self._project) else str(file)


def _record_key(item: object) -> str:
    record = as_object(item)
    return _joined(record.get("name"), record.get("file"), record.get("digest"))


def _joined(*parts: object) -> str:
    return "\n".join(str(part) for part in parts)
