"""A log record in words: its label, how grave it is, its data as text.

Owns those readings. Pure: a record in, text and names of inks out; never shortens for a width.
"""

from __future__ import annotations

import json
import re

from ..services.models import Json
from ..services.state.ring import LogRecord
from ..services.state.text import one_line

LEVELS: dict[str, tuple[str, str]] = {
    "debug": ("debug", "muted"),
    "info": ("info", "accent"),
    "notice": ("notice", "accent"),
    "warning": ("warn", "warn"),
    "error": ("error", "bad"),
    "critical": ("crit", "bad"),
    "alert": ("alert", "bad"),
    "emergency": ("emerg", "bad"),
}
"""RFC 5424's words, the least grave first."""
GRAVITY: dict[str, int] = {level: place for place, level in enumerate(LEVELS)} | {
    "trace": 0,
    "warn": 3,
    "err": 4,
    "fatal": 5,
    "crit": 5,
    "panic": 7,
    "emerg": 7,
}
"""Every spelling of a level and its place in ``LEVELS``."""
KINDS: dict[str, tuple[str, str]] = {
    "stderr": ("stderr", "muted"),
    "stdout": ("stdout", "bad"),
    "malformed": ("odd", "bad"),
    "note": ("note", "accent"),
}
_SAID = re.compile(r"\b(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|CRIT|FATAL|ALERT|PANIC|EMERG)\b")
_SAID_AS_FIELD = re.compile(r"""(?:level|lvl|severity)["']?\s*[=:]\s*["']?(\w+)""", re.IGNORECASE)
_BEGINNING = 160
"""Characters of a line of stderr in which its level is looked for."""


def data_text(data: Json) -> str:
    """A record's data as text: strings as they are, everything else as JSON."""
    return data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)


def label_of(record: LogRecord) -> tuple[str, str]:
    """The word and ink of a record: its kind for stderr, stray stdout and notes, else its level."""
    known = KINDS.get(record.kind) or LEVELS.get(record.level.casefold())
    return known or (one_line(record.level, 6), "")


def gravity_of(record: LogRecord) -> int | None:
    """How grave it is, as a place in ``LEVELS``; None: nobody said.

    A line of stderr has no level of its own: the one that most loggers write at its beginning counts.
    """
    if record.kind != "stderr":
        return GRAVITY.get(record.level.casefold())
    text = data_text(record.data)[:_BEGINNING]
    found = _SAID_AS_FIELD.search(text) or _SAID.search(text)
    return GRAVITY.get(found.group(1).casefold()) if found is not None else None
