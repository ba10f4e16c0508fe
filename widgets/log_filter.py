"""Which lines of a log are shown: what is typed, read into a rule.

Owns the little language (words, "several words", -not, level: kind: server: logger:) and whether a record passes.
Never keeps a record. What cannot be understood is a word to look for, so that every text means something.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..services.state.ring import LogRecord
from .log_words import GRAVITY, KINDS, LEVELS, data_text, gravity_of

_TERM = re.compile(
    r'(?P<no>-?)(?:(?P<field>level|kind|server|logger):)?(?:"(?P<quoted>[^"]*)"?|(?P<plain>\S+))', re.IGNORECASE
)
_KINDS = {word: kind for kind, (word, _) in KINDS.items()} | {kind: kind for kind in KINDS} | {"log": "log"}


@dataclass(frozen=True, slots=True)
class Term:
    """``text`` (casefolded) has to be there, or with ``excluded`` must not; ``field`` empty: in what is logged."""

    field: str
    text: str
    excluded: bool


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Every one of ``terms`` has to hold; ``least`` is the least grave level that is shown, empty: all."""

    terms: tuple[Term, ...] = ()
    least: str = ""

    @classmethod
    def of(cls, typed: str, least: str = "") -> LogFilter:
        """What ``typed`` means; half a word, as while it is being typed, is a word too."""
        terms: list[Term] = []
        for found in _TERM.finditer(typed):
            quoted = found["quoted"]
            text = (quoted if quoted is not None else found["plain"] or "").casefold()
            field = (found["field"] or "").casefold()
            if text and text != "-":
                terms.append(_understood(field, text, bool(found["no"])))
        return cls(tuple(terms), least)

    def __bool__(self) -> bool:
        return bool(self.terms) or bool(self.least)

    @property
    def words(self) -> tuple[str, ...]:
        """What is looked for in the text of a line, to be marked there."""
        return tuple(term.text for term in self.terms if not (term.field or term.excluded))

    def accepts(self, server: str, record: LogRecord) -> bool:
        """Whether the record is shown. What has no level is shown whatever the least one is: it may be a crash."""
        if self.least:
            gravity = gravity_of(record)
            if gravity is not None and gravity < GRAVITY[self.least]:
                return False
        text = ""
        for term in self.terms:
            if not term.field and not text:
                text = f"{record.logger or ''} {data_text(record.data)}".casefold()
            if _holds(term, server, record, text) is term.excluded:
                return False
        return True


def _understood(field: str, text: str, excluded: bool) -> Term:
    """A level nobody knows and a kind that there is not are looked for as they are written."""
    if (field == "level" and not _level(text)) or (field == "kind" and text not in _KINDS):
        return Term("", f"{field}:{text}", excluded)
    return Term(field, text, excluded)


def _level(text: str) -> str:
    """The level that ``text`` is, or begins: ``warn`` and ``w`` are ``warning``."""
    if text in GRAVITY:
        return text
    return next((level for level in LEVELS if level.startswith(text)), "")


def _holds(term: Term, server: str, record: LogRecord, text: str) -> bool:
    match term.field:
        case "level":
            gravity = gravity_of(record)
            return gravity is not None and gravity >= GRAVITY[_level(term.text)]
        case "kind":
            return record.kind == _KINDS[term.text]
        case "server":
            return term.text in server.casefold()
        case "logger":
            return term.text in (record.logger or "").casefold()
        case _:
            return term.text in text
