"""Reading ``WWW-Authenticate``: which challenges a refusal carries.

Owns the grammar of RFC 9110, section 11.6.1, read leniently and in linear time. Never raises and never decides:
what a challenge asks for is ``discovery``'s and ``scopes``' to say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .kinds import Challenge

LONGEST = 64 * 1024
"""Characters that are read of one header value."""
MOST = 64
"""Challenges, and parameters of one challenge, that are kept."""

_SEPARATORS = re.compile(r"[\s,]*+")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++")
_TOKEN68 = re.compile(r"[ \t]++([A-Za-z0-9\-._~+/]++=*+)[ \t]*+(?=,|$)")
_EQUALS = re.compile(r"[ \t]*+=[ \t]*+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)("|\\?$)', re.DOTALL)
_BARE = re.compile(r'[^\s,"]*+')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def parse_challenges(values: Sequence[str]) -> tuple[Challenge, ...]:
    """The challenges of all the header's values, in order; scheme and parameter names in lower case.

    A credential-like ``token68`` stands under the name ``token68``. Of a parameter that is given twice the first
    counts. What fits no grammar is passed over up to the next comma; an unfinished string ends with the value.
    """
    found: list[Challenge] = []
    for value in values:
        found += _parsed(value[:LONGEST])
    return tuple(found[:MOST])


def _parsed(text: str) -> list[Challenge]:
    found: list[tuple[str, dict[str, str]]] = []
    at = 0
    while (at := _end(_SEPARATORS, text, at)) < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            at = _next_comma(text, at)
            continue
        equals = _EQUALS.match(text, token.end())
        if equals is None:
            params: dict[str, str] = {}
            found.append((token.group().lower(), params))
            at = token.end()
            if whole := _TOKEN68.match(text, at):
                params["token68"] = whole[1]
                at = whole.end()
            continue
        value, at = _value(text, equals.end())
        # A parameter without a scheme before it belongs to nobody.
        if found and len(found[-1][1]) < MOST:
            found[-1][1].setdefault(token.group().lower(), value)
    return [Challenge(scheme, params) for scheme, params in found[:MOST]]


def _value(text: str, at: int) -> tuple[str, int]:
    """A parameter's value that begins at ``at``, and where it ends."""
    if quoted := _QUOTED.match(text, at):
        return _ESCAPED.sub(r"\1", quoted[1]), quoted.end()
    bare = _BARE.match(text, at)
    assert bare is not None  # it matches nothing, too
    return bare.group(), bare.end()


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _next_comma(text: str, at: int) -> int:
    comma = text.find(",", at)
    return len(text) if comma < 0 else comma
