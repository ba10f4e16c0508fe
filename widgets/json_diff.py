"""How two JSON values differ, member by member.

Owns the comparison and its wording as lines. Pure, without recursion, for a worker thread; it never looks at more than
``COMPARED`` values and says so.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

from ..services.models import Json
from ..services.state.text import one_line, visible
from .ink import Line, wrapped
from .json_nodes import step_of
from .json_text import dumps, pretty

COMPARED: Final = 200_000
"""Values that are compared."""
TOLD: Final = 2_000
"""Differences that are told."""
ALIGNED: Final = 1_000
"""Items of arrays that are matched with each other where some were put in; longer ones are compared place by place."""
TEXT: Final = 100_000
"""Characters of a text whose lines are compared; longer ones are told to differ."""
CLIP: Final = 400
SHOWN_LINES: Final = 12
"""Lines of a value that came or went."""

Kind: TypeAlias = Literal["added", "removed", "changed", "kind"]


@dataclass(frozen=True, slots=True)
class Difference:
    """At ``path``: what stood there before and what stands there now (of ``added`` and ``removed`` only one)."""

    path: str
    kind: Kind
    before: Json = None
    after: Json = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """``unread``: not all was compared. ``more``: there are more differences than these."""

    differences: tuple[Difference, ...]
    compared: int
    unread: bool = False
    more: bool = False


def compare(before: Json, after: Json) -> Comparison:
    """Every difference, in the order in which they stand."""
    found: list[Difference] = []
    pending: list[tuple[str, Json, Json]] = [("$", before, after)]
    count = 0
    while pending:
        if count >= COMPARED or len(found) >= TOLD:
            return Comparison(tuple(found[:TOLD]), count, unread=True, more=len(found) >= TOLD)
        path, left, right = pending.pop()
        count += 1
        if type(left) is not type(right):
            found.append(Difference(path, "kind", left, right))
        elif isinstance(left, dict):
            pending += reversed([*_members(path, left, cast("dict[str, Json]", right), found)])
        elif isinstance(left, list):
            pending += reversed([*_items(path, left, cast("list[Json]", right), found)])
        elif left != right:
            found.append(Difference(path, "changed", left, right))
    return Comparison(tuple(found), count)


def _members(
    path: str, left: dict[str, Json], right: dict[str, Json], found: list[Difference]
) -> Iterator[tuple[str, Json, Json]]:
    for name, value in left.items():
        if name in right:
            yield path + step_of(name), value, right[name]
        else:
            found.append(Difference(path + step_of(name), "removed", before=value))
    for name, value in right.items():
        if name not in left:
            found.append(Difference(path + step_of(name), "added", after=value))


def _items(path: str, left: list[Json], right: list[Json], found: list[Difference]) -> Iterator[tuple[str, Json, Json]]:
    if len(left) == len(right) or max(len(left), len(right)) > ALIGNED:
        for place in range(min(len(left), len(right))):
            yield path + step_of(place), left[place], right[place]
        found.extend(Difference(path + step_of(place), "removed", before=left[place]) for place in _rest(right, left))
        found.extend(Difference(path + step_of(place), "added", after=right[place]) for place in _rest(left, right))
        return
    matcher = difflib.SequenceMatcher(None, [*map(_key, left)], [*map(_key, right)], autojunk=False)
    for tag, left_start, left_end, right_start, right_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        both = min(left_end - left_start, right_end - right_start)
        for step in range(both):
            yield path + step_of(right_start + step), left[left_start + step], right[right_start + step]
        gone, come = range(left_start + both, left_end), range(right_start + both, right_end)
        found.extend(Difference(path + step_of(place), "removed", before=left[place]) for place in gone)
        found.extend(Difference(path + step_of(place), "added", after=right[place]) for place in come)


def _rest(shorter: list[Json], longer: list[Json]) -> range:
    return range(len(shorter), len(longer))


def _key(value: Json) -> str:
    text = dumps(value)
    return text if len(text) <= 2_000 else f"{len(text)} {hash(text)}"


def difference_lines(one: Difference, width: int) -> Iterator[Line]:
    """The lines of one difference."""
    yield (("~ " if one.kind in ("changed", "kind") else "+ " if one.kind == "added" else "− ", INK[one.kind]),
           (one_line(one.path, 400), "strong"))  # fmt: skip
    before, after = one.before, one.after
    if isinstance(before, str) and isinstance(after, str) and ("\n" in before or "\n" in after):
        yield from text_lines(before, after, width - 2)
        return
    if one.kind != "added":
        yield from _value("− ", "bad", one.before, width)
    if one.kind != "removed":
        yield from _value("+ ", "good", one.after, width)


INK: Final[dict[Kind, str]] = {"added": "good", "removed": "bad", "changed": "warn", "kind": "warn"}


def _value(sign: str, ink: str, value: Json, width: int) -> Iterator[Line]:
    for number, text in enumerate(pretty(value, align=True, clip=CLIP)):
        if number == SHOWN_LINES:
            yield (("    ⋯", "muted"),)
            return
        for part in wrapped(text, width - 4):
            yield (("  " + sign, ink), (part, ink))
            sign = "  "


def text_lines(before: str, after: str, width: int) -> Iterator[Line]:
    """How two texts differ, line by line, with a few lines around."""
    if max(len(before), len(after)) > TEXT:
        yield (("  texts too long to compare line by line; they differ", "warn"),)
        return
    left, right = (visible(text).expandtabs(4).split("\n") for text in (before, after))
    first = True
    for number, line in enumerate(difflib.unified_diff(left, right, n=2, lineterm="")):
        if number < 2:
            continue
        if line.startswith("@@"):
            if not first:
                yield (("    ⋯", "muted"),)
            first = False
            continue
        sign, ink = {"-": ("− ", "bad"), "+": ("+ ", "good")}.get(line[:1], ("  ", "muted"))
        for index, text in enumerate(wrapped(line[1:], width - 4)):
            yield (("  " + (sign if index == 0 else "  "), ink), (text, ink))
