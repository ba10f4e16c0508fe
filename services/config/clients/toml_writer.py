"""Tables of plain values as TOML 1.0 text.

Owns the writing of strings, numbers, booleans, arrays and inline tables (https://toml.io/en/v1.0.0). Never
reads TOML: tomllib does.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping

from ...models import Json, JsonObject
from ...state.text import visible

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_tables(parent: str, tables: Mapping[str, JsonObject]) -> str:
    """``[parent.NAME]`` for each of ``tables``; null values are left out, which TOML has none of."""
    lines: list[str] = []
    for name, values in tables.items():
        if lines:
            lines.append("")
        lines.append(f"[{parent}.{_key(name)}]")
        lines += [f"{_key(key)} = {toml_value(value)}" for key, value in values.items() if value is not None]
    return "\n".join(lines)


def toml_value(value: Json) -> str:
    """One value on one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return repr(value) if math.isfinite(value) else ("nan" if math.isnan(value) else f"{value:+f}")
        case str():
            return _string(value)
        case list():
            return f"[{', '.join(toml_value(item) for item in value if item is not None)}]"
        case dict():
            pairs = [f"{_key(key)} = {toml_value(item)}" for key, item in value.items() if item is not None]
            return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
        case None:
            return '""'


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _string(name)


def _string(text: str) -> str:
    """A basic string. The escapes of JSON are a part of those of TOML, but for DEL and what lies beyond U+FFFF."""
    if visible(text) == text:
        return json.dumps(text, ensure_ascii=False)
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if " " <= char <= "~":
        return char
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:
        return "\\uFFFD"  # half a character, which no TOML text can hold
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
