"""``{{name}}`` and ``${ENVIRONMENT}`` in what a saved call says -> the values that it is made with.

Owns the two forms and the order in which names are looked up. A text that is nothing but ``{{name}}`` becomes the
value itself, whatever its type; inside a longer text a value stands as text. Never reads a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from ..errors import UsageError
from ..models import Json, JsonObject

_REFERENCE = re.compile(
    r"\\\{\{|\$\$\{|\{\{[ \t]*(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*\}\}"
    r"|\$\{(?P<variable>[A-Za-z_][A-Za-z0-9_]*)(?P<default>:-[^}]*)?\}"
)
_LITERAL = {"\\{{": "{{", "$${": "${"}
DEEPEST = 20
"""Variables whose values name others."""


class Missing(UsageError):
    """Names without a value: ``{{city}}`` or ``${HOME}``."""

    def __init__(self, names: Sequence[str]) -> None:
        several = len(names) > 1
        super().__init__(
            f"{', '.join(names)} {'have' if several else 'has'} no value",
            hint="--var NAME=VALUE, a variable of the collection, or the environment gives one",
        )
        self.names = tuple(names)


def put_in(value: Json, layers: Sequence[Mapping[str, Json]], environ: Mapping[str, str]) -> Json:
    """``value`` with everything put in; the first of ``layers`` that has a name counts. Raises ``Missing``."""
    work = _PutIn(layers, environ)
    done = work.value(value, ())
    if work.missing:
        raise Missing(list(dict.fromkeys(work.missing)))
    return done


def names_in(value: Json) -> set[str]:
    """Every ``name`` that ``{{name}}`` stands for in it; not those of the environment."""
    return {match["name"] for text in _texts(value) for match in _REFERENCE.finditer(text) if match["name"]}


def literal(value: Json) -> Json:
    """``value`` so that it comes out of ``put_in`` as it is."""
    match value:
        case str():
            return _REFERENCE.sub(lambda match: _kept(match.group()), value)
        case list():
            return [literal(item) for item in value]
        case dict():
            return {key: literal(item) for key, item in value.items()}
        case _:
            return value


def _kept(reference: str) -> str:
    if reference in _LITERAL:
        return reference[0] + reference
    return ("\\" if reference.startswith("{{") else "$") + reference


def _texts(value: Json) -> Iterator[str]:
    waiting: list[Json] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            waiting += item.values()


class _PutIn:
    def __init__(self, layers: Sequence[Mapping[str, Json]], environ: Mapping[str, str]) -> None:
        self.missing: list[str] = []
        self._layers = layers
        self._environ = environ

    def value(self, value: Json, within: tuple[str, ...]) -> Json:
        match value:
            case str():
                return self._text(value, within)
            case list():
                return [self.value(item, within) for item in value]
            case dict():
                made: JsonObject = {key: self.value(item, within) for key, item in value.items()}
                return made
            case _:
                return value

    def _text(self, text: str, within: tuple[str, ...]) -> Json:
        whole = _REFERENCE.fullmatch(text)
        if whole is not None and whole["name"]:
            return self._named(whole["name"], within)
        return _REFERENCE.sub(lambda match: self._part(match, within), text)

    def _part(self, match: re.Match[str], within: tuple[str, ...]) -> str:
        if match["name"]:
            value = self._named(match["name"], within)
            return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if match["variable"] is None:
            return _LITERAL[match.group()]
        given = self._environ.get(match["variable"])
        if given is None or (given == "" and match["default"] is not None):
            if match["default"] is None:
                self.missing.append(f"${{{match['variable']}}}")
                return ""
            return match["default"][2:]
        return given

    def _named(self, name: str, within: tuple[str, ...]) -> Json:
        if name in within or len(within) > DEEPEST:
            raise UsageError(
                f"{{{{{name}}}}} is made of itself", hint=f"its value leads back to it: {' → '.join((*within, name))}"
            )
        for layer in self._layers:
            if name in layer:
                return self.value(layer[name], (*within, name))
        self.missing.append(f"{{{{{name}}}}}")
        return None
