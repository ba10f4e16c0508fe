"""Rules of permission: their text, and what they mean.

Owns the syntax (``mcp__server__tool(path:/srv/**)``, ``resource:…``, ``prompt:…``) and whether one rule fits one use.
Never weighs rules against each other and never opens a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..models import Json
from ..models.permissions import Act, Effect, Offered
from ..models.qualified import DIGITS, PREFIX, SEPARATOR, plain, qualified_name, suffixed_names
from .argument_patterns import Pattern, values_at
from .url_patterns import glob

_TEXT = re.compile(r"(?:(resource|prompt):)?mcp__([^()]*)(.*)", re.DOTALL)
_NEXT = re.compile(r",\s+(?=[^\s:,()]+:)")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_*-]")
_SUFFIX = re.compile(rf"^[^*]*_(?:{'|'.join(f'[0-9a-f]{{{digits}}}' for digits in DIGITS)})$")
_UNWRITABLE = re.compile(r"[()*]")
"""Means something else in a rule."""
FACT = "@"
"""Before the name of a condition that is about the use itself: ``@source``, ``@caller``, ``@destructive`` …"""
HINTS = {
    "@readOnly": ("readOnlyHint", False),
    "@destructive": ("destructiveHint", True),
    "@idempotent": ("idempotentHint", False),
    "@openWorld": ("openWorldHint", True),
}
"""Name -> the annotation, and what counts where there is none, or nobody vouches for it (protocol section 26)."""
FACTS = ("@source", "@caller", "@trusted", *HINTS)


@dataclass(frozen=True, slots=True)
class Condition:
    """``name:glob`` over an argument, or over a fact of the use."""

    name: str
    pattern: Pattern

    def holds(self, act: Act, effect: Effect) -> bool:
        """Of an allow every value must fit, and there must be one; of a deny or an ask one is enough."""
        values = self._values(act)
        if not values:
            return False
        if effect is Effect.ALLOW:
            return all(not lists and self.pattern.allows(value) for value, lists in values)
        return any(self.pattern.forbids(value, lists) for value, lists in values)

    def _values(self, act: Act) -> list[tuple[Json, int]]:
        """Each with the number of lists on the way to it."""
        if self.name[0] == FACT:
            return [(fact(act, self.name), 0)]
        if act.kind is Offered.RESOURCE:
            return [(act.name, 0)] if self.name == "uri" else []
        if "." in self.name:
            return values_at(act.arguments, self.name)
        return [(act.arguments[self.name], 0)] if self.name in act.arguments else []


def fact(act: Act, name: str) -> Json:
    """What is known of a use beside its arguments; of annotations what they say where a person vouches for them."""
    if name == "@source":
        return act.source.value
    if name == "@caller":
        return act.caller.value
    if name == "@trusted":
        return act.trusted
    hint, otherwise = HINTS[name]
    given = act.annotations.get(hint) if act.trusted else None
    if hint == "destructiveHint" and act.trusted and act.annotations.get("readOnlyHint") is True:
        return False
    return given if isinstance(given, bool) else otherwise


@dataclass(frozen=True, slots=True)
class Reading:
    """A server's plain name and a glob over names of what it offers. ``raw``: that glob where it is no plain text."""

    server: str
    name: str
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``source`` says in words where it stands.

    ``readings``: ``mcp__a__b`` may be a tool of ``a``, and all of a server called ``a__b``. ``wide``: a glob over
    ``server__name`` where the server is one (never of an allow). ``shown``: all of the name where it may be the one
    that tells a tool from others (``mcp__a__b_daa094``). ``ours``: mcpdeck itself writes the list that it stands in.
    """

    effect: Effect
    text: str
    source: str
    kind: Offered
    readings: tuple[Reading, ...]
    wide: str | None = None
    conditions: tuple[Condition, ...] = ()
    shown: str | None = None
    ours: bool = False

    def names(self, act: Act) -> bool:
        """It is about what is to be used, whatever its conditions say."""
        server, name = plain(act.server), plain(act.name)
        if act.kind is not self.kind:
            return self._denies_all(server)
        if self.shown is not None and self._tells_apart(self.shown, act):
            return True
        if self.wide is not None and (glob(self.wide, server) or glob(self.wide, f"{server}{SEPARATOR}{name}")):
            return True
        return any(reading.server == server and self._fits(reading, act.name, name) for reading in self.readings)

    def holds(self, act: Act) -> bool:
        """Its conditions hold."""
        for condition in self.conditions:  # noqa: SIM110 - three times as quick as all(): each call comes by here
            if not condition.holds(act, self.effect):
                return False
        return True

    def _tells_apart(self, shown: str, act: Act) -> bool:
        head = shown[: shown.rindex("_")]
        if not qualified_name(act.server, act.name).startswith(head):
            return False
        return shown in suffixed_names(act.server, act.name).values()

    def nearly_names(self, act: Act) -> bool:
        """It is an allow of the name that a model knows this by, which is not its own: a neighbour may be called so."""
        if self.effect is not Effect.ALLOW or act.kind is not self.kind or self.names(act):
            return False
        server, name = plain(act.server), plain(act.name)
        return any(reading.server == server and glob(reading.name, name) for reading in self.readings)

    def _fits(self, reading: Reading, name: str, plain_name: str) -> bool:
        if glob(reading.raw or reading.name, name):
            return True
        # what an allow is about must not grow with a tool that is called nearly the same
        return self.effect is not Effect.ALLOW and glob(reading.name, plain_name)

    def _denies_all(self, server: str) -> bool:
        """A whole server that is denied is denied with its resources and prompts."""
        if self.effect is not Effect.DENY or self.kind is not Offered.TOOL or self.conditions:
            return False
        if self.wide is not None and (glob(self.wide, server) or glob(self.wide, server + SEPARATOR)):
            return True
        return any(reading.server == server and not reading.name.strip("*") for reading in self.readings)


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule that does not count, and why."""

    text: str
    why: str


def parse_rule(text: str, effect: Effect, source: str, *, ours: bool = False) -> Rule | Refused | None:
    """The rule; None for one that is about nothing of ours (``Bash(…)``, ``WebFetch``).

    What cannot be understood of a condition is left out of a deny or an ask, which then reaches further; an allow is
    refused for it.
    """
    match = _TEXT.fullmatch(text.strip())
    if match is None:
        return None
    kind = Offered(match[1]) if match[1] else Offered.TOOL
    body, conditions = match[2].strip(), _conditions(match[3].strip())
    plain_body = _NOT_PLAIN.sub("_", body)
    if not plain_body.strip("_"):
        return Refused(text, "it names no server")
    if isinstance(conditions, str):
        if effect is Effect.ALLOW:
            return Refused(text, conditions)
        conditions = ()
    readings = tuple(_readings(kind, effect, body, plain_body))
    wide = plain_body if not readings and "*" in plain_body else None
    if effect is Effect.ALLOW and wide is not None:
        return Refused(text, "an allow needs the name of one server: a glob may stand for tools, not for servers")
    if not readings and wide is None:
        return Refused(text, "it names no tool: write mcp__SERVER__* for all of a server")
    shown = SEPARATOR.join((PREFIX, plain_body)) if kind is not Offered.RESOURCE and _SUFFIX.search(body) else None
    return Rule(effect, text.strip(), source, kind, readings, wide, conditions, shown, ours)


def odd_condition(text: str) -> str | None:
    """Why the conditions of a rule cannot be understood; None when they can, or there are none."""
    match = _TEXT.fullmatch(text.strip())
    found = _conditions(match[3].strip()) if match else ()
    return found if isinstance(found, str) else None


def _readings(kind: Offered, effect: Effect, body: str, plain_body: str) -> Iterator[Reading]:
    if kind is Offered.RESOURCE:
        if "*" not in plain_body.removesuffix(f"{SEPARATOR}*"):
            yield Reading(plain_body.removesuffix(f"{SEPARATOR}*"), "*")
        return
    # an allow of all of a server whose name holds "__" is written with "__*": it might be meant for one tool
    if "*" not in plain_body and (effect is not Effect.ALLOW or SEPARATOR not in plain_body):
        yield Reading(plain_body, "*")
    position = plain_body.find(SEPARATOR, 1)
    while position >= 0:
        server, start = plain_body[:position], position + len(SEPARATOR)
        name, raw = plain_body[start:], body[start:]
        if "*" not in server and name:
            yield Reading(server, name, raw if raw != name else None)
        position = plain_body.find(SEPARATOR, position + 1)


def _conditions(text: str) -> tuple[Condition, ...] | str:
    """``(a:x, b.c:y/**)``; a sentence where that is not what stands there."""
    if not text:
        return ()
    if not (text.startswith("(") and text.endswith(")")) or not text[1:-1].strip():
        return "conditions stand in brackets at its end: (name:glob, other:glob)"
    found: list[Condition] = []
    for part in _NEXT.split(text[1:-1]):
        name, colon, pattern = part.strip().partition(":")
        if not colon or not name or not pattern:
            return f'"{part.strip()}" is no condition: name:glob'
        if name.startswith(FACT) and name not in FACTS:
            return f"{name} is not known: there is {', '.join(FACTS)}"
        found.append(Condition(name, Pattern(pattern)))
    return tuple(found)


def rule_text(kind: Offered, server: str, name: str) -> str:
    """The rule that is about one thing that a server offers, and no other: ``mcp__server__tool``."""
    whole = SEPARATOR.join((PREFIX, plain(server)))
    if kind is Offered.RESOURCE:
        return f"resource:{whole}(uri:{name})"
    writable = name.isprintable() and name == name.strip() and name and not _UNWRITABLE.search(name)
    text = SEPARATOR.join((whole, name)) if writable else suffixed_names(server, name)[max(DIGITS)]
    return text if kind is Offered.TOOL else f"prompt:{text}"


def by_uri(name: str) -> str:
    """How a rule is written about some resources of the server that ``name``, ``server__something``, begins with."""
    return f"resource:{SEPARATOR.join((PREFIX, name.partition(SEPARATOR)[0]))}(uri:…)"
