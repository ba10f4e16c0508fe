"""Finding things by a few letters of their names: ranked, in slices, and faster the more is typed.

Owns what is looked at of a thing and how a hit is weighed. Never runs for longer than a slice at once, and makes no
pattern of what somebody typed that could take long: each letter is looked for once, from left to right.

A word is found where it stands in a name, a title, a place or a description, or where its letters stand in a name in
their order. Of several words all must be found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

SLICE = 2_000
"""Things that are looked at in one go: a few milliseconds."""
REST = 400
"""Characters of a description that are looked at."""
NAME = 200
WORDS = 8
WORD = 64

_INITIALS = re.compile(r"[A-Z](?=[a-z])|(?<![A-Za-z])[A-Za-z]|(?<![0-9])[0-9]")

_EXACT, _BEGINS, _WORD_BEGINS, _INITIAL, _INSIDE = 1_000, 900, 800, 700, 600
_TITLE, _WHERE, _ABOUT_WORD, _ABOUT, _LETTERS = 560, 420, 350, 250, 300


@dataclass(frozen=True, slots=True)
class Texts:
    """What a thing is found by: its name, another name for people, where it is, and what is said of it."""

    name: str
    title: str = ""
    where: str = ""
    about: str = ""


class _Line:
    """One thing, folded."""

    __slots__ = ("_initials", "_written", "about", "name", "title", "where")

    def __init__(self, texts: Texts) -> None:
        self._written = texts.name[:NAME]
        self._initials: str | None = None
        self.name = self._written.casefold()
        self.title = "" if texts.title == texts.name else texts.title[:NAME].casefold()
        self.where = texts.where[:NAME].casefold()
        self.about = texts.about[:REST].casefold()

    @property
    def initials(self) -> str:
        """Those of the words of the name; found only where something is not found otherwise."""
        if self._initials is None:
            self._initials = "".join(_INITIALS.findall(self._written)).casefold()
        return self._initials


class _Word:
    """One word of a query, and its letters in their order."""

    __slots__ = ("letters", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        # Before each letter only others than it: there is one way to match, and nothing to go back to.
        self.letters = re.compile("".join(f"[^{re.escape(char)}]*+{re.escape(char)}" for char in text), re.DOTALL)

    def weigh(self, line: _Line) -> int:
        """How well the line fits; 0: not at all."""
        text, name = self.text, line.name
        at = name.find(text)
        if at == 0:
            return _EXACT if len(name) == len(text) else _BEGINS
        if at > 0 and _begins(name, at, text):
            return _WORD_BEGINS
        if len(text) > 1 and line.initials.startswith(text):
            return _INITIAL
        if at > 0:
            return _INSIDE
        if text in line.title:
            return _TITLE
        if text in line.where:
            return _WHERE
        at = line.about.find(text)
        if at >= 0 and _begins(line.about, at, text):
            return _ABOUT_WORD
        found = self.letters.match(name)
        if found is not None:
            # The closer together, the likelier they were meant.
            return _LETTERS - min(40, found.end() - found.start() - len(text)) + (20 if name[0] == text[0] else 0)
        return _ABOUT if at >= 0 else 0


def _begins(text: str, at: int, word: str) -> bool:
    """Whether ``word``, first found at ``at``, stands at the beginning of a word somewhere."""
    while at >= 0:
        if at == 0 or not text[at - 1].isalnum():
            return True
        at = text.find(word, at + 1)
    return False


def words_of(query: str) -> tuple[str, ...]:
    """The words that are looked for, folded, each once."""
    return tuple(dict.fromkeys(word[:WORD] for word in query.casefold().split()))[:WORDS]


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """Sorted, the best comes first. ``index`` is the thing's place among those that were looked through."""

    weight: int
    length: int
    index: int


class Finder(Generic[T]):
    """Looks through ``things``: ``begin`` with a query, then ``go_on`` until it is finished.

    What is looked at of a thing is read the first time only. A query that goes on where the last one stopped is looked
    for only among what that one found.
    """

    def __init__(self, things: Sequence[T], texts: Callable[[T], Texts]) -> None:
        self.things = things
        self._texts = texts
        self._lines: list[_Line] = []
        self._words: tuple[_Word, ...] = ()
        self._query = ""
        self._among: Sequence[int] = range(len(things))
        self._at = 0
        self._hits: list[Hit] = []
        self._finished = True

    @property
    def finished(self) -> bool:
        return self._finished

    @property
    def hits(self) -> list[Hit]:
        """What was found, the best first, once it is finished; nothing where nothing is looked for."""
        return self._hits

    def begin(self, query: str) -> None:
        """Look for another query; what was under way is given up."""
        narrower = self._finished and bool(self._words) and query.startswith(self._query)
        self._among = sorted(hit.index for hit in self._hits) if narrower else range(len(self.things))
        self._query = query
        self._words = tuple(_Word(word) for word in words_of(query))
        self._at = 0
        self._hits = []
        self._finished = not self._words

    def go_on(self, most: int = SLICE) -> int:
        """Look at the next things, ``most`` of them at most; how many were looked at."""
        if self._finished:
            return 0
        slice_of = self._among[self._at : self._at + most]
        if slice_of:
            self._read(slice_of[-1])
        lines, words, hits = self._lines, self._words, self._hits
        for index in slice_of:
            line = lines[index]
            weight = 0
            for word in words:
                one = word.weigh(line)
                if not one:
                    break
                weight += one
            else:
                hits.append(Hit(-weight, len(line.name), index))
        self._at += len(slice_of)
        if self._at >= len(self._among):
            hits.sort()
            self._finished = True
        return len(slice_of)

    def read_ahead(self, most: int = SLICE) -> bool:
        """Read what is looked at of ``most`` things more; False once all were read."""
        self._read(min(len(self._lines) + most, len(self.things)) - 1)
        return len(self._lines) < len(self.things)

    def found(self) -> Sequence[T]:
        """The things themselves: those found, the best first; all where nothing is looked for."""
        if not self._words:
            return self.things
        things = self.things
        return tuple(things[hit.index] for hit in self._hits)

    def _read(self, last: int) -> None:
        texts = self._texts
        for index in range(len(self._lines), last + 1):
            self._lines.append(_Line(texts(self.things[index])))


def places(text: str, query: str) -> list[int]:
    """Where the letters of a query stand in ``text``, for marking; none where folding moved them."""
    folded = text.casefold()
    if len(folded) != len(text):
        return []
    found: set[int] = set()
    for word in words_of(query):
        at = folded.find(word)
        found.update(_inside(folded, word, at) if at >= 0 else _initials(text, word) or _letters(folded, word))
    return sorted(found)


def _inside(text: str, word: str, first: int) -> range:
    """Where the word stands: where another word begins, if it does so anywhere."""
    at = first
    while at >= 0 and not _starts(text, at):
        at = text.find(word, at + 1)
    at = first if at < 0 else at
    return range(at, at + len(word))


def _initials(text: str, word: str) -> list[int]:
    found = [one.start() for one in _INITIALS.finditer(text)][: len(word)]
    return found if len(word) > 1 and "".join(text[at] for at in found).casefold() == word else []


def _starts(text: str, at: int) -> bool:
    return at == 0 or not text[at - 1].isalnum()


def _letters(text: str, word: str) -> list[int]:
    """Where the letters stand in their order, as close together before the last one as they can; or nowhere."""
    end = -1
    for char in word:
        end = text.find(char, end + 1)
        if end < 0:
            return []
    found: list[int] = []
    at = end + 1
    for char in reversed(word):
        at = text.rfind(char, 0, at)
        found.append(at)
    return found
