"""What is wrong with a JSON Schema as it was listed (protocol section 28).

Owns the rules that can be told by looking once at each part of it: what keywords must be, the dialect, regular
expressions, where references lead. Never validates a value and never fetches anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urldefrag, urljoin

from ..models import Json, JsonObject, as_text
from ..state.text import quoted, shortened
from .schema_rules import RULES, Inside, Rule, dialect_of, pattern_flaw

PARTS = 20_000
"""Parts of one schema that are looked at."""
DEPTH = 100
FLAWS = 5
"""Flaws of one schema that are told."""
FLAW_SHOWN = 280
"""Characters of a flaw."""
PATTERNS = 100
"""Regular expressions of one schema that are tried out."""
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


def schema_flaws(schema: JsonObject) -> list[str]:
    """Sentences about what keeps ``schema`` from being applied; empty when nothing does.

    What the meta-schema of its dialect refuses has one, as far as ``PARTS`` and ``DEPTH`` reach.
    """
    flaws: list[str] = []
    declared = as_text(schema.get("$schema"))
    dialect = dialect_of(declared)
    if dialect is None and declared is not None:
        flaws.append(f"the schema's dialect {quoted(declared)} is not known, so nothing is checked against it")
    look = _Look(schema, RULES[dialect])
    for flaw in look.flaws():
        flaws.append(flaw)
        if len(flaws) >= FLAWS:
            break
    return [f"{shortened(flaw, FLAW_SHOWN)} (section 28)" for flaw in flaws[:FLAWS]]


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """One step on the way to a schema inside another; the way itself is only put together for a flaw."""

    parent: _Place | None
    keyword: str
    name: str | int | None
    depth: int


def _where(place: _Place | None) -> str:
    steps: list[str] = []
    while place is not None:
        if place.name is not None:
            steps.append(shortened(str(place.name)))
        if place.keyword != "properties":
            steps.append(place.keyword)
        place = place.parent
    return shortened("/".join(reversed(steps)), FLAW_SHOWN // 2) or "the schema"


class _Look:
    """One look at each part of a schema, the last first, itself before what stands in it."""

    def __init__(self, schema: JsonObject, rules: dict[str, Rule]) -> None:
        self._schema = schema
        self._rules = rules
        self._room = PARTS
        self._patterns = 0
        self._waiting: list[tuple[_Place | None, JsonObject]] = [(None, schema)]
        self._names: set[str] | None = None

    def flaws(self) -> Iterator[str]:
        rules, waiting = self._rules, self._waiting
        while waiting:
            place, part = waiting.pop()
            for keyword, value in part.items():
                rule = rules.get(keyword)
                if rule is None:
                    continue
                if not rule.fits(value):
                    yield f'"{keyword}" of {_where(place)} must be {rule.words}'
                if rule.inside is not Inside.NOTHING:
                    self._enter(place, keyword, value, rule.inside)
                if keyword in _LOOKED_INTO:
                    for flaw in self._looked_into(keyword, value):
                        yield f"{flaw} in {_where(place)}"
            if "exclusiveMaximum" in part or "exclusiveMinimum" in part:
                yield from self._without_its_bound(place, part)

    def _enter(self, place: _Place | None, keyword: str, value: Json, inside: Inside) -> None:
        """Have the schemas in ``value`` looked at as well."""
        depth = 1 if place is None else place.depth + 1
        if depth > DEPTH:
            return
        if isinstance(value, dict):
            if inside is Inside.MEMBERS:
                for name, member in value.items():
                    self._wait(place, keyword, name, depth, member)
            elif inside in (Inside.VALUE, Inside.VALUE_OR_ITEMS):
                self._wait(place, keyword, None, depth, value)
        elif isinstance(value, list) and inside in (Inside.ITEMS, Inside.VALUE_OR_ITEMS):
            for index, item in enumerate(value):
                self._wait(place, keyword, index, depth, item)

    def _wait(self, place: _Place | None, keyword: str, name: str | int | None, depth: int, value: Json) -> None:
        if isinstance(value, dict) and self._room:
            self._room -= 1
            self._waiting.append((_Place(place, keyword, name, depth), value))

    def _looked_into(self, keyword: str, value: Json) -> Iterator[str]:
        if keyword in _REFERENCES:
            problem = self._unresolved(value) if isinstance(value, str) else None
            if problem is not None:
                yield problem
            return
        if keyword == "pattern":
            patterns = [value] if isinstance(value, str) else []
        else:
            patterns = [*value] if isinstance(value, dict) else []
        for pattern in patterns:
            self._patterns += 1
            if self._patterns > PATTERNS:
                if self._patterns == PATTERNS + 1:
                    yield f"only the first {PATTERNS} regular expressions were looked at, and there are more"
                return
            flaw = pattern_flaw(pattern)
            if flaw is not None:
                yield f"the pattern {quoted(pattern)} {flaw},"

    def _without_its_bound(self, place: _Place | None, part: JsonObject) -> Iterator[str]:
        """Draft-04 says with one keyword that the other is exclusive."""
        if self._rules is RULES["draft-04"]:
            for keyword, bound in (("exclusiveMaximum", "maximum"), ("exclusiveMinimum", "minimum")):
                if keyword in part and bound not in part:
                    yield f'"{keyword}" of {_where(place)} stands without "{bound}"'

    def _unresolved(self, reference: str) -> str | None:
        """Why a reference leads nowhere; what an anchor or an ``$id`` of the schema names is left to the validator."""
        if not reference.startswith("#"):
            document = urldefrag(reference).url
            if dialect_of(document) is not None or self._is_named(document):
                return None
            return f"the reference {quoted(reference)} leads outside the schema and is not followed"
        pointer = reference[1:]
        if pointer and not pointer.startswith("/"):
            return None
        found: Json = self._schema
        for step in pointer.split("/")[1:]:
            name = unquote(step).replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict) and name in found:
                found = found[name]
            elif isinstance(found, list) and name.isdecimal() and len(name) < 10 and int(name) < len(found):
                found = found[int(name)]
            else:
                return f"the reference {quoted(reference)} leads nowhere"
        return None

    def _is_named(self, document: str) -> bool:
        """A part of this schema has that ``$id``, as it stands or relative to that of the whole."""
        if self._names is None:
            self._names = _identifiers(self._schema)
        base = as_text(self._schema.get("$id")) or ""
        try:
            return document in self._names or urljoin(base, document) in self._names
        except ValueError:  # no URL
            return False


_LOOKED_INTO = frozenset((*_REFERENCES, "pattern", "patternProperties"))


def _identifiers(schema: JsonObject) -> set[str]:
    """Every ``$id`` in a schema, as it stands, and put together with that of the whole."""
    base = as_text(schema.get("$id")) or ""
    found: set[str] = set()
    waiting: list[Json] = [schema]
    room = PARTS
    while waiting and room:
        room -= 1
        value = waiting.pop()
        if isinstance(value, dict):
            name = value.get("$id")
            if isinstance(name, str):
                found.add(name.removesuffix("#"))
                try:
                    found.add(urljoin(base, name).removesuffix("#"))
                except ValueError:
                    continue
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return found
