"""Items of a list as received -> the values that the house works with.

Owns reading tools, resources, templates and prompts, and what is wrong with each (protocol sections
11, 26, 31, 32). Never drops an item.
"""

from __future__ import annotations

import re

from pydantic_core import to_json

from ..eras.headers import schema_problems
from ..models import Json, JsonObject, Listed, Tool, as_list, as_object, as_text
from ..state.bounds import weight
from .schema_flaws import schema_flaws
from .suspicious_text import may_be_suspicious, suspicious_texts

_TOOL_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")


def read_tool(item: Json, *, mirrors_headers: bool) -> Tool:
    """One item of ``tools/list``. ``mirrors_headers``: a wrong ``x-mcp-header`` makes it one to refuse."""
    raw = as_object(item)
    name = as_text(raw.get("name"))
    schema, output = raw.get("inputSchema"), raw.get("outputSchema")
    problems: list[str] = []
    if name is None:
        problems.append("the tool has no name")
    elif not _TOOL_NAME.fullmatch(name):
        problems.append("the name is not 1 to 128 of A-Z a-z 0-9 _ - . (MCP specification, server/tools)")
    if not isinstance(schema, dict):
        problems.append("the tool has no inputSchema object (MCP specification, server/tools)")
    elif schema.get("type") != "object":
        problems.append('the inputSchema is not of type "object" (MCP specification, server/tools)')
    problems += schema_flaws(as_object(schema))
    if isinstance(output, dict):
        problems += [f"outputSchema: {flaw}" for flaw in schema_flaws(output)]
    definition, size, wire_bytes = _measured(raw)
    mirrored = definition is None or b"x-mcp-header" in definition
    header_problems = schema_problems(as_object(schema)) if mirrored else []
    if definition is None or may_be_suspicious(definition):
        problems += suspicious_texts(raw)
    return Tool(
        name=name or "",
        title=as_text(raw.get("title")),
        description=as_text(raw.get("description")) or "",
        input_schema=as_object(schema),
        output_schema=output if isinstance(output, dict) else None,
        annotations=as_object(raw.get("annotations")),
        raw=raw,
        problems=(*problems, *header_problems),
        # Elsewhere the annotation is information (section 11).
        excluded=header_problems[0] if header_problems and mirrors_headers else None,
        size=size,
        wire_bytes=wire_bytes,
    )


def _measured(raw: JsonObject) -> tuple[bytes | None, int, int]:
    """A definition as compact JSON without what no model is given, its characters, and the bytes of all of it.

    The text is None, and the numbers are estimates, where it cannot be written (nested too deeply, lone surrogates).
    """
    try:
        whole = definition = to_json(raw)
        if "_meta" in raw or "icons" in raw:
            definition = to_json({name: value for name, value in raw.items() if name not in ("_meta", "icons")})
    except ValueError:
        about = weight(raw)
        return None, about, about
    return definition, len(definition) if definition.isascii() else len(definition.decode()), len(whole)


def read_listed(items: list[Json], key: str) -> tuple[Listed, ...]:
    """Resources, templates or prompts; ``key`` is the member that identifies one."""
    objects: list[JsonObject] = [as_object(item) for item in items]
    return tuple(
        Listed(
            key=as_text(raw.get(key)) or "",
            name=as_text(raw.get("name")) or "",
            title=as_text(raw.get("title")),
            description=as_text(raw.get("description")) or "",
            raw=raw,
        )
        for raw in objects
    )


def contents_flaws(result: JsonObject) -> list[str]:
    """What is wrong with the contents of ``resources/read`` (section 31)."""
    contents = result.get("contents")
    if not isinstance(contents, list):
        return ["resources/read was answered without contents (section 31)"]
    odd = [item for item in as_list(contents) if ("text" in as_object(item)) == ("blob" in as_object(item))]
    return [f"{len(odd)} of {len(contents)} contents have not just one of text and blob (section 31)"] if odd else []


def hint_flaws(method: str, result: JsonObject) -> list[str]:
    """Caching hints that the stateless era wants and that are not there, or of no use (section 18)."""
    flaws: list[str] = []
    ttl = result.get("ttlMs")
    if isinstance(ttl, bool) or not isinstance(ttl, (int, float)) or ttl < 0:
        flaws.append(f"the result of {method} has no usable ttlMs (section 18)")
    if result.get("cacheScope") not in ("public", "private"):
        flaws.append(f"the result of {method} has no usable cacheScope (section 18)")
    return flaws
