"""Request-metadata headers of the 2026-07-28 revision (protocol section 11).

Owns the value encoding and the ``x-mcp-header`` rules of a tool's input schema. Never sends.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from ..models import Json, JsonObject, as_object

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
SAFE_INTEGER = 2**53 - 1
_SENTINEL = re.compile(r"=\?base64\?.*\?=", re.DOTALL)
_PLAIN = re.compile(r"[\x20-\x7e]*")


def encode_value(text: str) -> str:
    """``text`` as a header value; what cannot stand there plainly becomes ``=?base64?…?=``."""
    if _PLAIN.fullmatch(text) and text == text.strip(" \t") and not _SENTINEL.fullmatch(text):
        return text
    coded = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")
    return f"=?base64?{coded}?="


def mirrored(schema: JsonObject, arguments: JsonObject) -> dict[str, str]:
    """``Mcp-Param-*`` headers of a call: annotated properties that are present and not null."""
    headers: dict[str, str] = {}
    for path, name, _ in _annotated(schema):
        value: Json = arguments
        for key in path:
            value = as_object(value).get(key)
        text = _value_text(value)
        if text is not None:
            headers[f"Mcp-Param-{name}"] = encode_value(text)
    return headers


def schema_problems(schema: JsonObject) -> list[str]:
    """Why a client must refuse the tool (empty when it need not)."""
    problems: list[str] = []
    seen: set[str] = set()
    reachable = 0
    for path, name, kind in _annotated(schema):
        reachable += 1
        where = ".".join(path)
        if not isinstance(name, str) or not TOKEN.fullmatch(name):
            problems.append(f"x-mcp-header of {where} is not a header token")
            continue
        if name.lower() in seen:
            problems.append(f"x-mcp-header {name!r} stands twice")
        seen.add(name.lower())
        if kind not in ("string", "integer", "boolean"):
            problems.append(f"x-mcp-header of {where} needs type string, integer or boolean")
    if _count(schema) > reachable:
        problems.append("x-mcp-header stands where it is not reachable through properties alone")
    return problems


def _annotated(schema: JsonObject, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json, Json]]:
    for key, value in as_object(schema.get("properties")).items():
        prop = as_object(value)
        here = (*path, key)
        if "x-mcp-header" in prop:
            yield here, prop["x-mcp-header"], prop.get("type")
        if len(here) < 32:
            yield from _annotated(prop, here)


def _count(value: Json, depth: int = 0) -> int:
    """How often the annotation stands anywhere in the schema."""
    if depth > 64:
        return 0
    if isinstance(value, dict):
        own = 1 if "x-mcp-header" in value and not isinstance(value["x-mcp-header"], dict) else 0
        return own + sum(_count(part, depth + 1) for part in value.values())
    if isinstance(value, list):
        return sum(_count(part, depth + 1) for part in value)
    return 0


def _value_text(value: Json) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case int() if abs(value) <= SAFE_INTEGER:
            return str(value)
        case str():
            return value
        case _:
            return None
