"""A JSON text with its secrets masked and everything else, line for line, as it is.

Owns finding the values in the text. Which of them are secrets is decided where entries are masked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypeAlias, cast
from urllib.parse import quote

from ..models import Json
from ..telemetry.redaction import MASK, masked_text
from .layout import TOKEN, quoted
from .masked_entry import masked_definition
from .redaction import SHORTEST

_Path: TypeAlias = "list[str | int]"


def masked_json(text: str, secrets: Sequence[str] = ()) -> str:
    """``text`` with secrets masked; text that is not JSON is masked as any other text.

    ``secrets``: values that are known to be some, whatever the name of their place says.
    """
    known = tuple(dict.fromkeys(each for secret in secrets if secret for each in (secret, quote(secret, safe=""))))
    body = text.removeprefix("\ufeff")
    try:
        value = cast("Json", json.loads(body))
        masked = masked_definition(value)
    except (ValueError, RecursionError):
        return _without(masked_text(text), known)
    parts: list[str] = []
    position = 0
    for start, end, path in _scalars(body):
        token = body[start:end]
        given = cast("Json", json.loads(token))
        shown = _shown(given, _value_at(value, path), _value_at(masked, path))
        if known and isinstance(given, str):
            whole = given if shown is None else shown
            without = _without(whole, known)
            shown = without if without != whole else shown
        if shown is not None:
            parts += [body[position:start], quoted(shown)]
            position = end
    return text[: len(text) - len(body)] + "".join(parts) + body[position:]


def _without(text: str, secrets: Sequence[str]) -> str:
    """``text`` without ``secrets``; one that is too short to be found by itself must be the whole of it."""
    for secret in secrets:
        if text == secret or len(secret) >= SHORTEST:
            text = text.replace(secret, MASK)
    return text


def _shown(given: Json, known: Json, masked: Json) -> str | None:
    """What is shown in the place of ``given``; None where it is no secret."""
    if given != known:  # a key that was given twice, and this is the one that does not count
        return MASK if isinstance(given, str) else None
    return None if masked == given else str(masked)


def _value_at(value: Json, path: _Path) -> Json:
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _scalars(text: str) -> list[tuple[int, int, _Path]]:
    """Offsets of every value that is no object and no array, and the way to it."""
    found: list[tuple[int, int, _Path]] = []
    path: _Path = []
    in_object: list[bool] = []
    key_next = False
    for match in TOKEN.finditer(text):
        token = match.group()
        if token in "{[":
            in_object.append(token == "{")
            path.append("" if token == "{" else 0)
            key_next = token == "{"
        elif token in "}]":
            in_object.pop()
            path.pop()
        elif token == ",":
            key_next = in_object[-1]
            if not key_next:
                path[-1] = cast("int", path[-1]) + 1
        elif token == ":":
            key_next = False
        elif key_next:
            path[-1] = cast("str", json.loads(token))
        else:
            found.append((match.start(), match.end(), [*path]))
    return found
