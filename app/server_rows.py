"""A configured server as a row: the JSON object of ``list`` and ``get``, and the words of the tables.

Owns the shape ``list`` of the command line contract and the reasons that are said of a row. Never contacts a
server and never prints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..services.config.merge import configured_name
from ..services.models import (
    OFFERED,
    ErrorInfo,
    Json,
    JsonObject,
    ServerEntry,
    SourceInfo,
    Status,
    TransportKind,
    as_text,
)
from ..services.policy.refusals import refusal
from ..services.state.model import ServerState


def server_json(row: ServerState, entry: ServerEntry, *, contacted: bool) -> JsonObject:
    """``row`` of ``entry``; ``contacted`` False: nothing was asked, and what would be contacted is just configured."""
    info = row.info
    origin = row.origin
    return {
        "name": configured_name(entry),
        "row": row.id,
        "replicaOf": row.replica_of,
        "source": row.source.value,
        "client": entry.client,
        "origin": str(origin) or None,
        "file": origin.file,
        "line": origin.line,
        "column": origin.column,
        "transport": row.transport.value,
        "endpoint": row.endpoint,
        "status": status_word(row, contacted=contacted),
        "era": row.era.value if row.era else None,
        "protocolVersion": row.version,
        "serverInfo": None if info is None else {"name": info.name, "version": info.version, "title": info.title},
        "capabilities": row.capabilities if row.era else None,
        "tools": _count(row.tools),
        "resources": _count(row.resources),
        "prompts": _count(row.prompts),
        "latencyMs": row.latency_ms,
        "connectMs": row.connect_ms,
        "error": error_json(row.error),
        "suppressedBy": row.suppressed_by,
        "suppression": _suppression(entry),
        "overrode": [*entry.provenance.overrode],
        "blocked": _blocked(entry),
        "lints": [*row.lints, *row.rules_broken],
    }


def error_json(error: ErrorInfo | None) -> JsonObject | None:
    if error is None:
        return None
    return {"kind": error.kind, "title": error.title, "hint": error.hint, "details": dict(error.details)}


def source_json(info: SourceInfo) -> JsonObject:
    """One place that was looked at."""
    return {
        "source": info.source.value,
        "place": info.place,
        "status": info.status.value,
        "servers": info.servers,
        "lints": [*info.lints],
        "note": info.note,
    }


def status_word(row: ServerState, *, contacted: bool) -> str:
    """Without ``--no-connect`` the status; with it, a server that would be contacted is just configured."""
    return "configured" if row.status is Status.WAITING and not contacted else row.status.value


def status_words(row: ServerState, entry: ServerEntry, *, contacted: bool) -> str:
    """The same for a person, who is told apart what no status has a word for."""
    if row.suppressed_by:
        return "suppressed"
    if is_whole_file(entry):
        return "unreadable"
    if row.status is Status.DISABLED and row.source in OFFERED:
        return "offered"
    return status_word(row, contacted=contacted)


def source_words(entry: ServerEntry) -> str:
    """``user``, ``imported (cursor)``."""
    return f"{entry.source} ({entry.client})" if entry.client else entry.source.value


def is_whole_file(entry: ServerEntry) -> bool:
    """It stands for a file that is wrong as a whole, not for a server."""
    return entry.problem is not None and "entry" not in entry.problem.details


def why_not(entry: ServerEntry) -> str:
    """Why a server is not contacted, for a cell beside its name; empty where it may be."""
    suppression = entry.provenance.suppression
    if suppression is not None:
        by = f"{suppression.by} ({suppression.place})"
        match suppression.why:
            case "managed":
                return f"only managed servers are used: {by}"
            case "signature":
                same = "command" if entry.transport is TransportKind.STDIO else "URL"
                return f"same {same} as {by}"
            case _:
                return f"same name as {by}"
    if entry.target is None and entry.problem is None and entry.lints:  # a part of another client
        return entry.lints[0]
    error = refusal(entry)
    if error is None:
        return ""
    if entry.gate is Status.BLOCKED and entry.problem is None:
        return policy_words(error.title, error.details)
    place = f" ({error.details.get('file')}:{error.details.get('line')}:{error.details.get('column')})"
    title = without_subject(error.title, entry.name).removesuffix(place)
    return title.removeprefix(place[2:-1] + ": ").removeprefix(f"{error.details.get('file')}: ")


def without_subject(title: str, name: str) -> str:
    """What is said of a server, where its name stands before it."""
    return title.removeprefix(f'"{name}" ').removeprefix(f'entry "{name}": ')


def policy_words(title: str, details: Mapping[str, Json]) -> str:
    """Which rule keeps a server out, without the file that it stands in: ``denied by serverName "x"``."""
    why = title.partition("is blocked by policy: ")[2] or title
    place = as_text(details.get("place")) or as_text(details.get("file"))
    why = why.removesuffix(f" ({place})")
    kind, space, word = (as_text(details.get("rule")) or "").partition(" ")
    return f'denied by {kind} "{word}"' if space and why == f"denied by {kind} {word}" else why


def remark(lints: Sequence[str], where: str) -> str:
    """``lints`` in one line: the one there is, or how many and the weightiest; ``where`` shows them all."""
    if len(lints) == 1:
        return lints[0]
    # of a variable that is not set the server probably gets what nobody meant
    first = next((lint for lint in lints if lint.startswith("${") and " is not set" in lint), lints[0])
    return f"{first} … ({where})"


def _suppression(entry: ServerEntry) -> JsonObject | None:
    found = entry.provenance.suppression
    if found is None:
        return None
    return {"by": found.by, "place": found.place, "why": found.why, "signature": found.signature}


def _blocked(entry: ServerEntry) -> JsonObject | None:
    """The policy rule, the list it stands in and its file; null where none blocks the server."""
    if entry.blocked is None or entry.gate is not Status.BLOCKED:
        return None
    details = entry.blocked.details
    return {key: details.get(key) for key in ("rule", "list", "file")}


def _count(items: Sequence[object] | None) -> int | None:
    return None if items is None else len(items)
