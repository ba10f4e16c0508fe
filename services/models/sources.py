"""Where entries come from: the sources, the places that were looked at, and how a row came to be.

Owns plain values. Never opens a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """Where an entry comes from, highest precedence first (config contract, section 1)."""

    MANAGED = "managed"
    SDK = "sdk"
    DEMO = "demo"
    CLI = "cli"
    LOCAL = "local"
    PROJECT = "project"
    USER = "user"
    PLUGIN = "plugin"
    IMPORTED = "imported"
    CONNECTOR = "connector"
    REGISTRY = "registry"
    IDE = "ide"
    DISCOVERED = "discovered"


NEEDS_APPROVAL = frozenset((Source.PROJECT, Source.PLUGIN, Source.CONNECTOR, Source.IDE))
"""Entries that somebody else put there: nothing of them is run or contacted before a person said so."""
OFFERED = frozenset((Source.IMPORTED, Source.DISCOVERED))
"""Entries that are shown and never connected: they can be taken over into a file of one's own."""


class SourceStatus(StrEnum):
    """What came of looking at a place where servers may stand."""

    READ = "read"
    NOT_FOUND = "not found"
    UNREADABLE = "unreadable"
    IGNORED = "ignored"
    """It is not looked into: a managed file or ``--strict-mcp-config`` stands above it."""
    OFF = "off"
    """It is looked into only when it is asked for, or there is nothing configured for it."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """A place that was looked at. ``place`` is a path, a URL or an option; ``servers`` how many rows it gave.

    ``note`` says in words why it was not read, or what it is for; ``lints`` what is odd about it.
    """

    source: Source
    place: str
    status: SourceStatus
    servers: int = 0
    lints: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why another row is used instead. ``by`` is that row's name, ``place`` its source and origin in words.

    ``why`` is ``name`` (both are called so), ``signature`` (both run the same command or reach the same URL)
    or ``managed`` (nothing beside the managed file counts); ``signature`` is masked.
    """

    by: str
    place: str
    why: str
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a row came to be. ``overrode``: places (in words) of the rows that it won over.

    ``shown``: label and text of everything a person approves, unexpanded and masked: the whole command or URL,
    folder, names of variables and headers, helper commands, sandbox, file.
    """

    overrode: tuple[str, ...] = ()
    suppression: Suppression | None = None
    signature: str | None = None
    shown: tuple[tuple[str, str], ...] = ()


NOWHERE_ELSE = Provenance()


@dataclass(frozen=True, slots=True)
class Origin:
    """File, line and column (1-based) an entry stands at; ``file`` None for the command line."""

    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        if self.file is None:
            return ""
        place = self.file
        if self.line is not None:
            place += f":{self.line}"
            if self.column is not None:
                place += f":{self.column}"
        return place


NO_ORIGIN = Origin()
