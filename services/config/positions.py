"""JSON with the places of its keys.

Owns reading one JSON text into values plus line and column of the object keys that are asked for.
Never opens a file and knows nothing of servers.

Only the objects that hold such keys are walked here; everything inside them goes to the standard
scanner in one piece, so that a large file costs what reading its values costs. A text that the walk
stumbles over is given to ``json.loads``, whose error says where and why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from ..models import Json, JsonObject

KeyPath: TypeAlias = tuple[str, ...]

MAX_DUPLICATES = 100
"""Duplicates beyond these are not reported one by one: looking for them must not take long."""

_NO_COMMENTS = "JSON has no comments: remove them"
_NO_COMMA = "remove the comma before the closing bracket"
_KEY = re.compile(r'"([^"\\\x00-\x1f]*)"[ \t\r\n]*:[ \t\r\n]*')
_COLON = re.compile(r"[ \t\r\n]*:[ \t\r\n]*")
_AFTER = re.compile(r"[ \t\r\n]*([,}])[ \t\r\n]*")
_SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column of a character, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """A value, where its object keys stand, and the keys that were given more than once.

    ``places`` holds the place of the occurrence that counts (the last one); ``duplicates`` those of
    the occurrences that do not, in order of appearance.
    """

    value: Json
    places: Mapping[KeyPath, Place]
    duplicates: tuple[tuple[KeyPath, Place], ...]


class TextProblem(ValueError):
    """The text is not what it should be. ``place`` is where reading stopped, None when that is not known."""

    def __init__(self, reason: str, place: Place | None, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place
        self.remedy = remedy


class JsonProblem(TextProblem):
    """The text is not JSON."""


TOO_DEEP = ("it is nested too deeply", None, "flatten it; an entry needs three levels")
"""Reason, place and remedy of a text that no reader gets to the bottom of."""


def read_json(text: str, *, depth: int = 3, paths: Iterable[KeyPath] | None = None) -> Document:
    """Read ``text``. Raises ``JsonProblem``.

    Keys of objects nested up to ``depth`` get a place. With ``paths`` only the keys on these paths do,
    and those up to ``depth`` levels below the end of each.
    """
    walk = _Walk(text)
    try:
        return Document(walk.document(_wanted(depth, paths)), walk.places, tuple(walk.duplicates))
    except (_Stumbled, json.JSONDecodeError):
        return Document(_loads(text), {}, ())
    except RecursionError:
        raise JsonProblem(*TOO_DEEP) from None
    except _NotAConstant as error:
        raise JsonProblem(f"{error} is not a JSON value", None, "use null, or a string") from None
    except ValueError:
        raise JsonProblem("a number has too many digits", None, "write it as a string") from None


def _loads(text: str) -> Json:
    """The same by the standard reader, for the sake of its errors. Raises ``JsonProblem``."""
    try:
        return cast("Json", json.loads(text, parse_constant=_refuse_constant))
    except json.JSONDecodeError as error:
        raise _problem(text, error) from None
    except RecursionError:
        raise JsonProblem(*TOO_DEEP) from None
    except _NotAConstant as error:
        raise JsonProblem(f"{error} is not a JSON value", None, "use null, or a string") from None


class _NotAConstant(Exception):
    """NaN, Infinity or -Infinity, which Python reads and JSON does not know."""


class _Stumbled(Exception):
    """The text is not JSON; why is for the standard reader to say."""


def _refuse_constant(word: str) -> Json:
    raise _NotAConstant(word)


def _problem(text: str, error: json.JSONDecodeError) -> JsonProblem:
    remedy, reason, position = _remedy(text, error.pos), _reason(error), error.pos
    if remedy == _NO_COMMENTS:
        reason = "it has a comment"
    elif remedy == _NO_COMMA:
        reason = "it has a comma before a closing bracket"
        if not text.startswith(",", position):  # since Python 3.13 the comma itself is the place
            position = text.rindex(",", 0, position)
    line = text.count("\n", 0, position) + 1
    return JsonProblem(reason, Place(line, position - text.rfind("\n", 0, position)), remedy)


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
        return _NO_COMMENTS
    at_bracket = rest.startswith(("}", "]")) and before.endswith(",")
    if at_bracket or (rest.startswith(",") and rest[1:].lstrip().startswith(("}", "]"))):
        return _NO_COMMA
    if before.endswith(",") or rest.startswith(","):
        return "check the commas here"
    if rest.startswith("'"):
        return "JSON strings stand in double quotes"
    return "correct the JSON at this place"


@dataclass(slots=True)
class _Wanted:
    """Which keys of an object get a place: ``depth`` levels of all of them, and those that lead to ``below``."""

    depth: int = 0
    below: dict[str, _Wanted] = field(default_factory=dict[str, "_Wanted"])


def _wanted(depth: int, paths: Iterable[KeyPath] | None) -> _Wanted:
    if paths is None:
        return _Wanted(depth)
    top = _Wanted()
    for path in paths:
        node = top
        for key in path:
            node = node.below.setdefault(key, _Wanted())
        node.depth = max(node.depth, depth)
    return top


class _Walk:
    """One pass over the objects whose keys are wanted. Offsets only grow, so lines are counted as it goes."""

    def __init__(self, text: str) -> None:
        self.places: dict[KeyPath, Place] = {}
        self.duplicates: list[tuple[KeyPath, Place]] = []
        self._text = text
        self._value = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode
        self._line = 1
        self._line_start = 0
        self._counted = 0

    def document(self, wanted: _Wanted) -> Json:
        text = self._text
        start = self._space(0)
        value, end = self._object(start, (), wanted) if text.startswith("{", start) else self._any(start)
        if self._space(end) != len(text):
            raise _Stumbled
        return value

    def _any(self, index: int) -> tuple[Json, int]:
        return cast("tuple[Json, int]", self._value(self._text, index))

    def _space(self, index: int) -> int:
        match = _SPACE.match(self._text, index)
        return match.end() if match else index

    def _object(self, index: int, path: KeyPath, wanted: _Wanted) -> tuple[JsonObject, int]:
        """The object whose brace stands at ``index``, and where it ends."""
        text, depth, below = self._text, wanted.depth, wanted.below
        value: JsonObject = {}
        index = self._space(index + 1)
        if text.startswith("}", index):
            return value, index + 1
        while True:
            start = index
            match = _KEY.match(text, index)
            if match is not None:
                key, index = match[1], match.end()
            else:
                key, index = self._unusual_key(index)
            inner = below.get(key)
            here = (*path, key) if depth > 0 or inner is not None else ()
            if here:
                self._note(here, start)
            if here and (depth > 1 or inner is not None) and text.startswith("{", index):
                if inner is None:
                    inner = _Wanted(depth - 1)
                elif inner.depth < depth - 1:
                    inner = _Wanted(depth - 1, inner.below)
                value[key], index = self._object(index, here, inner)
            else:
                value[key], index = self._any(index)
            match = _AFTER.match(text, index)
            if match is None:
                raise _Stumbled
            index = match.end()
            if match[1] == "}":
                # what follows the brace belongs to the object around it
                return value, match.end(1)

    def _unusual_key(self, index: int) -> tuple[str, int]:
        """A key with escapes, and the index behind its colon."""
        if not self._text.startswith('"', index):
            raise _Stumbled
        key, index = self._value(self._text, index)
        match = _COLON.match(self._text, index)
        if match is None:
            raise _Stumbled
        return key, match.end()

    def _note(self, path: KeyPath, start: int) -> None:
        text, counted = self._text, self._counted
        lines = text.count("\n", counted, start)
        if lines:
            self._line += lines
            self._line_start = text.rfind("\n", counted, start) + 1
        self._counted = start
        if path in self.places:
            if len(self.duplicates) < MAX_DUPLICATES:
                self.duplicates.append((path, self.places[path]))
            else:
                return
            for old in [known for known in self.places if known[: len(path)] == path]:
                del self.places[old]  # the value that was replaced takes its own keys with it
        self.places[path] = Place(self._line, start - self._line_start + 1)
