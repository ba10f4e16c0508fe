"""All sources, read and merged: what ``--mcp-config``, the project and the user configured.

Owns the order of the steps. Never decides what may start: see the policy room.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..models import ServerEntry, SourceInfo
from .files import Folders
from .gathering import gathered
from .merge import managed_only, merge
from .models import RawEntry, Reading, SourceFile
from .read import read_files
from .sources import project_root


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """Where to look.

    ``extra``: entries made elsewhere (an ad-hoc TARGET, the demo servers), above every file.
    ``files`` False: nothing but those. ``only``: keep just the row of that name. ``discover``: also show
    what other clients have configured. ``found``: entries that were fetched elsewhere (connectors, the network),
    below every file, with the ``found_sources`` they came from. ``managed``: folders of the administrator,
    None: those of this system. ``read``: what takes files apart, all that are given at once. ``brings``: what is asked
    at each load for rows of plugins that rooms above this one know (our own typed tools).
    """

    cwd: Path
    environ: Mapping[str, str]
    mcp_config: tuple[str, ...] = ()
    strict: bool = False
    extra: tuple[ServerEntry, ...] = ()
    files: bool = True
    only: str | None = None
    discover: bool = False
    found: tuple[ServerEntry, ...] = ()
    found_sources: tuple[SourceInfo, ...] = ()
    managed: tuple[Path, ...] | None = None
    read: Callable[[Sequence[SourceFile]], list[Reading]] = read_files
    brings: Callable[[LoadOptions], tuple[tuple[ServerEntry, ...], tuple[SourceInfo, ...]]] | None = None

    @property
    def folders(self) -> Folders:
        return Folders.of(self.environ)

    @property
    def project(self) -> Path:
        return project_root(self.cwd)


@dataclass(frozen=True, slots=True)
class Loaded:
    """``entries`` are the rows; ``raw`` are those that came from a file, as written, by row name.

    ``sources``: every place that was looked at, highest precedence first. ``exclusive``: the managed file
    that leaves no other source standing.
    """

    entries: tuple[ServerEntry, ...]
    raw: Mapping[str, RawEntry]
    sources: tuple[SourceInfo, ...] = ()
    exclusive: Path | None = None


def load(options: LoadOptions) -> Loaded:
    """Read everything ``options`` name. Never raises for what stands in a file."""
    found = gathered(options)
    entries = tuple(row.entry for row in found.rows)
    if found.exclusive is not None:
        entries = managed_only(entries, found.exclusive)
    merged = merge(entries)  # one row for each, in the same order
    raw_by_row = {entry.name: row.raw for entry, row in zip(merged, found.rows, strict=True) if row.raw is not None}
    if options.only is not None:
        merged = tuple(entry for entry in merged if entry.name == options.only)
    return Loaded(merged, raw_by_row, found.infos, found.exclusive)
