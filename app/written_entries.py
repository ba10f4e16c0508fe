"""What a command says of a change of a file that it made, or would make.

Owns the words and the JSON shape, so that every command that writes an entry says the same. Never writes a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..services.config.change import Change
from ..services.config.expand import REFERENCE
from ..services.config.masked_entry import masked_definition
from ..services.config.store_entries import holds_secret
from ..services.models import JsonObject, ServerEntry
from ..services.policy.refusals import refusal
from ..services.state.text import one_line, visible
from .editing import Editing
from .options import Options
from .printing import note, note_warning, write, write_json

SHARED_SECRET = (
    "what looks like a secret stands in it as it is, in a file that others get: write ${NAME}, and set that variable"
)

_SHORTEST_SECRET = 8
OWN_SECRET = "a secret stands in it literally, in a file that only you can read: better write ${VARIABLE}"


@dataclass(frozen=True, slots=True)
class Put:
    """An entry that was put somewhere, and the change that did it."""

    name: str
    scope: str
    value: JsonObject
    change: Change
    lints: tuple[str, ...] = ()


def tell_put(put: Put, editing: Editing, options: Options) -> None:
    """The result of adding an entry: on stdout where it is, on stderr what is odd and what is still to do."""
    lints = all_lints(put)
    row = None if options.dry_run else _row(put, editing)
    if options.json:
        write_json({**_document(put.name, put.scope, put.change, options), **_entry(put, row, lints)})
        return
    _tell_change(put.change, f"added: {put.name} ({put.scope}, {put.change.path})", options)
    if options.quiet:
        return
    for lint in lints:
        note_warning(f"{put.name}: {lint}")
    if row is not None:
        _tell_row(row)


def tell_removed(name: str, scope: str, change: Change, editing: Editing, options: Options) -> None:
    """The result of taking an entry out; what the name stands for now, if anything, is said too."""
    if options.json:
        write_json(_document(name, scope, change, options))
        return
    _tell_change(change, f"removed: {name} ({scope}, {change.path})", options)
    if options.dry_run or options.quiet:
        return
    for row in editing.rows(name):
        if row.suppressed_by is None:
            note(f"{one_line(name)} is now the one of {row.source}, {one_line(str(row.origin))}")


def all_lints(put: Put) -> tuple[str, ...]:
    return (*put.lints, *secret_lints(put.scope, put.value))


def secret_lints(scope: str, value: JsonObject) -> tuple[str, ...]:
    """What is to be said of a secret that stands in an entry as it is: how bad that is depends on the file."""
    if scope == "project":
        return (SHARED_SECRET,) if holds_secret(value) else ()
    # ${TOKEN:-none} gives no secret away: what stands in for one that is not set is often a short word.
    told = json.loads(REFERENCE.sub(_without_short_default, json.dumps(value)))
    return (OWN_SECRET,) if holds_secret(told) else ()


def _without_short_default(match: re.Match[str]) -> str:
    name, default = match.groups()
    return match.group() if default is not None and len(default) >= _SHORTEST_SECRET else f"${{{name}}}"


def _document(name: str, scope: str, change: Change, options: Options) -> JsonObject:
    document: JsonObject = {
        "name": name,
        "scope": scope,
        "file": str(change.path),
        "changed": change.changed,
        "dryRun": options.dry_run,
    }
    if options.dry_run:
        document["diff"] = change.diff()
    return document


def _entry(put: Put, row: ServerEntry | None, lints: Iterable[str]) -> JsonObject:
    status = None if row is None else ("configured" if row.gate is None else row.gate.value)
    return {
        "entry": masked_definition(put.value),
        "lints": [*lints],
        "status": status,
        "suppressedBy": None if row is None else row.suppressed_by,
    }


def _tell_change(change: Change, done: str, options: Options) -> None:
    if not options.dry_run:
        write(one_line(done))
        return
    if change.changed:
        write(visible(change.diff()).rstrip("\n"))
    note(f"nothing was written{'' if change.changed else ', and there is nothing to change'}")


def _row(put: Put, editing: Editing) -> ServerEntry | None:
    """The row that the entry became."""
    path = str(put.change.path)
    rows = [row for row in editing.rows(put.name) if row.origin.file == path and row.source.value == put.scope]
    return rows[0] if rows else None


def _tell_row(row: ServerEntry) -> None:
    stands_in_the_way = refusal(row)
    if stands_in_the_way is not None:
        note(f"it does not start yet: {one_line(stands_in_the_way.title)}")
        note(f"  → {one_line(stands_in_the_way.hint)}")
    for place in row.provenance.overrode:
        note(f"it is used instead of the one of {one_line(place)}")
