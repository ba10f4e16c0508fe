"""JSON text of a value in pieces: without recursion, and never a large value as a whole beside itself.

Owns writing JSON that may be nested as deeply and be as long as it likes. Never reads JSON.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import NamedTuple, TypeAlias

from .json_values import Json, JsonObject

SLICE = 256 * 1024
"""Characters of a text that are written at a time."""
INDENT_LEVELS = 40
"""Deeper lines are not indented further: a thousand levels would be mostly blanks."""
_RUN = 1_000
"""Values of a list, or members of an object, that the encoder is given at a time."""

_escaped = json.JSONEncoder(ensure_ascii=False).encode
_PLAIN = frozenset((str, int, float, bool, type(None)))
_BEYOND_ASCII = re.compile(r"[^\x00-\x7e]")


class _Run(NamedTuple):
    """Neighbours in a list that are no containers."""

    values: list[Json]


class _Level(NamedTuple):
    """How the members of a container are written: what stands before each, between two, and many at once."""

    blank: str
    between: str
    encode: Callable[[object], str]


_Members: TypeAlias = "Iterator[tuple[str | None, Json | _Run]]"


def pieces(value: Json, *, indent: int | None = None, compact: bool = False, nan: str = "NaN") -> Iterator[str]:
    """The JSON text of ``value``, in order, in pieces of about ``SLICE`` characters.

    Lone surrogates are written as escapes, so that the text has a UTF-8 form. ``nan`` stands for what is no
    JSON number: ``NaN`` keeps what came, ``null`` makes it valid JSON. ``compact``: without blanks.
    """
    held: list[str] = []
    size = 0
    for token in _tokens(value, indent, compact, nan):
        held.append(token)
        size += len(token)
        if size >= SLICE:
            yield "".join(held)
            held.clear()
            size = 0
    if held:
        yield "".join(held)


def in_ascii(text: str) -> str:
    """A JSON text, or a piece of one, with escapes for what is not ASCII, and for DEL: only in strings can it stand."""
    return _BEYOND_ASCII.sub(_as_escape, text)


def _as_escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    code -= 0x10000  # in two halves (RFC 8259, section 7)
    return f"\\u{0xD800 | code >> 10:04x}\\u{0xDC00 | code & 0x3FF:04x}"


def _tokens(value: Json, indent: int | None, compact: bool, nan: str) -> Iterator[str]:
    if not isinstance(value, dict | list) or not value:
        yield from _scalar(value, nan)
        return
    levels = _Levels(indent, compact, nan)
    colon = levels.colon
    stack = [_members(value)]
    yield "{" if isinstance(value, dict) else "["
    first = True
    while stack:
        members, close = stack[-1]
        level = levels.at(len(stack))
        member = next(members, None)
        if member is None:
            stack.pop()
            yield levels.at(len(stack)).blank + close
            first = False
            continue
        yield level.blank if first else level.between
        name, child = member
        if name is not None:
            yield from _text(name)
            yield colon
        first = False
        if isinstance(child, _Run):
            yield from _joined(child.values, level, nan)
        elif not isinstance(child, dict | list) or not child:
            yield from _scalar(child, nan)
        else:
            deeper = levels.at(len(stack) + 1)
            row = _at_once(child, deeper) if isinstance(child, dict) and _is_flat(child) else None
            if row is not None:
                yield f"{{{deeper.blank}{row}{level.blank}}}"
                continue
            yield "{" if isinstance(child, dict) else "["
            stack.append(_members(child))
            first = True


class _Levels:
    """The levels of one text, made where they are met."""

    def __init__(self, indent: int | None, compact: bool, nan: str) -> None:
        self.colon = ":" if compact else ": "
        self._comma = ", " if indent is None and not compact else ","
        self._indent = indent
        self._nan = nan != "null"
        self._made: list[_Level] = []

    def at(self, depth: int) -> _Level:
        depth = 0 if self._indent is None else min(depth, INDENT_LEVELS)
        while depth >= len(self._made):
            blank = "" if self._indent is None else "\n" + " " * (self._indent * len(self._made))
            between = self._comma + blank
            encoder = json.JSONEncoder(
                ensure_ascii=False, check_circular=False, allow_nan=self._nan, separators=(between, self.colon)
            )
            self._made.append(_Level(blank, between, encoder.encode))
        return self._made[depth]


def _members(container: JsonObject | list[Json]) -> tuple[_Members, str]:
    """What is in it, by name where it has names, and the bracket that closes it."""
    return (iter(container.items()), "}") if isinstance(container, dict) else (_runs(container), "]")


def _runs(row: list[Json]) -> _Members:
    for start in range(0, len(row), _RUN):
        values = row[start : start + _RUN]
        if _are_plain(values):
            yield None, _Run(values)
        else:
            yield from zip(repeat(None), values, strict=False)


def _is_flat(table: JsonObject) -> bool:
    """A small object without containers: a row of a table."""
    return len(table) <= _RUN and sum(map(len, table)) <= SLICE and _are_plain(list(table.values()))


def _are_plain(values: list[Json]) -> bool:
    """None of a few values is a container, nor are all of their texts together long."""
    kinds = set(map(type, values))
    return kinds <= _PLAIN and (str not in kinds or sum(len(one) for one in values if isinstance(one, str)) <= SLICE)


def _joined(values: list[Json], level: _Level, nan: str) -> Iterator[str]:
    text = _at_once(values, level)
    if text is not None:
        yield text
        return
    for number, one in enumerate(values):
        if number:
            yield level.between
        yield from _scalar(one, nan)


def _at_once(container: JsonObject | list[Json], level: _Level) -> str | None:
    """The members of a small container without others in it; None where one is more than the encoder takes."""
    try:
        return _without_surrogates(level.encode(container)[1:-1])
    except ValueError:  # a number that is none, or one of more digits than the interpreter prints
        return None


def _scalar(value: Json, nan: str) -> Iterator[str]:
    match value:
        case str():
            yield from _text(value)
        case float() if not math.isfinite(value):
            yield nan if nan == "null" else json.dumps(value)
        case int() if not isinstance(value, bool):
            yield _digits(value)
        case _:
            yield json.dumps(value)


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # more digits than the interpreter prints: as a text, so that it stays JSON
        return f'"{value:#x}"'


def _text(text: str) -> Iterator[str]:
    if len(text) <= SLICE:
        yield _without_surrogates(_escaped(text))
        return
    yield '"'
    for start in range(0, len(text), SLICE):
        yield _without_surrogates(_escaped(text[start : start + SLICE])[1:-1])
    yield '"'


def _without_surrogates(text: str) -> str:
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join(f"\\u{ord(char):04x}" if "\ud800" <= char <= "\udfff" else char for char in text)
    return text
