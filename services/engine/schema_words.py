"""What is wrong with a value, in words that a person reads.

Owns the sentence for each keyword of JSON Schema and the form of a path. Never validates.
"""

from __future__ import annotations

import json
from ast import literal_eval
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from ..models import Json, JsonObject, as_list, as_object

LONGEST = 280
"""Characters of one sentence; the value and the schema may be megabytes."""
SHOWN = 60
"""Characters of a value inside a sentence."""
NAMES = 8
"""Names or values that are listed in a sentence."""

NOTHING: Mapping[str, str] = {}

_KINDS = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "an array",
    "object": "an object",
    "null": "null",
}
_REQUIRED = " is a required property"


def sentence(error: Any, written: Mapping[str, str] = NOTHING) -> str:
    """``path: what is wrong`` for a ``ValidationError`` of jsonschema; without a path for the value as a whole.

    ``written``: patterns as they stand in the schema, where they were translated.
    """
    if error.validator == "pattern" and error.validator_value in written:
        error.validator_value = written[error.validator_value]
    path = [*cast("Iterable[str | int]", error.absolute_path)]
    missing = _missing(error)
    if missing is not None:
        return _cut(f"{path_words([*path, missing])}: is missing")
    where = path_words(path)
    what = words_of(error)
    return _cut(f"{where}: {what}" if where else what)


def path_words(parts: Iterable[str | int]) -> str:
    """``list[1].name``"""
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else str(part))
    return text


def words_of(error: Any) -> str:
    """The same without the path."""
    keyword, wanted, value = error.validator, error.validator_value, error.instance
    if keyword is None:  # the schema is ``false``; jsonschema does not say where
        return f"{_kind(value)} must not be there"
    words = _WORDS.get(keyword)
    if words is not None:
        return words(wanted, value)
    match keyword:
        case "additionalProperties" if wanted is False:
            return _additional(error.schema, value)
        case "anyOf" | "oneOf":
            return _alternatives(error, wanted)
        case "required":
            return f"lacks {_missing(error) or 'a member'}"
        case _:
            return str(error.message)  # jsonschema's own words name what they are about


def _missing(error: Any) -> str | None:
    """The name that ``required`` misses; only the message says which of several it is."""
    message = str(error.message)
    if error.validator != "required" or not message.endswith(_REQUIRED):
        return None
    try:
        name = literal_eval(message.removesuffix(_REQUIRED))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return name if isinstance(name, str) else None


def _type(wanted: Json, value: Json) -> str:
    kinds: Sequence[Json] = wanted if isinstance(wanted, list) else [wanted]
    names = [_KINDS.get(str(kind), str(kind)) for kind in kinds]
    return f"is {_kind(value)}, not {' or '.join(names)}"


def _kind(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return f"{_KINDS['boolean']} ({json.dumps(value)})"
        case int() | float():
            return f"a number ({_shown(value)})"
        case str():
            return f"a string ({_shown(value)})"
        case list():
            return "an array"
        case _:
            return "an object"


def _enum(wanted: Json, value: Json) -> str:
    known = wanted if isinstance(wanted, list) else [wanted]
    listed = ", ".join(_shown(one) for one in known[:NAMES])
    more = f" and {len(known) - NAMES:,} more" if len(known) > NAMES else ""
    return f"is {_shown(value)}, which is none of {listed}{more}"


def _additional(schema: JsonObject, value: JsonObject) -> str:
    known = as_object(schema.get("properties"))
    names = [name for name in value if name not in known]
    if "patternProperties" in schema:
        return f"has a member that is not known, among {_listed(names)}"
    return f"has {_listed(names)}, which {'is' if len(names) == 1 else 'are'} not known"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMES:,} more" if len(names) > NAMES else ""
    return ", ".join(_shown(name) for name in names[:NAMES]) + more


def _alternatives(error: Any, wanted: Json) -> str:
    """Why none of ``anyOf`` or ``oneOf`` fits: the kinds that are wanted, else what the nearest one wants."""
    context = [*cast("Iterable[Any]", error.context)]
    if not context:
        return "fits several of the alternatives, and must fit one of them only"
    value = error.instance
    own = [one for one in context if not one.relative_path]
    if len(own) == len(context) and all(one.validator == "type" for one in own):
        kinds = [kind for one in own for kind in _several(one.validator_value)]
        return _type(cast("Json", [*dict.fromkeys(kinds)]), value)
    branches: dict[Any, list[Any]] = {}
    for one in context:
        # A branch that is just ``false`` has no place.
        place = one.relative_schema_path[0] if one.relative_schema_path else None
        branches.setdefault(place, []).append(one)
    # One that is of another kind at all says nothing about this value.
    fitting = [found for found in branches.values() if not _other_kind(found)] or [*branches.values()]
    nearest = min(fitting, key=len)
    first = nearest[0]
    inner = path_words(first.relative_path)
    missing = _missing(first)
    if missing is not None:
        what = f"{path_words([*first.relative_path, missing])} is missing"
    else:
        what = f"{inner} {words_of(first)}" if inner else words_of(first)
    return f"fits none of {len(as_list(wanted))} alternatives; of the nearest: {what}"


def _several(kinds: Json) -> list[str]:
    return [str(kind) for kind in kinds] if isinstance(kinds, list) else [str(kinds)]


def _other_kind(errors: Sequence[Any]) -> bool:
    return any(one.validator == "type" and not one.relative_path for one in errors)


def _count(what: str, least: bool) -> Callable[[Any, Any], str]:
    def words(wanted: Any, value: Any) -> str:
        bound = f"at least {wanted:,} wanted" if least else f"at most {wanted:,} allowed"
        return f"has {len(value):,} {what if len(value) != 1 else what.removesuffix('s')}, {bound}"

    return words


def _bound(words: str) -> Callable[[Any, Any], str]:
    return lambda wanted, value: f"is {_shown(value)}, {words} {_shown(wanted)}"


_WORDS: dict[str, Callable[[Any, Any], str]] = {
    "type": _type,
    "enum": _enum,
    "const": lambda wanted, value: f"is {_shown(value)}, and must be {_shown(wanted)}",
    "pattern": lambda wanted, value: f"is {_shown(value)}, which does not match the pattern {_short(str(wanted))}",
    "format": lambda wanted, value: f"is {_shown(value)}, which is no {_short(str(wanted))}",
    "minimum": _bound("less than the least that is allowed,"),
    "maximum": _bound("more than the most that is allowed,"),
    "exclusiveMinimum": _bound("and must be more than"),
    "exclusiveMaximum": _bound("and must be less than"),
    "multipleOf": _bound("which is no multiple of"),
    "minLength": _count("characters", least=True),
    "maxLength": _count("characters", least=False),
    "minItems": _count("items", least=True),
    "maxItems": _count("items", least=False),
    "minProperties": _count("members", least=True),
    "maxProperties": _count("members", least=False),
    "uniqueItems": lambda _wanted, _value: "has an item twice",
    "not": lambda _wanted, value: f"is {_shown(value)}, which the schema rules out",
}


def _shown(value: Any) -> str:
    if isinstance(value, str):
        value = value[: SHOWN + 1]  # before it is escaped: it may be megabytes
    elif isinstance(value, list):
        return "an array"
    elif isinstance(value, dict):
        return "an object"
    try:
        return _short(json.dumps(value, ensure_ascii=False))
    except (ValueError, TypeError):  # a number of too many digits
        return "a number"


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
