"""What a saved call is expected to come to: each expectation as a value, read from its JSON.

Owns their words. Never looks at a result: see ``judging``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from ..models import Json, JsonObject
from ..state.text import shortened
from .paths import flaw

ALONE = frozenset(("isError", "error", "durationUnder", "textContains", "textMatches", "outputSchema"))
AT_A_PATH = frozenset(
    ("equals", "notEquals", "contains", "matches", "exists", "length", "type", "above", "below", "schema")
)
TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
_PLACE = frozenset(("path", "from"))
_ABOUT = frozenset(("note", "comment", "description"))
"""Members that say something to people only."""


class Check(StrEnum):
    """The member of an assertion that says what is looked at."""

    IS_ERROR = "isError"
    ERROR = "error"
    DURATION = "durationUnder"
    TEXT_CONTAINS = "textContains"
    TEXT_MATCHES = "textMatches"
    OUTPUT_SCHEMA = "outputSchema"
    EQUALS = "equals"
    NOT_EQUALS = "notEquals"
    CONTAINS = "contains"
    MATCHES = "matches"
    EXISTS = "exists"
    LENGTH = "length"
    TYPE = "type"
    ABOVE = "above"
    BELOW = "below"
    SCHEMA = "schema"


@dataclass(frozen=True, slots=True, eq=False)
class Assertion:
    """``path`` is JSONPath into the result, or with ``in_text`` into the JSON that the result's text is."""

    check: Check
    wanted: Json
    path: str = "$"
    in_text: bool = False

    @property
    def words(self) -> str:
        """It for people, on one line; may hold text of a file."""
        where = f"{self.path} of the text" if self.in_text else self.path
        wanted = shortened(json.dumps(self.wanted, ensure_ascii=False), 80)
        match self.check:
            case Check.IS_ERROR:
                return "the tool reports an error" if self.wanted else "the tool reports no error"
            case Check.ERROR:
                return f"it fails with {self.wanted}"
            case Check.DURATION:
                return f"takes less than {self.wanted} ms"
            case Check.TEXT_CONTAINS:
                return f"the text contains {wanted}"
            case Check.TEXT_MATCHES:
                return f"the text matches {wanted}"
            case Check.OUTPUT_SCHEMA:
                return "the result fits the tool's output schema"
            case Check.EXISTS:
                return f"{where} {'exists' if self.wanted else 'does not exist'}"
            case Check.SCHEMA:
                return f"{where} fits a schema"
            case Check.NOT_EQUALS:
                return f"{where} is not {wanted}"
            case Check.LENGTH:
                return f"{where} has length {wanted}"
            case Check.TYPE:
                return f"{where} is of type {self.wanted}"
            case _:
                return f"{where} {self.check.value} {wanted}"


def read_assertion(raw: Json) -> Assertion | str:
    """The assertion, or what is wrong with it as a sentence."""
    if not isinstance(raw, dict):
        return "an assertion is an object"
    names = [name for name in raw if name in ALONE | AT_A_PATH]
    strange = next((name for name in raw if name not in ALONE | AT_A_PATH | _PLACE | _ABOUT), None)
    if strange is not None:
        return f'an assertion has no "{shortened(strange)}": {", ".join(sorted(ALONE | AT_A_PATH))} are known'
    if len(names) != 1:
        return (
            "an assertion says one thing"
            if names
            else f"an assertion says one of {', '.join(sorted(ALONE | AT_A_PATH))}"
        )
    name = names[0]
    if name in ALONE and not _PLACE.isdisjoint(raw):
        return f'"{name}" is about the whole result: it takes no path'
    path, within = raw.get("path", "$"), raw.get("from", "result")
    if not isinstance(path, str):
        return '"path" is a text, as "$.content[0].text"'
    if within not in ("result", "text"):
        return '"from" is "result" or "text"'
    wrong = flaw(path) or _flaw_of(Check(name), raw)
    return wrong or Assertion(Check(name), raw[name], path, within == "text")


def _flaw_of(check: Check, raw: JsonObject) -> str:
    wanted = raw[check.value]
    number = isinstance(wanted, int | float) and not isinstance(wanted, bool)
    match check:
        case Check.IS_ERROR | Check.EXISTS if not isinstance(wanted, bool):
            return f'"{check.value}" is true or false'
        case Check.OUTPUT_SCHEMA if wanted is not True:
            return '"outputSchema" is true, or is left out'
        case Check.ERROR | Check.TEXT_CONTAINS | Check.TEXT_MATCHES | Check.MATCHES if not isinstance(wanted, str):
            return f'"{check.value}" is a text'
        case Check.DURATION | Check.ABOVE | Check.BELOW if not number:
            return f'"{check.value}" is a number'
        case Check.LENGTH if not isinstance(wanted, int) or isinstance(wanted, bool) or wanted < 0:
            return '"length" is a whole number'
        case Check.TYPE if wanted not in TYPES:
            return f'"type" is one of {", ".join(TYPES)}'
        case Check.SCHEMA if not isinstance(wanted, dict | bool):
            return '"schema" is a JSON Schema'
        case _:
            return ""
