"""What a session does with messages of scripted servers."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcpdeck.services import events as ev
from mcpdeck.services.eras.negotiate import Wish
from mcpdeck.services.errors import ConnectionLost, RemoteProtocolError
from mcpdeck.services.models import EraMode
from mcpdeck.services.session import Answer
from mcpdeck.services.session.lists import ITEMS
from tests.eras.test_negotiation import DISCOVER, server
from tests.playbooks.opened import opened
from tests.playbooks.scripted import error, result

pytestmark = pytest.mark.anyio

LEGACY, MODERN = Wish(EraMode.LEGACY), Wish(EraMode.MODERN)


def legacy(**answers: Any) -> Any:
    """A handshake server; ``answers`` by method with ``/`` as ``_``: a value, or a function of the request."""
    handshake = server(lambda m: error(m, -32601))

    def answer(message: dict[str, Any]) -> Any:
        reply = answers.get(str(message.get("method")).replace("/", "_"))
        if reply is None:
            return handshake(message)
        value = reply(message) if callable(reply) else reply
        return None if value is None else result(message, value)

    return answer


def modern(**answers: Any) -> Any:
    capabilities = answers.pop("capabilities", {})
    return legacy(server_discover=lambda m: {**DISCOVER, "capabilities": capabilities}, **answers)


async def test_all_pages_are_read_in_order_an_empty_cursor_and_an_empty_page_included() -> None:
    pages = {None: (["a"], ""), "": ([], "x"), "x": (["b", "c"], None)}

    def page(message: dict[str, Any]) -> Any:
        names, following = pages[message.get("params", {}).get("cursor")]
        tools = [{"name": name, "inputSchema": {"type": "object"}} for name in names]
        return {"tools": tools} if following is None else {"tools": tools, "nextCursor": following}

    async with opened(legacy(tools_list=page)) as it:
        await it.session.open(LEGACY)
        assert [tool.name for tool in await it.session.lists.read_tools()] == ["a", "b", "c"]


async def test_a_repeated_cursor_ends_the_list_and_is_told() -> None:
    async with opened(legacy(tools_list={"tools": [], "nextCursor": "again"})) as it:
        await it.session.open(LEGACY)
        assert await it.session.lists.read_tools() == ()
        assert any("repeats the cursor" in rule for rule in it.rules())


async def test_a_tool_is_kept_with_its_problems() -> None:
    tools = [{"name": "odd", "inputSchema": None}, {"inputSchema": {"type": "array"}}, "rubbish"]
    async with opened(legacy(tools_list={"tools": tools})) as it:
        await it.session.open(LEGACY)
        listed = await it.session.lists.read_tools()
        assert len(listed) == 3
        assert all(tool.problems for tool in listed)


async def test_progress_reaches_its_own_call_and_must_increase() -> None:
    async with opened(legacy(), human=None) as it:
        await it.session.open(LEGACY)
        seen: list[tuple[float, float | None, str | None]] = []

        async def call() -> None:
            await it.session.call_tool("t", {}, on_progress=lambda *sample: seen.append(sample))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            request = await it.transport.until_sent(3)
            token = request["params"]["_meta"]["progressToken"]
            for progress in (1, 2.5, 2):
                params = {"progressToken": token, "progress": progress, "total": 4, "message": "on it"}
                it.transport.feed({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})
            other = {"progressToken": "unknown", "progress": 1}
            it.transport.feed({"jsonrpc": "2.0", "method": "notifications/progress", "params": other})
            it.transport.feed(result(request, {"content": []}))
        assert seen == [(1.0, 4.0, "on it"), (2.5, 4.0, "on it"), (2.0, 4.0, "on it")]
        assert any("did not increase" in rule for rule in it.rules())


async def test_a_changed_list_is_read_again_and_a_failing_one_keeps_the_last() -> None:
    answers = [{"tools": [{"name": "one", "inputSchema": {"type": "object"}}]}, {"tools": []}]

    def listing(message: dict[str, Any]) -> Any:
        return answers.pop(0) if answers else None

    script = legacy(tools_list=listing)

    def answer(message: dict[str, Any]) -> Any:
        if message.get("method") == "initialize":
            value = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "s"}}
            return result(message, value)
        if message.get("method") == "tools/list" and not answers:
            return error(message, -32603, "broken")
        return script(message)

    async with opened(answer) as it:
        await it.session.open(LEGACY)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(it.session.lists.keep, it.session.capabilities)
            for count in (4, 5):
                await it.transport.until_sent(count - 1)
                await anyio.wait_all_tasks_blocked()
                it.transport.feed({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
                await it.transport.until_sent(count)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
        changed = [event for event in it.events if isinstance(event, ev.ToolsChanged | ev.ListFailed)]
        assert [type(event).__name__ for event in changed] == ["ToolsChanged", "ToolsChanged", "ListFailed"]
        assert it.session.lists.tools == ()


async def test_ping_is_answered_and_an_undeclared_request_is_refused() -> None:
    async with opened(legacy()) as it:
        await it.session.open(LEGACY)
        for number, method in enumerate(("ping", "roots/list", "elicitation/create", "sampling/createMessage")):
            it.transport.feed({"jsonrpc": "2.0", "id": f"s{number}", "method": method, "params": {}})
        await it.transport.until_sent(6)
        answers = {message["id"]: message for message in it.transport.sent if "method" not in message}
        assert answers["s0"]["result"] == {}
        assert [answers[f"s{number}"]["error"]["code"] for number in (1, 2, 3)] == [-32601] * 3


async def test_a_question_of_the_handshake_era_is_answered_by_the_human() -> None:
    async with opened(legacy(), human=Answer("accept", {"size": 2})) as it:
        await it.session.open(LEGACY)
        assert it.transport.sent[0]["params"]["capabilities"] == {"elicitation": {"form": {}, "url": {}}}
        params = {"message": "how many?", "requestedSchema": {"type": "object", "properties": {}}}
        it.transport.feed({"jsonrpc": "2.0", "id": 1, "method": "elicitation/create", "params": params})
        answer = await it.transport.until_sent(3)
        assert answer["result"] == {"action": "accept", "content": {"size": 2}}
        assert it.questions[0].params == params


@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_a_refused_question_is_answered_without_content(action: Any) -> None:
    async with opened(legacy(), human=Answer(action, {"left": "over"})) as it:
        await it.session.open(LEGACY)
        it.transport.feed({"jsonrpc": "2.0", "id": 1, "method": "elicitation/create", "params": {"message": "?"}})
        assert (await it.transport.until_sent(3))["result"] == {"action": action}


def _rounds(*results: dict[str, Any]) -> Any:
    left = list(results)
    return modern(tools_call=lambda m: left.pop(0))


ASK = {"method": "elicitation/create", "params": {"message": "?", "requestedSchema": {}}}


async def test_a_round_trip_echoes_the_state_and_answers_with_a_new_id() -> None:
    script = _rounds(
        {"resultType": "input_required", "inputRequests": {"q": ASK}, "requestState": " opaque\u00e9 "},
        {"resultType": "input_required", "inputRequests": {"r": ASK}},
        {"resultType": "complete", "content": [{"type": "text", "text": "done"}]},
    )
    async with opened(script, human=Answer("accept", {"a": 1})) as it:
        await it.session.open(MODERN)
        rounds: list[int] = []
        final = await it.session.call_tool("t", {"x": 1}, on_round=rounds.append)
        first, second, third = it.transport.sent[1:]
        assert final["content"][0]["text"] == "done"  # type: ignore[index, call-overload]
        assert rounds == [1, 2, 3]
        assert len({first["id"], second["id"], third["id"]}) == 3
        assert all(message["params"]["arguments"] == {"x": 1} for message in (first, second, third))
        assert second["params"]["requestState"] == " opaque\u00e9 "
        assert second["params"]["inputResponses"] == {"q": {"action": "accept", "content": {"a": 1}}}
        assert "requestState" not in third["params"]
        assert list(third["params"]["inputResponses"]) == ["r"]


async def test_a_round_with_state_alone_is_retried_without_asking() -> None:
    script = _rounds({"resultType": "input_required", "requestState": "s"}, {"resultType": "complete", "content": []})
    async with opened(script) as it:
        await it.session.open(MODERN)
        await it.session.call_tool("t", {})
        assert it.transport.sent[2]["params"]["requestState"] == "s"
        assert "inputResponses" not in it.transport.sent[2]["params"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"resultType": "input_required"},
        {"resultType": "input_required", "inputRequests": {"q": {"method": "sampling/createMessage"}}},
        {"resultType": "surprise", "content": []},
        [],
    ],
)
async def test_a_result_that_breaks_the_rules_of_rounds_is_an_error(wrong: Any) -> None:
    async with opened(modern(tools_call=lambda m: wrong), human=Answer("decline")) as it:
        await it.session.open(MODERN)
        with pytest.raises(RemoteProtocolError):
            await it.session.call_tool("t", {})


async def test_an_endless_round_trip_ends() -> None:
    async with opened(
        modern(tools_call={"resultType": "input_required", "inputRequests": {"q": ASK}}), human=Answer("decline")
    ) as it:
        await it.session.open(MODERN)
        with pytest.raises(RemoteProtocolError, match="10 times"):
            await it.session.call_tool("t", {})


async def test_a_modern_result_without_a_type_is_complete_and_told() -> None:
    async with opened(modern(tools_call={"content": []})) as it:
        await it.session.open(MODERN)
        assert await it.session.call_tool("t", {}) == {"content": []}
        assert any("no resultType" in rule for rule in it.rules())


async def test_a_header_mismatch_reads_the_tools_again_and_retries_once() -> None:
    calls = 0

    def answer(message: dict[str, Any]) -> Any:
        nonlocal calls
        match message.get("method"):
            case "server/discover":
                return result(message, {**DISCOVER, "capabilities": {"tools": {}}})
            case "tools/list":
                schema = {"type": "object", "properties": {"r": {"type": "string", "x-mcp-header": "R"}}}
                return result(message, {"resultType": "complete", "tools": [{"name": "t", "inputSchema": schema}]})
            case _:
                calls += 1
                return error(message, -32020) if calls == 1 else result(message, {"content": []})

    async with opened(answer) as it:
        await it.session.open(MODERN)
        await it.session.call_tool("t", {"r": "eu"})
        assert [message["method"] for message in it.transport.sent[1:]] == ["tools/call", "tools/list", "tools/call"]
        assert it.transport.messages[-1].headers["Mcp-Param-R"] == "eu"


async def test_log_messages_and_stray_output_reach_the_log() -> None:
    async with opened(legacy()) as it:
        await it.session.open(LEGACY)
        params = {"level": "error", "logger": "db", "data": {"deep": [1]}}
        it.transport.feed({"jsonrpc": "2.0", "method": "notifications/message", "params": params})
        it.transport.feed(b"printed by mistake")
        logs = [event for event in it.events if isinstance(event, ev.LogReceived)]
        assert [(log.kind, log.level, log.logger) for log in logs] == [
            ("log", "error", "db"),
            ("stdout", "warning", None),
        ]
        assert logs[0].data == {"deep": [1]}


async def test_the_log_is_asked_for_only_where_the_server_offers_one() -> None:
    for capabilities, asked in (({"logging": {}}, True), ({}, False)):
        async with opened(modern(capabilities=capabilities, tools_call={"content": []})) as it:
            await it.session.open(MODERN)
            await it.session.call_tool("t", {})
            meta = it.transport.sent[-1]["params"]["_meta"]
            assert ("io.modelcontextprotocol/logLevel" in meta) is asked


async def test_who_waits_for_the_first_listing_is_told_that_the_connection_ended() -> None:
    async with opened(legacy(tools_list=lambda m: None)) as it:
        await it.session.open(LEGACY)
        failures: list[ConnectionLost] = []

        async def wait() -> None:
            try:
                await it.session.lists.known_tools()
            except ConnectionLost as error:
                failures.append(error)

        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(wait)
                await anyio.wait_all_tasks_blocked()
                it.session.lists.end()
        assert "before the tools were listed" in failures[0].title


async def test_a_megabyte_in_a_log_message_or_a_broken_rule_is_kept_in_part() -> None:
    async with opened(legacy()) as it:
        await it.session.open(LEGACY)
        for data in ("x" * 1_000_000, {"deep": ["x" * 1_000_000]}):
            params = {"level": "info", "data": data}
            it.transport.feed({"jsonrpc": "2.0", "method": "notifications/message", "params": params})
        it.transport.feed({"jsonrpc": "2.0", "id": "z" * 1_000_000, "result": {}})
        kept = [event.data for event in it.events if isinstance(event, ev.LogReceived)]
        assert len(kept) == 2
        assert all(isinstance(data, str) and len(data) < 20_000 for data in kept)
        assert max(len(rule) for rule in it.rules()) <= 500


async def test_a_list_without_end_is_cut_and_told() -> None:
    tools = [{"name": f"tool{number}", "inputSchema": {"type": "object"}} for number in range(20_000)]
    cursors = iter(range(1_000))
    async with opened(legacy(tools_list=lambda m: {"tools": tools, "nextCursor": str(next(cursors))})) as it:
        await it.session.open(LEGACY)
        assert len(await it.session.lists.read_tools()) == ITEMS
        assert next(cursors) == 3
        assert any("more than 50,000 items" in rule for rule in it.rules())


async def test_a_name_that_stands_twice_is_kept_twice_and_told() -> None:
    tools = [{"name": name, "inputSchema": {"type": "object"}} for name in ("a", "b", "a")]
    async with opened(legacy(tools_list={"tools": tools})) as it:
        await it.session.open(LEGACY)
        assert [tool.name for tool in await it.session.lists.read_tools()] == ["a", "b", "a"]
        assert any("names 'a' 2 times" in rule for rule in it.rules())


async def test_a_change_that_comes_before_the_greeting_was_read_is_no_broken_rule() -> None:
    script = legacy()

    def answer(message: dict[str, Any]) -> Any:
        reply = script(message)
        if message.get("method") == "initialize":
            it.transport.feed(reply)
            it.transport.feed({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
            return None
        return reply

    async with opened(answer) as it:
        await it.session.open(LEGACY)
        assert it.rules() == []


@pytest.mark.parametrize("odd", [7, {"page": 2}, ["x"], True])
async def test_a_cursor_that_is_no_text_ends_the_list_and_is_told(odd: Any) -> None:
    async with opened(legacy(tools_list={"tools": [], "nextCursor": odd})) as it:
        await it.session.open(LEGACY)
        assert await it.session.lists.read_tools() == ()
        assert any("nextCursor" in rule for rule in it.rules())
