"""The usual keywords of JSON Schema as closures: most arguments fit, and that is told without a validator.

Owns a subset of 2020-12, 2019-09 and draft-07, applied exactly. A schema that holds anything else is not taken, and
what does not fit is left to the validator, which knows why. Never says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import unquote

from ..models import Json, JsonObject

Fits: TypeAlias = Callable[[Json], bool]

DEPTH = 200
"""Schemas inside each other, at the most."""

_KINDS: dict[str, Fits] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())
    ),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}
_OTHERS = frozenset(
    (
        *("$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$anchor", "$vocabulary", "id"),
        *("additionalItems", "contains", "minContains", "maxContains", "prefixItems", "unevaluatedItems"),
        *("dependencies", "dependentRequired", "dependentSchemas", "patternProperties", "propertyNames"),
        *("unevaluatedProperties", "if", "then", "else", "not", "multipleOf"),
    )
)
"""Keywords that decide something and that are not understood here."""


class _NotTaken(Exception):
    """The schema is left to the validator."""


@dataclass(frozen=True, slots=True)
class Quick:
    """``fits``: the value is certainly valid. ``exact``: what does not is certainly not."""

    fits: Fits
    exact: bool = True


@dataclass(slots=True)
class _Reader:
    root: JsonObject
    siblings: bool
    """Keywords beside a ``$ref`` count (not before 2019-09)."""
    made: dict[int, _Cell] = field(default_factory=dict[int, "_Cell"])


@dataclass(slots=True)
class _Cell:
    """A schema that references lead to, perhaps while it is still being read."""

    quick: Quick | None = None

    def fits(self, value: Json) -> bool:
        assert self.quick is not None
        return self.quick.fits(value)


def quick_check(schema: JsonObject, *, siblings: bool = True) -> Quick | None:
    """``schema`` as closures; None where it holds what is not understood here, or what is no schema at all."""
    reader = _Reader(schema, siblings)
    whole = reader.made[id(schema)] = _Cell()
    try:
        whole.quick = _read(schema, reader, 0)
    except (_NotTaken, RecursionError):
        return None
    return whole.quick


def _read(schema: Json, reader: _Reader, depth: int) -> Quick:
    if isinstance(schema, bool):
        return _ALL if schema else _NONE
    if not isinstance(schema, dict) or depth > DEPTH:
        raise _NotTaken
    if depth and ("$id" in schema or "$schema" in schema):
        raise _NotTaken  # references inside it mean something else
    if not _OTHERS.isdisjoint(schema):
        raise _NotTaken
    if "$ref" in schema and not reader.siblings:
        return _referred(schema["$ref"], reader, depth)
    tests: list[Quick] = []
    kind = schema.get("type")
    if "type" in schema:
        tests.append(Quick(_kinds(kind)))
    if "enum" in schema or "const" in schema:
        if "enum" in schema:
            known = schema["enum"]
            if not isinstance(known, list):
                raise _NotTaken
            tests.append(_one_of(known))
        if "const" in schema:
            tests.append(_one_of([schema["const"]]))
    tests += _of_numbers(schema) + _of_strings(schema) + _of_objects(schema, reader, depth)
    tests += _of_arrays(schema, reader, depth) + _of_several(schema, reader, depth)
    if not tests:
        return _ALL
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        one, other = tests[0].fits, tests[1].fits
        return Quick(lambda value: one(value) and other(value), tests[0].exact and tests[1].exact)
    every = tuple(test.fits for test in tests)
    return Quick(lambda value: all(fits(value) for fits in every), all(test.exact for test in tests))


def _kinds(names: Json) -> Fits:
    if isinstance(names, str) and names in _KINDS:
        return _KINDS[names]
    if isinstance(names, list) and names and all(isinstance(name, str) and name in _KINDS for name in names):
        several = tuple(_KINDS[str(name)] for name in names)
        return lambda value: any(fits(value) for fits in several)
    raise _NotTaken


def _one_of(known: list[Json]) -> Quick:
    texts = frozenset(one for one in known if isinstance(one, str))
    if len(texts) == len(known):
        return Quick(lambda value: isinstance(value, str) and value in texts)
    # 1 is 1.0 and is not true; what holds others is left to the validator.
    plain = tuple((type(one), one) for one in known if not isinstance(one, (list, dict)))
    return Quick(lambda value: any(type(value) is kind and value == one for kind, one in plain), exact=False)


def _number(schema: JsonObject, keyword: str) -> int | float | None:
    if keyword not in schema:
        return None
    value = schema[keyword]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _NotTaken
    return value


def _amount(schema: JsonObject, keyword: str) -> int | None:
    if keyword not in schema:
        return None
    value = schema[keyword]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _NotTaken
    return value


def _of_numbers(schema: JsonObject) -> list[Quick]:
    least, most = _number(schema, "minimum"), _number(schema, "maximum")
    above, below = _number(schema, "exclusiveMinimum"), _number(schema, "exclusiveMaximum")
    if least is None and most is None and above is None and below is None:
        return []
    return [
        Quick(
            lambda value: (
                not isinstance(value, (int, float))
                or isinstance(value, bool)
                or (
                    (least is None or value >= least)
                    and (most is None or value <= most)
                    and (above is None or value > above)
                    and (below is None or value < below)
                )
            )
        )
    ]


def _of_strings(schema: JsonObject) -> list[Quick]:
    tests: list[Quick] = []
    least, most = _amount(schema, "minLength"), _amount(schema, "maxLength")
    if least is not None or most is not None:
        low, high = least or 0, most
        tests.append(
            Quick(
                lambda value: not isinstance(value, str) or (len(value) >= low and (high is None or len(value) <= high))
            )
        )
    if "pattern" in schema:
        pattern = schema["pattern"]
        if not isinstance(pattern, str):
            raise _NotTaken
        try:
            search = re.compile(pattern).search
        except (re.error, OverflowError, RecursionError):
            raise _NotTaken from None
        tests.append(Quick(lambda value: not isinstance(value, str) or search(value) is not None))
    return tests


def _of_objects(schema: JsonObject, reader: _Reader, depth: int) -> list[Quick]:
    tests: list[Quick] = []
    if "required" in schema:
        names = schema["required"]
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise _NotTaken
        wanted = frozenset(str(name) for name in names)
        tests.append(Quick(lambda value: not isinstance(value, dict) or wanted.issubset(value)))
    least, most = _amount(schema, "minProperties"), _amount(schema, "maxProperties")
    if least is not None or most is not None:
        low, high = least or 0, most
        tests.append(
            Quick(
                lambda value: (
                    not isinstance(value, dict) or (len(value) >= low and (high is None or len(value) <= high))
                )
            )
        )
    if "properties" not in schema and "additionalProperties" not in schema:
        return tests
    members = schema.get("properties", {})
    if not isinstance(members, dict):
        raise _NotTaken
    known = {name: _read(member, reader, depth + 1) for name, member in members.items()}
    rest = _read(schema.get("additionalProperties", True), reader, depth + 1)
    inner = {name: quick.fits for name, quick in known.items()}
    others = rest.fits
    tests.append(
        Quick(
            lambda value: (
                not isinstance(value, dict) or all(inner.get(name, others)(one) for name, one in value.items())
            ),
            rest.exact and all(quick.exact for quick in known.values()),
        )
    )
    return tests


def _of_arrays(schema: JsonObject, reader: _Reader, depth: int) -> list[Quick]:
    tests: list[Quick] = []
    least, most = _amount(schema, "minItems"), _amount(schema, "maxItems")
    if least is not None or most is not None:
        low, high = least or 0, most
        tests.append(
            Quick(
                lambda value: (
                    not isinstance(value, list) or (len(value) >= low and (high is None or len(value) <= high))
                )
            )
        )
    if "uniqueItems" in schema:
        if not isinstance(schema["uniqueItems"], bool):
            raise _NotTaken
        if schema["uniqueItems"]:
            tests.append(Quick(_are_different_texts, exact=False))
    if "items" in schema:
        quick = _read(schema["items"], reader, depth + 1)
        fits = quick.fits
        tests.append(Quick(lambda value: not isinstance(value, list) or all(map(fits, value)), quick.exact))
    return tests


def _are_different_texts(value: Json) -> bool:
    if not isinstance(value, list):
        return True
    texts = frozenset(one for one in value if isinstance(one, str))
    return len(texts) == len(value)


def _of_several(schema: JsonObject, reader: _Reader, depth: int) -> list[Quick]:
    tests: list[Quick] = []
    for keyword in ("allOf", "anyOf", "oneOf"):
        if keyword not in schema:
            continue
        parts = schema[keyword]
        if not isinstance(parts, list) or not parts:
            raise _NotTaken
        quicks = [_read(part, reader, depth + 1) for part in parts]
        every, exact = tuple(quick.fits for quick in quicks), all(quick.exact for quick in quicks)
        if keyword == "allOf":
            tests.append(Quick(_all_of(every), exact))
        elif keyword == "anyOf":
            tests.append(Quick(_any_of(every), exact))
        elif exact:
            tests.append(Quick(_just_one_of(every)))
        else:
            raise _NotTaken  # one of which it is not known whether it fits may be the second
    if "$ref" in schema:
        tests.append(_referred(schema["$ref"], reader, depth))
    return tests


def _all_of(every: tuple[Fits, ...]) -> Fits:
    return lambda value: all(fits(value) for fits in every)


def _any_of(every: tuple[Fits, ...]) -> Fits:
    return lambda value: any(fits(value) for fits in every)


def _just_one_of(every: tuple[Fits, ...]) -> Fits:
    return lambda value: sum(fits(value) for fits in every) == 1


def _referred(reference: Json, reader: _Reader, depth: int) -> Quick:
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        raise _NotTaken
    found: Json = reader.root
    for step in reference[1:].split("/")[1:]:
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict):
            if found is not reader.root and ("$id" in found or "id" in found):
                raise _NotTaken
            if name not in found:
                raise _NotTaken
            found = found[name]
        else:
            raise _NotTaken  # into an array: rare enough
    cell = reader.made.get(id(found))
    if cell is None:
        cell = reader.made[id(found)] = _Cell()
        cell.quick = _read(found, reader, depth + 1)
    # Of one that is still being read it is not known yet whether it is exact.
    return Quick(cell.fits, cell.quick is not None and cell.quick.exact)


_ALL = Quick(lambda value: True)
_NONE = Quick(lambda value: False)
