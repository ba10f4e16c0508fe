"""Entries of all sources -> one list in which every row has a name of its own.

Owns precedence and provenance: of a name in two places the higher wins whole, of a server that plugins,
connectors or other clients bring along a second time one row stays in use, and a managed file leaves nothing
beside it. The loser stays as a suppressed row that names the winner. Never merges fields, never drops a row.

A winner wins whether or not it may start: a server of one's own that is disabled, rejected or still to be
approved keeps a plugin's twin down all the same. Otherwise switching a server off would start another one, and
what is in use would depend on decisions instead of on files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ..models import OFFERED, ErrorInfo, JsonObject, ServerEntry, Source, Status, Suppression, TransportKind
from .signature import Key, environment_of, key_of, shown_signature

BY_SIGNATURE = frozenset((Source.PLUGIN, Source.IMPORTED, Source.CONNECTOR))
"""Sources whose entries are also compared by what they run or reach."""
MANUAL = frozenset((Source.MANAGED, Source.SDK, Source.DEMO, Source.CLI, Source.LOCAL, Source.PROJECT, Source.USER))
"""Sources of entries that somebody wrote down for this very program or project."""
_SOURCE_WORDS = {Source.CLI: "command line", Source.DEMO: "demo"}


def merge(entries: Iterable[ServerEntry]) -> tuple[ServerEntry, ...]:
    """One row for each entry, in the same order, each with a name of its own.

    ``entries`` come highest precedence first. A row that is suppressed already (``managed_only``) stays so.
    """
    rows = list(entries)
    names = _Names(entry.name for entry in rows if not _is_file_problem(entry))
    lost: dict[int, tuple[int, Suppression]] = {}
    winners = _Winners(rows)
    # What is only offered is never used by itself, so it must not keep down anything that is: it comes last.
    for index in sorted(range(len(rows)), key=lambda index: rows[index].source in OFFERED):
        entry = rows[index]
        if entry.suppressed_by is None and not _is_file_problem(entry):
            beaten = winners.beat(index)
            if beaten is not None:
                lost[index] = beaten
    overrode: dict[int, list[str]] = {}
    for index, (winner, suppression) in lost.items():
        place = place_of(rows[index])
        overrode.setdefault(winner, []).append(
            place if suppression.why == "name" else f"{rows[index].name} ({place})"  # it is called otherwise
        )
    for index, (_, suppression) in lost.items():
        rows[index] = _suppressed(rows[index], suppression, names)
    for index, places in overrode.items():
        rows[index] = _won_over(rows[index], places)
    for index, entry in enumerate(rows):
        # A file may have several problems, and two of them do not suppress each other.
        if entry.suppressed_by is None and _is_file_problem(entry):
            name = names.free(entry.name)
            rows[index] = entry if name == entry.name else replace(entry, name=name)
    return tuple(rows)


def managed_only(entries: Iterable[ServerEntry], file: Path) -> tuple[ServerEntry, ...]:
    """``entries``, one for one, with everything beside the managed ones suppressed by the managed ``file``.

    To be merged afterwards, so that two managed files are held against each other.
    """
    rows = list(entries)
    names = _Names(entry.name for entry in rows if entry.source is Source.MANAGED)
    suppression = Suppression(by=file.name, place=f"{Source.MANAGED}, {file}", why="managed")
    places: dict[str, list[str]] = {}
    for index, row in enumerate(rows):
        if row.source is not Source.MANAGED:
            places.setdefault(configured_name(row), []).append(place_of(row))
            rows[index] = _suppressed(row, suppression, names)
    for index, row in enumerate(rows):
        if row.source is Source.MANAGED and row.suppressed_by is None and row.name in places:
            rows[index] = _won_over(row, places[row.name])
    return tuple(rows)


def configured_name(entry: ServerEntry) -> str:
    """The name as it stands in the file: a suppressed row carries a longer, unique one."""
    if entry.suppressed_by is None or entry.problem is None:
        return entry.name
    name = entry.problem.details.get("entry")
    return name if isinstance(name, str) else entry.name


def place_of(entry: ServerEntry) -> str:
    """Source and origin in words: ``project, /p/.mcp.json:3:5``."""
    return f"{entry.source}, {entry.origin}" if entry.origin.file else _SOURCE_WORDS.get(entry.source, entry.source)


class _Winners:
    """The rows in use so far, by name and by what they run or reach; values are their places in ``rows``."""

    def __init__(self, rows: Sequence[ServerEntry]) -> None:
        self._rows = rows
        self._names: dict[str, int] = {}
        # Keys cost a little, and most people have no plugins at all.
        self._compares = any(row.source in BY_SIGNATURE for row in rows)
        self._manual: dict[Key, int] = {}
        self._plugins: dict[tuple[Key, Key], int] = {}
        self._any: dict[Key, int] = {}

    def beat(self, index: int) -> tuple[int, Suppression] | None:
        """The row that is used instead of the one at ``index``, and why; None: it is used, and counts from now on."""
        entry = self._rows[index]
        winner = self._names.get(entry.name)
        if winner is not None:
            return winner, self._reason(winner, "name")
        key = key_of(entry) if self._compares and (entry.source in MANUAL or entry.source in BY_SIGNATURE) else None
        if key is not None:
            winner = self._twin(entry, key)
            if winner is not None:
                return winner, self._reason(winner, "signature", _signature(entry))
            self._any.setdefault(key, index)
            if entry.source in MANUAL:
                self._manual.setdefault(key, index)
            elif entry.source is Source.PLUGIN:
                self._plugins[key, environment_of(entry)] = index
        self._names[entry.name] = index
        return None

    def _twin(self, entry: ServerEntry, key: Key) -> int | None:
        if entry.source in MANUAL:
            return None  # written down twice under two names is what somebody wants
        if entry.source is Source.PLUGIN:
            # Two plugins may well want the same program with different variables: two accounts, say.
            manual = self._manual.get(key)
            return manual if manual is not None else self._plugins.get((key, environment_of(entry)))
        return self._any.get(key)

    def _reason(self, winner: int, why: str, signature: str | None = None) -> Suppression:
        row = self._rows[winner]
        return Suppression(row.name, place_of(row), why, signature)


def _signature(entry: ServerEntry) -> str | None:
    return entry.provenance.signature or shown_signature(entry.transport, entry.endpoint)


class _Names:
    """Names of rows. ``free`` gives one that no other row has, in constant time however many want the same."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._next: dict[str, int] = {}

    def free(self, name: str) -> str:
        number = self._next.get(name, 1)
        found = name if number == 1 else f"{name} {number}"
        while found in self._taken:
            number += 1
            found = f"{name} {number}"
        self._next[name] = number + 1
        self._taken.add(found)
        return found


def _is_file_problem(entry: ServerEntry) -> bool:
    return entry.problem is not None and "entry" not in entry.problem.details


def _won_over(entry: ServerEntry, places: Iterable[str]) -> ServerEntry:
    overrode = tuple(dict.fromkeys([*entry.provenance.overrode, *places]))
    return replace(entry, provenance=replace(entry.provenance, overrode=overrode))


def _suppressed(entry: ServerEntry, suppression: Suppression, names: _Names) -> ServerEntry:
    by = f"{suppression.by} ({suppression.place})"
    if suppression.why == "managed":
        title, remedy = f"not used: only managed servers are ({by})", "ask whoever manages this machine"
    elif suppression.why == "signature":
        same = "runs the same command" if entry.transport is TransportKind.STDIO else "reaches the same URL"
        title = f"suppressed by {by}, which {same}"
        remedy = "the server is there once already: remove that one to use this one"
    else:
        title = f"suppressed by {by}"
        remedy = "the higher source wins whole; rename one of the two to use both"
    origin = entry.origin
    details: JsonObject = {
        "file": origin.file,
        "line": origin.line,
        "column": origin.column,
        "entry": configured_name(entry),
    }
    return replace(
        entry,
        name=names.free(f"{configured_name(entry)} ({entry.source})"),
        gate=Status.DISABLED,
        problem=ErrorInfo("config", title, remedy, details),
        suppressed_by=by,
        provenance=replace(entry.provenance, overrode=(), suppression=suppression),
    )
