r"""Does a value fit the glob of a rule's condition?

Owns the globs (``*`` within a segment, ``**`` across ``/``) and their spellings. Never opens a file: what a symbolic
link leads to is not known here.

One text can be two paths to two programs: ``/srv/data/../etc`` begins like one and is another. So a text has
*readings*. An allow needs every reading to fit, a deny or an ask needs one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from ..models import Json, JsonObject
from .text_readings import (
    CONTROL,
    folded,
    may_be_web,
    path_of,
    readings,
    web_address,
    web_pattern,
    web_readings,
    wider_readings,
)

ACROSS = "**"
LONGEST = 1_000_000
"""Characters of a value that are looked at; a longer one fits no allow, and every deny and ask."""
DEEPEST = 64
"""How deep lists are looked into for a deny."""
_ODD = re.compile(r"[\x00-\x1f\x7f\\%]|(?:^|/)\.\.?(?:/|$)|^file:", re.IGNORECASE)
_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,40}((?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?)\s*", re.ASCII)


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
class _Form:
    """One spelling of a pattern that forbids."""

    glob: Glob
    folder: str | None

    @classmethod
    def of(cls, text: str) -> _Form:
        return cls(Glob(text), text[: -len("/**")] if text.endswith("/**") else None)

    def fits(self, text: str) -> bool:
        # "/etc/**" is meant for the folder itself too
        return self.glob.fits(text) or (self.folder is not None and text.rstrip("/") == self.folder)


@dataclass(frozen=True, slots=True)
class Pattern:
    """The glob of one condition, ready for both questions."""

    text: str
    _glob: Glob = field(init=False, repr=False, compare=False)
    _forms: tuple[_Form, ...] = field(init=False, repr=False, compare=False)
    _web: Glob | None = field(init=False, repr=False, compare=False)
    _reaches_web: bool = field(init=False, repr=False, compare=False)
    _number: float | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # C:\data\** is meant whichever of the two ways to write a path is used
        text = self.text.replace("\\", "/")
        web = web_pattern(text)
        object.__setattr__(self, "_glob", Glob(text))
        object.__setattr__(self, "_forms", tuple(_Form.of(form) for form in _spellings(text)))
        object.__setattr__(self, "_web", None if web is None else Glob(web))
        object.__setattr__(self, "_reaches_web", web is not None or text.startswith("*"))
        object.__setattr__(self, "_number", _number(text))

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
        """Some reading of ``value`` fits, or of an item where it is a list; upper and lower case are the same.

        A number is the same however it is written: 1000, 1000.0, 1e3, "1000".
        """
        if self.text == ACROSS:
            return True
        if isinstance(value, str):
            return self._forbids_text(value)
        if isinstance(value, list) and (depth >= DEEPEST or any(self.forbids(item, depth + 1) for item in value)):
            return True
        if isinstance(value, float) and value.is_integer() and self._forbids_text(str(int(value))):
            return True
        if isinstance(value, int | float) and not isinstance(value, bool) and value == self._number:
            return True
        return self._forbids_text(compact(value))

    def _allows_text(self, text: str) -> bool:
        if len(text) > LONGEST:
            return False
        if self._web is not None and not self._allows_address(self._web, text):
            return False
        if _ODD.search(text) is None:
            return self._glob.fits(text)
        found = readings(text)
        # who reads a control character may stop there, or begin a new line; also one that is written as %00
        if CONTROL.search(text) or any(CONTROL.search(reading) for reading in found):
            return False
        if any(reading == ".." or reading.startswith("../") for reading in found):
            return False  # it climbs out of a folder nobody knows
        return all(self._glob.fits(reading) for reading in found)

    def _allows_address(self, web: Glob, text: str) -> bool:
        """``https://evil.example?.good.example/`` is no address under ``https://*.good.example/**``."""
        addresses = web_address(text)
        return bool(addresses) and all(any(web.fits(shown) for shown in each) for each in addresses)

    def _forbids_text(self, text: str) -> bool:
        if len(text) > LONGEST:
            return True
        if self._glob.fits(text) or self._fits((folded(text),)):
            return True
        if self._number is not None and _number(text) == self._number:
            return True
        web = self._reaches_web and (may_be_web(text) or "%" in text or CONTROL.search(text) is not None)
        if web and self._fits(web_readings(text)):
            return True
        if _ODD.search(text) is None and "//" not in text and text == text.strip() and path_of(text) is None:
            return False
        return self._fits(wider_readings(text))

    def _fits(self, spelt: Iterable[str]) -> bool:
        for form in self._forms:  # two loops, not any() with a generator: each call comes by here
            for text in spelt:
                if form.fits(text):
                    return True
        return False


def _spellings(text: str) -> dict[str, None]:
    """The ways to write a pattern that forbids: ``file:///etc/**`` is about ``/etc/x`` too."""
    found: dict[str, None] = {}
    for plain in dict.fromkeys((text, unquote(text))):
        for one in (plain, path_of(plain), web_pattern(folded(plain))):
            if one is not None:
                found[folded(one)] = None
    return found


def _number(text: str) -> float | None:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    return float(text) if match[1] else int(text)  # of a whole one no digit may be lost


def compact(value: Json) -> str:
    """JSON without white space; an empty text for what cannot be written as JSON, which fits nothing."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (RecursionError, ValueError):
        return ""


def values_at(arguments: JsonObject, name: str) -> list[tuple[Json, int]]:
    """What ``a.b`` may mean: a member of that very name, and the member ``b`` of ``a``, or of the items of ``a``.

    Each with the number of lists that it stands in; what stands in too many is given with those that are left.
    """
    found: list[tuple[Json, int]] = []
    _collect(arguments, name, 0, found)
    return found


def _collect(arguments: JsonObject, name: str, depth: int, found: list[tuple[Json, int]]) -> None:
    if name in arguments:
        found.append((arguments[name], depth))
    head, dot, rest = name.partition(".")
    while dot:
        if head in arguments:
            _collect_in(arguments[head], rest, depth, found)
        more, dot, rest = rest.partition(".")
        head = f"{head}.{more}"


def _collect_in(value: Json, name: str, depth: int, found: list[tuple[Json, int]]) -> None:
    if isinstance(value, dict):
        _collect(value, name, depth, found)
    elif isinstance(value, list):
        if depth >= DEEPEST:
            found.append((value, depth))
        else:
            for item in value:
                _collect_in(item, name, depth + 1, found)
