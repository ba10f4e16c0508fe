"""Arguments that are kept, without the secrets among them.

Owns taking them out, or putting the name of a variable in their place. What is a secret is decided by
``telemetry.redaction``, and by the schema wherever it speaks of the value: a field that is ``format: password`` or
``writeOnly`` holds one, and so does a text whose name, title or description asks for one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import unquote

from ..models import Json, JsonObject, as_list, as_object
from ..models.secret_words import declared_secret, speaks_of_secret
from ..telemetry.redaction import redacted

_WORD = re.compile(r"[^A-Za-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_REFERENCE = re.compile(r"\$\{[^}]*\}|\{\{[^}]*\}\}")
DEEPEST = 40
BRANCHES = 200
"""Most schemas that are asked about one value."""
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
    asks = _Asks(schema, leave_out=True)
    made = _walk(arguments, redacted(arguments), asks.rules(schema), (), lambda _path: None, asks)
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

    asks = _Asks(schema, leave_out=False)
    made = _walk(arguments, redacted(arguments), asks.rules(schema), (), name, asks)
    kept.arguments = made if isinstance(made, dict) else {}
    return kept


def _walk(
    value: Json, shown: Json, rules: tuple[JsonObject, ...], path: tuple[str, ...], gone: _Gone, asks: _Asks
) -> Json | _Secret:
    if value not in (None, "") and path and asks.secret(path[-1], value, rules):
        return _SECRET
    if isinstance(value, dict) and isinstance(shown, dict) and len(path) < DEEPEST:
        made: JsonObject = {}
        for key, item in value.items():
            one = _walk(item, shown.get(key), asks.member(rules, key), (*path, key), gone, asks)
            if not isinstance(one, _Secret):
                made[key] = one
            elif not asks.leave_out:
                made[key] = gone((*path, key))
        return made
    if isinstance(value, list) and isinstance(shown, list) and len(value) == len(shown) and len(path) < DEEPEST:
        row: list[Json] = []
        for index, (item, seen) in enumerate(zip(value, shown, strict=True)):
            one = _walk(item, seen, asks.item(rules, index), (*path, str(index)), gone, asks)
            if isinstance(one, _Secret):
                if asks.leave_out:
                    return _SECRET  # a list with a gap in it would be another list
                one = gone((*path, str(index)))
            row.append(one)
        return row
    # What is a reference already (``${TOKEN}``) is no secret, and shows as itself.
    return value if type(value) is type(shown) and value == shown else _SECRET


@dataclass(frozen=True, slots=True)
class _Asks:
    """What a schema says of the values in it, whichever of its branches and references says so."""

    root: JsonObject
    leave_out: bool

    def rules(self, *schemas: Json) -> tuple[JsonObject, ...]:
        """Every schema that may speak of a value: those given, what they refer to, and all their branches."""
        found: list[JsonObject] = []
        seen: set[int] = set()
        waiting = [as_object(one) for one in schemas]
        while waiting and len(found) < BRANCHES:
            one = waiting.pop()
            if not one or id(one) in seen:
                continue
            seen.add(id(one))
            found.append(one)
            for word in ("$ref", "$dynamicRef"):
                reference = one.get(word)
                if isinstance(reference, str) and reference.startswith("#"):
                    waiting.append(self._at(reference[1:]))
            for word in ("allOf", "anyOf", "oneOf"):
                waiting += [as_object(branch) for branch in as_list(one.get(word))]
            waiting += [as_object(one.get(word)) for word in ("if", "then", "else")]
            waiting += [as_object(branch) for branch in as_object(one.get("dependentSchemas")).values()]
        return tuple(found)

    def _at(self, pointer: str) -> JsonObject:
        place: Json = self.root
        for written in pointer.lstrip("/").split("/") if pointer else ():
            step = unquote(written).replace("~1", "/").replace("~0", "~")
            listed = as_list(place)
            if listed:
                place = listed[int(step)] if step.isdecimal() and int(step) < len(listed) else None
            else:
                place = as_object(place).get(step)
        return as_object(place)

    def member(self, rules: tuple[JsonObject, ...], name: str) -> tuple[JsonObject, ...]:
        """What speaks of a member of an object."""
        below: list[Json] = []
        for rule in rules:
            below.append(as_object(rule.get("properties")).get(name))
            below += [*as_object(rule.get("patternProperties")).values(), rule.get("additionalProperties")]
        return self.rules(*below)

    def item(self, rules: tuple[JsonObject, ...], index: int) -> tuple[JsonObject, ...]:
        """What speaks of an item of a list."""
        below: list[Json] = []
        for rule in rules:
            for word in ("prefixItems", "items"):
                listed = rule.get(word)
                below += listed[index : index + 1] if isinstance(listed, list) else [listed]
            below.append(rule.get("additionalItems"))
        return self.rules(*below)

    def secret(self, name: str, value: Json, rules: tuple[JsonObject, ...]) -> bool:
        """One of them says that the value is one; a number is none for the words beside it (``max_tokens``)."""
        if any(declared_secret(rule) for rule in rules):
            return True
        return (
            isinstance(value, str)
            and not _REFERENCE.fullmatch(value)
            and any(speaks_of_secret(name, rule) for rule in rules)
        )


def _at(value: Json, path: tuple[str, ...]) -> Json:
    for key in path:
        value = value[int(key)] if isinstance(value, list) else as_object(value).get(key)
    return value
