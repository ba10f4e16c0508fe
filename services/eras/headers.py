"""Request-metadata headers of the 2026-07-28 revision (protocol section 11).

Owns the value encoding and the ``x-mcp-header`` rules of a tool's input schema. Never sends.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from ..models import Json, JsonObject, as_list, as_object
from ..state.text import quoted, shortened

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
SAFE_INTEGER = 2**53 - 1
PARTS = 20_000
"""Objects and arrays of one schema that are looked at."""
DEPTH = 32
"""Properties inside each other that are looked at."""
PROBLEMS = 5
"""Problems of one schema that are told."""
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
    """Why a client must refuse the tool (empty when it need not); the first ``PROBLEMS``, each a short sentence."""
    problems: list[str] = []
    seen: set[str] = set()
    reachable = 0
    for path, name, kind in _annotated(schema):
        reachable += 1
        if len(problems) >= PROBLEMS:
            break
        if not isinstance(name, str) or not TOKEN.fullmatch(name):
            problems.append(f"x-mcp-header of {_where(path)} is not a header token")
            continue
        if name.lower() in seen:
            problems.append(f"x-mcp-header {quoted(name)} stands twice")
        seen.add(name.lower())
        if kind not in ("string", "integer", "boolean"):
            problems.append(f"x-mcp-header of {_where(path)} needs type string, integer or boolean")
    if len(problems) < PROBLEMS and _count(schema) > reachable:
        problems.append("x-mcp-header stands where it is not reachable through properties alone")
    return problems[:PROBLEMS]


def _where(path: tuple[str, ...]) -> str:
    return shortened(".".join(map(shortened, path)), 160)


def _annotated(schema: JsonObject) -> Iterator[tuple[tuple[str, ...], Json, Json]]:
    """Annotated properties: the way to each, the annotation, the type."""
    path: list[str] = []
    waiting = [iter(as_object(schema.get("properties")).items())]
    left = PARTS
    while waiting and left:
        following = next(waiting[-1], None)
        if following is None:
            waiting.pop()
            if path:
                path.pop()
            continue
        key, prop = following[0], as_object(following[1])
        if not prop:
            continue
        left -= 1
        if "x-mcp-header" in prop:
            yield (*path, key), prop["x-mcp-header"], prop.get("type")
        if len(waiting) < DEPTH:
            path.append(key)
            waiting.append(iter(as_object(prop.get("properties")).items()))


def _count(schema: JsonObject) -> int:
    """How often the annotation stands anywhere in the schema; 0 when there is too much to look at."""
    found, room = 0, PARTS
    waiting: list[Json] = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            found += "x-mcp-header" in value and not isinstance(value["x-mcp-header"], dict)
        inside = value.values() if isinstance(value, dict) else as_list(value)
        for part in inside:
            if isinstance(part, (dict, list)):
                if not room:
                    return 0
                room -= 1
                waiting.append(part)
    return found


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
