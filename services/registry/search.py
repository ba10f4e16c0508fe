"""Finding tools by words: ranked, and in spite of a slip of the pen.

Owns what is looked at and how a hit is weighed. Every part of every query is bounded; nothing here is a regular
expression made of what somebody typed.

A query's word is looked for in the names of all tools as they are, and among the words of all descriptions. Only one
that stands in no name is compared with the words of the names, and only with those that may be one or two letters away.
"""

from __future__ import annotations

import heapq
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..models import Tool, as_object

WORDS = 6
"""Words of a query that are looked for."""
WORD = 64
"""Characters of a word."""
TEXT = 1_000
"""Characters of a description, and of the names of parameters, that are looked at."""
NEAR = 6
"""Words of names that stand in for one that is in none."""
_COMPARED = 100
_EVERYWHERE = frozenset(
    (
        *("a", "all", "an", "and", "any", "are", "as", "at", "be", "by", "for", "from", "in", "is", "it", "its"),
        *("of", "on", "or", "that", "the", "this", "to", "with"),
    )
)

_NAME_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W_a-zA-Z]+")
_WHOLE, _START, _INSIDE = 1.0, 0.8, 0.5
_IN_NAME, _IN_TITLE, _IN_SERVER, _IN_REST = 10.0, 6.0, 4.0, 2.0
_THE_NAME, _START_OF_NAME, _WORD_FOR_WORD = 40.0, 15.0, 5.0
_STEM, _NEAR = 0.8, 0.6


@dataclass(frozen=True, slots=True)
class Line:
    """The words of one tool, folded, each with a space on both sides; ``squeezed`` is its name without any."""

    name: str
    title: str
    server: str
    rest: str
    squeezed: str


def line_of(server: str, tool: Tool) -> Line:
    """What is looked at of a tool."""
    name = tool.name[:TEXT]
    if not name.islower():
        name = " ".join(_NAME_WORDS.findall(name))
    words = folded(name)
    parameters = " ".join(as_object(tool.input_schema.get("properties")))[:TEXT]
    return Line(
        name=words,
        title=folded(tool.label) if tool.label != tool.name else "",
        server=folded(server),
        rest=f"{folded(parameters)}{folded(tool.description[:TEXT])}",
        squeezed=words.replace(" ", ""),
    )


_PUNCTUATION = str.maketrans(dict.fromkeys("_-./:,;()[]{}<>\"'`*#|=+!?&@$%\\\n\t\r", " "))


def folded(text: str) -> str:
    """Lower case, without signs and accents' variants, words apart by one space, one at each end."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return f" {' '.join(text[:TEXT].casefold().translate(_PUNCTUATION).split())} "


def words_of(query: str) -> list[str]:
    """The words of a query, each once; those that stand everywhere only where there are no others."""
    words = list(dict.fromkeys(word[:WORD] for word in folded(query).split()))
    return ([word for word in words if word not in _EVERYWHERE] or words)[:WORDS]


class Index:
    """Lines of tools, to be searched; ``found`` gives their numbers."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._heads = [f"{line.name}{line.squeezed}{line.title}{line.server}" for line in lines]
        self._rest: dict[str, list[int]] = {}
        """In which lines each word of the descriptions stands."""
        for number, line in enumerate(lines):
            for word in set(line.rest.split()):
                known = self._rest.get(word)
                if known is None:
                    self._rest[word] = [number]
                else:
                    known.append(number)
        self._squeezed = [line.squeezed for line in lines]
        self._vocabulary: dict[str, int] | None = None

    def found(self, query: str, limit: int) -> list[tuple[int, float]]:
        """The best lines, the best first, with what each weighs; those with more of the words come first."""
        words = words_of(query)
        totals = [0.0] * len(self._lines)
        for word in words:
            for number, weight in self._weighed(word, limit).items():
                # A line with one more of the words stands before all that have one less.
                totals[number] += weight + 100.0
        self._as_a_name("".join(words), totals)
        least = min(heapq.nlargest(limit, totals), default=0.0)
        among = [number for number, weight in enumerate(totals) if weight >= least and weight]
        best = heapq.nsmallest(limit, among, key=lambda number: self._rank(number, totals[number]))
        return [(number, round(totals[number], 1)) for number in best]

    def _rank(self, number: int, weight: float) -> tuple[float, int, str, int]:
        name = self._lines[number].name
        return -weight, len(name), name, number

    def fields(self, number: int, query: str) -> tuple[str, ...]:
        """Where words of the query stand in a line: ``name``, ``title``, ``server``, ``description``."""
        line = self._lines[number]
        words = words_of(query)
        places = (("name", line.name), ("title", line.title), ("server", line.server), ("description", line.rest))
        found = tuple(place for place, text in places if any(word in text for word in words))
        return found or ("name",)  # of which something like a word of the query is part

    def _weighed(self, word: str, limit: int) -> dict[int, float]:
        weights, is_in_names = self._with(word, 1.0)
        if len(weights) < limit and len(word) > 3 and word.endswith("s"):
            stem, is_stem_in_names = self._with(word[:-1], _STEM)
            weights, is_in_names = stem | weights, is_in_names or is_stem_in_names
        if not is_in_names:
            for near in self._near(word):
                weights = self._with(near, _NEAR, names_only=True)[0] | weights
        return weights

    def _with(self, word: str, factor: float, *, names_only: bool = False) -> tuple[dict[int, float], bool]:
        """Lines in which ``word`` stands, by the best place where it does; whether it is in a name or title."""
        start, whole = f" {word}", f" {word} "
        # One letter is in everything; as the beginning of a word it says something.
        wanted = start if len(word) == 1 else word
        weights: dict[int, float] = {}
        for known in [] if names_only else self._described(word):
            weights |= dict.fromkeys(self._rest[known], _IN_REST * (_WHOLE if known == word else _START) * factor)
        lines, is_in_names = self._lines, False
        for number in [number for number, head in enumerate(self._heads) if wanted in head]:
            line = lines[number]
            if wanted in line.name:
                text, weight, is_in_names = line.name, _IN_NAME, True
            elif wanted in line.title:
                text, weight, is_in_names = line.title, _IN_TITLE, True
            elif wanted in line.server:
                text, weight = line.server, _IN_SERVER
            else:
                text, weight = "", _IN_NAME  # across the words of the name
            quality = _WHOLE if whole in text else _START if start in text else _INSIDE
            weights[number] = weight * quality * factor
        return weights, is_in_names

    def _described(self, word: str) -> list[str]:
        """Words of descriptions that have ``word`` in them, itself last."""
        if len(word) == 1:
            found = [known for known in self._rest if known.startswith(word)]
        else:
            found = [known for known in self._rest if word in known]
        return sorted(found, key=word.__eq__)

    def _as_a_name(self, squeezed: str, totals: list[float]) -> None:
        """A query that is the name, or its beginning, however the words are set apart."""
        if len(squeezed) < 2:
            return
        for number in [number for number, name in enumerate(self._squeezed) if squeezed in name]:
            name = self._squeezed[number]
            bonus = _THE_NAME if name == squeezed else _START_OF_NAME if name.startswith(squeezed) else _WORD_FOR_WORD
            totals[number] = (totals[number] or 100.0) + bonus

    def _near(self, word: str) -> list[str]:
        """Words of names and titles that are one slip away from ``word``, two where it is long."""
        if len(word) < 4 or len(word) > 32:
            return []
        if self._vocabulary is None:
            words = {word for line in self._lines for word in f"{line.name}{line.title}".split()}
            self._vocabulary = {word: _letters(word) for word in words if 3 <= len(word) <= 34 and not word.isdigit()}
        slips = 1 if len(word) < 6 else 2
        letters, length = _letters(word), len(word)
        # A slip takes or brings a letter or both: what differs in more is not compared letter by letter.
        likely = (
            ((letters ^ theirs).bit_count(), abs(len(known) - length), known)
            for known, theirs in self._vocabulary.items()
            if -slips <= len(known) - length <= slips and (letters ^ theirs).bit_count() <= 2 * slips
        )
        compared = ((distance(word, known, slips), known) for _, _, known in heapq.nsmallest(_COMPARED, likely))
        return [known for slip, known in sorted(compared)[:NEAR] if slip <= slips]


def _letters(word: str) -> int:
    """The letters that stand in a word, a bit each."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) & 63)
    return bits


def distance(one: str, other: str, most: int) -> int:
    """Letters to put in, take out, change or swap with the next one to get from one word to the other.

    Optimal string alignment; more than ``most`` is told as ``most + 1``.
    """
    before: Iterable[int] = ()
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, row, earlier = row, [i], list(before)
        for j, theirs in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != theirs))
            if earlier and j > 1 and letter == other[j - 2] and one[i - 2] == theirs:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        before = last
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
