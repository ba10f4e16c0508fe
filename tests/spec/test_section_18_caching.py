"""Section 18: caching hints of the stateless era."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services import events as ev
from mcpdeck.services.models import HttpTarget
from mcpdeck.services.session import Memory
from mcpdeck.services.session.lists import PROMPTS, TOOLS
from mcpdeck.services.session.memory import ServerMemory
from tests import entries
from tests.spec.peers import LEGACY, MODERN, handler, over_http, sent, server, talking, tell, tools
from tests.waiting import eventually

HINTS = {"ttlMs": 60_000, "cacheScope": "private"}


@pytest.mark.requirement("18.1")
@pytest.mark.parametrize(
    ("hints", "told"),
    [
        (HINTS, set()),
        ({"cacheScope": "public"}, {"ttlMs"}),
        ({"ttlMs": 0}, {"cacheScope"}),
        ({"ttlMs": -1, "cacheScope": "everyone"}, {"ttlMs", "cacheScope"}),
        ({"ttlMs": "soon", "cacheScope": "public"}, {"ttlMs"}),
    ],
)
async def test_a_list_without_usable_hints_is_told(hints: Any, told: set[str]) -> None:
    async with talking(server({"tools/list": {**tools("t"), **hints}})) as it:
        await it.session.open(MODERN)
        await it.session.lists.read_tools()
        assert {word for word in ("ttlMs", "cacheScope") if any(word in rule for rule in it.rules())} == told


@pytest.mark.requirement("18.1")
async def test_hints_are_not_asked_of_the_handshake_era() -> None:
    async with talking(server({"tools/list": tools("t")})) as it:
        await it.session.open(LEGACY)
        await it.session.lists.read_tools()
        assert it.rules() == []


@pytest.mark.requirement("18.2", "18.8")
@pytest.mark.parametrize(
    ("hints", "ttl"),
    [
        (HINTS, 60_000),
        ({"ttlMs": 0, "cacheScope": "public"}, 0),
        ({"ttlMs": -5, "cacheScope": "public"}, 0),
        ({}, None),
    ],
)
async def test_what_the_hints_say_stands_beside_the_list(hints: Any, ttl: float | None) -> None:
    async with talking(server({"tools/list": {**tools("t"), **hints}})) as it:
        await it.session.open(MODERN)
        await it.session.lists.refresh(TOOLS)
        (event,) = [each for each in it.events if isinstance(each, ev.ToolsChanged)]
        assert event.freshness is not None
        assert (event.freshness.ttl_ms, event.freshness.scope) == (ttl, hints.get("cacheScope"))
        assert not event.freshness.cached


@pytest.mark.requirement("18.3", "18.6")
async def test_a_list_is_read_again_when_it_changed_and_not_because_its_time_is_up() -> None:
    answers = {"tools/list": {**tools("t"), "ttlMs": 1, "cacheScope": "private"}, "tools/call": {"content": []}}
    script = server(answers, capabilities={"tools": {"listChanged": True}})
    async with talking(script, keeps=True) as it:
        await it.session.open(LEGACY)
        await eventually(lambda: sent(it, "tools/list"), "first list")
        for _ in range(20):
            await it.session.call_tool("t", {})
        assert len(sent(it, "tools/list")) == 1
        it.transport.feed(tell("notifications/tools/list_changed"))
        await eventually(lambda: len(sent(it, "tools/list")) == 2, "second list")


@pytest.mark.requirement("18.4")
async def test_every_reading_that_is_asked_for_goes_to_the_server_with_its_own_params() -> None:
    answers = {
        "prompts/list": lambda m: {"prompts": [{"name": str(m["params"].get("cursor"))}], **HINTS},
        "resources/read": lambda m: {"contents": [], "uri": m["params"]["uri"], **HINTS},
    }
    async with talking(server(answers)) as it:
        await it.session.open(MODERN)
        assert (await it.session.lists.page(PROMPTS)).items == [{"name": "None"}]
        assert (await it.session.lists.page(PROMPTS, "2")).items == [{"name": "2"}]
        for uri in ("x://1", "x://2", "x://1"):
            assert (await it.session.read_resource(uri))["uri"] == uri
        assert len(sent(it, "resources/read")) == 3


@pytest.mark.requirement("18.9")
async def test_what_was_kept_is_shown_at_once_and_read_again_all_the_same() -> None:
    kept = ServerMemory()
    capabilities = {"tools": {}}
    async with talking(server({"tools/list": tools("old")}, capabilities=capabilities), keeps=True, memory=kept) as it:
        await it.session.open(MODERN)
        await eventually(lambda: [each for each in it.events if isinstance(each, ev.ToolsChanged)], "list of tools")
    silent = server({"tools/list": lambda m: None}, capabilities=capabilities)
    async with talking(silent, keeps=True, memory=kept) as it:
        await it.session.open(MODERN)
        (shown,) = await eventually(
            lambda: [each for each in it.events if isinstance(each, ev.ToolsChanged)], "list of before"
        )
        assert shown.freshness is not None
        assert shown.freshness.cached
        assert [tool.name for tool in shown.tools] == ["old"]
        await eventually(lambda: sent(it, "tools/list"), "reading of the list")


@pytest.mark.requirement("18.5", "18.8", "39.13")
async def test_what_was_kept_of_a_server_is_not_shown_to_another_login(tmp_path: Path) -> None:
    script = server(
        {"tools/list": {**tools("secret"), "cacheScope": "private", "ttlMs": 60_000}}, capabilities={"tools": {}}
    )
    async with over_http(handler(script), memory=Memory(tmp_path)) as it:
        await it.session.lists.known_tools()
        url = it.server.url
        (file,) = await eventually(lambda: list(tmp_path.rglob("*.json")), "file of what is kept")
        assert file.stat().st_mode & 0o077 == 0
    entry = entries.http("peer", url)
    again = Memory(tmp_path).of(entry)
    await again.load()
    assert again.list("tools/list") is not None
    login = replace(entry, target=HttpTarget(url, {"Authorization": "Bearer someone-else"}))
    other = Memory(tmp_path).of(login)
    await other.load()
    assert other.list("tools/list") is None


@pytest.mark.requirement("18.10")
async def test_a_resource_that_was_read_without_usable_hints_is_told() -> None:
    async with talking(server({"resources/read": {"contents": []}})) as it:
        await it.session.open(MODERN)
        await it.session.read_resource("x://1")
        assert {word for word in ("ttlMs", "cacheScope") if any(word in rule for rule in it.rules())} == {
            "ttlMs",
            "cacheScope",
        }


@pytest.mark.requirement("18.11")
@pytest.mark.parametrize(("second", "told"), [("private", False), ("public", True)])
async def test_pages_of_one_list_with_different_scopes_are_told(second: str, *, told: bool) -> None:
    pages: dict[str | None, Any] = {
        None: {**tools("a"), **HINTS, "nextCursor": "2"},
        "2": {**tools("b"), "ttlMs": 5, "cacheScope": second},
    }
    async with talking(server({"tools/list": lambda m: pages[m["params"].get("cursor")]})) as it:
        await it.session.open(MODERN)
        assert [tool.name for tool in await it.session.lists.read_tools()] == ["a", "b"]
        assert any("cache scopes" in rule and "section 18" in rule for rule in it.rules()) is told


@pytest.mark.requirement("18.12")
async def test_a_list_is_as_fresh_as_its_first_page_to_go_stale_and_is_read_from_its_beginning() -> None:
    pages: dict[str | None, Any] = {
        None: {**tools("a"), **HINTS, "nextCursor": "2"},
        "2": {**tools("b"), "ttlMs": 5, "cacheScope": "private"},
    }
    async with talking(server({"tools/list": lambda m: pages[m["params"].get("cursor")]})) as it:
        await it.session.open(MODERN)
        for _ in range(2):
            await it.session.lists.refresh(TOOLS)
        cursors = [message["params"].get("cursor") for message in sent(it, "tools/list")]
        assert cursors == [None, "2", None, "2"]
        told = [event for event in it.events if isinstance(event, ev.ToolsChanged)]
        assert [event.freshness.ttl_ms for event in told if event.freshness] == [5, 5]
