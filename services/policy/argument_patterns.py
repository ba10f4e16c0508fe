r"""Does a value fit the glob of a rule's condition?

Owns the globs (``*`` within a segment, ``**`` across ``/``) and the ways a path may be read. Never opens a file: what
a symbolic link leads to is not known here.

One text can be two paths to two programs: ``/srv/data/../etc`` begins like one and is another. So a text has
*readings*. An allow needs every reading to fit, a deny or an ask needs one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from unicodedata import normalize
from urllib.parse import unquote

from ..models import Json, JsonObject

ACROSS = "**"
LONGEST = 1_000_000
"""Characters of a value that are looked at; a longer one fits no allow, and every deny and ask."""
DEEPEST = 64
"""How deep lists are looked into for a deny."""
_DECODINGS = 4
_ODD = re.compile(r"[\x00-\x1f\x7f\\%]|(?:^|/)\.\.?(?:/|$)|^file:", re.IGNORECASE)
_DOTS = re.compile(r"(?:^|/)\.\.?(?:/|$)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_FILE = re.compile(r"file:(?://[^/]*)?(?=/)", re.IGNORECASE)


class Glob:
    """A compiled pattern. Takes time in proportion to the text, whatever the pattern: no text makes it backtrack."""

    __slots__ = ("_across", "_exact", "_final", "_masks", "_prefix", "_stars", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        tokens = re.findall(r"\*+|[^*]", text, re.DOTALL)
        self._exact = text if "*" not in text else None
        literal = text[: -len(ACROSS)]
        self._prefix = literal if text.endswith(ACROSS) and "*" not in literal else None
        self._stars = self._across = 0
        self._masks: dict[str, int] = {}
        for index, token in enumerate(tokens):
            bit = 1 << index
            if token[0] == "*":
                self._stars |= bit
                self._across |= bit if len(token) > 1 else 0
            else:
                self._masks[token] = self._masks.get(token, 0) | bit
        self._final = 1 << len(tokens)

    def fits(self, text: str) -> bool:
        if self._exact is not None:
            return text == self._exact
        if self._prefix is not None:
            return text.startswith(self._prefix)
        # all positions in the pattern that the text so far may have come to, one bit each
        stars, masks, at = self._stars, self._masks, 1
        at |= (at & stars) << 1
        for character in text:
            stay = at & (self._across if character == "/" else stars)
            at = stay | (at & masks.get(character, 0)) << 1
            at |= (at & stars) << 1
            if not at:
                return False
        return bool(at & self._final)


@dataclass(frozen=True, slots=True)
class Pattern:
    """The glob of one condition, ready for both questions."""

    text: str
    _glob: Glob = field(init=False, repr=False, compare=False)
    _folded: Glob = field(init=False, repr=False, compare=False)
    _folder: str | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # C:\data\** is meant whichever of the two ways to write a path is used
        text = self.text.replace("\\", "/")
        folded = _folded(text)
        object.__setattr__(self, "_glob", Glob(text))
        object.__setattr__(self, "_folded", Glob(folded))
        object.__setattr__(self, "_folder", folded[: -len("/**")] if folded.endswith("/**") else None)

    def allows(self, value: Json) -> bool:
        """Every reading of ``value`` fits. A list fits where each of its items does, and it has some."""
        if self.text == ACROSS:
            return True
        match value:
            case str():
                return self._allows_text(value)
            case list():
                every = bool(value) and all(self.allows(item) for item in value)
                return every or self.text == compact(value)
            case dict():
                return self.text == compact(value)  # a glob over JSON would reach from one member into the next
            case _:
                return self._glob.fits(compact(value))

    def forbids(self, value: Json, depth: int = 0) -> bool:
        """Some reading of ``value`` fits, or of an item where it is a list; upper and lower case are the same."""
        if self.text == ACROSS:
            return True
        if isinstance(value, str):
            return self._forbids_text(value)
        if isinstance(value, list) and (depth >= DEEPEST or any(self.forbids(item, depth + 1) for item in value)):
            return True
        return self._forbids_text(compact(value))

    def _allows_text(self, text: str) -> bool:
        if len(text) > LONGEST:
            return False
        if _ODD.search(text) is None:
            return self._glob.fits(text)
        if _CONTROL.search(text):  # who reads it may stop there, or begin a new line
            return False
        readings = _readings(text)
        if any(reading == ".." or reading.startswith("../") for reading in readings):
            return False  # it climbs out of a folder nobody knows
        return all(self._glob.fits(reading) for reading in readings)

    def _forbids_text(self, text: str) -> bool:
        if len(text) > LONGEST:
            return True
        if self._glob.fits(text) or self._fits_folded(text):
            return True
        if _ODD.search(text) is None and "//" not in text:
            return False
        return any(self._fits_folded(reading) for reading in _wider(text))

    def _fits_folded(self, text: str) -> bool:
        folded = _folded(text)
        # "/etc/**" is meant for the folder itself too
        return self._folded.fits(folded) or (self._folder is not None and folded.rstrip("/") == self._folder)


def compact(value: Json) -> str:
    """JSON without white space; an empty text for what nests too deeply, which fits nothing."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        return ""


def _folded(text: str) -> str:
    return normalize("NFC", text).casefold()


def _readings(text: str) -> list[str]:
    """``text`` as it may be understood: as it is, decoded, with ``/`` for a backslash, without dot segments."""
    found: dict[str, None] = {}
    decoded = text
    for _ in range(_DECODINGS):
        plain = decoded.replace("\\", "/")
        found[plain] = None
        if _DOTS.search(plain):
            found[_without_dots(plain)] = None
            found[_without_dots(re.sub("//+", "/", plain))] = None
        further = unquote(decoded)
        if further == decoded:
            break
        decoded = further
    return [*found]


def _wider(text: str) -> Iterator[str]:
    """Everything that ``text`` could mean to somebody: for rules that forbid."""
    for start in dict.fromkeys((text, text.partition("\0")[0], _CONTROL.sub("", text))):
        for reading in _readings(start):
            yield reading
            yield re.sub("//+", "/", reading)
            path = _FILE.sub("", reading, count=1)
            if path != reading:
                yield path
                yield from _readings(path)
            if reading.startswith(".."):
                yield "/" + re.sub(r"^(?:\.\.(?:/|$))+", "", reading)  # far enough up is the root


def _without_dots(path: str) -> str:
    """Dot segments resolved as in RFC 3986, section 5.2.4; what climbs out of a relative path stays at its front."""
    absolute = path.startswith("/")
    kept: list[str] = []
    for part in path.split("/")[1 if absolute else 0 :]:
        if part == "..":
            if kept and kept[-1] != "..":
                kept.pop()
            elif not absolute:
                kept.append(part)
        elif part != ".":
            kept.append(part)
    return ("/" if absolute else "") + "/".join(kept)


def values_at(arguments: JsonObject, name: str) -> list[Json]:
    """What ``a.b`` may mean: a member of that very name, and the member ``b`` of ``a``."""
    found: list[Json] = []
    if name in arguments:
        found.append(arguments[name])
    head, dot, rest = name.partition(".")
    while dot:
        inner = arguments.get(head)
        if isinstance(inner, dict):
            found += values_at(inner, rest)
        more, dot, rest = rest.partition(".")
        head = f"{head}.{more}"
    return found
