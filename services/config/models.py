"""What the configuration rooms hand to each other: files looked at, entries as written.

Owns plain values. Never reads a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ..models import Json, Origin, Source
from .positions import KeyPath, Place


class Format(StrEnum):
    """How a file is written."""

    JSON = "json"
    JSONC = "jsonc"
    """JSON with comments and trailing commas: where that is the client's own format."""
    TOML = "toml"
    YAML = "yaml"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One place servers may come from: a file, or JSON given on the command line or by the program (``inline``).

    ``explicit``: a person named it, so its absence is a problem. ``folder`` is what a relative
    ``cwd`` in it is relative to. ``at``: the keys that lead to the object of servers. ``optional``: the
    file is made for other things too, having no servers is nothing odd. ``plugin``: its servers are called
    ``plugin:PLUGIN:NAME``. ``client``: id of the client it belongs to (``imported``). ``lint``: said of
    each entry in it. ``shipped``: a repository may have brought it along, whatever its source is.
    """

    source: Source
    folder: Path
    path: Path | None = None
    inline: str | None = None
    explicit: bool = False
    format: Format = Format.JSON
    at: KeyPath = ("mcpServers",)
    optional: bool = False
    plugin: str | None = None
    client: str | None = None
    lint: str | None = None
    shipped: bool = False

    @property
    def label(self) -> str:
        if self.path is not None:
            return str(self.path)
        return "given by the program" if self.source is Source.SDK else "--mcp-config"

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
    """What one file gave: its entries, what is wrong with the rest of it, and whether it was there at all.

    ``unreadable``: what keeps the whole file from being read. ``named``: files that it says its servers stand in.
    """

    entries: tuple[RawEntry, ...] = ()
    problems: tuple[FileProblem, ...] = ()
    lints: tuple[str, ...] = ()
    found: bool = True
    unreadable: FileProblem | None = None
    named: tuple[SourceFile, ...] = ()
