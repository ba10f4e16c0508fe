"""``mcpdeck list``: every server of every source, with its status.

Owns the table and the JSON shape ``list``. Contacts nothing with ``--no-connect``, and never a server
that is gated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import anyio

from ...services.config.merge import configured_name
from ...services.models import ErrorInfo, JsonObject, ServerEntry, Source, Status
from ...services.state.model import AppState, ServerState
from ...services.state.reducers import row_of
from ...services.state.store import Store
from .. import headless
from ..exits import Exit
from ..options import Options
from ..printing import DIM, GREEN, RED, YELLOW, Cell, note, note_error, note_warning, table, write, write_json
from ..resolve import configured, load

LISTS_SECONDS = 10.0
"""How long tools, resources and prompts of connected servers are waited for."""

LATENCY_SECONDS = 1.0
"""How long a first latency is waited for: nice to have, and some servers answer no ping."""

_STYLE = {
    Status.CONNECTED: GREEN,
    Status.DEGRADED: YELLOW,
    Status.NEEDS_AUTH: YELLOW,
    Status.PENDING_APPROVAL: YELLOW,
    Status.RECONNECTING: YELLOW,
    Status.FAILED: RED,
    Status.NOT_CONFIGURED: RED,
    Status.REJECTED: RED,
    Status.BLOCKED: RED,
}


def run(options: Options) -> int:
    """Exit code 0, also when servers failed (that is the result); 2 when a given ``--mcp-config`` cannot be read."""
    deck, name = configured(options, options.words[0] if options.words else None)
    entries = load(deck, options, name)
    if name is not None:
        entries = tuple(entry for entry in entries if entry.name == name)
    if options.connect and any(entry.gate is None for entry in entries):
        rows = headless.run_for(lambda: _connected(entries, options))
    else:
        rows = [row_of(entry) for entry in entries]
    names = {entry.name: configured_name(entry) for entry in entries}
    if options.json:
        write_json({"servers": [_json(row, names[row.id], contacted=options.connect) for row in rows]})
    else:
        _print(rows, names, options)
    unreadable = any(_is_file_problem(entry) and entry.source is Source.CLI for entry in entries)
    return Exit.USAGE if unreadable else Exit.DONE


async def _connected(entries: Sequence[ServerEntry], options: Options) -> list[ServerState]:
    async with headless.services(entries, options, pings=True, reads=None) as services:
        await services.manager.settled()
        with anyio.move_on_after(options.timeout or LISTS_SECONDS):
            await _until(services.store, _has_its_lists)
        with anyio.move_on_after(LATENCY_SECONDS):
            await _until(services.store, _is_measured)
        return list(services.store.state.mcp.listed())


async def _until(store: Store, complete: Callable[[ServerState], bool]) -> None:
    """Wait until every server is connected no longer, or ``complete``."""
    changed = anyio.Event()

    def wake(_: AppState) -> None:
        changed.set()

    stop = store.subscribe(wake)
    try:
        while not all(server.status is not Status.CONNECTED or complete(server) for server in store.state.mcp.listed()):
            await changed.wait()
            changed = anyio.Event()
    finally:
        stop()


def _has_its_lists(server: ServerState) -> bool:
    """Each list that it announces was read now; one that was kept from an earlier run only stands in for it."""
    lists = {"tools": server.tools, "resources": server.resources, "prompts": server.prompts}
    return not any(
        value is None or ((freshness := server.freshness.get(f"{key}/list")) is not None and freshness.cached)
        for key, value in lists.items()
        if key in server.capabilities
    )


def _is_measured(server: ServerState) -> bool:
    return server.latency_ms is not None


def _is_file_problem(entry: ServerEntry) -> bool:
    return entry.problem is not None and "entry" not in entry.problem.details


def _json(row: ServerState, name: str, *, contacted: bool) -> JsonObject:
    info = row.info
    origin = row.origin
    return {
        "name": name,
        "source": row.source.value,
        "origin": str(origin) or None,
        "file": origin.file,
        "line": origin.line,
        "column": origin.column,
        "transport": row.transport.value,
        "endpoint": row.endpoint,
        "status": _status_word(row, contacted),
        "era": row.era.value if row.era else None,
        "protocolVersion": row.version,
        "serverInfo": None if info is None else {"name": info.name, "version": info.version, "title": info.title},
        "capabilities": row.capabilities if row.era else None,
        "tools": _count(row.tools),
        "resources": _count(row.resources),
        "prompts": _count(row.prompts),
        "latencyMs": row.latency_ms,
        "connectMs": row.connect_ms,
        "error": _error(row.error),
        "suppressedBy": row.suppressed_by,
        "lints": [*row.lints, *row.rules_broken],
    }


def _error(error: ErrorInfo | None) -> JsonObject | None:
    if error is None:
        return None
    return {"kind": error.kind, "title": error.title, "hint": error.hint, "details": dict(error.details)}


def _count(items: Sequence[object] | None) -> int | None:
    return None if items is None else len(items)


def _status_word(row: ServerState, contacted: bool) -> str:
    """Without ``--no-connect`` the status; with it, a server that would be contacted is just configured."""
    return "configured" if row.status is Status.WAITING and not contacted else row.status.value


def _print(rows: Sequence[ServerState], names: dict[str, str], options: Options) -> None:
    if not rows:
        note("no servers: write them into .mcp.json, give --mcp-config, or try: mcpdeck demo")
        return
    cells = [
        (
            Cell(_short_name(row, names[row.id])),
            Cell(_words(row, options.connect), DIM if row.suppressed_by else _STYLE.get(row.status, "")),
            Cell("" if row.error and row.error.kind == "config" and not row.endpoint else row.transport),
            Cell(f"{row.era} {row.version or ''}" if row.era else ""),
            Cell("" if row.tools is None else str(len(row.tools))),
            Cell("" if row.latency_ms is None else f"{row.latency_ms:.0f} ms"),
            Cell(row.source),
            Cell(row.endpoint, DIM),
        )
        for row in rows
    ]
    for line in table(("NAME", "STATUS", "TRANSPORT", "ERA", "TOOLS", "LATENCY", "SOURCE", "ENDPOINT"), cells):
        write(line)
    for row in rows:
        if row.error is not None and row.suppressed_by is None:
            note_error(row.error, names[row.id])
        if row.status is Status.PENDING_APPROVAL and not options.quiet:
            note_warning(f"{names[row.id]} is not started before you approve it: mcpdeck approve {names[row.id]}")
        if options.verbose:
            for lint in (*row.lints, *row.rules_broken):
                note(f"  {names[row.id]}: {lint}")


def _short_name(row: ServerState, name: str) -> str:
    """A row that stands for a whole file is called after it; the message below has the whole path."""
    return Path(name).name if row.error is not None and name == row.origin.file else name


def _words(row: ServerState, contacted: bool) -> str:
    return "suppressed" if row.suppressed_by else _status_word(row, contacted)
