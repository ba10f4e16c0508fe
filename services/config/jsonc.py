"""JSON with comments and trailing commas, for the clients whose own format that is.

Owns taking both out without moving anything: what is taken out becomes spaces, so that every place
in the text stays what it was. Never reads a value itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .positions import Document, JsonProblem, KeyPath, Place, read_json

# Possessive, and each alternative also matches what is not closed: the text is gone through once, whatever it holds.
_STRING = r'"(?:[^"\\]|\\.)*+"?'
_COMMENTS = re.compile(rf"{_STRING}|//[^\n\r]*+|/\*.*?(?:\*/|\Z)", re.DOTALL)
_COMMAS = re.compile(rf"{_STRING}|,(?=[ \t\r\n]*[}}\]])", re.DOTALL)
_NOT_A_BREAK = re.compile(r"[^\n\r]")


def read_jsonc(text: str, *, depth: int = 3, paths: Iterable[KeyPath] | None = None) -> Document:
    """Like ``read_json``, with comments and trailing commas allowed. Raises ``JsonProblem``."""
    return read_json(as_json(text), depth=depth, paths=paths)


def as_json(text: str) -> str:
    """``text`` with spaces for comments and trailing commas: as long as before, line for line.

    Raises ``JsonProblem`` for a comment that is not closed.
    """
    if "/" in text:
        text = _COMMENTS.sub(_without_comment, text)
    return _COMMAS.sub(_without_comma, text)


def _without_comment(match: re.Match[str]) -> str:
    found = match.group()
    if found.startswith('"'):
        return found
    if found.startswith("/*") and (len(found) < 4 or not found.endswith("*/")):
        before = match.string[: match.start()]
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise JsonProblem("a comment is not closed", place, "close it with */")
    return _NOT_A_BREAK.sub(" ", found)


def _without_comma(match: re.Match[str]) -> str:
    return " " if match.group() == "," else match.group()
