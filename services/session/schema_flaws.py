"""What is wrong with a JSON Schema as it was listed (protocol section 28).

Owns the rules that can be told by looking once at each part of it: kinds of keywords, the dialect, where
references lead. Never validates a value and never fetches anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from ..models import Json, JsonObject, as_list, as_text
from ..state.text import quoted, shortened

PARTS = 20_000
"""Parts of one schema that are looked at."""
DEPTH = 100
FLAWS = 5
"""Flaws of one schema that are told."""
FLAW_SHOWN = 280
"""Characters of a flaw."""

TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_DIALECT = re.compile(r"https?://json-schema\.org/(draft-0[3467]|draft/(2019-09|2020-12))/schema")


def _is_count(value: Json) -> bool:
    if isinstance(value, float):
        return value >= 0 and value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_schema(value: Json) -> bool:
    return isinstance(value, (dict, bool))


def _are_schemas(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_schema(part) for part in value)


def _is_type(value: Json) -> bool:
    names = value if isinstance(value, list) else [value]
    return bool(names) and all(isinstance(name, str) and name in TYPES for name in names)


_KINDS: tuple[tuple[tuple[str, ...], Callable[[Json], bool], str], ...] = (
    (("type",), _is_type, f"one of {', '.join(sorted(TYPES))}, or an array of them"),
    (
        ("$ref", "$schema", "$id", "$anchor", "$dynamicRef", "pattern", "format"),
        lambda value: isinstance(value, str),
        "a string",
    ),
    (("maximum", "minimum", "multipleOf"), _is_number, "a number"),
    (
        ("maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"),
        _is_count,
        "a whole number from 0",
    ),
    (("uniqueItems",), lambda value: isinstance(value, bool), "true or false"),
    (("enum",), lambda value: isinstance(value, list), "an array"),
    (("allOf", "anyOf", "oneOf"), _are_schemas, "a non-empty array of schemas"),
    (
        ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"),
        lambda value: isinstance(value, dict) and all(_is_schema(part) for part in value.values()),
        "an object of schemas",
    ),
    (
        ("additionalProperties", "not", "if", "then", "else", "contains", "propertyNames", "unevaluatedProperties"),
        _is_schema,
        "a schema",
    ),
    (("items",), lambda value: _is_schema(value) or isinstance(value, list), "a schema"),
    (
        ("required",),
        lambda value: isinstance(value, list) and all(isinstance(name, str) for name in value),
        "an array of strings",
    ),
)
"""Keywords, what their values must be, and the words for it."""
_RULES = {keyword: (fits, words) for keywords, fits, words in _KINDS for keyword in keywords}

_OBJECTS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_ARRAYS = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
_SINGLE = (
    "items",
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedProperties",
    "unevaluatedItems",
)
"""Where the schemas inside a schema stand."""


def schema_flaws(schema: JsonObject) -> list[str]:
    """Sentences about what keeps ``schema`` from being applied; empty when nothing does."""
    flaws: list[str] = []
    dialect = as_text(schema.get("$schema"))
    if dialect is not None and not _DIALECT.fullmatch(dialect.removesuffix("#")):
        flaws.append(f"the schema's dialect {quoted(dialect)} is not known, so nothing is checked against it")
    for place, part in _parts(schema):
        if len(flaws) >= FLAWS:
            break
        for keyword, value in part.items():
            rule = _RULES.get(keyword)
            if rule is not None and not rule[0](value):
                flaws.append(f'"{keyword}" of {_where(place)} must be {rule[1]}')
        reference = part.get("$ref")
        if isinstance(reference, str):
            flaws += [f"{problem} in {_where(place)}" for problem in _unresolved(schema, reference)]
    return [f"{shortened(flaw, FLAW_SHOWN)} (section 28)" for flaw in flaws[:FLAWS]]


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """One step on the way to a schema inside another; the way itself is only put together for a flaw."""

    parent: _Place | None
    keyword: str
    name: str | int | None
    depth: int


def _where(place: _Place | None) -> str:
    steps: list[str] = []
    while place is not None:
        if place.name is not None:
            steps.append(shortened(str(place.name)))
        if place.keyword != "properties":
            steps.append(place.keyword)
        place = place.parent
    return shortened("/".join(reversed(steps)), FLAW_SHOWN // 2) or "the schema"


def _parts(schema: JsonObject) -> Iterator[tuple[_Place | None, JsonObject]]:
    """The schemas inside ``schema``, itself first and ``PARTS`` at the most, with the place of each."""
    waiting: list[tuple[_Place | None, JsonObject]] = [(None, schema)]
    room = PARTS
    while waiting:
        place, part = waiting.pop()
        yield place, part
        depth = place.depth + 1 if place is not None else 1
        if depth > DEPTH:
            continue
        for keyword, name, value in _inside(part):
            if not room:
                break
            room -= 1
            waiting.append((_Place(place, keyword, name, depth), value))


def _inside(part: JsonObject) -> Iterator[tuple[str, str | int | None, JsonObject]]:
    """The schemas that stand right in ``part``: keyword, name or number there, the schema."""
    for keyword in _OBJECTS:
        members = part.get(keyword)
        if isinstance(members, dict):
            for name, value in members.items():
                if isinstance(value, dict):
                    yield keyword, name, value
    for keyword in _ARRAYS:
        for index, value in enumerate(as_list(part.get(keyword))):
            if isinstance(value, dict):
                yield keyword, index, value
    for keyword in _SINGLE:
        value = part.get(keyword)
        if isinstance(value, dict):
            yield keyword, None, value


def _unresolved(schema: JsonObject, reference: str) -> list[str]:
    """Why a reference leads nowhere; a schema with an ``$id`` or anchors of its own is left to the validator."""
    if not reference.startswith("#"):
        known = _DIALECT.fullmatch(reference.removesuffix("#")) or "$id" in schema
        return [] if known else [f"the reference {quoted(reference)} leads outside the schema and is not followed"]
    pointer = reference[1:]
    if pointer and not pointer.startswith("/"):
        return []
    found: Json = schema
    for step in pointer.split("/")[1:]:
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdecimal() and len(name) < 10 and int(name) < len(found):
            found = found[int(name)]
        else:
            return [f"the reference {quoted(reference)} leads nowhere"]
    return []
