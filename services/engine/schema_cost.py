"""How much work a JSON Schema can make, told without applying it.

Owns the estimate by which a check runs here or in a process of its own. Never validates; what it cannot
tell counts as much work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from urllib.parse import unquote

from ..models import Json, JsonObject

PARTS = 2_000
"""Values in a schema, those that its references lead to counted each time; judging one takes up to 0.1 ms."""
STEPS = 20_000
"""Parts of the schema times parts of the value; each step takes 25 microseconds at the most."""
UNIQUE = 200
"""Parts of a value whose items may be compared each with each."""

SEARCHED = 1_000
"""Characters of all texts of a value in which patterns are searched for on the loop's thread."""
WAYS = 1_000_000
"""Ways in which a pattern may be tried to match, at the most."""
SEARCH = 50
"""Parts of a schema that one pattern counts for: a search takes up to 20 ms."""

_TEXTS = frozenset({"$id", "id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef"})
"""Keywords that say, with a text, what may take long or where a reference cannot be followed simply."""
_NAMES = frozenset({"$id", "id"})
"""The name of the whole schema changes nothing."""
_OBJECTS = frozenset({"patternProperties", "unevaluatedProperties", "unevaluatedItems"})


class _TooMuch(Exception):
    """More work than is done on the loop's thread."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Parts of a schema, references followed; None: more than is applied on the loop's thread, or not to be told.

    ``few``: to a value of up to ``UNIQUE`` parts; ``many``: to any. ``searches``: it has patterns.
    """

    few: int | None
    many: int | None
    searches: bool = False

    def allows(self, size: Size) -> bool:
        """Applying the schema to a value of this size takes a fraction of a second at the most."""
        weight = self.many if size.parts > UNIQUE else self.few
        if weight is None or (self.searches and size.text > SEARCHED):
            return False
        return weight * size.parts <= STEPS


@dataclass(frozen=True, slots=True)
class Size:
    """Parts of a value, long texts counting for more, and the characters of its texts."""

    parts: int
    text: int = 0


def cost_of(schema: JsonObject) -> Cost:
    """How much work ``schema`` makes; to be kept as long as the schema is."""
    patterns: list[str] = []
    few = _weighed(schema, patterns, several=False)
    many = _weighed(schema, patterns, several=True) if few is not None else None
    return Cost(few, many, bool(patterns))


def _weighed(schema: JsonObject, patterns: list[str], *, several: bool) -> int | None:
    try:
        return _weight(schema, patterns, several=several)
    except _TooMuch:
        return None


def size_of(value: Json) -> Size:
    """How large ``value`` is; above ``STEPS`` parts it is not looked at any further."""
    parts = text = 0
    waiting = [value]
    while waiting:
        one = waiting.pop()
        parts += 1
        if isinstance(one, str):
            text += len(one)
            parts += len(one) // 1_000
        elif isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
        if parts + len(waiting) > STEPS:
            return Size(STEPS + 1, text)
    return Size(parts, text)


def is_cheap(value: Json, schema: JsonObject) -> bool:
    """Applying ``schema`` to ``value`` takes a fraction of a second at the most."""
    return cost_of(schema).allows(size_of(value))


def is_plain(pattern: str) -> bool:
    """Searching ``SEARCHED`` characters with it takes some milliseconds: few ways to match can be tried in all.

    Characters, classes and escapes one after the other, without groups, alternatives and references.
    """
    if len(pattern) > 500 or not _PLAIN.fullmatch(pattern):
        return False
    ways = 1 if pattern.startswith("^") else SEARCHED
    for found in _STEP.finditer(pattern):
        ways *= _ways(found["repeat"] or "")
        if ways > WAYS:
            return False
    return True


def _ways(repeated: str) -> int:
    """How many lengths one part of a pattern can have."""
    repeated = repeated.removesuffix("?") if len(repeated) > 1 else repeated
    if repeated in ("*", "+"):
        return SEARCHED
    if repeated == "?":
        return 2
    least, comma, most = repeated.strip("{}").partition(",")
    if not comma:
        return 1
    return int(most) - int(least) + 1 if most else SEARCHED


_ESCAPE = r"\\[dwsDWS.\\/^$*+?()\[\]{}|\-]"
_STEP = re.compile(
    rf"(?:{_ESCAPE}|\[(?:[^\[\]\\]|{_ESCAPE})+\]|[^\\^$*+?()\[\]{{}}|])"
    rf"(?P<repeat>(?:[*+?]|\{{\d{{1,3}}(?:,\d{{0,3}})?\}})\??)?"
)
_PLAIN = re.compile(rf"\^?(?:{_STEP.pattern.replace('?P<repeat>', '?:')})*\$?")


def _weight(schema: JsonObject, patterns: list[str], *, several: bool) -> int:
    """Parts of ``schema``, references followed. Raises ``_TooMuch``, also for a reference to where it stands.

    ``several``: the value has too many parts for all of them to be compared with each other. ``patterns`` gets those
    that stand in it.
    """
    known: dict[int, int] = {}
    under_way: set[int] = {id(schema)}
    stack: list[tuple[Json, Iterator[Json]]] = [(schema, _inside(schema, schema, patterns, several=several))]
    weights = [1]
    while stack:
        part, inside = stack[-1]
        for one in inside:
            if isinstance(one, (dict, list)) and one:
                if id(one) in under_way:
                    raise _TooMuch
                if id(one) not in known:
                    under_way.add(id(one))
                    stack.append((one, _inside(one, schema, patterns, several=several)))
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


def _inside(part: Json, schema: JsonObject, patterns: list[str], *, several: bool) -> Iterator[Json]:
    """What stands right in ``part``, and what its reference leads to."""
    if isinstance(part, list):
        yield from part
        return
    assert isinstance(part, dict)
    for keyword, value in part.items():
        if keyword == "pattern" and isinstance(value, str):
            if not is_plain(value):
                raise _TooMuch
            patterns.append(value)
            yield from repeat(None, SEARCH)
            continue
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
