"""What the keywords of JSON Schema must be, by dialect (protocol section 28).

Owns the tables; they say the same as the meta-schemas of the dialects, in a form that is looked up once a keyword.
Keywords that a dialect does not know are judged as in the newest one: their authors mean that.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from ..models import Json

TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_INLINE_FLAGS = re.compile(r"\(\?[aiLmsux]*i")
PATTERN = 2_000
"""Characters of a regular expression that is tried out."""
_DIALECT = re.compile(r"https?://json-schema\.org/(?:draft/(2019-09|2020-12)|(draft-0[467]))/schema#?")


class Inside(Enum):
    """Where the schemas inside the value of a keyword stand."""

    NOTHING = auto()
    VALUE = auto()
    MEMBERS = auto()
    ITEMS = auto()
    VALUE_OR_ITEMS = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """What a value must be, the words for it, and where schemas stand in it."""

    fits: Callable[[Json], bool]
    words: str
    inside: Inside = Inside.NOTHING


def dialect_of(declared: str | None) -> str | None:
    """The name of a dialect (none declared: 2020-12); None for one that is not known. A ``#`` at its end is ignored."""
    if declared is None:
        return "2020-12"
    found = _DIALECT.fullmatch(declared)
    return None if found is None else found[1] or found[2]


@lru_cache(maxsize=1024)
def pattern_flaw(pattern: str) -> str | None:
    """Why a regular expression cannot be tried, None: it can. It is compiled, never matched.

    A schema's are those of ECMA 262, ours are Python's: one that only the other side knows is of no use here.
    """
    if len(pattern) > PATTERN:
        return f"is longer than {PATTERN:,} characters and was not looked at"
    if _INLINE_FLAGS.search(pattern):
        # Folding the case of a wide range takes long, which a schema may be made for.
        return "sets flags in the middle, which regular expressions of JSON Schema (ECMA 262) have not"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except re.error as error:
        return f"is no regular expression: {error.msg}"
    except (OverflowError, RecursionError, ValueError):
        return "is no regular expression that can be tried"
    return None


def _is_count(value: Json) -> bool:
    if isinstance(value, float):
        return value >= 0 and value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_whole_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_above_0(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def _is_schema(value: Json) -> bool:
    return isinstance(value, (dict, bool))


def _is_object(value: Json) -> bool:
    return isinstance(value, dict)


def _are_schemas(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(part, (dict, bool)) for part in value)


def _are_objects(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(part, dict) for part in value)


def _holds_schemas(value: Json) -> bool:
    return isinstance(value, dict) and all(isinstance(part, (dict, bool)) for part in value.values())


def _holds_objects(value: Json) -> bool:
    return isinstance(value, dict) and all(isinstance(part, dict) for part in value.values())


def _is_type(value: Json) -> bool:
    if not isinstance(value, list):
        return isinstance(value, str) and value in TYPES
    return bool(value) and _are_names(value) and all(name in TYPES for name in value)


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _is_flag(value: Json) -> bool:
    return isinstance(value, bool)


def _is_list(value: Json) -> bool:
    return isinstance(value, list)


def _are_names(value: Json) -> bool:
    if not isinstance(value, list):
        return False
    names = {name for name in value if isinstance(name, str)}
    return len(names) == len(value)


def _hold_names(value: Json) -> bool:
    return isinstance(value, dict) and all(_are_names(part) for part in value.values())


def _depends(value: Json) -> bool:
    return isinstance(value, dict) and all(_is_schema(part) or _are_names(part) for part in value.values())


def _depends_on_objects(value: Json) -> bool:
    return isinstance(value, dict) and all(
        isinstance(part, dict) or (bool(part) and _are_names(part)) for part in value.values()
    )


def _are_different(value: Json) -> bool:
    """A list with something in it, nothing twice; 1 and 1.0 are the same number."""
    if not isinstance(value, list):
        return False
    try:
        texts = {re.sub(r"(?<=\d)\.0+(?=[^\d]|$)", "", json.dumps(part, sort_keys=True)) for part in value}
    except RecursionError:
        return True
    return 0 < len(value) == len(texts)


def _is_vocabulary(value: Json) -> bool:
    return isinstance(value, dict) and all(isinstance(part, bool) for part in value.values())


def _matching(pattern: str) -> Callable[[Json], bool]:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


_ANCHOR = "a name: a letter or _, then letters, digits, - _ ."
_SCHEMA, _SCHEMAS, _OF_SCHEMAS = "a schema", "a non-empty array of schemas", "an object of schemas"
_NUMBER, _COUNT, _STRING, _FLAG = "a number", "a whole number from 0", "a string", "true or false"
_NAMES = "an array of strings, each once"

_NEWEST: dict[str, Rule] = {
    "type": Rule(_is_type, f"one of {', '.join(sorted(TYPES))}, or an array of them"),
    **dict.fromkeys(
        ("$ref", "$schema", "$dynamicRef", "$recursiveRef", "$comment", "pattern", "format", "title", "description"),
        Rule(_is_text, _STRING),
    ),
    **dict.fromkeys(("contentEncoding", "contentMediaType"), Rule(_is_text, _STRING)),
    "$id": Rule(_matching(r"[^#]*#?"), "a string without a fragment"),
    **dict.fromkeys(
        ("$anchor", "$dynamicAnchor", "$recursiveAnchor"), Rule(_matching(r"[A-Za-z_][-A-Za-z0-9._]*"), _ANCHOR)
    ),
    "$vocabulary": Rule(_is_vocabulary, "an object of true and false"),
    **dict.fromkeys(("maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"), Rule(_is_number, _NUMBER)),
    "multipleOf": Rule(_is_above_0, "a number above 0"),
    **dict.fromkeys(
        (
            *("maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"),
            *("maxContains", "minContains"),
        ),
        Rule(_is_count, _COUNT),
    ),
    **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly"), Rule(_is_flag, _FLAG)),
    **dict.fromkeys(("enum", "examples"), Rule(_is_list, "an array")),
    "required": Rule(_are_names, _NAMES),
    "dependentRequired": Rule(_hold_names, f"an object, each member {_NAMES}"),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), Rule(_are_schemas, _SCHEMAS, Inside.ITEMS)),
    **dict.fromkeys(
        ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"),
        Rule(_holds_schemas, _OF_SCHEMAS, Inside.MEMBERS),
    ),
    "dependencies": Rule(_depends, "an object of schemas and of arrays of strings, each once", Inside.MEMBERS),
    **dict.fromkeys(
        (
            *("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"),
            *("unevaluatedProperties", "unevaluatedItems", "contentSchema", "additionalItems"),
        ),
        Rule(_is_schema, _SCHEMA, Inside.VALUE),
    ),
}
_ITEMS_OR_ONE = Rule(
    lambda value: _is_schema(value) or _are_schemas(value), f"a schema or {_SCHEMAS}", Inside.VALUE_OR_ITEMS
)
_2019: dict[str, Rule] = {
    **_NEWEST,
    "items": _ITEMS_OR_ONE,
    "$anchor": Rule(_matching(r"[A-Za-z][-A-Za-z0-9.:_]*"), "a name: a letter, then letters, digits, - _ . :"),
    "$recursiveAnchor": Rule(_is_flag, _FLAG),
}
_EARLIER: dict[str, Rule] = {**_2019, "$id": Rule(_is_text, _STRING)}
_OBJECT, _OBJECTS = "an object", "a non-empty array of objects"
_DRAFT_4: dict[str, Rule] = {
    **_EARLIER,
    "id": Rule(_is_text, _STRING),
    **dict.fromkeys(("exclusiveMaximum", "exclusiveMinimum"), Rule(_is_flag, _FLAG)),
    **dict.fromkeys(
        ("maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"),
        Rule(_is_whole_count, _COUNT),
    ),
    "enum": Rule(_are_different, "an array with something in it, nothing twice"),
    "required": Rule(lambda value: bool(value) and _are_names(value), "a non-empty array of strings, each once"),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), Rule(_are_objects, _OBJECTS, Inside.ITEMS)),
    **dict.fromkeys(
        ("properties", "patternProperties", "definitions"), Rule(_holds_objects, "an object of objects", Inside.MEMBERS)
    ),
    "dependencies": Rule(_depends_on_objects, "an object of objects and of arrays of strings", Inside.MEMBERS),
    "items": Rule(
        lambda value: isinstance(value, dict) or _are_objects(value), f"an object or {_OBJECTS}", Inside.VALUE_OR_ITEMS
    ),
    "not": Rule(_is_object, _OBJECT, Inside.VALUE),
}
RULES: dict[str | None, dict[str, Rule]] = {
    None: _NEWEST,
    "2020-12": _NEWEST,
    "2019-09": _2019,
    "draft-07": _EARLIER,
    "draft-06": _EARLIER,
    "draft-04": _DRAFT_4,
}
"""The rules of each dialect, by keyword; those of one that is not known are the newest."""
