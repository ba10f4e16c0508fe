"""``mcpdeck list``: every server of every source, with its status.

Owns the table; the JSON shape stands in ``server_rows``. Contacts nothing with ``--no-connect``, and never a
server that is gated.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import anyio

from ...services.config.merge import configured_name
from ...services.config.several import spread
from ...services.models import OFFERED, ErrorInfo, ServerEntry, Source, Status, as_text
from ...services.policy.configured import Configured
from ...services.state.model import AppState, ServerState
from ...services.state.reducers import row_of
from ...services.state.store import Store
from ...services.state.text import one_line
from .. import headless
from ..exits import Exit
from ..options import Options
from ..printing import DIM, GREEN, RED, YELLOW, Cell, note, note_error, note_warning, table, write, write_json
from ..resolve import Guard, configured, load, switched_off_by
from ..server_rows import (
    is_whole_file,
    policy_words,
    remark,
    server_json,
    source_json,
    source_words,
    status_words,
    why_not,
    without_subject,
)
from ..tool_plugins import found_broken

LISTS_SECONDS = 10.0
"""How long tools, resources and prompts of connected servers are waited for."""

LATENCY_SECONDS = 1.0
"""How long a first latency is waited for: nice to have, and some servers answer no ping."""

MOST_NAMES = 12
"""Servers that are named for one rule; the rest is counted."""

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
        rows = headless.run_for(lambda: _connected(entries, options, deck.guard))
        broken = found_broken(deck, entries)
        rows += [row_of(entry) for entry in broken]
        entries = (*entries, *broken)
    else:
        rows = [row_of(entry) for entry in spread(entries)]
    of_row = {entry.name: entry for entry in spread(entries)}
    if options.json:
        servers = [server_json(row, of_row[row.id], contacted=options.connect) for row in rows]
        write_json({"servers": [*servers], "sources": [source_json(info) for info in deck.sources]})
    elif rows or deck.exclusive is None:
        _print(rows, of_row, options)
        if not options.quiet:
            _note_settings(deck)
    if name is None and deck.exclusive is not None and all(row.source is not Source.MANAGED for row in rows):
        note(switched_off_by(deck.exclusive))
    unreadable = any(is_whole_file(entry) and entry.source is Source.CLI for entry in entries)
    return Exit.USAGE if unreadable else Exit.DONE


async def _connected(entries: Sequence[ServerEntry], options: Options, guard: Guard) -> list[ServerState]:
    async with headless.services(entries, options, guard=guard, pings=True, reads=None) as services:
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


def _print(rows: Sequence[ServerState], of_row: Mapping[str, ServerEntry], options: Options) -> None:
    if not rows:
        note("no servers: write them into .mcp.json, give --mcp-config, or try: mcpdeck demo")
        return
    names = {row.id: configured_name(of_row[row.id]) for row in rows}
    cells = [
        (
            Cell(_short_name(row, names[row.id])),
            Cell(status_words(row, of_row[row.id], contacted=options.connect), _style(row)),
            Cell(row.transport if row.endpoint else ""),
            Cell(f"{row.era} {row.version or ''}" if row.era else ""),
            Cell("" if row.tools is None else str(len(row.tools))),
            Cell("" if row.latency_ms is None else f"{row.latency_ms:.0f} ms"),
            Cell(source_words(of_row[row.id])),
            Cell(why_not(of_row[row.id]), DIM),
            Cell(row.endpoint, DIM),
        )
        for row in rows
    ]
    for line in table(
        ("NAME", "STATUS", "TRANSPORT", "ERA", "TOOLS", "LATENCY", "SOURCE", "WHY", "ENDPOINT"), cells, spare="ENDPOINT"
    ):
        write(line)
    _note_rules(rows, names)
    for row in rows:
        _note(row, names[row.id], options)


def _style(row: ServerState) -> str:
    return DIM if row.suppressed_by or row.source in OFFERED else _STYLE.get(row.status, "")


def _note_rules(rows: Sequence[ServerState], names: Mapping[str, str]) -> None:
    """What policy keeps out: each rule once, with all whom it meets."""
    met: dict[str, tuple[ErrorInfo, list[str]]] = {}
    for row in rows:
        if row.error is not None and row.status is Status.BLOCKED and row.error.kind == "policy":
            details = row.error.details
            place = as_text(details.get("place")) or as_text(details.get("file")) or ""
            told = f"{policy_words(row.error.title, details)} ({place})"
            met.setdefault(told, (row.error, []))[1].append(names[row.id])
    for told, (error, servers) in met.items():
        more = f" and {len(servers) - MOST_NAMES} more" if len(servers) > MOST_NAMES else ""
        note_error(replace(error, title=f"{', '.join(servers[:MOST_NAMES])}{more}: {told}"))


def _note_settings(deck: Configured) -> None:
    """What is left out of the settings files, a line for each."""
    for file, lints in deck.settings_lints.items():
        count = f"{len(lints)} remarks: " if len(lints) > 1 else ""
        note_warning(f"{file}: {count}{remark(lints, 'mcpdeck sources')}")


def _note(row: ServerState, name: str, options: Options) -> None:
    """What is to be done about a row, beside the table."""
    told = row.suppressed_by is not None or row.status is Status.BLOCKED
    if row.error is not None and not told:
        # its subject is the name before it
        note_error(replace(row.error, title=without_subject(row.error.title, name)), name)
    if row.status is Status.PENDING_APPROVAL and not options.quiet:
        note_warning(f"{name} is not started before you approve it: mcpdeck approve {shlex.quote(name)}")
    if options.verbose:
        for lint in (*row.lints, *row.rules_broken):
            note(f"  {one_line(name)}: {one_line(lint)}")
    elif row.lints and not (told or options.quiet or row.source in OFFERED or row.status is Status.NOT_CONFIGURED):
        count = f"{len(row.lints)} remarks on its entry: " if len(row.lints) > 1 else ""
        note_warning(f"{name}: {count}{remark(row.lints, f'mcpdeck get {shlex.quote(name)}')}")


def _short_name(row: ServerState, name: str) -> str:
    """A row that stands for a whole file is called after it; the message below has the whole path."""
    return Path(name).name if row.error is not None and name == row.origin.file else name
