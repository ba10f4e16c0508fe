"""All sources, read and merged: what ``--mcp-config``, the project and the user configured.

Owns the order of the steps. Never decides what may start: see the policy room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..models import ServerEntry
from .entries import Surroundings, problem_entry, server_entry
from .files import Folders
from .merge import merge
from .models import RawEntry
from .read import read_file
from .sources import all_files, project_root


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """Where to look.

    ``extra``: entries made elsewhere (an ad-hoc TARGET, the demo servers), above every file.
    ``files`` False: nothing but those. ``only``: keep just the row of that name.
    """

    cwd: Path
    environ: Mapping[str, str]
    mcp_config: tuple[str, ...] = ()
    strict: bool = False
    extra: tuple[ServerEntry, ...] = ()
    files: bool = True
    only: str | None = None

    @property
    def folders(self) -> Folders:
        return Folders.of(self.environ)

    @property
    def project(self) -> Path:
        return project_root(self.cwd)


@dataclass(frozen=True, slots=True)
class Loaded:
    """``entries`` are the rows; ``raw`` are those that came from a file, as written, by row name."""

    entries: tuple[ServerEntry, ...]
    raw: Mapping[str, RawEntry]


def load(options: LoadOptions) -> Loaded:
    """Read everything ``options`` name. Never raises for what stands in a file."""
    rows: list[ServerEntry] = [*options.extra]
    written: dict[int, RawEntry] = {}
    if options.files:
        around = Surroundings(options.environ, options.project)
        files = all_files(
            cwd=options.cwd, folders=options.folders, mcp_config=options.mcp_config, strict=options.strict
        )
        for file in files:
            reading = read_file(file)
            for raw in reading.entries:
                entry = server_entry(raw, around)
                written[len(rows)] = raw
                rows.append(entry)
            rows.extend(problem_entry(problem) for problem in reading.problems)
    merged = merge(rows)  # one row for each, in the same order
    raw_by_row = {merged[index].name: raw for index, raw in written.items()}
    if options.only is not None:
        merged = tuple(entry for entry in merged if entry.name == options.only)
    return Loaded(merged, raw_by_row)
