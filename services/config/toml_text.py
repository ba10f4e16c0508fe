"""TOML as JSON values, with the places of its tables and keys.

Owns what a TOML file means here: dates become their text. Never opens a file and knows nothing of
servers. The standard reader gives no places, so they are looked for line by line in text that is
known to be valid; a place that is not found is none, never a wrong value.
"""

from __future__ import annotations

import math
import re
from typing import cast

from ..models import Json
from .positions import TOO_DEEP, Document, KeyPath, Place, TextProblem

MAX_PARTS = 100
"""Parts of one dotted key; the standard reader's time grows with their square."""

_BARE = r"[A-Za-z0-9_-]++"
_PART = rf"""(?:{_BARE}|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_DOTTED = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*+"
_LINE = re.compile(
    rf"^[ \t]*(?:(?P<open>\[\[?)[ \t]*(?P<table>{_DOTTED})[ \t]*\]|(?P<key>{_DOTTED})[ \t]*=)", re.MULTILINE
)
_PARTS = re.compile(_PART)
# matches whatever is there, also what is not closed, so that no character is looked at twice
_RUN_PART = rf"""(?:{_BARE}|"(?:[^"\\\n]|\\.)*+"?|'[^'\n]*+'?)"""
_RUN = re.compile(rf"{_RUN_PART}(?:[ \t]*+\.[ \t]*+{_RUN_PART})*+")
_BLOCK = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z)|"(?:[^"\\\n]|\\.)*+"?|#[^\n]*+'''
    r"""|'''(?:[^']|'(?!''))*+(?:'''|\Z)|'[^'\n]*+'?""",
    re.DOTALL,
)
_WHERE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_toml(text: str) -> Document:
    """Read ``text``. Raises ``TextProblem``."""
    import tomllib  # not needed by most runs

    for match in _RUN.finditer(text):
        if match.group().count(".") > MAX_PARTS:
            raise TextProblem("a key has too many parts", _place(text, match.start()), "shorten it")
    try:
        value = _json(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise _problem(text, error) from None
    except RecursionError:
        raise TextProblem(*TOO_DEEP) from None
    except ValueError:
        raise TextProblem("a number has too many digits", None, "write it as a string") from None
    return Document(value, _places(text), ())


def _problem(text: str, error: ValueError) -> TextProblem:
    message = str(error)
    where = _WHERE.search(message)
    reason = message[: where.start()] if where else message
    place = Place(int(where[1]), int(where[2])) if where and where[1] else _place(text, len(text))
    return TextProblem(reason[:1].lower() + reason[1:], place, "correct the TOML at this place")


def _place(text: str, index: int) -> Place:
    return Place(text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))


def _json(value: object) -> Json:
    match value:
        case dict():
            return {str(key): _json(inner) for key, inner in cast("dict[object, object]", value).items()}
        case list():
            return [_json(inner) for inner in cast("list[object]", value)]
        case float() if not math.isfinite(value):
            return str(value)
        case bool() | int() | float() | str():
            return value
        case _:  # a date, a time or both
            return str(value)


def _places(text: str) -> dict[KeyPath, Place]:
    """Where tables and the keys in them begin. In an array of tables, the last one counts."""
    # strings over several lines may hold anything, also what looks like a table
    plain = _BLOCK.sub(_blanked, text)
    places: dict[KeyPath, Place] = {}
    table: KeyPath = ()
    line, counted = 1, 0
    for match in _LINE.finditer(plain):
        group = "open" if match["open"] else "key"
        start = match.start(group)
        line += text.count("\n", counted, start)
        counted = start
        place = Place(line, start - text.rfind("\n", 0, start))
        if match["open"]:
            table = path = _keys(match["table"])
        else:
            path = (*table, *_keys(match["key"]))
        for length in range(1, len(path)):
            places.setdefault(path[:length], place)  # tables that are only named on the way
        places[path] = place
    return places


def _blanked(match: re.Match[str]) -> str:
    found = match.group()
    if found.startswith(('"""', "'''", "#")):
        return re.sub(r"[^\n]", " ", found)
    return found


def _keys(dotted: str) -> KeyPath:
    return tuple(_key(part) for part in _PARTS.findall(dotted))


def _key(part: str) -> str:
    if part.startswith("'"):
        return part[1:-1]
    if part.startswith('"'):
        if "\\" not in part:
            return part[1:-1]
        import tomllib

        return next(iter(tomllib.loads(f"{part} = 0")))
    return part
