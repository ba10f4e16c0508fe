"""How much work a JSON Schema can make, told without applying it.

Owns the estimate by which a check runs here or in a process of its own. Never validates; what it cannot
tell counts as much work.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from ..models import Json, JsonObject

PARTS = 2_000
"""Values in a schema, those that its references lead to counted each time; judging one takes up to 0.1 ms."""
STEPS = 20_000
"""Parts of the schema times parts of the value; each step takes 25 microseconds at the most."""
UNIQUE = 200
"""Parts of a value whose items may be compared each with each."""

_TEXTS = frozenset({"pattern", "$id", "id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef"})
"""Keywords that say, with a text, what may take long or where a reference cannot be followed simply."""
_NAMES = frozenset({"$id", "id"})
"""The name of the whole schema changes nothing."""
_OBJECTS = frozenset({"patternProperties", "unevaluatedProperties", "unevaluatedItems"})


class _TooMuch(Exception):
    """More work than is done on the loop's thread."""


def is_cheap(value: Json, schema: JsonObject) -> bool:
    """Applying ``schema`` to ``value`` takes a fraction of a second at the most."""
    try:
        size = _size(value)
        return _weight(schema, several=size > UNIQUE) * size <= STEPS
    except _TooMuch:
        return False


def _size(value: Json) -> int:
    """Parts of ``value``; long texts count for more. Raises ``_TooMuch``."""
    size = 0
    waiting = [value]
    while waiting:
        one = waiting.pop()
        size += 1 + (len(one) // 1_000 if isinstance(one, str) else 0)
        if size + len(waiting) > STEPS:
            raise _TooMuch
        if isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return size


def _weight(schema: JsonObject, *, several: bool) -> int:
    """Parts of ``schema``, references followed. Raises ``_TooMuch``, also for a reference to where it stands.

    ``several``: the value has too many parts for all of them to be compared with each other.
    """
    known: dict[int, int] = {}
    under_way: set[int] = {id(schema)}
    stack: list[tuple[Json, Iterator[Json]]] = [(schema, _inside(schema, schema, several=several))]
    weights = [1]
    while stack:
        part, inside = stack[-1]
        for one in inside:
            if isinstance(one, (dict, list)) and one:
                if id(one) in under_way:
                    raise _TooMuch
                if id(one) not in known:
                    under_way.add(id(one))
                    stack.append((one, _inside(one, schema, several=several)))
                    weights.append(1)
                    break
            weights[-1] += known.get(id(one), 1)
            if weights[-1] > PARTS:
                raise _TooMuch
        else:
            stack.pop()
            under_way.discard(id(part))
            known[id(part)] = weight = weights.pop()
            if not stack:
                return weight
            weights[-1] += weight
            if weights[-1] > PARTS:
                raise _TooMuch
    raise AssertionError("the schema itself is the last part")


def _inside(part: Json, schema: JsonObject, *, several: bool) -> Iterator[Json]:
    """What stands right in ``part``, and what its reference leads to."""
    if isinstance(part, list):
        yield from part
        return
    assert isinstance(part, dict)
    for keyword, value in part.items():
        if keyword in _TEXTS and isinstance(value, str) and not (keyword in _NAMES and part is schema):
            raise _TooMuch
        if keyword in _OBJECTS or (keyword == "uniqueItems" and several):
            raise _TooMuch
        yield value
    reference = part.get("$ref")
    if isinstance(reference, str):
        yield _target(schema, reference)


def _target(schema: JsonObject, reference: str) -> Json:
    """Where a reference leads; None when nowhere, which ends the check at once."""
    if not reference.startswith("#") or len(reference) > 1_000:
        raise _TooMuch
    found: Json = schema
    for step in reference[1:].split("/")[1:]:
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict):
            found = found.get(name)
        elif isinstance(found, list) and name.isdecimal() and len(name) < 10 and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return found
