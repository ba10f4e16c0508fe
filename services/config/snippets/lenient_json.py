"""The JSON that stands somewhere in a pasted text, as people paste it.

Owns finding where it begins and ends, and what is forgiven: comments, trailing commas, typographic quotes, missing
outer braces. Everything is replaced by something as long, so that places stay what they are. Never knows servers.
"""

from __future__ import annotations

import re

from ...models import Json
from ..jsonc import as_json
from ..positions import JsonProblem, read_json
from .pasted import Piece

MAX_DEPTH = 50
"""Brackets that may be open at once: an entry needs five."""

_MEMBER = re.compile(r'["“”„][^"“”„\n]{1,200}["“”]\s*:\s*(?=[\[{"“])')
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‟": '"', "\u00a0": " ", "\ufeff": " "})
# Possessive: the text is gone through once, whatever it holds.
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*+"?|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?|[{}\[\]]|,', re.DOTALL)
_GAP = re.compile(r"(?:\s|//[^\n]*|/\*(?:[^*]|\*(?!/))*+\*/)*+")


def starts_json(text: str) -> bool:
    """Whether there may be JSON in it: a brace, or a member without its braces."""
    return "{" in text or _MEMBER.search(text) is not None


def lenient_json(piece: Piece) -> Json:
    """The first JSON object of ``piece``. Raises ``ConfigSyntaxError`` with the place of what is wrong."""
    text = piece.text
    # quotes in a text that has straight ones too are text themselves
    straight = text if re.search(r'[{,]\s*"', text) else text.translate(_QUOTES)
    brace = straight.find("{")
    member = _MEMBER.search(straight, 0, brace + 1 if brace >= 0 else len(straight))
    bare = member is not None and straight[member.end() :].lstrip()[:1] == "{"
    start = member.start() if member is not None and bare else brace
    if start < 0:
        raise piece.problem("there is no JSON object in it", 'write {"mcpServers": {…}}', None)
    end = _end(straight, start, bare=bare, piece=piece)
    body = straight[start:end].replace("\u00a0", " ")
    try:
        # the added brace stands before the text, so that its lines and columns are off by that one place
        return read_json(as_json(f"{{{body}\n}}" if bare else body), depth=0).value
    except JsonProblem as error:
        at = None
        if error.place is not None:
            line, column = error.place.line, error.place.column - (1 if bare and error.place.line == 1 else 0)
            at = min(start + _index(body, line, column), len(text))
        raise piece.problem(f"not JSON: {error.reason}", error.remedy, at) from None


def _index(text: str, line: int, column: int) -> int:
    index = 0
    for _ in range(line - 1):
        found = text.find("\n", index)
        if found < 0:
            return len(text)
        index = found + 1
    return index + max(0, column - 1)


def _end(text: str, start: int, *, bare: bool, piece: Piece) -> int:
    """Where the object that begins at ``start`` ends; the end of the text when it is not closed.

    ``bare``: members without the braces around them, which end where no further one follows.
    """
    depth = 0
    for match in _TOKEN.finditer(text, start):
        token = match.group()
        if token in ("{", "["):
            depth += 1
            if depth > MAX_DEPTH:
                raise piece.problem("it is nested too deeply", "paste the entry alone", match.start())
        elif token in ("}", "]"):
            depth -= 1
            if depth < 0:
                return match.start()
            if depth == 0:
                following = _GAP.match(text, match.end())
                after = following.end() if following else match.end()
                if not bare or not re.match(r',\s*["/]', text[after : after + 200]):
                    return match.end()
    return len(text)
