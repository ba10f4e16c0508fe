"""JSON with the places of its keys.

Owns reading one JSON text into values plus line and column of every object key down to a depth.
Never opens a file and knows nothing of servers.

The values come from the standard reader; a second pass over the tokens (only run on text that is
known to be valid) finds the keys.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

from ..models import Json

KeyPath: TypeAlias = tuple[str, ...]

MAX_DUPLICATES = 100
"""Duplicates beyond these are not reported one by one: looking for them must not take long."""

_TOKEN = re.compile(r'[ \t\r\n,]*(?:("[^"\\]*(?:\\.[^"\\]*)*")|([{}\[\]:])|([^\s{}\[\]:,"]+))')


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column of a character, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON value, where its object keys stand, and the keys that were given more than once.

    ``places`` holds the place of the occurrence that counts (the last one); ``duplicates`` those of
    the occurrences that do not, in order of appearance.
    """

    value: Json
    places: Mapping[KeyPath, Place]
    duplicates: tuple[tuple[KeyPath, Place], ...]


class JsonProblem(ValueError):
    """The text is not JSON. ``place`` is where reading stopped, None when that is not known."""

    def __init__(self, reason: str, place: Place | None, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place
        self.remedy = remedy


def read_json(text: str, *, depth: int = 3) -> Document:
    """Read ``text``; keys of objects nested up to ``depth`` get a place. Raises ``JsonProblem``."""
    try:
        value = cast("Json", json.loads(text, parse_constant=_refuse_constant))
    except json.JSONDecodeError as error:
        place = Place(error.lineno, error.colno)
        raise JsonProblem(_reason(error), place, _remedy(text, error.pos)) from None
    except RecursionError:
        raise JsonProblem("it is nested too deeply", None, "flatten it; an entry needs three levels") from None
    except _NotAConstant as error:
        raise JsonProblem(f"{error} is not a JSON value", None, "use null, or a string") from None
    except ValueError:
        raise JsonProblem("a number has too many digits", None, "write it as a string") from None
    places, duplicates = _places(text, depth)
    return Document(value, places, duplicates)


class _NotAConstant(Exception):
    """NaN, Infinity or -Infinity, which Python reads and JSON does not know."""


def _refuse_constant(word: str) -> Json:
    raise _NotAConstant(word)


def _reason(error: json.JSONDecodeError) -> str:
    if not error.doc.strip():
        return "it is empty"
    return error.msg[:1].lower() + error.msg[1:]


def _remedy(text: str, position: int) -> str:
    """The usual mistakes by name; otherwise where to look."""
    rest, before = text[position:].lstrip(), text[:position].rstrip()
    if not text.strip():
        return 'write {"mcpServers": {}} into it, or remove it'
    if not rest:
        return "the text ends here: close what is open, a bracket or a quote"
    if rest.startswith(("//", "/*", "#")):
        return "JSON has no comments: remove them"
    # Since Python 3.13 the comma itself is the place, before that what follows it.
    at_bracket = rest.startswith(("}", "]")) and before.endswith(",")
    if at_bracket or (rest.startswith(",") and rest[1:].lstrip().startswith(("}", "]"))):
        return "remove the comma before the closing bracket"
    if before.endswith(",") or rest.startswith(","):
        return "check the commas here"
    if rest.startswith("'"):
        return "JSON strings stand in double quotes"
    return "correct the JSON at this place"


def _places(text: str, depth: int) -> tuple[dict[KeyPath, Place], tuple[tuple[KeyPath, Place], ...]]:
    newlines = [match.start() for match in re.finditer("\n", text)]
    places: dict[KeyPath, Place] = {}
    duplicates: list[tuple[KeyPath, Place]] = []
    stack: list[str | None] = []  # one element per open bracket: the key that is being read, None in an array
    objects: list[bool] = []
    key_next = False
    for match in _TOKEN.finditer(text):
        string, bracket, _ = match.groups()
        if bracket in ("{", "["):
            stack.append(None)
            objects.append(bracket == "{")
            key_next = bracket == "{"
        elif bracket in ("}", "]"):
            stack.pop()
            objects.pop()
            key_next = bool(objects) and objects[-1]
        elif bracket == ":":
            key_next = False
        elif key_next and string is not None:
            stack[-1] = cast("str", json.loads(string)) if "\\" in string else string[1:-1]
            if len(stack) <= depth and all(objects):
                path = tuple(key for key in stack if key is not None)
                start = match.start(1)
                line = bisect_right(newlines, start)
                place = Place(line + 1, start - (newlines[line - 1] if line else -1))
                if path in places and len(duplicates) < MAX_DUPLICATES:
                    duplicates.append((path, places[path]))
                    for old in [known for known in places if known[: len(path)] == path]:
                        del places[old]  # the value that was replaced takes its own keys with it
                places[path] = place
        else:
            key_next = bool(objects) and objects[-1]
    return places, tuple(duplicates)
