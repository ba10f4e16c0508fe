"""Every tool of every server in one catalogue.

Owns finding tools (by name, capability, server, words), their stage, and what was there and is gone. Reads
snapshots of the state; never contacts a server and never decides whether a tool may be used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ..models import Tool, TransportKind
from ..models.costs import Cost, capped, cost_of
from ..session.suspicious_text import suspicious
from ..state.model import McpState, ServerState
from ..state.tool_changes import is_the_same
from .catalogue_tool import Capability, CatalogueTool, ToolStage
from .names import NO_NAMES, Names, named
from .search import Index, Line, line_of

RETIRED_KEPT = 1_000
"""Tools of one server that are gone and still known, the latest of them."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A tool that was found by words, what it weighs, and where the words stand (``name``, ``description`` …)."""

    tool: CatalogueTool
    score: float
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Instructions:
    """What a server tells a model of itself: all of it, as a model would get it, and what is wrong with it."""

    text: str
    capped: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Costs:
    """What the definitions of the present tools cost, by server and in all; an estimate in tokens."""

    all: Cost
    servers: Mapping[str, Cost]


class _Shelf:
    """What is known of one server's tools in this session."""

    def __init__(self) -> None:
        self.row: ServerState | None = None
        self.tools: tuple[Tool, ...] = ()
        self.entries: tuple[CatalogueTool, ...] | None = None
        """None: they are to be made anew."""
        self.lines: tuple[Line, ...] | None = None
        self.retired: dict[str, CatalogueTool] = {}
        self.first: dict[str, Tool] = {}
        """Each tool as it was seen first, or noted last."""
        self.changed: set[str] = set()
        self.can_be_called = self.cached = False
        self.instructions: Instructions | None = None

    def read(self, tools: tuple[Tool, ...], names: Names, server: str) -> None:
        """The server offers these now."""
        now = {tool.name for tool in tools}
        gone = {tool.name: tool for tool in self.tools if tool.name not in now}
        for name, tool in gone.items():
            self.retired.pop(name, None)
            self.retired[name] = CatalogueTool(server, tool, _known(names, server, name), ToolStage.RETIRED)
        for tool in tools:
            self.retired.pop(tool.name, None)
            before = self.first.get(tool.name)
            if before is None or is_the_same(before, tool):
                self.first[tool.name] = tool
                self.changed.discard(tool.name)
            else:
                self.changed.add(tool.name)
        for name in list(self.retired)[:-RETIRED_KEPT]:
            del self.retired[name]
            self.first.pop(name, None)
            self.changed.discard(name)
        self.tools, self.lines = tools, None


class Catalogue:
    """The tools of the servers in the state that ``update`` was told last.

    ``bare``: tools of in-process servers go without the prefix where no other is called so.
    """

    def __init__(self, *, bare: bool = False) -> None:
        self._bare = bare
        self._mcp: McpState | None = None
        self._shelves: dict[str, _Shelf] = {}
        self._names: Names | None = NO_NAMES
        self._last_names = NO_NAMES
        self._index: Index | None = None
        self._numbered: tuple[CatalogueTool, ...] | None = None
        self._costs: Costs | None = None

    # What is there

    def update(self, mcp: McpState) -> None:
        """Take over a snapshot. Costs nothing where no server's row is another object than last time."""
        if mcp is self._mcp:
            return
        self._mcp = mcp
        rows = _by_name(mcp.listed())
        for name, row in rows.items():
            shelf = self._shelves.get(name)
            if shelf is None:
                if row.tools is None and row.instructions is None:
                    continue
                shelf = self._shelves[name] = _Shelf()
            if shelf.row is not row:
                self._take(name, shelf, row)
        for name, shelf in self._shelves.items():
            if name not in rows and shelf.row is not None:
                shelf.row, shelf.can_be_called = None, False
                self._read(name, shelf, ())

    def _take(self, name: str, shelf: _Shelf, row: ServerState) -> None:
        before, shelf.row = shelf.row, row
        freshness = row.freshness.get("tools/list")
        cached = freshness is not None and freshness.cached
        if row.tools is not None and row.tools is not shelf.tools:
            self._read(name, shelf, row.tools)
        can_be_called = row.usable and row.tools is not None
        if (shelf.can_be_called, shelf.cached) != (can_be_called, cached):
            shelf.entries = self._numbered = None
        shelf.can_be_called, shelf.cached = can_be_called, cached
        if before is None or before.instructions is not row.instructions:
            shelf.instructions = self._costs = None

    def _read(self, name: str, shelf: _Shelf, tools: tuple[Tool, ...]) -> None:
        shelf.read(tools, self._last_names, name)
        shelf.entries = self._names = self._index = self._numbered = self._costs = None

    @property
    def names(self) -> Names:
        """The names of all present tools for a model."""
        if self._names is None:
            bare = {
                name
                for name, shelf in self._shelves.items()
                if self._bare and shelf.row is not None and shelf.row.transport is TransportKind.IN_PROCESS
            }
            pairs = [(name, tool.name) for name, shelf in self._shelves.items() for tool in shelf.tools]
            self._names = self._last_names = named(pairs, bare=bare)
            for shelf in self._shelves.values():
                shelf.entries = None  # a name may be another one because of a tool elsewhere
        return self._names

    def of(self, server: str) -> tuple[CatalogueTool, ...]:
        """The tools of a server (of the group, for one with several instances), in its order."""
        shelf = self._shelves.get(server)
        if shelf is None:
            return ()
        names = self.names
        if shelf.entries is None:
            shelf.entries = tuple(_entry(server, shelf, tool, names) for tool in shelf.tools)
        return shelf.entries

    @property
    def tools(self) -> tuple[CatalogueTool, ...]:
        """All present tools, by server."""
        if self._numbered is None:
            self._numbered = tuple(entry for server in self._shelves for entry in self.of(server))
        return self._numbered

    @property
    def retired(self) -> tuple[CatalogueTool, ...]:
        """Tools that were there in this session and are not any more."""
        return tuple(entry for shelf in self._shelves.values() for entry in shelf.retired.values())

    def instructions(self, server: str) -> Instructions | None:
        """What a server tells a model of itself, None where it tells nothing."""
        shelf = self._shelves.get(server)
        text = shelf.row.instructions if shelf is not None and shelf.row is not None else None
        if shelf is None or not text:
            return None
        if shelf.instructions is None:
            shelf.instructions = Instructions(text, capped(text), suspicious(text))
        return shelf.instructions

    @property
    def costs(self) -> Costs:
        """What all this costs a model's context."""
        if self._costs is None:
            servers: dict[str, Cost] = {}
            for name, shelf in self._shelves.items():
                text = shelf.row.instructions if shelf.row is not None else None
                if shelf.tools or text:
                    servers[name] = cost_of(shelf.tools, text or "")
            self._costs = Costs(sum(servers.values(), Cost()), MappingProxyType(servers))
        return self._costs

    def noted(self, server: str, name: str) -> None:
        """Somebody took note of how a tool is described now: it does not count as changed any more."""
        shelf = self._shelves.get(server)
        if shelf is None or name not in shelf.changed:
            return
        shelf.first.update((tool.name, tool) for tool in shelf.tools if tool.name == name)
        shelf.changed.discard(name)
        shelf.entries = self._numbered = None

    # Finding

    def find(self, name: str, server: str | None = None) -> CatalogueTool | None:
        """The tool of that name: its own name or the one for a model, letter case aside where only one is meant.

        Exact before inexact; without ``server`` the name for a model before a tool's own. None: there is none, or
        more than one.
        """
        found = self.names.find(name)
        if server is not None:
            own = _only(self.of(server), name)
            if own is not None or found is None or found[0] != server:
                return own
        if found is not None:
            return next((entry for entry in self.of(found[0]) if entry.tool.name == found[1]), None)
        return _only(self.tools, name)

    def by(self, *capabilities: Capability, given: bool | None = None) -> tuple[CatalogueTool, ...]:
        """The tools that have all of these capabilities; ``given``: by their own words (True) or by default (False)."""
        return tuple(
            entry
            for entry in self.tools
            if all(
                claim.holds and given in (None, claim.given)
                for claim in (entry.claim(capability) for capability in capabilities)
            )
        )

    def search(self, words: str, limit: int = 50) -> tuple[Hit, ...]:
        """Tools in which these words stand, the best first; see ``search``."""
        tools = self.tools
        if self._index is None:
            lines: list[Line] = []
            for name, shelf in self._shelves.items():
                if shelf.lines is None:
                    shelf.lines = tuple(line_of(name, tool) for tool in shelf.tools)
                lines += shelf.lines
            self._index = Index(lines)
        index = self._index
        return tuple(
            Hit(tools[number], score, index.fields(number, words)) for number, score in index.found(words, limit)
        )


def _by_name(rows: Iterable[ServerState]) -> dict[str, ServerState]:
    """One row a name: of several instances of a server, the first that can be asked, else the first with tools."""
    found: dict[str, ServerState] = {}
    for row in rows:
        name = row.replica_of or row.id
        other = found.get(name)
        if other is None or (_rank(row) > _rank(other)):
            found[name] = row
    return found


def _rank(row: ServerState) -> tuple[bool, bool]:
    return row.usable and row.tools is not None, row.tools is not None


def _entry(server: str, shelf: _Shelf, tool: Tool, names: Names) -> CatalogueTool:
    problems = (*tool.problems, *names.problems.get((server, tool.name), ()))
    if shelf.cached or tool.excluded is not None:
        stage = ToolStage.REGISTERED
    elif not shelf.can_be_called:
        stage = ToolStage.VALIDATED
    else:
        stage = ToolStage.CHANGED if tool.name in shelf.changed else ToolStage.AVAILABLE
    return CatalogueTool(server, tool, names.of(server, tool.name), stage, problems)


def _known(names: Names, server: str, tool: str) -> str:
    try:
        return names.of(server, tool)
    except KeyError:  # nobody asked for names before it was gone
        return named([(server, tool)]).of(server, tool)


def _only(entries: Iterable[CatalogueTool], name: str) -> CatalogueTool | None:
    """The one tool called ``name`` by its server, letter case aside where none is called exactly so."""
    folded = name.casefold()
    close = [entry for entry in entries if entry.tool.name.casefold() == folded]
    for among in ([entry for entry in close if entry.tool.name == name], close):
        # One server may name a tool twice (section 19); a call reaches one of them.
        if among and all(entry.server == among[0].server and entry.tool.name == among[0].tool.name for entry in among):
            return among[0]
        if among:
            return None
    return None
