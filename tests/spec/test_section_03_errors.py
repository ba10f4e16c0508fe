"""Sections 3 to 5: error codes, ``_meta`` and capabilities."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcpdeck.services.eras.base import Offer
from mcpdeck.services.eras.negotiate import Wish
from mcpdeck.services.errors import RPCError
from mcpdeck.services.session.lists import RESOURCES
from tests.playbooks.opened import opened
from tests.playbooks.scripted import error
from tests.spec.peers import (
    DISCOVER,
    ERAS,
    LEGACY,
    META,
    MODERN,
    Message,
    ask,
    done,
    handler,
    over_http,
    sent,
    server,
    talking,
    tools,
)
from tests.waiting import eventually


@pytest.mark.requirement("3.3", "31.4")
@pytest.mark.parametrize(("era", "code"), [(LEGACY, -32002), (LEGACY, -32602), (MODERN, -32602), (MODERN, -32002)])
async def test_a_resource_that_was_not_found_says_so_whatever_the_code(era: Wish, code: int) -> None:
    async with opened(server({"resources/read": lambda m: error(m, code, "not found", {"uri": "x://1"})})) as it:
        await it.session.open(era)
        with pytest.raises(RPCError, match="not found") as caught:
            await it.session.read_resource("x://1")
        assert caught.value.data == {"uri": "x://1"}
        assert "resource" in caught.value.hint or "unknown name" in caught.value.hint


@pytest.mark.requirement("3.5")
async def test_a_missing_client_capability_is_told_with_what_is_wanted() -> None:
    wanted = {"requiredCapabilities": {"sampling": {}}}
    async with opened(server({"tools/call": lambda m: error(m, -32021, "need sampling", wanted)})) as it:
        await it.session.open(MODERN)
        with pytest.raises(RPCError, match="need sampling") as caught:
            await it.session.call_tool("t", {})
        assert caught.value.details["data"] == wanted
        assert "capability" in caught.value.hint
        assert "initialize" not in [message["method"] for message in it.transport.sent]


@pytest.mark.requirement("3.6", "5.1")
async def test_no_code_of_ours_lies_in_the_range_of_the_specification() -> None:
    async with opened(server()) as it:
        await it.session.open(LEGACY)
        for number, method in enumerate(
            ("roots/list", "elicitation/create", "sampling/createMessage", "x", "tasks/get")
        ):
            it.transport.feed(ask(number, method, {"mode": "odd", "tools": []}))
        await anyio.wait_all_tasks_blocked()
        codes = [message["error"]["code"] for message in it.transport.sent if "error" in message]
        assert len(codes) == 5
        assert all(not -32099 <= code <= -32020 for code in codes)


@pytest.mark.requirement("4.1", "4.2", "44.3")
async def test_every_kind_of_modern_request_carries_the_whole_envelope() -> None:
    answers: dict[str, Any] = {
        "prompts/get": {"messages": []},
        "resources/read": {"contents": []},
        "completion/complete": {"completion": {"values": []}},
        "resources/list": {"resources": []},
        "tools/call": done(),
    }
    async with opened(server(answers)) as it:
        await it.session.open(MODERN)
        await it.session.get_prompt("p", {})
        await it.session.read_resource("x://1")
        await it.session.complete({"type": "ref/prompt", "name": "p"}, {"name": "a", "value": ""})
        await it.session.lists.pages(RESOURCES)
        await it.session.call_tool("t", {})
        assert {message["method"] for message in it.transport.sent} == {"server/discover", *answers}
        for message in it.transport.sent:
            meta = message["params"]["_meta"]
            assert meta[f"{META}protocolVersion"] == "2026-07-28"
            assert meta[f"{META}clientCapabilities"] == {}
            assert {"name", "version"} <= meta[f"{META}clientInfo"].keys()


@pytest.mark.requirement("4.4", "8.2", "40.2")
async def test_what_a_server_calls_itself_is_kept_and_decides_nothing() -> None:
    discover = {
        **DISCOVER,
        "capabilities": {"tools": {}},
        "instructions": "Be brief.",
        "_meta": {f"{META}serverInfo": {"name": "mcpdeck", "version": "9"}},
    }
    async with opened(server({"server/discover": discover})) as it:
        greeting = await it.session.open(MODERN)
        assert (greeting.version, greeting.capabilities) == ("2026-07-28", {"tools": {}})
        assert greeting.instructions == "Be brief."
        assert it.session.info is not None
        assert it.session.info.name == "mcpdeck"
        assert it.session.server == "peer"


@pytest.mark.requirement("4.6")
@pytest.mark.parametrize("era", ERAS)
async def test_meta_of_the_caller_stands_beside_that_of_the_era(era: Wish) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    mine = {"traceparent": trace, "com.example/mine": {"deep": 1}}
    async with opened(server({"tools/call": done()})) as it:
        await it.session.open(era)
        await it.session.request("tools/call", {"name": "t", "_meta": mine}, on_progress=lambda *_: None)
        meta = sent(it, "tools/call")[0]["params"]["_meta"]
        assert mine.items() <= meta.items()
        assert "progressToken" in meta


@pytest.mark.requirement("5.1")
@pytest.mark.parametrize("era", ERAS)
async def test_with_no_one_to_answer_nothing_is_declared(era: Wish) -> None:
    async with opened(server()) as it:
        await it.session.open(era)
        params = it.transport.sent[0]["params"]
        assert params.get("capabilities", params.get("_meta", {}).get(f"{META}clientCapabilities")) == {}


@pytest.mark.requirement("5.4", "5.5", "26.12")
async def test_only_lists_that_the_server_announces_are_read() -> None:
    script = server({"prompts/list": {"prompts": []}, "tools/list": tools()}, capabilities={"prompts": {}})
    async with over_http(handler(script)) as it:
        await eventually(lambda: "prompts/list" in it.methods(), "the list of prompts")
        await it.session.ping()
        assert {"tools/list", "resources/list", "resources/templates/list"}.isdisjoint(it.methods())
        assert {"tools/call", "prompts/get", "resources/read"}.isdisjoint(it.methods())


@pytest.mark.requirement("5.6", "41.4")
@pytest.mark.parametrize("era", ERAS)
async def test_an_explicit_request_is_sent_also_where_the_server_announces_nothing(era: Wish) -> None:
    async with opened(server({"resources/list": {"resources": []}, "own/method": {"a": 1}})) as it:
        await it.session.open(era)
        assert await it.session.lists.pages(RESOURCES) == []
        assert (await it.session.request("own/method", {"b": 2}))["a"] == 1
        assert sent(it, "own/method")[0]["params"]["b"] == 2


@pytest.mark.requirement("3.5")
@pytest.mark.parametrize(
    ("code", "data", "word"),
    [
        (-32021, {"requiredCapabilities": {"elicitation": {}, "sampling": {}}}, "elicitation, sampling"),
        (-32022, {"supported": ["2025-11-25"], "requested": "2026-07-28"}, "2025-11-25"),
    ],
)
def test_an_error_that_names_what_is_wanted_says_so_in_its_hint(code: int, data: Any, word: str) -> None:
    assert word in RPCError(code, "no", data).hint
    assert RPCError(code, "no", "odd").hint


OLDEST: dict[str, Any] = {"sampling": {}, "roots": {"listChanged": True}}
BOTH_MODES: dict[str, Any] = {"elicitation": {"form": {}, "url": {}}, "sampling": {"tools": {}}}


@pytest.mark.requirement("5.7", "34.9", "36.1.7", "43.1")
@pytest.mark.parametrize(
    ("version", "declared"),
    [
        ("2024-11-05", OLDEST),
        ("2025-03-26", OLDEST),
        ("2025-06-18", {**OLDEST, "elicitation": {}}),
        ("2025-11-25", {**OLDEST, **BOTH_MODES}),
        ("2026-07-28", {**BOTH_MODES, "roots": {}}),
    ],
)
async def test_what_is_declared_has_the_shape_of_its_revision(version: str, declared: Message) -> None:
    everything = Offer(elicitation=True, sampling=True, roots=())
    async with talking(server({"tools/list": tools()}, version=version), offer=everything) as it:
        await it.session.open(Wish(version=version))
        await it.session.lists.read_tools()
        first = it.transport.sent[0]["params"]
        assert first.get("capabilities", first.get("_meta", {}).get(f"{META}clientCapabilities")) == declared
