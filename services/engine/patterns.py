r"""Patterns of JSON Schema as Python has them: ``\p{Letter}`` (ECMA-262, with the flag ``u``) becomes a class.

Owns that translation. Never searches for anything; what it does not know stays as it is, and does not compile.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from ..models import Json, JsonObject

_PROPERTY = re.compile(r"(?P<even>(?:\\\\)*)\\(?P<kind>[pP])\{(?:(?:General_Category|gc)=)?(?P<name>[A-Za-z_]+)\}")
_AS_THEY_ARE = frozenset({"const", "enum", "default", "examples"})
"""Keywords whose values are no schemas."""
_LONG = {
    "Letter": "L",
    "Uppercase_Letter": "Lu",
    "Lowercase_Letter": "Ll",
    "Titlecase_Letter": "Lt",
    "Cased_Letter": "LC",
    "Modifier_Letter": "Lm",
    "Other_Letter": "Lo",
    "Mark": "M",
    "Nonspacing_Mark": "Mn",
    "Spacing_Mark": "Mc",
    "Enclosing_Mark": "Me",
    "Number": "N",
    "Decimal_Number": "Nd",
    "Letter_Number": "Nl",
    "Other_Number": "No",
    "Punctuation": "P",
    "Connector_Punctuation": "Pc",
    "Dash_Punctuation": "Pd",
    "Open_Punctuation": "Ps",
    "Close_Punctuation": "Pe",
    "Initial_Punctuation": "Pi",
    "Final_Punctuation": "Pf",
    "Other_Punctuation": "Po",
    "Symbol": "S",
    "Math_Symbol": "Sm",
    "Currency_Symbol": "Sc",
    "Modifier_Symbol": "Sk",
    "Other_Symbol": "So",
    "Separator": "Z",
    "Space_Separator": "Zs",
    "Line_Separator": "Zl",
    "Paragraph_Separator": "Zp",
    "Other": "C",
    "Control": "Cc",
    "Format": "Cf",
    "Surrogate": "Cs",
    "Private_Use": "Co",
    "Unassigned": "Cn",
}
"""The long names of the general categories (Unicode, PropertyValueAliases)."""
_CATEGORIES = frozenset(_LONG.values())


def has_properties(pattern: str) -> bool:
    return _PROPERTY.search(pattern) is not None


def in_python(pattern: str) -> str:
    """``pattern`` with each category written out; in a class without its brackets, where it is not negated."""
    parts: list[str] = []
    end = 0
    for found in _PROPERTY.finditer(pattern):
        name = _LONG.get(found["name"], found["name"])
        inside = _in_class(pattern[: found.start()])
        if name not in _CATEGORIES or (inside and found["kind"] == "P"):
            continue
        ranges = _ranges(name)
        made = ranges if inside else f"[{'^' if found['kind'] == 'P' else ''}{ranges}]"
        parts += [pattern[end : found.start()], found["even"], made]
        end = found.end()
    return "".join([*parts, pattern[end:]])


def schema_in_python(schema: JsonObject) -> tuple[JsonObject, Mapping[str, str]]:
    """``schema`` with its patterns translated, and what each of those was; the same object where there is none."""
    written: dict[str, str] = {}
    if not _any(schema):
        return schema, written
    translated = _translated(schema, written)
    assert isinstance(translated, dict)
    return translated, written


def _any(schema: JsonObject) -> bool:
    waiting: list[Json] = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(part for part in one if isinstance(part, (dict, list)))
        elif isinstance(one, dict):
            for keyword, value in one.items():
                if keyword == "pattern" and isinstance(value, str) and has_properties(value):
                    return True
                if keyword == "patternProperties" and isinstance(value, dict) and any(map(has_properties, value)):
                    return True
                if isinstance(value, (dict, list)):
                    waiting.append(value)
    return False


def _translated(part: Json, written: dict[str, str]) -> Json:
    if isinstance(part, list):
        return [_translated(one, written) for one in part]
    if not isinstance(part, dict):
        return part
    made: JsonObject = {}
    for keyword, value in part.items():
        if keyword in _AS_THEY_ARE:
            made[keyword] = value
        elif keyword == "pattern" and isinstance(value, str):
            made[keyword] = _kept(value, written)
        elif keyword == "patternProperties" and isinstance(value, dict):
            made[keyword] = {_kept(name, written): _translated(inner, written) for name, inner in value.items()}
        else:
            made[keyword] = _translated(value, written)
    return made


def _kept(pattern: str, written: dict[str, str]) -> str:
    made = in_python(pattern)
    if made != pattern:
        written[made] = pattern
    return made


def _in_class(before: str) -> bool:
    """Whether a class is open at the end of ``before``."""
    is_open = escaped = False
    for character in before:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == "[":
            is_open = True
        elif character == "]":
            is_open = False
    return is_open


@lru_cache(maxsize=8)
def _ranges(category: str) -> str:
    """The characters of a general category as ranges of a class. Takes 0.2 s once."""
    wanted = ("Lu", "Ll", "Lt") if category == "LC" else (category,)
    found: list[tuple[int, int]] = []
    for code in range(sys.maxunicode + 1):
        if not unicodedata.category(chr(code)).startswith(wanted):
            continue
        if found and found[-1][1] == code - 1:
            found[-1] = (found[-1][0], code)
        else:
            found.append((code, code))
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in found)
