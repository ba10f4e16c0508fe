"""``mcpdeck tools``: what a server's tools are called and what they take.

Owns the table and the JSON shape ``tools``. Never calls a tool.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...services.models import Json, JsonObject, ServerEntry, Tool, as_list, as_object, as_text
from ...services.session.items import read_tool
from ...services.session.lists import TOOLS
from .. import headless
from ..exits import Exit
from ..options import Options
from ..printing import BOLD, DIM, YELLOW, Cell, note, note_warning, table, write, write_json
from ..resolve import Guard, usable
from .lists import next_page_field, note_next_page

if TYPE_CHECKING:
    from ...services.session import Session


@dataclass(frozen=True, slots=True)
class _Answer:
    server: str
    tools: Sequence[Tool]
    next_cursor: str | None = None


def run(options: Options) -> int:
    entry, guard = usable(options, options.words[0] if options.words else None)
    answer = headless.run_for(lambda: _listed(entry, guard, options))
    if options.json:
        tools: list[Json] = [_json(answer.server, tool) for tool in answer.tools]
        write_json({"server": answer.server, "tools": tools, **next_page_field(answer.next_cursor, options)})
    else:
        _print(answer, options)
        note_next_page(answer.next_cursor)
    return Exit.DONE


async def _listed(entry: ServerEntry, guard: Guard, options: Options) -> _Answer:
    reads: frozenset[str] = frozenset() if options.page else headless.TOOLS
    async with headless.services((entry,), options, guard=guard, reads=reads) as services:
        if options.page:
            answer = await headless.asked(
                services, entry.name, lambda session: _page(session, entry.name, options.cursor), options.timeout
            )
        else:
            session = await services.manager.connected(entry.name)
            answer = _Answer(entry.name, await headless.tools_of(session, options.timeout))
        headless.note_log(services, entry.name, options)
        return answer


async def _page(session: Session, server: str, cursor: str | None) -> _Answer:
    page = await session.lists.page(TOOLS, cursor)
    mirrors = session.lists.mirrors_headers
    return _Answer(server, [read_tool(item, mirrors_headers=mirrors) for item in page.items], page.next_cursor)


def qualified_name(server: str, tool: str) -> str:
    """``mcp__server__tool``; what is no letter, digit, ``-`` or ``_`` becomes ``_``."""
    return "__".join(("mcp", re.sub(r"[^A-Za-z0-9_-]", "_", server), re.sub(r"[^A-Za-z0-9_-]", "_", tool)))


def _json(server: str, tool: Tool) -> JsonObject:
    return {
        "name": tool.name,
        "qualifiedName": qualified_name(server, tool.name),
        "title": tool.title,
        "description": tool.description,
        "inputSchema": tool.input_schema,
        "outputSchema": tool.output_schema,
        "annotations": tool.annotations or None,
        "tokens": _tokens(tool),
        "problems": list(tool.problems),
        "excluded": tool.excluded,
        "visibility": [*_visibility(tool)],
    }


def _visibility(tool: Tool) -> Sequence[str]:
    """Whom an MCP App's tool is for: ``model``, ``app`` or both; one for apps only is not for a model (36.3)."""
    given = as_object(as_object(tool.raw.get("_meta")).get("ui")).get("visibility")
    return [word for word in given if isinstance(word, str)] if isinstance(given, list) else ("model", "app")


def _is_for_models(tool: Tool) -> bool:
    return "model" in _visibility(tool)


def _tokens(tool: Tool) -> int:
    """What the tool's description costs a model, roughly: four characters of JSON a token."""
    return -(-len(json.dumps(tool.raw, ensure_ascii=False, separators=(",", ":"))) // 4)


def _print(answer: _Answer, options: Options) -> None:
    if not answer.tools:
        note(f"{answer.server} has no tools{' on this page' if options.page else ''}")
        return
    rows = [
        (
            Cell(tool.name, YELLOW if tool.excluded else BOLD if _is_for_models(tool) else DIM),
            Cell(_parameters(tool), DIM),
            Cell("" if _is_for_models(tool) else "for apps only", YELLOW),
            Cell(next(iter(tool.description.strip().splitlines()), "")),
        )
        for tool in sorted(answer.tools, key=_is_for_models, reverse=True)
    ]
    for line in table(("TOOL", "ARGUMENTS", "FOR", "DESCRIPTION"), rows):
        write(line)
    if not options.quiet:
        for tool in answer.tools:
            for problem in ([f"excluded: {tool.excluded}"] if tool.excluded else []) + list(tool.problems):
                note_warning(f"{tool.name}: {problem}")


def _parameters(tool: Tool) -> str:
    """``path* head:integer tail:integer``: required ones with a star, the type where it is not text."""
    required = {as_text(name) for name in as_list(tool.input_schema.get("required"))}
    words: list[str] = []
    for name, schema in as_object(tool.input_schema.get("properties")).items():
        kind = as_text(as_object(schema).get("type"))
        word = name if kind in (None, "string") else f"{name}:{kind}"
        words.append(word + ("*" if name in required else ""))
    return " ".join(words)
