"""What the configuration rooms hand to each other: files looked at, entries as written.

Owns plain values. Never reads a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..models import Json, Origin, Source
from .positions import Place


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One place servers may come from: a file, or JSON given on the command line (``inline``).

    ``explicit``: a person named it, so its absence is a problem. ``folder`` is what a relative
    ``cwd`` in it is relative to.
    """

    source: Source
    folder: Path
    path: Path | None = None
    inline: str | None = None
    explicit: bool = False

    @property
    def label(self) -> str:
        return str(self.path) if self.path is not None else "--mcp-config"

    def origin(self, place: Place | None = None) -> Origin:
        file = None if self.path is None else str(self.path)
        return Origin(file) if place is None else Origin(file, place.line, place.column)


@dataclass(frozen=True, slots=True)
class RawEntry:
    """An entry exactly as it stands in its file, with the places of its fields."""

    name: str
    file: SourceFile
    value: Json
    origin: Origin
    places: Mapping[str, Place] = field(default_factory=dict[str, Place])
    lints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileProblem:
    """Something about a whole file that a person must know."""

    file: SourceFile
    what: str
    remedy: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file gave: its entries, and what is wrong with the rest of it."""

    entries: tuple[RawEntry, ...] = ()
    problems: tuple[FileProblem, ...] = ()
