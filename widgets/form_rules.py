"""The simple rules of one field: limits, lengths, formats, allowed values.

Owns field-level checks and their words. Never validates a whole schema (the executor does) and
never runs a pattern that could run away: those are shown, not tried.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

from ..services.models import Json, JsonObject, as_text
from ..services.state.text import one_line
from .json_text import dumps, same

_PATTERN_TEXT = 500
# A group that holds a quantifier and is itself repeated, or a back-reference: time may explode.
_RUNAWAY = re.compile(r"[*+}][^()]*\)[*+{]|\\[1-9]|\|[^()]*\)[*+{]")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int, float),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def rule_words(schema: JsonObject) -> list[str]:
    """The rules as short words for a hint: ``1…10``, ``at most 20 characters``, ``like ^[a-z]+$``."""
    words: list[str] = []
    low, high = _number(schema, "minimum"), _number(schema, "maximum")
    above, below = _number(schema, "exclusiveMinimum"), _number(schema, "exclusiveMaximum")
    if low is not None and high is not None:
        words.append(f"{low}…{high}")
    else:
        words += [f"≥ {low}"] if low is not None else []
        words += [f"≤ {high}"] if high is not None else []
    words += [f"> {above}"] if above is not None else []
    words += [f"< {below}"] if below is not None else []
    longest = _number(schema, "maxLength")
    if longest is not None:
        words.append(f"up to {longest} characters")
    pattern = as_text(schema.get("pattern"))
    if pattern:
        words.append(f"like {one_line(pattern, 30)}")
    return words


def broken_rule(schema: JsonObject, value: Json, allowed: Sequence[Json], *, many: bool) -> str | None:
    """The first rule that ``value`` breaks, in words, or None. ``many``: ``allowed`` is for the items of an array."""
    if many:
        if not isinstance(value, list):
            return "an array"
        if not all(any(same(item, choice) for choice in allowed) for item in value):
            return "holds a value that is not on the list"
        return _broken_count(schema, value)
    if allowed and not any(same(value, choice) for choice in allowed):
        return f"not one of {one_line(', '.join(dumps(choice) for choice in allowed[:6]), 60)}"
    expected = schema.get("type")
    if isinstance(expected, str) and not allowed and not _is_type(value, expected):
        return f"{'an' if expected[:1] in 'aio' else 'a'} {expected} belongs here"
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _broken_limit(schema, value)
    if isinstance(value, str):
        return _broken_text(schema, value)
    return _broken_count(schema, value) if isinstance(value, list) else None


def _is_type(value: Json, expected: str) -> bool:
    if isinstance(value, bool):
        return expected == "boolean" or expected not in _TYPES
    if expected == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES.get(expected, (object,)))


def _number(schema: JsonObject, word: str) -> int | float | None:
    value = schema.get(word)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _broken_limit(schema: JsonObject, value: float) -> str | None:
    low, high = _number(schema, "minimum"), _number(schema, "maximum")
    above, below = _number(schema, "exclusiveMinimum"), _number(schema, "exclusiveMaximum")
    if low is not None and value < low:
        return f"at least {low}"
    if high is not None and value > high:
        return f"at most {high}"
    if above is not None and value <= above:
        return f"more than {above}"
    if below is not None and value >= below:
        return f"less than {below}"
    step = _number(schema, "multipleOf")
    if step and isinstance(step, int) and isinstance(value, int) and value % step:
        return f"a multiple of {step}"
    return None


def _broken_count(schema: JsonObject, value: list[Json]) -> str | None:
    least, most = _number(schema, "minItems"), _number(schema, "maxItems")
    if least is not None and len(value) < least:
        return f"at least {least} of them"
    if most is not None and len(value) > most:
        return f"at most {most} of them"
    return None


def _broken_text(schema: JsonObject, value: str) -> str | None:
    least, most = _number(schema, "minLength"), _number(schema, "maxLength")
    if least is not None and len(value) < least:
        return f"at least {least} characters, this has {len(value)}"
    if most is not None and len(value) > most:
        return f"at most {most} characters, this has {len(value):,}"
    pattern = as_text(schema.get("pattern"))
    if pattern and len(value) <= _PATTERN_TEXT and not _matches(pattern, value):
        return f"does not fit the pattern {one_line(pattern, 40)}"
    return _broken_format(as_text(schema.get("format")), value)


def _matches(pattern: str, value: str) -> bool:
    if len(pattern) > _PATTERN_TEXT or _RUNAWAY.search(pattern):
        return True
    try:
        return re.search(pattern, value) is not None
    except (re.error, RecursionError, OverflowError):
        return True


def _broken_format(name: str | None, value: str) -> str | None:
    match name:
        case "email":
            return None if _EMAIL.fullmatch(value) else "an e-mail address, like ann@example.com"
        case "uri" | "url":
            return None if _URI.fullmatch(value) else "an address with its scheme, like https://example.com"
        case "date":
            return None if _is_date(value) else "a date, like 2026-07-28"
        case "date-time":
            return None if _is_date_time(value) else "a date and time, like 2026-07-28T09:30:00Z"
        case _:
            return None


def _is_date(value: str) -> bool:
    try:
        return len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_date_time(value: str) -> bool:
    try:
        return "T" in value.upper() and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
