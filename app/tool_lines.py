"""A tool as the command line tells it: all of it for a person, its capabilities as JSON.

Owns the words. Never asks a server.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..services.models import JsonObject, Tool, as_list, as_object, as_text
from ..services.models.costs import DESCRIBED
from ..services.registry.catalogue_tool import Capability, claim
from ..services.state.text import one_line, visible
from .printing import pretty, size_words

_MEMBERS = {
    Capability.READ_ONLY: "readOnly",
    Capability.DESTRUCTIVE: "destructive",
    Capability.IDEMPOTENT: "idempotent",
    Capability.OPEN_WORLD: "openWorld",
    Capability.TASKS: "tasks",
    Capability.UI: "ui",
}
_WORDS = {
    Capability.READ_ONLY: ("read-only", "writes"),
    Capability.DESTRUCTIVE: ("destructive", "not destructive"),
    Capability.IDEMPOTENT: ("idempotent", "not idempotent"),
    Capability.OPEN_WORLD: ("open world", "closed world"),
    Capability.TASKS: ("runs as a task", "no tasks"),
    Capability.UI: ("a screen of its own", "no screen of its own"),
}
"""Of each what is said where it has it, and where it has not; the dashboard has the same words."""


def capabilities_json(tool: Tool) -> JsonObject:
    """``{"readOnly": {"value": false, "given": false}, …}``; ``given``: the server said so, else it is the default."""
    found: JsonObject = {}
    for capability, member in _MEMBERS.items():
        told = claim(tool, capability)
        found[member] = {"value": told.holds, "given": told.given}
    return found


def tool_lines(tool: Tool, qualified: str) -> Iterator[str]:
    """Everything a server says of a tool, for a person; safe to print as it is."""
    if tool.label != tool.name:
        yield f"title        {one_line(tool.label)}"
    yield f"for a model  {qualified}"
    yield f"costs        ~{tool.tokens:,} tokens (estimate), {size_words(tool.wire_bytes)}"
    yield f"claims       {', '.join(_claims(tool))}"
    if tool.description.strip():
        yield ""
        yield from visible(tool.description.strip()).splitlines()
        if len(tool.description) > DESCRIBED:
            yield f"({len(tool.description):,} characters, of which a model gets the first {DESCRIBED:,})"
    yield ""
    yield "arguments"
    yield from _arguments(tool)
    for title, schema in (("input schema", tool.input_schema), ("output schema", tool.output_schema)):
        if schema:
            yield ""
            yield title
            yield from pretty(schema).splitlines()
    if tool.annotations:
        yield ""
        yield "annotations, as the server claims them"
        yield from pretty(tool.annotations).splitlines()


def _claims(tool: Tool) -> Iterator[str]:
    only_reads = claim(tool, Capability.READ_ONLY).holds
    for capability in Capability:
        told = claim(tool, capability)
        if told.given:
            yield _WORDS[capability][0 if told.holds else 1]
        elif told.holds and not (only_reads and capability is Capability.IDEMPOTENT):  # which nobody need be told
            yield f"{_WORDS[capability][0]} (not said, so assumed)"


def _arguments(tool: Tool) -> Iterator[str]:
    required = {as_text(name) for name in as_list(tool.input_schema.get("required"))}
    properties = as_object(tool.input_schema.get("properties"))
    if not properties:
        yield "  none"
    for name, value in properties.items():
        schema = as_object(value)
        kind = as_text(schema.get("type")) or ""
        word = f"{name}{f':{kind}' if kind else ''}{'*' if name in required else ''}"
        described = as_text(schema.get("description")) or ""
        yield f"  {one_line(word)}{f'  {one_line(described)}' if described else ''}"
