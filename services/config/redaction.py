"""What variables put into an entry, taken out again of every text that is shown or stored.

Owns which values are looked for, in which spellings, and what stands in their place: ``${NAME}``, as in the entry.
Never touches a message of the protocol: what a server was sent and what it answered stay as they were.

A value of fewer than four characters, a short number, and a plain word (``true``, ``localhost``, ``production``)
would make every text unreadable and is no secret: it is replaced only where it is the whole of a value, a header's
say, and left alone inside a sentence or a path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import quote, quote_plus

from ..errors import McpDeckError, RPCError
from ..models import Json
from ..telemetry.redaction import MASK

SHORTEST = 4
"""Characters from which on a value is looked for inside a text."""
_SHORT_NUMBER = 6
_LINE = 8
"""Characters from which on one line of a value is looked for by itself: stderr comes line by line."""
HIDDEN = 64
"""Values of each kind that were given on the way (by a headers helper, say) and are remembered, those last used."""
_WORDS = (
    "true false null none default auto always never enabled disabled "
    "localhost http https stdio post "
    "debug info notice warn warning error trace verbose quiet silent "
    "dev development test testing stage staging prod production local main master latest stable "
    "text json yaml utf-8"
)
PLAIN = frozenset(_WORDS.split())
"""Words that say nothing about anybody, in lower case."""
_URL_SAFE = ("", "/", "!$&'()*+,;=:@/?[]~-._%")


class Redaction:
    """The values of one server. ``put_in``: value -> how it is written in the entry."""

    def __init__(self, put_in: Mapping[str, str]) -> None:
        self._put_in = {value: shown for value, shown in put_in.items() if value.strip()}
        self._hidden: dict[str, None] = {}
        self._tokens: dict[str, None] = {}
        self._shown: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None
        self._build()

    def hide(self, value: str, *, token: bool = False) -> None:
        """Look for ``value``, too, from now on; nothing of it is shown in its place.

        ``token``: the access token of a login. Those come and go, and make room for each other only.
        """
        value = value.strip()
        known = self._tokens if token else self._hidden
        if value in known:
            known[value] = known.pop(value)  # the one that was last used goes last
            return
        if not _is_telling(value):
            return
        known[value] = None
        while len(known) > HIDDEN:
            del known[next(iter(known))]
        self._build()

    def text(self, text: str) -> str:
        """``text`` with every value in it replaced, but for short and plain ones."""
        return text if self._pattern is None else self._pattern.sub(lambda match: self._shown[match[0]], text)

    def value(self, text: str) -> str:
        """``text``, which is a value of its own (a command, a header), so that short and plain ones count, too."""
        return self._put_in.get(text) or self.text(text)

    def data(self, data: bytes) -> bytes:
        """The same for bytes that are no message, whatever their encoding is."""
        if self._pattern is None:
            return data
        return self.text(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def json(self, value: Json, depth: int = 0) -> Json:
        """``value`` with every string in it replaced; names of members stay."""
        match value:
            case _ if self._pattern is None or depth > 50:
                return value
            case str():
                return self.text(value)
            case list():
                return [self.json(item, depth + 1) for item in value]
            case dict():
                return {key: self.json(item, depth + 1) for key, item in value.items()}
            case _:
                return value

    def error(self, error: McpDeckError) -> None:
        """What ``error`` says, changed in place; an error that the server answered with stays as received."""
        if self._pattern is None or isinstance(error, RPCError):
            return
        error.title, error.hint = self.text(error.title), self.text(error.hint)
        error.args = (error.title,)
        error.details = {key: self.json(item) for key, item in error.details.items()}

    def _build(self) -> None:
        shown: dict[str, str] = {}
        for value in (*self._hidden, *self._tokens):
            shown.update(dict.fromkeys(_spellings(value), MASK))
        for value, written in self._put_in.items():
            if _is_telling(value):
                shown.update(dict.fromkeys(_spellings(value), written))
        if not shown:
            return
        # What was replaced once stays: a value may well be part of its variable's name.
        shown.update((written, written) for written in self._put_in.values())
        self._shown = shown
        self._pattern = re.compile("|".join(re.escape(each) for each in sorted(shown, key=len, reverse=True)))


def _is_telling(value: str) -> bool:
    if len(value) < SHORTEST or value.lower() in PLAIN:
        return False
    return not (value.isdigit() and len(value) < _SHORT_NUMBER)


def _spellings(value: str) -> set[str]:
    """``value`` as it stands in URLs, in JSON, in quotes, and line by line."""
    found = {value, value.strip(), repr(value)[1:-1], quote_plus(value, errors="replace")}
    found.update(json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
    found.update(quote(value, safe=safe, errors="replace") for safe in _URL_SAFE)
    if len(value) >= _LINE and not value.isalpha():
        found.add(value.lower())  # a host name
    found.update(line.strip() for line in value.splitlines() if len(line.strip()) >= _LINE)
    return found
