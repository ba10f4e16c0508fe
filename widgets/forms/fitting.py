"""Which schema a value is meant for: the branch it fits best, and whether a condition holds.

Owns a quick, partial look at a value. What it does not know it does not judge: validating is the executor's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from ...services.models import Json, JsonObject, as_list, as_object, as_text
from ..json_text import same
from .resolving import Branch, constant_of, resolved

DEPTH = 6
PATTERN = 200

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int, float),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def best_branch(branches: Sequence[Branch], value: Json, root: JsonObject) -> int | None:
    """The index of the branch that ``value`` fits best; the first of equals, None when it fits none."""
    scores = [score(branch.schema, value, root) for branch in branches]
    best = max(scores, default=-math.inf)
    return scores.index(best) if best > -math.inf else None


def score(schema: JsonObject, value: Json, root: JsonObject, depth: int = 0) -> float:
    """How well they fit; minus infinity when they cannot."""
    if depth > DEPTH:
        return 0
    whole = resolved(schema, root)
    if value is None and whole.nullable:
        return 1
    if whole.branches:
        return max(score(branch.schema, value, root, depth + 1) for branch in whole.branches)
    flat = whole.schema
    if "const" in flat:
        return 3 if same(flat["const"], value) else -math.inf
    allowed = as_list(flat.get("enum"))
    if allowed:
        return 2 if any(same(one, value) for one in allowed) else -math.inf
    if whole.type and not is_type(value, whole.type):
        return -math.inf
    points: float = 1 if whole.type else 0
    if isinstance(value, dict):
        return points + _members(flat, value, root, depth)
    if isinstance(value, list):
        items = as_object(flat.get("items"))
        parts = [score(items, one, root, depth + 1) for one in value[:8]] if items else []
        return points + min(parts, default=0) / 2
    if isinstance(value, str):
        pattern = as_text(flat.get("pattern"))
        return points + (0.5 if pattern and _matches(pattern, value) else 0)
    return points + (0.5 if whole.type == "integer" and isinstance(value, int) else 0)


def _members(flat: JsonObject, value: JsonObject, root: JsonObject, depth: int) -> float:
    points = 0.0
    known = as_object(flat.get("properties"))
    for name, one in value.items():
        part = as_object(known.get(name))
        if name not in known:
            points -= 1 if flat.get("additionalProperties") is not False else 4
            continue
        fits = score(part, one, root, depth + 1)
        if fits == -math.inf:
            if constant_of(resolved(part, root).schema) is not None:
                return -math.inf
            points -= 3
        else:
            points += 1 + fits / 10
    return points - 2 * sum(name not in value for name in as_list(flat.get("required")))


def is_type(value: Json, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES.get(name, (object,)))


def holds(schema: Json, value: Json, root: JsonObject, depth: int = 0) -> bool | None:
    """Whether a value keeps to a schema; None where this look cannot tell."""
    if isinstance(schema, bool):
        return schema
    if depth > DEPTH:
        return None
    told: list[bool | None] = []
    for word, part in as_object(schema).items():
        told.append(_rule(word, part, value, root, depth))
    if False in told:
        return False
    return None if None in told else True


def _rule(word: str, part: Json, value: Json, root: JsonObject, depth: int) -> bool | None:
    match word:
        case "const":
            return same(part, value)
        case "enum":
            return any(same(one, value) for one in as_list(part))
        case "type":
            names = as_list(part) or [part]
            return any(isinstance(name, str) and is_type(value, name) for name in names)
        case "required":
            return not isinstance(value, dict) or all(name in value for name in as_list(part))
        case "properties":
            if not isinstance(value, dict):
                return True
            return _all(
                [holds(one, value[name], root, depth + 1) for name, one in as_object(part).items() if name in value]
            )
        case "not":
            inner = holds(part, value, root, depth + 1)
            return None if inner is None else not inner
        case "allOf":
            return _all([holds(one, value, root, depth + 1) for one in as_list(part)])
        case "anyOf":
            parts = [holds(one, value, root, depth + 1) for one in as_list(part)]
            return True if True in parts else None if None in parts else False
        case "$ref" if isinstance(part, str) and part.startswith("#"):
            return holds(resolved({"$ref": part}, root).schema, value, root, depth + 1)
        case "minimum" | "maximum" | "minLength" | "maxLength" | "minItems" | "maxItems":
            return _limit(word, part, value)
        case "pattern" if isinstance(part, str):
            return _matches(part, value) if isinstance(value, str) else True
        case "title" | "description" | "default" | "$comment" | "examples":
            return True
        case _:
            return None


def _all(told: Sequence[bool | None]) -> bool | None:
    return False if False in told else None if None in told else True


def _limit(word: str, part: Json, value: Json) -> bool | None:
    if not isinstance(part, int | float):
        return None
    if word.endswith("imum"):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return True
        size: float = value
    elif isinstance(value, str if word.endswith("Length") else list):
        size = len(value)  # type: ignore[arg-type]
    else:
        return True
    return size >= part if word.startswith("min") else size <= part


def _matches(pattern: str, value: str) -> bool | None:
    """Only short patterns without a repeated group: none that could run away."""
    if len(pattern) > PATTERN or len(value) > PATTERN or re.search(r"[)][*+{]|\\[1-9]", pattern):
        return None
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return None
