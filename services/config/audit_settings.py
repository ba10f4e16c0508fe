"""What mcpdeck's settings file says about the audit log.

Owns the key ``audit`` of ``config/settings.json``. Never opens the log, and never raises for what stands in the file: a
value that cannot be used is a lint with its place, and the default counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..models import Json
from ..telemetry.audit import AuditSettings
from ..telemetry.audit_file import KEPT
from .contents import Unreadable, plain_text
from .positions import Document, JsonProblem, KeyPath, read_json
from .read import json_kind

KEY = "audit"
_KEYS = ("enabled", "arguments", "keep")
MOST_KEPT = 10_000
_MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReadAudit:
    """The settings, and what is wrong in their file, each with file, line and column."""

    settings: AuditSettings
    lints: tuple[str, ...] = ()


def read_audit(file: Path) -> ReadAudit:
    """The settings in ``file``; the defaults when there is none, or when it cannot be read: the log is written then."""
    try:
        text = plain_text(file, _MAX_BYTES)
        document = read_json(text) if text is not None else None
    except (Unreadable, JsonProblem):  # whoever reads the whole of it says so
        return ReadAudit(AuditSettings())
    if document is None or not isinstance(document.value, dict) or KEY not in document.value:
        return ReadAudit(AuditSettings())
    return _Reader(file, document).read(document.value[KEY])


class _Reader:
    def __init__(self, file: Path, document: Document) -> None:
        self._file = file
        self._document = document
        self._lints: list[str] = []

    def read(self, given: Json) -> ReadAudit:
        if not isinstance(given, dict):
            self._lint((KEY,), f'"{KEY}" is {json_kind(given)}, not an object')
            return ReadAudit(AuditSettings(), tuple(self._lints))
        enabled, arguments, kept = given.get("enabled", True), given.get("arguments", "digest"), given.get("keep", KEPT)
        for name in given:
            if name not in _KEYS:
                self._lint((KEY, name), f'"{KEY}" has no "{name}": {", ".join(_KEYS)} are known')
        if not isinstance(enabled, bool):
            self._lint((KEY, "enabled"), f'"enabled" is {json_kind(enabled)}, not true or false')
            enabled = True
        if arguments not in ("digest", "full"):
            self._lint((KEY, "arguments"), '"arguments" is neither "digest" nor "full"')
            arguments = "digest"
        if isinstance(kept, bool) or not isinstance(kept, int) or not 0 <= kept <= MOST_KEPT:
            self._lint((KEY, "keep"), f'"keep" is no number of files from 0 to {MOST_KEPT}')
            kept = KEPT
        settings = AuditSettings(enabled, "full" if arguments == "full" else "digest", kept)
        return ReadAudit(settings, tuple(self._lints))

    def _lint(self, path: KeyPath, what: str) -> None:
        place = self._document.places.get(path) or self._document.places.get(path[:1])
        where = f":{place.line}:{place.column}" if place else ""
        self._lints.append(f"{self._file}{where}: {what}")
