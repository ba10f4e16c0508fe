"""What one entry of the manifest says.

Owns the shape of an entry and the words for eras and levels. Never looks at a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Era: TypeAlias = Literal["both", "legacy", "modern"]
Level: TypeAlias = Literal["MUST", "SHOULD", "MAY", "I"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing a client has to do (``level`` I: what no specification asks for and a person would miss).

    ``id``: the section of the protocol checklist and a number within it; where a section has numbered
    parts, the part stands between them (0: the section's own). ``reference``: the revision and page it
    comes from. Either ``tests`` name what would fail without it (``path::function``), or ``why`` says why
    it is deliberately not done or not done yet.
    """

    id: str
    era: Era
    level: Level
    reference: str
    what: str
    tests: tuple[str, ...] = ()
    why: str = ""
