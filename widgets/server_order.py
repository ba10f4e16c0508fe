"""In which order the servers stand: sorted, in groups, narrowed by words.

Owns what the orders are and how a server is found by words. Pure: servers in, their ids in groups out. When to order
anew, and what a person sees of it, is the list's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ..services.models import Source, Status, TransportKind
from ..services.state.model import ServerState
from .server_columns import Facts, latency_of
from .status_marks import held_back, shown_name, transport_word


class Sort(StrEnum):
    CONFIGURED = "configured"
    NAME = "name"
    STATUS = "status"
    LATENCY = "latency"
    ERRORS = "errors"
    TOKENS = "tokens"
    SOURCE = "source"


class Grouping(StrEnum):
    NONE = "none"
    SOURCE = "source"
    STATUS = "status"
    TRANSPORT = "transport"


SORT_WORDS: dict[Sort, str] = {
    Sort.CONFIGURED: "as the files have them",
    Sort.NAME: "by name",
    Sort.STATUS: "what needs somebody first",
    Sort.LATENCY: "the slowest first",
    Sort.ERRORS: "most failed calls first",
    Sort.TOKENS: "the most costly definitions first",
    Sort.SOURCE: "the source that wins first",
}
GROUP_WORDS: dict[Grouping, str] = {
    Grouping.NONE: "one list",
    Grouping.SOURCE: "where they are configured",
    Grouping.STATUS: "how they are",
    Grouping.TRANSPORT: "how they are reached",
}

STATUS_ORDER: tuple[Status, ...] = (
    Status.NEEDS_AUTH,
    Status.PENDING_APPROVAL,
    Status.FAILED,
    Status.NOT_CONFIGURED,
    Status.BLOCKED,
    Status.RECONNECTING,
    Status.DEGRADED,
    Status.CONNECTING,
    Status.WAITING,
    Status.CONNECTED,
    Status.REJECTED,
    Status.DISABLED,
)
"""What needs somebody first."""
_STATUS_RANK = {status: rank for rank, status in enumerate(STATUS_ORDER)}
_SOURCE_RANK = {source: rank for rank, source in enumerate(Source)}
_TRANSPORT_RANK = {kind: rank for rank, kind in enumerate(TransportKind)}

_MOVING = frozenset({Sort.STATUS, Sort.LATENCY, Sort.ERRORS, Sort.TOKENS})


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How a person wants the list. ``words``: only servers that have all of them."""

    sort: Sort = Sort.CONFIGURED
    reverse: bool = False
    group: Grouping = Grouping.NONE
    words: str = ""

    @property
    def moves(self) -> bool:
        """Servers change their place while nobody does anything."""
        return self.sort in _MOVING or self.group is Grouping.STATUS or bool(self.words)

    @property
    def told(self) -> str:
        """What is unusual about it, in a few words."""
        words = [f"by {self.sort.value}{' ↑' if self.reverse else ''}"] if self.sort is not Sort.CONFIGURED else []
        if self.reverse and self.sort is Sort.CONFIGURED:
            words = ["reversed"]
        if self.group is not Grouping.NONE:
            words.append(f"each {self.group.value}")
        return " · ".join(words)


Layout: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
"""Groups from top to bottom: title (empty: no group) and the ids in it."""


def arranged(servers: Sequence[ServerState], wanted: Arrangement, facts: Facts) -> Layout:
    """The ids of the servers that are wanted, in order."""
    found = [row for row in servers if matches(row, wanted.words)] if wanted.words else list(servers)
    rows = _sorted(found, wanted, facts)
    if wanted.group is Grouping.NONE:
        return (("", tuple(row.id for row in rows)),)
    groups: dict[tuple[int, str], list[str]] = {}
    for row in rows:
        groups.setdefault(_group_of(row, wanted.group), []).append(row.id)
    return tuple((title, tuple(ids)) for (_, title), ids in sorted(groups.items()))


def _group_of(row: ServerState, group: Grouping) -> tuple[int, str]:
    match group:
        case Grouping.SOURCE:
            return _SOURCE_RANK[row.source], row.source.value
        case Grouping.STATUS:
            return _STATUS_RANK[row.status], row.status.value
        case _:
            return _TRANSPORT_RANK[row.transport], transport_word(row.transport)


_Key: TypeAlias = Callable[[ServerState, Facts], float | int | str | None]
_KEYS: Mapping[Sort, _Key] = {
    Sort.NAME: lambda row, _: shown_name(row).casefold(),
    Sort.STATUS: lambda row, _: _STATUS_RANK[Status.DEGRADED if held_back(row) and row.usable else row.status],
    Sort.LATENCY: lambda row, _: None if (ms := latency_of(row)) is None else -ms,
    Sort.ERRORS: lambda row, _: None if row.stats is None or not row.stats.errors else -row.stats.errors,
    Sort.TOKENS: lambda row, facts: None if not (tokens := facts.tokens(row)) else -tokens,
    Sort.SOURCE: lambda row, _: _SOURCE_RANK[row.source],
}


def _sorted(rows: list[ServerState], wanted: Arrangement, facts: Facts) -> list[ServerState]:
    key = _KEYS.get(wanted.sort)
    if key is None:
        return rows[::-1] if wanted.reverse else rows
    known = [(value, row) for row in rows if (value := key(row, facts)) is not None]
    unknown = [row for row in rows if key(row, facts) is None]
    known.sort(key=lambda pair: pair[0], reverse=wanted.reverse)
    return [*(row for _, row in known), *unknown]  # what has no figure stands last, whichever way round


def matches(row: ServerState, words: str) -> bool:
    """Every word stands in its name, status, source or transport; or its letters do in the name, in their order."""
    name = shown_name(row).casefold()
    text = f"{name}\n{row.status.value}\n{row.source.value}\n{transport_word(row.transport)}".casefold()
    return all(word in text or bool(_letters(word, name)) for word in words.casefold().split())


def hits(name: str, words: str) -> frozenset[int]:
    """The places in a shown name that words of the filter stand at."""
    folded = name.casefold()
    if len(folded) != len(name):  # folding moved the places; better no mark than a wrong one
        return frozenset()
    found: set[int] = set()
    for word in words.casefold().split():
        start = folded.find(word)
        found.update(range(start, start + len(word)) if start >= 0 else _letters(word, folded))
    return frozenset(found)


def _letters(word: str, name: str) -> Iterable[int]:
    """Places of the letters of ``word`` in ``name``, in their order; none unless all of them are there."""
    places: list[int] = []
    start = 0
    for letter in word:
        start = name.find(letter, start) + 1
        if not start:
            return ()
        places.append(start - 1)
    return places
