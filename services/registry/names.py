"""Names under which a model knows the tools of a whole set of servers, and the way back.

Owns collisions and names that are too long: which there are, and how they are resolved. Never sends a name: a
server is always asked for its tool by the tool's own.

The names of a set depend on the set alone, not on the order in which its servers answered: where two tools would
be called the same, or a name would be longer than ``LONGEST``, each tool concerned gets the first hexadecimal
digits of the SHA-256 of the JSON array ``["server", "tool"]`` at the end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from ..models import qualified_name
from ..models.qualified import DIGITS, LONGEST, plain, suffixed_names
from ..state.text import quoted

_SHARED = 3
"""Tools that are named for one shared name."""

Pair: TypeAlias = tuple[str, str]
"""A server's configured name and a tool's own."""


class Names:
    """The names of one set of tools. ``problems``: what was to be resolved, by tool, as sentences."""

    def __init__(self, of: Mapping[Pair, str], problems: Mapping[Pair, tuple[str, ...]]) -> None:
        self.problems = problems
        self._of = of
        self._pairs = {name: pair for pair, name in of.items()}
        self._folded: dict[str, Pair | None] | None = None

    def __len__(self) -> int:
        return len(self._of)

    def of(self, server: str, tool: str) -> str:
        """The name of a tool of this set. Raises ``KeyError`` for another one."""
        return self._of[server, tool]

    def find(self, qualified: str) -> Pair | None:
        """The tool of that name: exactly, else in other letter case where only one is meant."""
        found = self._pairs.get(qualified)
        if found is not None:
            return found
        if self._folded is None:
            self._folded = {}
            for name, pair in self._pairs.items():
                folded = name.casefold()
                self._folded[folded] = None if folded in self._folded else pair
        return self._folded.get(qualified.casefold())


NO_NAMES = Names({}, {})


def named(tools: Iterable[Pair], *, bare: Collection[str] = ()) -> Names:
    """Names for ``tools``, in any order. ``bare``: servers whose tools go without prefix, as those in-process may.

    A tool of a bare server whose name would then be another's, or none (empty), keeps its prefix.
    """
    pairs = dict.fromkeys(tools)
    of = {pair: plain(pair[1]) if pair[0] in bare and pair[1] else qualified_name(*pair) for pair in pairs}
    if bare:
        for pair in _shared(of):
            of[pair] = qualified_name(*pair)
    problems: dict[Pair, tuple[str, ...]] = {}
    for digits in DIGITS:
        shared = _shared(of)
        long = [pair for pair, name in of.items() if len(name) > LONGEST]
        if not shared and not long:
            break
        for pair, others in shared.items():
            problems[pair] = (*problems.get(pair, ()), _collision(of[pair], pair, others))
        for pair in long:
            problems[pair] = (*problems.get(pair, ()), f"its name for a model is longer than {LONGEST} characters")
        for pair in {**shared, **dict.fromkeys(long)}:
            of[pair] = suffixed_names(*pair)[digits]
    told = {pair: tuple(f"{why}: it is called {of[pair]}" for why in whys) for pair, whys in problems.items()}
    return Names(MappingProxyType(of), MappingProxyType(told))


def _shared(of: Mapping[Pair, str]) -> dict[Pair, list[Pair]]:
    """The tools that are called as another one is, with all that are called so."""
    if len(set(of.values())) == len(of):
        return {}
    by_name: dict[str, list[Pair]] = {}
    for pair, name in of.items():
        by_name.setdefault(name, []).append(pair)
    return {pair: pairs for pairs in by_name.values() if len(pairs) > 1 for pair in pairs}


def _collision(name: str, pair: Pair, pairs: list[Pair]) -> str:
    others = sorted(other for other in pairs if other != pair)
    told = ", ".join(f"{quoted(tool)} of {quoted(server)}" for server, tool in others[:_SHARED])
    more = f" and {len(others) - _SHARED} more" if len(others) > _SHARED else ""
    return f"its name for a model, {name[:LONGEST]}, is that of {told}{more} too"
