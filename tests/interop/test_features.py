"""What the conformance framework does not look at, against servers on SDKs that nobody here wrote."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from mcpdeck.app.worker import running
from mcpdeck.services.engine.validation import check
from mcpdeck.services.errors import RequestCancelled, RequestTimeout, RPCError
from mcpdeck.services.manager import Settings
from mcpdeck.services.session import Answer, Offer, Question
from mcpdeck.services.session.lists import TOOLS
from mcpdeck.services.session.uri_templates import expand
from tests.interop.checks import text_of
from tests.interop.conftest import absent
from tests.interop.matrix import NAME, entry
from tests.interop.rows import BY_ID, COUNTER
from tests.interop.stage import Stage, reached
from tests.servers.processes import free_port
from tests.waiting import eventually, until

pytestmark = pytest.mark.interop

SDK1_STDIO, SDK1_HTTP = "Python SDK 1.x, stdio, 2025-11-25", "Python SDK 1.x, http, 2025-11-25"
SDK1_SSE, SDK1_WS = "Python SDK 1.x, sse, 2025-11-25", "Python SDK 1.x, ws, 2025-11-25"
SDK2_LEGACY_HTTP, SDK2_HTTP = "Python SDK 2.x, http, 2025-11-25", "Python SDK 2.x, http, 2026-07-28"
SDK2_STDIO = "Python SDK 2.x, stdio, 2026-07-28"
TS2_LEGACY_HTTP, TS2_HTTP = "TypeScript SDK 2.x, http, 2025-11-25", "TypeScript SDK 2.x, http, 2026-07-28"
TS2_LEGACY_STDIO, TS2_STDIO = "TypeScript SDK 2.x, stdio, 2025-11-25", "TypeScript SDK 2.x, stdio, 2026-07-28"
EVERYTHING = "server-everything, stdio, 2025-11-25"
FASTMCP3, FASTMCP4 = "FastMCP 3, stdio, 2025-11-25", "FastMCP 4, http, 2026-07-28"


def rows(*ids: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", ids)


def answering(action: Any, content: Any = None) -> Callable[[Question], Any]:
    """Somebody who always answers the same."""

    async def ask(_: Question) -> Answer:
        return Answer(action, content)

    return ask


# Lists


@rows(FASTMCP3, FASTMCP4)
async def test_a_list_of_several_pages_is_read_to_its_end_or_page_by_page(row: str) -> None:
    async with reached(row) as stage:
        lists = stage.session.lists
        whole = await lists.pages(TOOLS)
        first = await lists.page(TOOLS)
        assert len(first.items) == 3 and len(whole) == 12 and whole[:3] == first.items
        second = await lists.page(TOOLS, first.next_cursor)
        assert second.items == whole[3:6]
        await eventually(lambda: stage.state.tools and len(stage.state.tools) == 12, "all tools in the state")
        with pytest.raises(RPCError) as refused:
            await lists.page(TOOLS, "no such cursor")
        assert refused.value.code == -32602


@rows(SDK1_STDIO, SDK1_HTTP, SDK1_SSE, SDK1_WS, SDK2_STDIO, SDK2_HTTP, TS2_LEGACY_HTTP, TS2_HTTP, FASTMCP3)
async def test_a_changed_list_is_read_again(row: str) -> None:
    async with reached(row) as stage:
        await eventually(lambda: stage.state.tools, "tools")
        assert await stage.call("grow") == "grown"
        await eventually(lambda: "grown" in {tool.name for tool in stage.state.tools or ()}, "the new tool")
        assert await stage.call("grown") == "here"


async def test_changes_that_come_on_the_get_stream_alone_are_read() -> None:
    """An example of the TypeScript SDK without tools: it adds a resource every five seconds."""
    async with reached("example standaloneSseWithGetStreamableHttp, http, 2025-11-25") as stage:
        await eventually(lambda: len(stage.state.resources or ()) == 1, "the first resource")
        await eventually(lambda: len(stage.state.resources or ()) > 1, "an added resource", seconds=30)


# Sessions over HTTP


@rows(SDK1_HTTP, SDK2_LEGACY_HTTP, TS2_LEGACY_HTTP)
async def test_a_lost_session_is_begun_anew_with_its_lists_and_subscriptions(row: str) -> None:
    async with reached(row) as stage:
        await stage.session.subscribe(COUNTER)
        # Nothing else is in flight then: what is cannot be told from what the server took.
        await eventually(lambda: stage.state.prompts and stage.state.latency_ms, "every list and the first ping")
        assert await stage.call("forget") == "forgotten"
        assert await stage.call("add", a=2, b=40) == "42"
        fresh = await stage.services.manager.connected(NAME)
        assert fresh.generation > stage.session.generation
        await eventually(lambda: stage.state.subscriptions == (COUNTER,), "the subscription")
        await eventually(lambda: stage.state.tools, "the tools")
        await stage.call("touch")
        await stage.wire.until(lambda: stage.wire.received("notifications/resources/updated"), "update")


async def test_initialized_and_the_headers_of_the_revision_reach_the_server() -> None:
    async with reached(SDK1_HTTP) as stage:
        seen = json.loads(await stage.call("witnessed"))
        assert seen["initialized"] == 1
        assert seen["headers"]["mcp-protocol-version"] == "2025-11-25"
        assert seen["headers"]["mcp-session-id"]
        assert {"application/json", "text/event-stream"} <= {
            part.strip() for part in seen["headers"]["accept"].split(",")
        }
        assert not [name for name in seen["headers"] if name in {"mcp-method", "mcp-name"}]


async def test_the_headers_of_the_stateless_era_reach_the_server() -> None:
    async with reached(SDK2_HTTP) as stage:
        headers = json.loads(await stage.call("witnessed"))["headers"]
        assert headers["mcp-protocol-version"] == "2026-07-28"
        assert (headers["mcp-method"], headers["mcp-name"]) == ("tools/call", "witnessed")
        assert "mcp-session-id" not in headers


async def test_leaving_ends_the_session_with_delete_and_comes_back_under_a_new_one(tmp_path: Path) -> None:
    """The access log of the server tells; afterwards the same port serves another process."""
    row = BY_ID[SDK1_HTTP]
    if row.peer.missing:
        absent(row.peer.missing)
    port = str(free_port())
    command = [word.replace("{port}", port) for word in row.way.command]
    log = tmp_path / "access.log"

    def start() -> subprocess.Popen[bytes]:
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        until(lambda: "Uvicorn running" in log.read_text(), "the server's greeting", seconds=30)
        return process

    process = start()
    try:
        target = entry(row, lambda text: text.replace("{port}", port))
        with anyio.fail_after(60):
            async with running([target], settings=Settings()) as services:
                await services.manager.connected(NAME)
                process.kill()
                process.wait(10)
                process = start()
                called = await services.executor.call(NAME, "add", {"a": 2, "b": 40})
                assert called.result is not None, called.error
                assert text_of(called.result) == "42"
            await eventually(lambda: '"DELETE /mcp HTTP/1.1" 200' in log.read_text(), "a DELETE in the access log")
    finally:
        process.kill()
        process.wait(10)


# Questions


@rows(SDK1_STDIO, SDK2_HTTP, TS2_LEGACY_HTTP, FASTMCP4)
@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_declining_a_form_and_leaving_it_are_told_apart(row: str, action: str) -> None:
    async with reached(row, ask=answering(action)) as stage:
        assert await stage.call("ask") == action


@rows(SDK1_HTTP, SDK2_STDIO, TS2_LEGACY_STDIO, TS2_HTTP)
async def test_consent_to_a_page_is_an_acceptance_without_content(row: str) -> None:
    async with reached(row) as stage:
        assert await stage.call("visit") == "accept"
        [question] = stage.person.asked
        assert (question.params["mode"], question.params["url"]) == ("url", "https://example.com/consent?case=1")


async def test_the_page_of_server_everything_is_consented_to() -> None:
    async with reached(EVERYTHING) as stage:
        said = await stage.call("trigger-url-elicitation", url="https://example.com/a?b=%20c", elicitationId="one")
        assert "accept" in said
        [question] = stage.person.asked
        assert question.params["url"] == "https://example.com/a?b=%20c"


async def test_a_call_that_needs_a_page_first_is_made_again_after_the_visit() -> None:
    """-32042 of 2025-11-25; the server says when the visit is over."""
    asked: list[Question] = []

    async def visiting(question: Question) -> Answer:
        asked.append(question)
        await stage.session.call_tool("agree", {})
        return Answer("accept")

    async with reached(SDK1_STDIO, ask=visiting) as stage:
        assert await stage.call("agreed_only") == "agreed"
        assert [question.params["elicitationId"] for question in asked] == ["case-2"]


async def test_a_call_that_needs_a_page_first_fails_when_the_visit_is_refused() -> None:
    async with reached(SDK1_STDIO, ask=answering("decline")) as stage:
        with pytest.raises(RPCError) as refused:
            await stage.call("agreed_only")
        assert refused.value.code == -32042


@rows(SDK1_STDIO, TS2_LEGACY_HTTP)
async def test_a_refused_sampling_request_is_an_error_to_the_server(row: str) -> None:
    async with reached(row, ask=answering("decline")) as stage:
        result = await stage.session.call_tool("sample", {"prompt": "What is it?"})
        assert result["isError"] is True
        assert "rejected" in text_of(result)


@rows(SDK2_HTTP, TS2_STDIO)
async def test_a_refused_sampling_request_abandons_the_call_of_the_stateless_era(row: str) -> None:
    async with reached(row, ask=answering("decline")) as stage:
        with pytest.raises(RequestCancelled):
            await stage.session.call_tool("sample", {"prompt": "What is it?"})


@rows(SDK1_HTTP, SDK2_STDIO)
async def test_what_is_not_offered_is_not_asked(row: str) -> None:
    async with reached(row, offer=Offer()) as stage:
        try:
            failed = (await stage.session.call_tool("ask", {})).get("isError")
        except RPCError:
            failed = True
        assert failed and stage.person.asked == []


@rows(SDK1_STDIO, SDK1_HTTP, SDK2_HTTP, TS2_LEGACY_STDIO, TS2_HTTP, FASTMCP3, FASTMCP4)
async def test_the_roots_are_told_and_new_ones_after_a_change(row: str) -> None:
    async with reached(row) as stage:
        assert await stage.call("roots") == "deck file:///srv/deck"
        await stage.session.set_roots(({"uri": "file:///srv/other%20place"},))
        assert await stage.call("roots") == "- file:///srv/other%20place"


async def test_a_change_of_the_roots_is_announced_in_the_handshake_era() -> None:
    async with reached(SDK1_STDIO) as stage:
        await stage.session.set_roots(({"uri": "file:///srv/other"},))
        assert json.loads(await stage.call("witnessed"))["rootsChanged"] == 1


# Logging


def logged(stage: Stage) -> list[Any]:
    return [params["data"] for params in stage.wire.received("notifications/message")]


@rows(SDK1_HTTP, SDK2_LEGACY_HTTP)
async def test_the_log_level_holds_back_what_is_below_it(row: str) -> None:
    async with reached(row) as stage:
        await stage.session.set_log_level("error")
        await stage.call("log", text="quiet", level="info")
        await stage.call("log", text="loud", level="error")
        await stage.wire.until(lambda: "loud" in logged(stage), "log message")
        assert logged(stage) == ["loud"]


@rows(SDK2_STDIO, SDK2_HTTP, TS2_HTTP)
async def test_in_the_stateless_era_the_log_level_goes_with_each_request(row: str) -> None:
    async with reached(row) as stage:
        await stage.session.set_log_level("info")
        await stage.call("log", text="a word", level="info")
        await stage.wire.until(lambda: "a word" in logged(stage), "log message")
        await stage.session.set_log_level("error")
        await stage.call("log", text="quiet", level="info")
        assert "quiet" not in logged(stage)


async def test_what_was_sent_while_the_stream_was_closed_is_replayed_once() -> None:
    """The TypeScript SDK's polling example closes the stream in mid-call (2025-11-25, section 12)."""
    async with reached("example ssePollingExample, http, 2025-11-25") as stage:
        assert await stage.call("long-task") == "Long task completed successfully!"
        steps = [str(data).partition("%")[0] for data in logged(stage)]
        assert steps == ["Progress: 25", "Progress: 50", "Progress: 75", "Progress: 100"]


# Resources


@rows(SDK1_WS, SDK2_HTTP, TS2_HTTP, FASTMCP3, FASTMCP4)
async def test_an_expanded_template_is_read(row: str) -> None:
    async with reached(row) as stage:
        await eventually(lambda: stage.state.templates, "templates")
        [template] = stage.state.templates or ()
        uri = expand(str(template.raw["uriTemplate"]), {"name": "Bob"})
        result = await stage.session.read_resource(uri)
        assert [content["text"] for content in result["contents"]] == ["Hello, Bob!"]


async def test_a_template_of_server_everything_is_completed_and_read() -> None:
    async with reached(EVERYTHING) as stage:
        template = "demo://resource/dynamic/text/{resourceId}"
        completed = await stage.session.complete(
            {"type": "ref/resource", "uri": template}, {"name": "resourceId", "value": "7"}
        )
        assert completed["completion"]["values"] == ["7"]
        result = await stage.session.read_resource(expand(template, {"resourceId": "7"}))
        assert result["contents"][0]["uri"] == "demo://resource/dynamic/text/7"


@rows(SDK1_HTTP, SDK2_STDIO, SDK2_HTTP, TS2_LEGACY_HTTP, TS2_HTTP, FASTMCP4)
async def test_a_resource_that_is_not_there_is_an_error_of_the_server(row: str) -> None:
    async with reached(row) as stage:
        with pytest.raises(RPCError) as missing:
            await stage.session.read_resource("deck://nothing/here")
        assert missing.value.code in {-32602, -32002, 0}


@rows(SDK2_HTTP, TS2_STDIO)
async def test_after_unsubscribing_nothing_is_told(row: str) -> None:
    async with reached(row) as stage:
        await stage.session.subscribe(COUNTER)
        await stage.call("touch")
        await stage.wire.until(lambda: stage.wire.received("notifications/resources/updated"), "update")
        await stage.session.unsubscribe(COUNTER)
        await eventually(lambda: stage.state.subscriptions == (), "end of the subscription")


# Calls


async def test_structured_results_fit_the_output_schema_that_the_server_declares() -> None:
    async with reached("example mcpServerOutputSchema, stdio, 2025-11-25") as stage:
        [tool] = await stage.session.lists.known_tools()
        result = await stage.session.call_tool("get_weather", {"city": "Rome", "country": "IT"})
        assert await check(result["structuredContent"], tool.raw["outputSchema"]) == ()


@rows(SDK2_STDIO, SDK2_HTTP)
async def test_an_error_answer_keeps_its_code_its_text_and_its_data(row: str) -> None:
    async with reached(row) as stage:
        with pytest.raises(RPCError) as refused:
            await stage.call("refuse")
        error = refused.value
        assert (error.code, error.message, error.data) == (-32602, "this will not do", {"why": 1})


@rows(SDK1_STDIO, SDK2_HTTP, TS2_LEGACY_HTTP, FASTMCP3, FASTMCP4)
async def test_a_failing_tool_is_a_result_not_an_exception(row: str) -> None:
    async with reached(row) as stage:
        result = await stage.session.call_tool("fail", {"message": "on purpose"})
        assert result["isError"] is True
        # SDK 2 keeps to itself what a tool did not raise for the client.
        assert ("on purpose" in text_of(result)) == (row != SDK2_HTTP)


@rows(SDK1_STDIO, SDK1_HTTP, SDK1_SSE, SDK1_WS, SDK2_STDIO, SDK2_HTTP, TS2_LEGACY_HTTP, TS2_HTTP, FASTMCP3, FASTMCP4)
async def test_a_call_that_takes_too_long_is_cancelled_at_the_server(row: str) -> None:
    async with reached(row) as stage:
        with pytest.raises(RequestTimeout):
            await stage.session.call_tool("hang", {}, timeout=0.5)
        with anyio.fail_after(20):
            while await stage.call("cancellations") == "0":
                await anyio.lowlevel.checkpoint()
        assert await stage.call("cancellations") == "1"


@rows(SDK1_STDIO, SDK2_HTTP)
async def test_many_calls_at_once_get_each_its_own_answer(row: str) -> None:
    async with reached(row) as stage:
        answers: dict[int, str] = {}

        async def add(number: int) -> None:
            answers[number] = await stage.call("add", a=number, b=number)

        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(add, number)
        assert answers == {number: str(2 * number) for number in range(20)}


async def test_a_task_that_is_left_is_cancelled_with_its_own_method() -> None:
    async with reached(EVERYTHING) as stage:
        with anyio.CancelScope() as scope:
            await stage.session.call_tool(
                "simulate-research-query", {"topic": "owls"}, as_task=True, on_task=lambda _: scope.cancel()
            )
        sent = stage.wire.last_sent("tasks/cancel")
        task = await stage.session.tasks.get(sent["params"]["taskId"])
        assert task["status"] == "cancelled"
        assert not stage.wire.sent("notifications/cancelled")
