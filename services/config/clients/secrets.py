"""Secrets that stand literally in an entry -> variables that name them.

Owns the names of the variables. What is a secret is decided where entries are masked, so that nothing is written
out here that is hidden elsewhere. Never keeps or shows a value.
"""

from __future__ import annotations

import re

from ...models import Json, JsonObject, as_list, as_object
from ...telemetry.redaction import MASK, secret_name
from ..expand import REFERENCE
from ..masked_entry import masked_secrets
from .variables import variable_name

_OPTION = re.compile(r"-{0,2}([A-Za-z0-9_.-]+)[=:]")


def without_secrets(name: str, entry: JsonObject) -> tuple[JsonObject, tuple[str, ...]]:
    """``entry`` of the server ``name`` with ``${VAR}`` in the place of each literal secret, and those variables."""
    finder = _Finder(name)
    masked = masked_secrets(entry)
    changed = {key: finder.field(key, value, masked.get(key)) for key, value in entry.items()}
    return changed, tuple(finder.variables)


class _Finder:
    def __init__(self, server: str) -> None:
        self._server = server
        self.variables: dict[str, None] = {}

    def field(self, key: str, value: Json, masked: Json) -> Json:
        """One field, beside what its mask shows of it."""
        match key, value:
            case "env", dict():
                hidden = as_object(masked)
                return {name: self._text(item, hidden.get(name), name) for name, item in value.items()}
            case "headers", dict():
                hidden = as_object(masked)
                return {name: self._text(item, hidden.get(name), self._own(name)) for name, item in value.items()}
            case _, dict():
                hidden = as_object(masked)
                return {name: self.field(name, item, hidden.get(name)) for name, item in value.items()}
            case _, list():
                return self._args(value, as_list(masked))
            case _, str():
                return self._text(value, masked, self._own(key if secret_name(key) else "token"))
            case _:
                return value

    def _args(self, args: list[Json], masked: list[Json]) -> Json:
        changed: list[Json] = []
        option = "token"
        for index, arg in enumerate(args):
            given = _OPTION.match(arg) if isinstance(arg, str) else None
            name = given[1] if given and secret_name(given[1]) else option
            changed.append(self._text(arg, masked[index] if index < len(masked) else arg, self._own(name)))
            option = arg if isinstance(arg, str) and arg.startswith("--") and secret_name(arg) else "token"
        return changed

    def _own(self, name: str) -> str:
        """A variable of this server's: names of headers and options are the same everywhere."""
        return f"{self._server}_{name.lstrip('-')}"

    def _text(self, value: Json, masked: Json, variable: str) -> Json:
        """``value`` with a variable where ``masked`` has a mask; untouched when nothing was masked."""
        if not isinstance(value, str) or not isinstance(masked, str) or MASK not in masked or MASK in value:
            return value
        if _references(masked) != _references(value):
            return value  # what looks like a secret is the default of a variable
        # A default that is hidden goes away with its mask: the variable must be set then.
        shown = masked.replace(f":-{MASK}", "")
        if MASK not in shown:
            return shown
        variable = self._free(variable_name(variable))
        self.variables[variable] = None
        return shown.replace(MASK, f"${{{variable}}}")

    def _free(self, variable: str) -> str:
        """Two secrets are two variables, even where their places are called the same."""
        number, name = 1, variable
        while name in self.variables:
            number += 1
            name = f"{variable}_{number}"
        return name


def _references(text: str) -> list[str]:
    return [match[1] for match in REFERENCE.finditer(text)]
