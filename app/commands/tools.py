"""``mcpdeck tools``: what a server's tools are called and what they take.

Owns the table and the JSON shape ``tools``. Never calls a tool.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...services.models import JsonObject, ServerEntry, Tool, as_list, as_object, as_text
from .. import headless
from ..exits import Exit
from ..options import Options
from ..printing import BOLD, DIM, YELLOW, Cell, note, note_warning, table, write, write_json
from ..resolve import usable_entry


@dataclass(frozen=True, slots=True)
class _Answer:
    server: str
    tools: Sequence[Tool]


def run(options: Options) -> int:
    entry = usable_entry(options, options.words[0] if options.words else None)
    answer = headless.run_for(lambda: _listed(entry, options))
    if options.json:
        write_json({"server": answer.server, "tools": [_json(answer.server, tool) for tool in answer.tools]})
    else:
        _print(answer, options)
    return Exit.DONE


async def _listed(entry: ServerEntry, options: Options) -> _Answer:
    async with headless.services((entry,), options, reads=headless.TOOLS) as services:
        session = await services.manager.connected(entry.name)
        tools = await headless.tools_of(session, options.timeout)
        headless.note_log(services, entry.name, options)
        return _Answer(entry.name, tools)


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
    }


def _tokens(tool: Tool) -> int:
    """What the tool's description costs a model, roughly: four characters of JSON a token."""
    return -(-len(json.dumps(tool.raw, ensure_ascii=False, separators=(",", ":"))) // 4)


def _print(answer: _Answer, options: Options) -> None:
    if not answer.tools:
        note(f"{answer.server} has no tools")
        return
    rows = [
        (
            Cell(tool.name, YELLOW if tool.excluded else BOLD),
            Cell(_parameters(tool), DIM),
            Cell(next(iter(tool.description.strip().splitlines()), "")),
        )
        for tool in answer.tools
    ]
    for line in table(("TOOL", "ARGUMENTS", "DESCRIPTION"), rows):
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
