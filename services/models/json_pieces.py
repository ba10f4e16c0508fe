"""JSON text of a value in pieces: without recursion, and never a large value as a whole beside itself.

Owns writing JSON that may be nested as deeply and be as long as it likes. Never reads JSON.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

from .json_values import Json

SLICE = 256 * 1024
"""Characters of a text that are written at a time."""
INDENT_LEVELS = 40
"""Deeper lines are not indented further: a thousand levels would be mostly blanks."""

_escaped = json.JSONEncoder(ensure_ascii=False).encode
_ascii = json.JSONEncoder(ensure_ascii=True).encode


def pieces(
    value: Json, *, indent: int | None = None, ascii_only: bool = False, compact: bool = False, nan: str = "NaN"
) -> Iterator[str]:
    r"""The JSON text of ``value``, in order, in pieces of about ``SLICE`` characters at the most.

    Lone surrogates are written as escapes, so that the text has a UTF-8 form. ``nan`` stands for what is no
    JSON number: ``NaN`` keeps what came, ``null`` makes it valid JSON. ``compact``: without blanks.
    """
    held: list[str] = []
    size = 0
    for token in _tokens(value, indent, ascii_only, compact, nan):
        held.append(token)
        size += len(token)
        if size >= SLICE:
            yield "".join(held)
            held.clear()
            size = 0
    if held:
        yield "".join(held)


def _tokens(value: Json, indent: int | None, ascii_only: bool, compact: bool, nan: str) -> Iterator[str]:
    if not isinstance(value, dict | list) or not value:
        yield from _scalar(value, ascii_only, nan)
        return
    between, colon = ", " if indent is None and not compact else ",", ":" if compact else ": "
    stack = [_members(value)]
    yield "{" if isinstance(value, dict) else "["
    first = True
    while stack:
        members, close = stack[-1]
        blank = "" if indent is None else "\n" + " " * (indent * min(len(stack), INDENT_LEVELS))
        member = next(members, None)
        if member is None:
            stack.pop()
            yield (blank[:-indent] if indent and len(stack) < INDENT_LEVELS else blank) + close
            first = False
            continue
        yield blank if first else between + blank
        name, child = member
        if name is not None:
            yield from _text(name, ascii_only)
            yield colon
        first = False
        if type(child) is int:  # by far the most in long rows
            yield _digits(child)
        elif isinstance(child, dict | list) and child:
            yield "{" if isinstance(child, dict) else "["
            stack.append(_members(child))
            first = True
        else:
            yield from _scalar(child, ascii_only, nan)


def _members(container: dict[str, Json] | list[Json]) -> tuple[Iterator[tuple[str | None, Json]], str]:
    """What is in it, by name where it has names, and the bracket that closes it."""
    if isinstance(container, dict):
        return iter(container.items()), "}"
    return iter([(None, child) for child in container]), "]"


def _scalar(value: Json, ascii_only: bool, nan: str) -> Iterator[str]:
    match value:
        case str():
            yield from _text(value, ascii_only)
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


def _text(text: str, ascii_only: bool) -> Iterator[str]:
    encode = _ascii if ascii_only else _escaped
    if len(text) <= SLICE:
        yield _without_surrogates(encode(text))
        return
    yield '"'
    for start in range(0, len(text), SLICE):
        yield _without_surrogates(encode(text[start : start + SLICE])[1:-1])
    yield '"'


def _without_surrogates(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join(f"\\u{ord(char):04x}" if "\ud800" <= char <= "\udfff" else char for char in text)
    return text
