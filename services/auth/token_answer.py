"""Reading what a token endpoint gave.

Owns the strict reading of a successful answer (RFC 6749, section 5.1): which part of it can be used, what is wrong
with it in the eyes of the specification, and what makes it useless. Sends nothing and raises no error of the house:
``UnfitAnswerError`` is for whoever asked.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Final

from ..models import Json, JsonObject, Verdict
from ..state.text import one_line
from .rules import verdict

LONGEST_LIFETIME: Final = 10 * 366 * 86400
"""Seconds; a longer ``expires_in`` is taken as not said."""
MOST_SCOPES: Final = 256
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,65536}")
DPOP: Final = "DPoP"
_TYPES: Final = {"bearer": "Bearer", "dpop": DPOP}


class UnfitAnswerError(ValueError):
    """No token that can be used: ``rule`` is the one that was broken, ``wrong`` how."""

    def __init__(self, rule: str, wrong: str) -> None:
        super().__init__(wrong)
        self.rule = rule
        self.wrong = wrong


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """A token that can be used. ``lifetime`` in seconds, None: not said. ``scopes`` None: not named."""

    access: str = field(repr=False)
    kind: str
    refresh: str | None = field(repr=False)
    lifetime: float | None
    scopes: tuple[str, ...] | None
    verdicts: tuple[Verdict, ...]


def read_answer(members: JsonObject, *, proved: bool, asked: tuple[str, ...]) -> TokenAnswer:
    """The token in ``members``. ``proved``: a DPoP proof was sent. ``asked``: the scopes asked for.

    A lifetime or scopes that make no sense count as not said; a token that no header can carry, or of a type that
    is not known, raises ``UnfitAnswerError``.
    """
    access = _token(members, "access_token")
    if access is None:
        raise UnfitAnswerError("token.access-token", "there is no access_token")
    refresh = _token(members, "refresh_token")
    kind = _kind(members.get("token_type"), proved=proved)
    lifetime, life_wrong = lifetime_of(members.get("expires_in"))
    scopes, scope_wrong = scopes_of(members.get("scope"))
    less = [each for each in asked if scopes is not None and each not in scopes]
    verdicts = [
        verdict("token.access-token", True),
        verdict("token.characters", True),
        verdict("token.type", True),
        verdict("token.expires-in", not life_wrong, life_wrong),
        verdict("token.scope", False, scope_wrong)
        if scope_wrong
        else verdict("token.scope", None if less else True, f"not granted: {one_line(' '.join(less), 200)}"),
    ]
    if proved:
        plain = "DPoP is advertised and a proof was sent, and the token is a plain bearer token"
        verdicts.append(verdict("dpop.bound", kind == DPOP, plain))
    return TokenAnswer(access, kind, refresh, lifetime, scopes, tuple(verdicts))


def _token(members: JsonObject, name: str) -> str | None:
    """A token; None where there is none (null and the empty text too)."""
    value = members.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise UnfitAnswerError("token.characters", f"{name} is no text")
    if _TOKEN.fullmatch(value) is None:
        raise UnfitAnswerError("token.characters", f"{name} holds characters that no token may have, or is too long")
    return value


def _kind(value: Json, *, proved: bool) -> str:
    if value is None:
        raise UnfitAnswerError("token.type", "there is no token_type")
    kind = _TYPES.get(value.strip().lower()) if isinstance(value, str) else None
    if kind is None:
        raise UnfitAnswerError("token.type", f"the token_type {one_line(json.dumps(value), 80)} is not known")
    if kind == DPOP and not proved:
        raise UnfitAnswerError("token.type", "the token is bound to a DPoP key, and no proof was sent")
    return kind


def lifetime_of(value: Json) -> tuple[float | None, str]:
    """Seconds until a token expires, None: not said; and what is wrong with how it was said.

    What cannot be a lifetime counts as not said: the token is used until the MCP server refuses it.
    """
    if value is None:
        return None, "it is not said when the token expires"
    if isinstance(value, str):
        digits = value.strip()
        if re.fullmatch(r"[0-9]{1,9}", digits) and 0 < int(digits) <= LONGEST_LIFETIME:
            return float(digits), f"expires_in is the text {one_line(digits)}, not a number"
    elif isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= LONGEST_LIFETIME:
        return float(value), ""
    return None, f"expires_in is {one_line(json.dumps(value), 40)}, which is no lifetime in seconds"


def scopes_of(value: Json) -> tuple[tuple[str, ...] | None, str]:
    """The scopes granted, None: not named; and what is wrong with how they were said (RFC 6749, section 3.3)."""
    if value is None or value == "":
        return None, ""
    if isinstance(value, list):
        words = [each for each in value if isinstance(each, str)]
        return _words(" ".join(words)), "scope is a list, not words with a space between"
    if not isinstance(value, str):
        return None, "scope is no text"
    clean = value.isascii() and value.isprintable()
    return _words(value), "" if clean else "scope holds characters that no scope may have"


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one_line(word, 256) for word in text.split()[:MOST_SCOPES]))


def named_twice(body: bytes) -> str:
    """The name of a member that stands twice in the object that ``body`` is; empty where none does."""
    twice: list[str] = []

    def pairs(items: list[tuple[str, Json]]) -> dict[str, Json]:
        # Called for the inner objects first: what the outermost one leaves here is what counts.
        seen: set[str] = set()
        twice.clear()
        for name, _ in items:
            if name in seen:
                twice.append(name)
            seen.add(name)
        return {}

    try:
        json.loads(body, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return ""
    return twice[0] if twice else ""
