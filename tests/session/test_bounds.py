"""What a hostile server can make us keep: bounded by bytes, not only by number."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import pytest

from mcpdeck.services import events as ev
from mcpdeck.services.eras.headers import mirrored, schema_problems
from mcpdeck.services.eras.negotiate import Wish
from mcpdeck.services.models import EraMode
from mcpdeck.services.session import lists
from mcpdeck.services.session.items import read_tool
from mcpdeck.services.session.lists import TOOLS
from mcpdeck.services.session.record import Record
from mcpdeck.services.session.schema_flaws import schema_flaws
from mcpdeck.services.state.ring import BYTES_KEPT
from mcpdeck.services.state.store import Store
from tests.entries import stdio
from tests.spec.peers import server, talking

MIB = 2**20


@dataclass
class Memory:
    """Bytes that a block took at its worst, and that were still held at its end."""

    peak: int = 0
    held: int = 0


@contextmanager
def measured() -> Generator[Memory]:
    memory = Memory()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        yield memory
        held, peak = tracemalloc.get_traced_memory()
        memory.peak, memory.held = peak - before, held - before
    finally:
        tracemalloc.stop()


# Schemas


def below_a_long_name(count: int, part: Any) -> dict[str, Any]:
    inside = {f"c{number}": part for number in range(count)}
    return {"type": "object", "properties": {"k" * 100_000: {"type": "object", "properties": inside}}}


def test_a_long_name_above_many_properties_is_not_copied_for_each_of_them() -> None:
    item = {"name": "x", "inputSchema": below_a_long_name(20_000, {})}
    with measured() as memory:
        tool = read_tool(item, mirrors_headers=True)
    assert tool.problems == ()
    assert memory.peak < 20 * MIB


def test_a_flaw_below_a_long_name_is_told_in_a_short_sentence() -> None:
    tool = read_tool({"name": "x", "inputSchema": below_a_long_name(10, {"type": 5})}, mirrors_headers=False)
    assert 0 < len(tool.problems) <= 20
    assert all(len(problem) <= 300 for problem in tool.problems)
    assert tool.problems[0].startswith('"type" of kkkk')
    assert "/c9 must be one of" in tool.problems[0]
    assert tool.problems[0].endswith("(section 28)")


def test_the_way_to_a_flaw_names_every_keyword_but_properties() -> None:
    schema = {"properties": {"a": {"anyOf": [{}, {"items": {"type": 5}}]}}, "$defs": {"b": {"minimum": "x"}}}
    first, second = schema_flaws(schema)
    assert first == '"minimum" of $defs/b must be a number (section 28)'
    assert second.startswith('"type" of a/anyOf/1/items must be one of array, boolean')


@pytest.mark.parametrize(
    "schema",
    [
        {"$schema": "d" * 1_000_000},
        {"$ref": "r" * 1_000_000},
        {"$ref": "#/" + "r" * 1_000_000},
        {"properties": {"a": {"type": "string", "x-mcp-header": "h" * 100_000}}} | {"$ref": "#/gone"},
        {"properties": {"a" * 100_000: {"x-mcp-header": 5}}},
        {"properties": {name: {"type": "string", "x-mcp-header": "h" * 100_000} for name in ("a", "b")}},
        {"properties": {f"p{number}": {"x-mcp-header": ""} for number in range(1_000)}},
    ],
)
def test_no_sentence_about_a_tool_is_long_and_there_are_few(schema: dict[str, Any]) -> None:
    tool = read_tool({"name": "n" * 1_000_000, "inputSchema": schema, "outputSchema": schema}, mirrors_headers=True)
    assert 0 < len(tool.problems) <= 20
    assert max(map(len, tool.problems)) <= 300


@pytest.mark.parametrize("number", [float("inf"), float("nan"), -1, 1.5, True])
def test_a_count_that_is_none_is_a_flaw_and_no_failure(number: float) -> None:
    assert schema_flaws({"maxLength": number}) == [
        '"maxLength" of the schema must be a whole number from 0 (section 28)'
    ]


def test_a_reference_with_a_number_of_thousands_of_digits_leads_nowhere() -> None:
    (flaw,) = schema_flaws({"allOf": [{}], "$ref": "#/allOf/" + "9" * 10_000})
    assert "leads nowhere" in flaw


def test_annotations_are_looked_for_in_a_wide_and_in_a_deep_schema_without_much_memory() -> None:
    deep: dict[str, Any] = {"type": "string", "x-mcp-header": "A"}
    for _ in range(50_000):
        deep = {"properties": {"d": deep}}
    wide = below_a_long_name(300_000, {"type": "string"})
    with measured() as memory:
        for schema in (deep, wide):
            assert schema_problems(schema) == []
            assert mirrored(schema, {"d": {}}) == {}
    assert memory.peak < 20 * MIB


# The log


def configured() -> Store:
    store = Store()
    store.dispatch(ev.ServersConfigured((stdio("peer", "peer"),)))
    return store


def logging(store: Store) -> Record:
    return Record("peer", 0, store.dispatch, None, has_stdout=False)


def test_the_name_of_a_logger_is_cut() -> None:
    store = configured()
    with measured() as memory:
        for number in range(300):
            logging(store).log("log", "info", "L" * 1_000_000 + str(number), "x")
    assert {record.logger for record in store.ring("peer")} == {"L" * 200}
    assert memory.held < MIB


def test_small_log_data_stay_what_they_are_and_larger_ones_are_kept_as_text() -> None:
    store = configured()
    small, large = {"event": "started", "n": [1, 2]}, {"rows": [[number] for number in range(500)]}
    for data in (small, large, 5, None, True, "text", 10**3_000):
        logging(store).log("log", "info", None, data)
    kept = [record.data for record in store.ring("peer")]
    assert kept[0] is small
    assert isinstance(kept[1], str)
    assert kept[1].startswith('{"rows":[[0],[1]')
    assert kept[2:6] == [5, None, True, "text"]
    assert kept[6] == str(10**3_000)


def test_log_objects_of_many_small_parts_take_no_more_memory_than_their_text() -> None:
    store = configured()
    with measured() as memory:
        for _ in range(300):
            logging(store).log("log", "info", None, [[] for _ in range(2_700)])
    assert len(store.ring("peer")) == 300
    assert memory.held < 5 * MIB


def test_a_flood_of_long_log_messages_costs_the_oldest_ones_and_they_are_counted() -> None:
    store = configured()
    with measured() as memory:
        for number in range(2_000):
            logging(store).log("log", "info", None, f"{number} {'x' * 15_000}")
    assert memory.held < BYTES_KEPT + MIB
    ring = store.ring("peer")
    assert 400 < len(ring) < 600
    assert ring.dropped == 2_000 - len(ring)
    assert str(ring.slice(len(ring) - 1, len(ring))[0].data).startswith("1999 ")


# Lists


def listing(reply: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """A server whose every ``tools/list`` is answered by ``reply``; None is silence."""
    return server({"tools/list": reply}, capabilities={"tools": {}}, modern=False)


@pytest.mark.parametrize(
    ("item", "cursor"),
    [
        ({"name": "x", "description": "d" * 200_000}, ""),
        ({"name": "x", "inputSchema": {"a": [[] for _ in range(3_000)]}}, ""),
        ({"name": "x"}, "c" * 200_000),
    ],
)
async def test_a_list_that_never_ends_is_read_up_to_a_number_of_bytes(
    item: Any, cursor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "LIST_KEPT", 2 * MIB)
    async with talking(listing(lambda request: {"tools": [item], "nextCursor": f"{request['id']}{cursor}"})) as it:
        await it.session.open(Wish(EraMode.LEGACY))
        with anyio.fail_after(20):
            found = await it.session.lists.pages(TOOLS)
        assert 5 <= len(found) <= 25
        assert "tools/list has more than 2 MiB; the rest is not read" in it.rules()


async def test_a_list_whose_pages_take_for_ever_ends_with_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "LIST_TIME", 0.05)

    def page(request: dict[str, Any]) -> Any:
        return None if "cursor" in request.get("params", {}) else {"tools": [{"name": "first"}], "nextCursor": "more"}

    async with talking(listing(page)) as it:
        await it.session.open(Wish(EraMode.LEGACY))
        with anyio.fail_after(20):
            assert await it.session.lists.pages(TOOLS) == [{"name": "first"}]
        assert "tools/list takes longer than 0.05 s; the rest is not read" in it.rules()


# Changed resources


def test_a_flood_of_changed_resources_is_bounded_between_two_flushes_as_well() -> None:
    store = configured()
    with measured() as memory:
        for number in range(20_000):
            store.dispatch(ev.ResourceUpdated("peer", 0, f"{number}" + "u" * 100_000, 0.0))
    assert memory.held < 20 * MIB
