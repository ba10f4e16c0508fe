"""Sections 26 to 32: tools, structured content, schemas, content blocks, icons, resources, prompts."""

from __future__ import annotations

import socket
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from mcpdeck.services import events as ev
from mcpdeck.services.engine.validation import problems
from mcpdeck.services.eras.negotiate import Wish
from mcpdeck.services.session.lists import PROMPTS, RESOURCES, TEMPLATES, TOOLS
from mcpdeck.services.state.model import CallStatus
from tests.cli.command import CommandLine
from tests.playbooks.scripted import error
from tests.servers.scripted_http import scripted_http
from tests.spec.peers import ERAS, LEGACY, Message, done, handler, over_http, sent, server, talking, tools


@pytest.mark.requirement("26.1", "26.10", "27.1", "44.20")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("structured", [None, False, 0, "", [], {"a": 1.0}])
async def test_a_result_is_handed_on_exactly_as_it_came(era: Wish, structured: Any) -> None:
    answer = {
        "resultType": "complete",
        "content": [{"type": "text", "text": "no", "later": 1}, {"type": "hologram", "x": [None]}],
        "structuredContent": structured,
        "isError": True,
        "com.example/more": {"deep": True},
    }
    async with talking(server({"tools/call": answer})) as it:
        await it.session.open(era)
        assert await it.session.call_tool("t", {}) == answer


@pytest.mark.requirement("26.1")
async def test_an_error_of_the_tool_is_a_result_and_an_error_object_is_a_failure() -> None:
    def call(message: Message) -> Any:
        if message["params"]["name"] == "fails":
            return {"content": [], "isError": True}
        return error(message, -32602, "unknown tool")

    script = server({"tools/call": call, "tools/list": tools("fails", "gone")}, capabilities={"tools": {}})
    async with over_http(handler(script)) as it:
        failed = await it.services.executor.call("peer", "fails", {})
        assert (failed.status, failed.error) == (CallStatus.TOOL_ERROR, None)
        refused = await it.services.executor.call("peer", "gone", {})
        assert refused.status is CallStatus.FAILED
        assert refused.error is not None
        assert refused.error.details["code"] == -32602


@pytest.mark.requirement("26.2")
@pytest.mark.parametrize("name", ["a/b c", "ä", "x" * 200, "", "__proto__"])
async def test_a_tool_with_an_odd_name_is_kept_and_can_be_called(name: str) -> None:
    script = server({"tools/list": tools(name), "tools/call": done()}, capabilities={"tools": {}})
    async with over_http(handler(script)) as it:
        (tool,) = await it.session.lists.known_tools()
        assert tool.name == name
        call = await it.services.executor.call("peer", name, {})
        assert call.status is CallStatus.SUCCESS
        assert it.posted("tools/call")[0].message["params"]["name"] == name


@pytest.mark.requirement("26.4", "30.2")
async def test_a_tool_is_shown_by_title_then_annotated_title_then_name_and_keeps_all_it_has() -> None:
    annotated = {"name": "b", "annotations": {"title": "B"}, "icons": [{"src": "https://x/i.png"}]}
    listed = [{"name": "a", "title": "A", "annotations": {"title": "not this"}}, annotated, {"name": "c"}]
    async with talking(server({"tools/list": {"tools": listed}})) as it:
        await it.session.open(LEGACY)
        found = await it.session.lists.read_tools()
        assert [tool.label for tool in found] == ["A", "B", "c"]
        assert [tool.raw for tool in found] == listed


@pytest.mark.requirement("26.8")
@pytest.mark.parametrize("era", ERAS)
async def test_arguments_leave_with_the_kind_and_size_of_their_numbers(era: Wish) -> None:
    arguments: Any = {"int": 2**64, "float": 1.0, "null": None, "empty": "", "deep": {"list": [1, 2.5, -0.0]}}
    async with talking(server({"tools/call": done()})) as it:
        await it.session.open(era)
        await it.session.call_tool("t", arguments)
        data = it.transport.messages[-1].data
        assert b"18446744073709551616" in data
        assert b'"float":1.0' in data
        assert sent(it, "tools/call")[0]["params"]["arguments"] == arguments


@pytest.mark.requirement("27.3", "27.2", "27.5")
@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({"content": []}, True),
        ({"content": [], "isError": True}, False),
        ({"content": [], "structuredContent": None}, True),
        ({"content": [], "structuredContent": {"n": 1}}, False),
    ],
)
async def test_a_result_that_does_not_keep_its_output_schema_is_told(result: Any, told: bool, tmp_path: Path) -> None:
    schema = {"type": "object", "required": ["n"]}
    script = server({"tools/list": tools("t", outputSchema=schema), "tools/call": result}, capabilities={"tools": {}})
    async with scripted_http(handler(script)) as peer:
        run = partial(CommandLine(tmp_path), "call", peer.url, "t", "--json")
        ended = await anyio.to_thread.run_sync(run)
        assert bool(ended.json["outputProblems"]) is told


@pytest.mark.requirement("28.1")
def test_without_a_dialect_a_schema_is_one_of_2020_12() -> None:
    schema: Any = {"properties": {"pair": {"prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False}}}
    assert problems({"pair": [1, "a"]}, schema) == ()
    assert problems({"pair": [1, "a", 2]}, schema)
    assert problems({"pair": ["a"]}, schema)


@pytest.mark.requirement("28.4")
@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef"])
def test_no_keyword_makes_a_schema_fetch_anything(keyword: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/s.json"
        problems({"a": 1}, {keyword: url})
        problems({"a": 1}, {"$schema": url, "type": "object"})
        problems({"a": 1}, {"properties": {"a": {keyword: f"{url}#/$defs/a"}}})
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.requirement("28.6")
@pytest.mark.parametrize("format_", ["email", "date-time", "uri", "ipv4", "made-up"])
def test_a_format_refuses_nothing(format_: str) -> None:
    assert problems({"a": "not that at all"}, {"properties": {"a": {"type": "string", "format": format_}}}) == ()


@pytest.mark.requirement("29.3", "30.1", "36.3.2", "36.3.3", "31.8", "44.20", "30.3")
async def test_nothing_that_a_server_points_at_is_fetched_by_itself() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/thing"
        link = {"type": "resource_link", "uri": url, "name": "there"}
        tool: Message = {
            "name": "t",
            "inputSchema": {"type": "object"},
            "icons": [{"src": f"{url}.png"}],
            "_meta": {"ui": {"resourceUri": "ui://t/app.html"}},
        }
        listed = {"resources": [{"uri": url, "name": "r"}, {"uri": "ui://t/app.html", "name": "app"}]}
        answers = {"tools/list": {"tools": [tool]}, "tools/call": {"content": [link]}, "resources/list": listed}
        script = server(answers, capabilities={"tools": {}, "resources": {}})
        async with over_http(handler(script)) as it:
            call = await it.services.executor.call("peer", "t", {})
            assert call.status is CallStatus.SUCCESS
            assert (await it.session.lists.known_tools())[0].raw == tool
            await it.session.lists.pages(RESOURCES)
            assert "resources/read" not in it.methods()
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.requirement("31.1", "32.2")
async def test_resources_templates_and_prompts_are_kept_with_every_member() -> None:
    resource = {"uri": "x://1", "name": "n", "size": 3, "annotations": {"priority": 0.5}, "later": [1]}
    template = {"uriTemplate": "x://{a}", "name": "n", "later": [2]}
    prompt = {"name": "p", "arguments": [{"name": "a", "required": True, "later": 3}]}
    answers = {
        "resources/list": {"resources": [resource]},
        "resources/templates/list": {"resourceTemplates": [template]},
        "prompts/list": {"prompts": [prompt]},
    }
    async with talking(server(answers)) as it:
        await it.session.open(LEGACY)
        for kind in (RESOURCES, TEMPLATES, PROMPTS):
            await it.session.lists.refresh(kind)
        told = [e for e in it.events if isinstance(e, ev.ResourcesChanged | ev.TemplatesChanged | ev.PromptsChanged)]
        items = [
            getattr(event, name)[0] for event, name in zip(told, ("resources", "templates", "prompts"), strict=True)
        ]
        assert [item.raw for item in items] == [resource, template, prompt]
        assert [item.key for item in items] == ["x://1", "x://{a}", "p"]


@pytest.mark.requirement("31.6")
async def test_a_list_of_templates_that_the_server_does_not_know_is_empty() -> None:
    async with talking(server()) as it:
        await it.session.open(LEGACY)
        await it.session.lists.refresh(TEMPLATES)
        await it.session.lists.refresh(TOOLS)
        empty, failed = [each for each in it.events if isinstance(each, ev.TemplatesChanged | ev.ListFailed)]
        assert isinstance(empty, ev.TemplatesChanged)
        assert empty.templates == ()
        assert isinstance(failed, ev.ListFailed)


@pytest.mark.requirement("32.1", "32.3")
@pytest.mark.parametrize("era", ERAS)
async def test_a_prompt_is_asked_for_by_name_with_texts_and_shown_as_it_came(era: Wish) -> None:
    answer = {
        "resultType": "complete",
        "description": "d",
        "messages": [{"role": "user", "content": {"type": "hologram", "x": 1}, "later": 2}],
    }
    async with talking(server({"prompts/get": answer})) as it:
        await it.session.open(era)
        assert await it.session.get_prompt("p", {"n": "1", "e": ""}) == answer
        params = sent(it, "prompts/get")[0]["params"]
        assert (params["name"], params["arguments"]) == ("p", {"n": "1", "e": ""})


@pytest.mark.requirement("31.3")
@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"uri": "x://1", "text": ""}, False),
        ({"uri": "x://other", "blob": ""}, False),
        ({"uri": "x://1", "text": "a", "blob": "YQ=="}, True),
        ({"uri": "x://1"}, True),
    ],
)
async def test_contents_of_a_resource_have_either_text_or_bytes(content: Message, told: bool) -> None:
    answer = {"contents": [{"uri": "x://1", "text": "first"}, content]}
    async with talking(server({"resources/read": answer})) as it:
        await it.session.open(LEGACY)
        assert await it.session.read_resource("x://1") == answer
        assert any("section 31" in rule for rule in it.rules()) is told


@pytest.mark.requirement("28.8")
@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": "nonsense"}}},
        {"type": "object", "$schema": "https://example.invalid/own-dialect"},
        {"type": "object", "properties": {"a": {"$ref": "https://example.invalid/s.json"}}},
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/missing"}}},
    ],
)
async def test_a_schema_that_cannot_be_applied_is_told_as_a_problem_of_its_tool(schema: Any) -> None:
    async with talking(server({"tools/list": {"tools": [{"name": "t", "inputSchema": schema}]}})) as it:
        await it.session.open(LEGACY)
        (tool,) = await it.session.lists.read_tools()
        assert tool.problems
