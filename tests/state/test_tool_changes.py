"""What is told when a server's tools are others than before, within a connection and from one to the next."""

from __future__ import annotations

from typing import Any

import pytest

from mcpdeck.services import events as ev
from mcpdeck.services.models import EraName, Freshness, Source, StdioTarget, Tool, TransportKind
from mcpdeck.services.models.entries import ServerEntry
from mcpdeck.services.state.model import ServerState, ToolChanges
from mcpdeck.services.state.store import Store
from mcpdeck.services.state.tool_changes import DETAILS_KEPT, SETS_KEPT, compared, differences, is_the_same
from tests.registry.tools import tool


class Deck:
    """One server, connected again and again."""

    def __init__(self) -> None:
        self.store = Store()
        entry = ServerEntry("s", Source.USER, StdioTarget("x"), TransportKind.STDIO, "x", "1")
        self.store.dispatch(ev.ServersConfigured((entry,)))
        self.generation = 0
        self.connect()

    def connect(self) -> None:
        self.generation += 1
        self.store.dispatch(ev.ConnectionQueued("s", self.generation))
        established = ("asked", 5.0, float(self.generation))
        self.store.dispatch(
            ev.ConnectionEstablished("s", self.generation, EraName.LEGACY, "2025-11-25", None, {}, None, *established)
        )

    def listed(self, *tools: Tool, at: float = 10.0, cached: bool = False) -> ServerState:
        self.store.dispatch(ev.ToolsChanged("s", self.generation, tools, Freshness(at, cached=cached)))
        return self.row

    @property
    def row(self) -> ServerState:
        return self.store.state.mcp.servers["s"]


def told(changes: ToolChanges | None) -> tuple[tuple[str, ...], ...] | None:
    return None if changes is None else (changes.added, changes.removed, changes.changed)


def test_every_change_within_a_connection_is_told_and_kept_newest_first() -> None:
    deck = Deck()
    assert deck.listed(tool("a"), tool("b")).tool_changes is None
    deck.listed(tool("a"), tool("c"), at=11)
    row = deck.listed(tool("a", "Now described."), tool("c"), at=12)
    assert told(row.tool_changes) == ((), (), ("a",))
    assert [(told(changes), changes.at) for changes in row.tool_history] == [
        (((), (), ("a",)), 12),
        ((("c",), ("b",), ()), 11),
    ]
    again = deck.listed(tool("a", "Now described."), tool("c"), at=13)
    assert again.tool_history is row.tool_history
    assert again.tool_changes is row.tool_changes


def test_a_change_says_what_of_the_tool_is_another_with_both_definitions_as_they_came() -> None:
    deck = Deck()
    old, new = tool("a", "One."), tool("a", "Two.", annotations={"readOnlyHint": True})
    deck.listed(old)
    (changes,) = deck.listed(new).tool_history
    (detail,) = changes.details
    assert (detail.name, detail.what) == ("a", ("description", "annotations"))
    assert detail.before is old.raw
    assert detail.after is new.raw


def test_from_one_connection_to_the_next_the_last_list_counts_and_a_cached_one_does_not() -> None:
    deck = Deck()
    deck.listed(tool("a"))
    deck.listed(tool("a"), tool("b"), at=11)
    deck.connect()
    assert deck.listed(tool("x"), cached=True).tool_changes == deck.row.tool_history[0]
    row = deck.listed(tool("b"), at=12)
    assert told(row.tool_changes) == ((), ("a",), ())
    assert [changes.at for changes in row.tool_history] == [12, 11]
    deck.connect()
    same = deck.listed(tool("b"), at=13)
    assert same.tool_changes is None  # since the connection before this one
    assert [changes.at for changes in same.tool_history] == [12, 11]


def test_the_list_of_an_earlier_run_that_stood_in_is_compared_with_nothing() -> None:
    deck = Deck()
    deck.listed(tool("old"), cached=True)
    row = deck.listed(tool("new"))
    assert (row.tool_changes, row.tool_history) == (None, ())


def test_a_server_that_changes_for_ever_is_remembered_in_bounds() -> None:
    deck = Deck()
    many = range(DETAILS_KEPT + 10)
    for turn in range(SETS_KEPT + 5):
        deck.listed(*(tool(f"t{number}", f"turn {turn}") for number in many), at=turn)
    history = deck.row.tool_history
    assert [changes.at for changes in history] == [*range(SETS_KEPT + 4, 4, -1)]
    assert {(len(changes.changed), len(changes.details)) for changes in history} == {(len(many), DETAILS_KEPT)}


def test_definitions_that_are_too_large_are_not_kept_and_their_tools_are_named_still() -> None:
    large = "x" * 600_000
    before = (tool("a", large), tool("b"), tool("c", large[:300_000]))
    after = (tool("a", large + "y"), tool("b", "B"), tool("c", large[:300_001]))
    changes = compared(before, after, 1.0)
    assert changes is not None
    assert changes.changed == ("a", "b", "c")
    assert [detail.name for detail in changes.details] == ["b", "c"]


CHANGED: list[tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]] = [
    ({"title": "A"}, {"title": "B"}, ("title",)),
    ({"description": "A"}, {"description": "B"}, ("description",)),
    ({}, {"inputSchema": {"type": "object", "required": ["x"]}}, ("input schema",)),
    ({}, {"outputSchema": {"type": "object"}}, ("output schema",)),
    ({"annotations": {}}, {}, ("annotations",)),
    ({"annotations": {"readOnlyHint": 1}}, {"annotations": {"readOnlyHint": True}}, ("annotations",)),
    ({"_meta": {"a": 1}, "icons": []}, {"_meta": {"a": 2}}, ("_meta", "icons")),
    ({"execution": {}}, {"execution": {"taskSupport": "required"}, "title": "B"}, ("title", "execution")),
    ({"annotations": {"a": 1, "b": 2}}, {"annotations": {"b": 2, "a": 1}}, ()),
]


@pytest.mark.parametrize(
    ("before", "after", "what"), CHANGED, ids=["+".join(what) or "order" for _, _, what in CHANGED]
)
def test_what_changed_is_named(before: dict[str, Any], after: dict[str, Any], what: tuple[str, ...]) -> None:
    old, new = tool("t", **before), tool("t", **after)
    assert differences(old, new) == what
    changes = compared((old,), (new,), 1.0)
    assert (() if changes is None else changes.changed) == (("t",) if what else ())
    assert is_the_same(old, new) is (old.digest == new.digest)


def test_definitions_that_are_nested_as_deeply_as_can_be_read_are_compared() -> None:
    def deep(end: str) -> Tool:
        value: Any = end
        for _ in range(700):
            value = [value]
        return tool("t", annotations={"x": value})

    changes = compared((deep("a"),), (deep("b"),), 1.0)
    assert changes is not None
    assert changes.changed == ("t",)
