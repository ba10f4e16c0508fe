"""Arguments that are kept, without the secrets among them.

Owns taking them out, or putting the name of a variable in their place. What is a secret is decided by
``telemetry.redaction``, and by the schema: a field that is ``format: password`` or ``writeOnly`` holds one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from ..models import Json, JsonObject, as_list, as_object
from ..telemetry.redaction import redacted

_WORD = re.compile(r"[^A-Za-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
DEEPEST = 40
_Gone: TypeAlias = "Callable[[tuple[str, ...]], Json]"


@dataclass(slots=True)
class Kept:
    """Arguments as they may be written, and the names of variables that stand for the secrets in them."""

    arguments: JsonObject
    variables: dict[str, Json] = field(default_factory=dict[str, Json])
    """Each with the secret itself, which is never written."""


class _Secret:
    """Marks a value that is to be left out."""


_SECRET = _Secret()


def without(arguments: JsonObject, schema: JsonObject) -> JsonObject:
    """``arguments`` without every member that holds a secret, or a list with one in it."""
    made = _walk(arguments, redacted(arguments), _asked(schema), (), lambda _path: None, leave_out=True)
    return made if isinstance(made, dict) else {}


def named(arguments: JsonObject, schema: JsonObject) -> Kept:
    """``arguments`` with ``${PASSWORD}`` in the place of what is a secret."""
    kept = Kept({})

    def name(path: tuple[str, ...]) -> str:
        word = _WORD.sub("_", _CAMEL.sub("_", path[-1] if path else "SECRET")).strip("_").upper() or "SECRET"
        word = f"_{word}" if word[0].isdigit() else word
        number, whole = 2, word
        while whole in kept.variables:
            whole, number = f"{word}_{number}", number + 1
        kept.variables[whole] = _at(arguments, path)
        return f"${{{whole}}}"

    made = _walk(arguments, redacted(arguments), _asked(schema), (), name, leave_out=False)
    kept.arguments = made if isinstance(made, dict) else {}
    return kept


def _walk(
    value: Json, shown: Json, asked: JsonObject, path: tuple[str, ...], gone: _Gone, *, leave_out: bool
) -> Json | _Secret:
    if isinstance(value, dict) and isinstance(shown, dict) and len(path) < DEEPEST:
        made: JsonObject = {}
        for key, item in value.items():
            below = as_object(asked.get(key))
            secret = asked.get(key) is True and item not in (None, "")
            one = _SECRET if secret else _walk(item, shown.get(key), below, (*path, key), gone, leave_out=leave_out)
            if not isinstance(one, _Secret):
                made[key] = one
            elif not leave_out:
                made[key] = gone((*path, key))
        return made
    if isinstance(value, list) and isinstance(shown, list) and len(value) == len(shown) and len(path) < DEEPEST:
        items = as_object(asked.get("[]"))
        row: list[Json] = []
        for index, (item, seen) in enumerate(zip(value, shown, strict=True)):
            one = _walk(item, seen, items, (*path, str(index)), gone, leave_out=leave_out)
            if isinstance(one, _Secret):
                if leave_out:
                    return _SECRET  # a list with a gap in it would be another list
                one = gone((*path, str(index)))
            row.append(one)
        return row
    # What is a reference already (``${TOKEN}``) is no secret, and shows as itself.
    return value if type(value) is type(shown) and value == shown else _SECRET


def _asked(schema: JsonObject, depth: int = 0) -> JsonObject:
    """The fields that a schema says to be secrets: name -> True, or the same of what is below it (``[]``: items)."""
    found: JsonObject = {}
    if depth > DEEPEST:
        return found
    for name, below in as_object(schema.get("properties")).items():
        one = as_object(below)
        if one.get("format") == "password" or one.get("writeOnly") is True:
            found[name] = True
        elif deeper := _asked(one, depth + 1):
            found[name] = deeper
    items = schema.get("items")
    if isinstance(items, dict) and (deeper := _asked(items, depth + 1)):
        found["[]"] = deeper
    for branch in as_list(schema.get("allOf")):
        found |= _asked(as_object(branch), depth + 1)
    return found


def _at(value: Json, path: tuple[str, ...]) -> Json:
    for key in path:
        value = value[int(key)] if isinstance(value, list) else as_object(value).get(key)
    return value
