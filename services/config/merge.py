"""Entries of all sources -> one list in which every name is one row.

Owns precedence: a name in two places, the higher wins whole, the lower stays as a suppressed row
that names the winner. Never merges fields and never drops a row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..models import ErrorInfo, ServerEntry, Source, Status


def merge(entries: Iterable[ServerEntry]) -> tuple[ServerEntry, ...]:
    """``entries`` come highest precedence first; rows of the result have unique names."""
    rows: dict[str, ServerEntry] = {}
    for entry in entries:
        winner = rows.get(entry.name)
        if winner is None:
            rows[entry.name] = entry
        elif _is_file_problem(entry):
            row = replace(entry, name=_free_name(entry.name, rows))
            rows[row.name] = row
        else:
            row = _suppressed(entry, winner, _free_name(f"{entry.name} ({entry.source})", rows))
            rows[row.name] = row
    return tuple(rows.values())


def configured_name(entry: ServerEntry) -> str:
    """The name as it stands in the file: a suppressed row carries a longer, unique one."""
    if entry.suppressed_by is None:
        return entry.name
    return entry.name.rpartition(f" ({entry.source})")[0] or entry.name


def place_of(entry: ServerEntry) -> str:
    """Source and origin in words: ``project, /p/.mcp.json:3:5``."""
    return f"{entry.source}, {entry.origin}" if entry.origin.file else _SOURCE_WORDS.get(entry.source, entry.source)


_SOURCE_WORDS = {Source.CLI: "command line", Source.DEMO: "demo"}


def _is_file_problem(entry: ServerEntry) -> bool:
    """A file may have several problems, and two of them do not suppress each other."""
    return entry.problem is not None and "entry" not in entry.problem.details


def _suppressed(entry: ServerEntry, winner: ServerEntry, row: str) -> ServerEntry:
    by = f"{winner.name} ({place_of(winner)})"
    problem = ErrorInfo(
        "config",
        f"suppressed by {by}",
        "the higher source wins whole; rename one of the two to use both",
        {"file": entry.origin.file, "line": entry.origin.line, "column": entry.origin.column, "entry": entry.name},
    )
    return replace(entry, name=row, gate=Status.DISABLED, problem=problem, suppressed_by=by)


def _free_name(name: str, taken: dict[str, ServerEntry]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name} {number}" in taken:
        number += 1
    return f"{name} {number}"
