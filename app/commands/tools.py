"""``mcpdeck tools``: what a server's tools are called and what they take; all of one of them.

Owns the table and the JSON shape ``tools``. Never calls a tool.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...services.errors import UnknownTool
from ...services.models import Json, JsonObject, ServerEntry, Tool, as_list, as_object, as_text
from ...services.models.costs import Cost, cost_of
from ...services.registry.names import Names, named
from ...services.session.items import read_tool
from ...services.session.lists import TOOLS
from ...services.session.suspicious_text import suspicious
from ...services.state.text import one_line
from .. import headless
from ..exits import Exit
from ..options import Options
from ..printing import BOLD, DIM, YELLOW, Cell, coloured, note, note_warning, table, write, write_json
from ..resolve import Guard, usable
from ..resolve import named as not_named
from ..tool_lines import capabilities_json, tool_lines
from .lists import next_page_field, note_next_page

if TYPE_CHECKING:
    from ...services.session import Session


@dataclass(frozen=True, slots=True)
class _Answer:
    server: str
    tools: Sequence[Tool]
    next_cursor: str | None = None
    instructions: str = ""

    @property
    def names(self) -> Names:
        return named((self.server, tool.name) for tool in self.tools)

    @property
    def cost(self) -> Cost:
        return cost_of(self.tools, self.instructions)


def run(options: Options) -> int:
    """Exit code 2 where one tool is asked for and there is none of that name."""
    target, words = options.target_and_words
    entry, guard = usable(options, target)
    answer = headless.run_for(lambda: _listed(entry, guard, options))
    chosen = _chosen(answer, words[0]) if words else answer.tools
    if options.json:
        names = answer.names
        tools: list[Json] = [_json(answer.server, tool, names) for tool in chosen]
        totals = _totals(answer)
        write_json({"server": answer.server, "tools": tools, **totals, **next_page_field(answer.next_cursor, options)})
    elif words:
        _print_whole(answer, chosen, options)
    else:
        _print(answer, options)
        note_next_page(answer.next_cursor)
    return Exit.DONE


def _chosen(answer: _Answer, name: str) -> Sequence[Tool]:
    """The tool of that name, its own or the one for a model, letter case aside where only one is meant.

    Raises ``UnknownTool``.
    """
    found = answer.names.find(name)
    close = {tool.name for tool in answer.tools if tool.name.casefold() == name.casefold()}
    for wanted in (name, found[1] if found is not None else "", close.pop() if len(close) == 1 else ""):
        chosen = [tool for tool in answer.tools if tool.name == wanted]
        if chosen:
            return chosen
    there = [tool.name for tool in answer.tools]
    unknown = not_named(name, there, f'tool of "{answer.server}"', "it has no tools")
    raise UnknownTool(unknown.title, hint=unknown.hint, server=answer.server)


def _totals(answer: _Answer) -> JsonObject:
    """What all of them cost a model, the instructions with them, and what is odd about those."""
    instructions: JsonObject | None = None
    if answer.instructions:
        problems: list[Json] = [*suspicious(answer.instructions)]
        instructions = {"characters": len(answer.instructions), "problems": problems}
    cost = answer.cost
    totals: JsonObject = {"tools": cost.tools, "bytes": cost.bytes, "tokens": cost.tokens, "estimate": True}
    return {"totals": totals, "instructions": instructions}


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
        return replace(answer, instructions=services.store.state.mcp.servers[entry.name].instructions or "")


async def _page(session: Session, server: str, cursor: str | None) -> _Answer:
    page = await session.lists.page(TOOLS, cursor)
    mirrors = session.lists.mirrors_headers
    return _Answer(server, [read_tool(item, mirrors_headers=mirrors) for item in page.items], page.next_cursor)


def _json(server: str, tool: Tool, names: Names) -> JsonObject:
    return {
        "name": tool.name,
        "qualifiedName": names.of(server, tool.name),
        "title": tool.title,
        "description": tool.description,
        "inputSchema": tool.input_schema,
        "outputSchema": tool.output_schema,
        "annotations": tool.annotations or None,
        "capabilities": capabilities_json(tool),
        "tokens": tool.tokens,
        "bytes": tool.wire_bytes,
        "problems": _problems(server, tool, names),
        "excluded": tool.excluded,
        "visibility": [*_visibility(tool)],
    }


def _problems(server: str, tool: Tool, names: Names) -> list[Json]:
    return [*tool.problems, *names.problems.get((server, tool.name), ())]


def _visibility(tool: Tool) -> Sequence[str]:
    """Whom an MCP App's tool is for: ``model``, ``app`` or both; one for apps only is not for a model (36.3)."""
    given = as_object(as_object(tool.raw.get("_meta")).get("ui")).get("visibility")
    return [word for word in given if isinstance(word, str)] if isinstance(given, list) else ("model", "app")


def _is_for_models(tool: Tool) -> bool:
    return "model" in _visibility(tool)


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
        _note_problems(answer, answer.tools)
        which = " on this page" if options.page else ""
        note(f"about {answer.cost.tokens:,} tokens in all{which} (estimate), {_many(answer.cost.tools)}")


def _many(tools: int) -> str:
    return "1 tool" if tools == 1 else f"{tools:,} tools"


def _print_whole(answer: _Answer, tools: Sequence[Tool], options: Options) -> None:
    for tool in tools:
        write(coloured(one_line(tool.name), YELLOW if tool.excluded else BOLD, sys.stdout))
        for line in tool_lines(tool, answer.names.of(answer.server, tool.name)):
            write(line)
    if not options.quiet:
        _note_problems(answer, tools)


def _note_problems(answer: _Answer, tools: Sequence[Tool]) -> None:
    names = answer.names
    for tool in tools:
        for problem in ([f"excluded: {tool.excluded}"] if tool.excluded else []) + _problems(
            answer.server, tool, names
        ):
            note_warning(f"{tool.name}: {problem}")
    for problem in suspicious(answer.instructions):
        note_warning(f"the instructions of {answer.server}: its text {problem}")


def _parameters(tool: Tool) -> str:
    """``path* head:integer tail:integer``: required ones with a star, the type where it is not text."""
    required = {as_text(name) for name in as_list(tool.input_schema.get("required"))}
    words: list[str] = []
    for name, schema in as_object(tool.input_schema.get("properties")).items():
        kind = as_text(as_object(schema).get("type"))
        word = name if kind in (None, "string") else f"{name}:{kind}"
        words.append(word + ("*" if name in required else ""))
    return " ".join(words)
