"""``mcpdeck search``: find tools of every configured server.

Owns the table and the JSON shape ``search``. Never calls a tool, and contacts no server that is gated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import anyio

from ...services.errors import McpDeckError, UsageError
from ...services.models import Json, JsonObject, ServerEntry, Status
from ...services.registry.catalogue import Catalogue, Hit
from ...services.registry.catalogue_tool import Capability
from ...services.state.model import ServerState
from ...services.state.reducers import row_of
from ...services.state.text import one_line
from .. import headless
from ..exits import Exit
from ..options import Options
from ..printing import BOLD, DIM, Cell, note, note_warning, table, write, write_json
from ..resolve import Guard, configured, load, unknown_server
from ..tool_lines import capabilities_json
from ..worker import Services

LISTS_SECONDS = 10.0
"""How long the tools of connected servers are waited for."""
NAMED = 6
"""Servers that could not be searched and are named; the rest is counted."""

_MISSED = (Status.FAILED, Status.NEEDS_AUTH, Status.NOT_CONFIGURED, Status.PENDING_APPROVAL, Status.RECONNECTING)

_CAPABILITIES = {
    "read-only": Capability.READ_ONLY,
    "destructive": Capability.DESTRUCTIVE,
    "idempotent": Capability.IDEMPOTENT,
    "open-world": Capability.OPEN_WORLD,
    "tasks": Capability.TASKS,
    "ui": Capability.UI,
}


@dataclass(frozen=True, slots=True)
class _Found:
    """Tools, the best first, and the servers that could not be asked."""

    hits: Sequence[Hit]
    more: bool
    silent: Sequence[ServerState]


def run(options: Options) -> int:
    """Exit code 0, also when nothing is found and when servers fail: the others were searched."""
    words = " ".join(options.words)
    if not words.strip() and not options.capabilities:
        raise UsageError("which words?", hint="mcpdeck search WORDS…, or --read-only, --destructive …")
    deck, _ = configured(options, None)
    entries = _chosen(load(deck, options, None), options)
    found = headless.run_for(lambda: _searched(entries, deck.guard, words, options))
    if options.json:
        tools: list[Json] = [_json(hit) for hit in found.hits]
        silent: list[Json] = [{"server": row.id, "status": row.status.value} for row in found.silent]
        write_json({"words": words, "tools": tools, "more": found.more, "notSearched": silent})
        return Exit.DONE
    for line in table(("TOOL", "SERVER", "DESCRIPTION"), [_cells(hit) for hit in found.hits]) if found.hits else ():
        write(line)
    if not found.hits:
        note("no tool of a connected server fits")
    if found.more:
        note(f"there are more: --limit {options.limit * 2} shows them")
    if found.silent and not options.quiet:
        named = ", ".join(f"{one_line(row.id)} ({row.status})" for row in found.silent[:NAMED])
        more = f" and {len(found.silent) - NAMED} more" if len(found.silent) > NAMED else ""
        note_warning(f"not searched: {named}{more}")
    return Exit.DONE


def _chosen(entries: Sequence[ServerEntry], options: Options) -> list[ServerEntry]:
    """The servers that are asked: of several instances of one, the first. Raises ``UsageError``."""
    known = {entry.name for entry in entries}
    for name in options.servers:
        if name not in known:
            raise unknown_server(name, entries, "no server is configured")
    return [
        entry
        for entry in entries
        if entry.replica_of is None and (not options.servers or entry.name in options.servers)
    ]


async def _searched(entries: Sequence[ServerEntry], guard: Guard, words: str, options: Options) -> _Found:
    if all(entry.gate is not None for entry in entries):
        return _Found((), more=False, silent=[row for row in map(row_of, entries) if _is_missed(row)])
    async with headless.services(entries, options, guard=guard, reads=headless.TOOLS) as services:
        await services.manager.settled()
        with anyio.move_on_after(options.timeout or LISTS_SECONDS):
            async with anyio.create_task_group() as tasks:
                for row in services.store.state.mcp.listed():
                    if row.usable:
                        tasks.start_soon(_listed, services, row.id)
        rows = services.store.state.mcp
        catalogue = Catalogue()
        catalogue.update(rows)
        hits = _hits(catalogue, words, options)
        silent = [row for row in rows.listed() if _is_missed(row)]
        return _Found(hits[: options.limit], more=len(hits) > options.limit, silent=silent)


def _is_missed(row: ServerState) -> bool:
    """Its tools would be among those that are searched, were it connected: it is not switched off or put aside."""
    if row.usable:
        return bool(row.failed_lists)
    return row.suppressed_by is None and row.status in _MISSED


def _hits(catalogue: Catalogue, words: str, options: Options) -> Sequence[Hit]:
    wanted = [_CAPABILITIES[word] for word in options.capabilities]
    if not words.strip():
        return [Hit(tool, 0.0, ()) for tool in catalogue.by(*wanted)]
    if not wanted:
        return catalogue.search(words, options.limit + 1)
    fitting = set(catalogue.by(*wanted))
    return [hit for hit in catalogue.search(words, len(catalogue.tools)) if hit.tool in fitting]


async def _listed(services: Services, name: str) -> None:
    try:
        session = await services.manager.connected(name)
    except McpDeckError:  # it was lost meanwhile, which its row says
        return
    await session.lists.tools_settled()


def _cells(hit: Hit) -> tuple[Cell, ...]:
    tool = hit.tool.tool
    described = next(iter(tool.description.strip().splitlines()), "")
    return Cell(tool.name, BOLD), Cell(hit.tool.server), Cell(described, DIM)


def _json(hit: Hit) -> JsonObject:
    tool = hit.tool.tool
    return {
        "server": hit.tool.server,
        "name": tool.name,
        "qualifiedName": hit.tool.qualified,
        "title": tool.title,
        "description": tool.description,
        "capabilities": capabilities_json(tool),
        "stage": hit.tool.stage.value,
        "tokens": tool.tokens,
        "problems": list(hit.tool.problems),
        "score": hit.score,
        "fields": list(hit.fields),
    }
