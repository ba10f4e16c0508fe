"""Section 36: extensions, and tasks in both forms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from mcpdeck.services.eras.base import Offer
from mcpdeck.services.eras.negotiate import Wish
from mcpdeck.services.errors import ConnectionLost, McpDeckError, RPCError, UsageError
from mcpdeck.services.session import Answer
from mcpdeck.services.session.memory import ServerMemory
from tests.playbooks.scripted import error
from tests.spec.peers import (
    LEGACY,
    META,
    MODERN,
    Message,
    answered,
    ask,
    done,
    sent,
    server,
    talking,
    tell,
    tools,
)
from tests.waiting import eventually

EXTENSION = f"{META}tasks"
RELATED = f"{META}related-task"
CORE = {"tools": {}, "tasks": {"list": {}, "cancel": {}, "requests": {"tools": {"call": {}}}}}
FLAT = {"tools": {}, "extensions": {EXTENSION: {}}}
FORMS = Offer(elicitation=True)
FORM = {"message": "?", "requestedSchema": {"type": "object"}}
PRIVATE = Offer(extensions={"com.example/mine": {"level": 2}})


def task(status: str = "working", **members: Any) -> Message:
    return {"taskId": "t1", "status": status, "createdAt": "2026-01-01T00:00:00Z", "pollInterval": 1, **members}


def flat(status: str = "working", **members: Any) -> Message:
    return {**task(status), "pollIntervalMs": 1, "ttlMs": None, **members}


def core(*states: Message, **answers: Any) -> Any:
    """A server of 2025-11-25 whose tool becomes a task that goes through ``states``."""
    left = list(states)
    known: dict[str, Any] = {
        "tools/call": {"task": task()},
        "tasks/get": lambda m: left.pop(0),
        "tasks/result": {**done("result"), "_meta": {RELATED: {"taskId": "t1"}}},
        "tasks/cancel": task("cancelled"),
        **{name.replace("_", "/"): value for name, value in answers.items()},
    }
    return server(known, capabilities=CORE)


def extension(*states: Message, **answers: Any) -> Any:
    """A stateless server whose tool becomes a task that goes through ``states``."""
    left = list(states)
    known: dict[str, Any] = {
        "tools/call": {"resultType": "task", **flat()},
        "tasks/get": lambda m: left.pop(0),
        "tasks/update": {},
        "tasks/cancel": {},
        **{name.replace("_", "/"): value for name, value in answers.items()},
    }
    return server(known, capabilities=FLAT)


@pytest.mark.requirement("36.0.1", "36.3.1")
@pytest.mark.parametrize("era", [LEGACY, MODERN])
async def test_an_extension_is_declared_with_its_settings_and_only_when_it_is_on(era: Wish) -> None:
    for offer, declared in ((PRIVATE, {"com.example/mine": {"level": 2}}), (Offer(), None)):
        async with talking(server(), offer=offer) as it:
            await it.session.open(era)
            params = it.transport.sent[0]["params"]
            capabilities = params.get("capabilities") or params.get("_meta", {}).get(f"{META}clientCapabilities", {})
            assert capabilities.get("extensions") == declared


@pytest.mark.requirement("36.0.2", "5.3")
@pytest.mark.parametrize("era", [LEGACY, MODERN])
async def test_extensions_and_unknown_capabilities_of_the_server_are_kept_as_they_are(era: Wish) -> None:
    odd = {"extensions": {"com.example/x": {"a": [1]}}, "experimental": {"y": {}}, "later": {"z": None}}
    async with talking(server(capabilities=odd)) as it:
        greeting = await it.session.open(era)
        assert greeting.capabilities == odd


@pytest.mark.requirement("36.0.3", "36.2.1")
async def test_the_task_extension_is_not_used_with_a_server_that_does_not_declare_it() -> None:
    async with talking(server({"tools/call": done()})) as it:
        await it.session.open(MODERN)
        with pytest.raises(UsageError):
            await it.session.call_tool("t", {}, as_task=True)
        assert sent(it, "tools/call") == []


@pytest.mark.requirement("36.1.1")
@pytest.mark.parametrize("tasks", [None, {}, {"list": {}}, {"requests": {}}, {"requests": {"tools": {}}}])
async def test_a_call_does_not_become_a_task_where_the_server_does_not_declare_it(tasks: Any) -> None:
    capabilities: Message = {"tools": {}} if tasks is None else {"tools": {}, "tasks": tasks}
    async with talking(server(capabilities=capabilities)) as it:
        await it.session.open(LEGACY)
        with pytest.raises(UsageError):
            await it.session.call_tool("t", {}, as_task=True)
        assert sent(it, "tools/call") == []


@pytest.mark.requirement("36.2.12", "36.1.1", "43.1")
@pytest.mark.parametrize(("era", "capabilities"), [(LEGACY, FLAT), (MODERN, CORE)])
async def test_each_form_of_tasks_means_nothing_in_the_other_era(era: Wish, capabilities: Message) -> None:
    listed = tools("t", execution={"taskSupport": "required"})
    async with talking(server({"tools/list": listed, "tools/call": done()}, capabilities=capabilities)) as it:
        await it.session.open(era)
        await it.session.lists.read_tools()
        with pytest.raises(UsageError):
            await it.session.call_tool("t", {}, as_task=True)
        await it.session.call_tool("t", {})
        (call,) = sent(it, "tools/call")
        assert "task" not in call["params"]
        assert EXTENSION not in str(call)


@pytest.mark.requirement("36.1.2")
async def test_a_tool_that_requires_a_task_is_called_as_one() -> None:
    listed = tools("t", execution={"taskSupport": "required"})
    async with talking(core(task("completed"), tools_list=listed)) as it:
        await it.session.open(LEGACY)
        await it.session.lists.read_tools()
        await it.session.call_tool("t", {})
        assert "task" in sent(it, "tools/call")[0]["params"]


@pytest.mark.requirement("36.1.3", "36.1.5")
async def test_a_task_of_the_core_is_followed_until_its_end_and_gives_the_result_of_the_call() -> None:
    async with talking(core(task(), task(), task("completed"))) as it:
        await it.session.open(LEGACY)
        final: Any = await it.session.call_tool("t", {"x": 1}, as_task=True)
        assert final["content"] == done("result")["content"]
        assert len(sent(it, "tools/call")) == len(sent(it, "tasks/result")) == 1
        assert [message["params"] for message in sent(it, "tasks/get")] == [{"taskId": "t1"}] * 3
        assert it.rules() == []


@pytest.mark.requirement("36.1.5")
async def test_the_error_of_a_task_of_the_core_is_the_error_of_its_call() -> None:
    script = core(task("failed"), tasks_result=lambda m: error(m, -32000, "broken inside"))
    async with talking(script) as it:
        await it.session.open(LEGACY)
        with pytest.raises(RPCError, match="broken inside"):
            await it.session.call_tool("t", {}, as_task=True)


@pytest.mark.requirement("36.1.4", "36.1.10")
async def test_a_task_of_the_core_that_needs_input_is_asked_for_its_result_and_its_question_answered() -> None:
    asks = ask("q", "elicitation/create", {**FORM, "_meta": {RELATED: {"taskId": "t1"}}})
    script = core(tasks_get=task("input_required"), tasks_result=lambda m: None)
    async with talking(script, offer=FORMS, human=Answer("accept", {"a": 1})) as it, anyio.create_task_group() as tasks:
        await it.session.open(LEGACY)

        async def call() -> None:
            await it.session.call_tool("t", {}, as_task=True)

        tasks.start_soon(call)
        (waiting,) = await eventually(lambda: sent(it, "tasks/result"), "request for the result")
        assert len(sent(it, "tasks/get")) == 1
        it.transport.feed(asks)
        await anyio.wait_all_tasks_blocked()
        answer = answered(it, "q")["result"]
        assert answer["content"] == {"a": 1}
        assert answer["_meta"] == {RELATED: {"taskId": "t1"}}
        result = {**done(), "_meta": {RELATED: {"taskId": "t1"}}}
        it.transport.feed({"jsonrpc": "2.0", "id": waiting["id"], "result": result})


@pytest.mark.requirement("36.1.6")
async def test_tasks_of_the_core_are_listed_with_all_pages_and_cancelled_by_their_own_request() -> None:
    pages = {None: {"tasks": [task()], "nextCursor": "2"}, "2": {"tasks": [task("failed", taskId="t2")]}}
    async with talking(core(tasks_list=lambda m: pages[m.get("params", {}).get("cursor")])) as it:
        await it.session.open(LEGACY)
        listed: Any = await it.session.tasks.list()
        assert [each["taskId"] for each in listed] == ["t1", "t2"]
        assert (await it.session.tasks.cancel("t1"))["status"] == "cancelled"


@pytest.mark.requirement("36.1.7")
async def test_a_task_that_a_server_wants_us_to_keep_is_an_ordinary_question() -> None:
    async with talking(server(capabilities=CORE), offer=FORMS, human=Answer("decline")) as it:
        await it.session.open(LEGACY)
        assert "tasks" not in it.transport.sent[0]["params"]["capabilities"]
        it.transport.feed(ask("q", "elicitation/create", {**FORM, "task": {"ttl": 1000}}))
        await it.transport.until_sent(3)
        assert answered(it, "q")["result"] == {"action": "decline"}


@pytest.mark.requirement("36.1.8")
@pytest.mark.parametrize("params", [task("completed"), {"task": task("completed")}, {}, {"taskId": 5}])
async def test_news_of_a_task_harm_nothing_whatever_they_say(params: Message) -> None:
    async with talking(core(task("completed"))) as it:
        await it.session.open(LEGACY)
        it.transport.feed(tell("notifications/tasks/status", params))
        final: Any = await it.session.call_tool("t", {}, as_task=True)
        assert final["content"] == done("result")["content"]


@pytest.mark.requirement("21.8", "36.2.7", "44.12")
@pytest.mark.parametrize("era", [LEGACY, MODERN])
async def test_a_task_is_given_up_by_its_own_request_and_by_no_notification(era: Wish) -> None:
    states = [flat(pollInterval=60_000, pollIntervalMs=60_000)] * 3
    script = core(*states) if era is LEGACY else extension(*states)
    async with talking(script) as it:
        await it.session.open(era)
        async with anyio.create_task_group() as tasks:

            async def call() -> None:
                await it.session.call_tool("t", {}, as_task=True)

            tasks.start_soon(call)
            await eventually(lambda: sent(it, "tasks/get"), "look at the task")
            tasks.cancel_scope.cancel()
        assert [message["params"]["taskId"] for message in sent(it, "tasks/cancel")] == ["t1"]
        assert sent(it, "notifications/cancelled") == []


@pytest.mark.requirement("36.2.1", "36.2.2", "36.2.6", "36.2.8", "44.3")
async def test_a_task_of_the_extension_is_followed_with_the_extension_declared_each_time() -> None:
    end = flat("completed", result={**done("late"), "isError": True})
    async with talking(extension(flat(), flat(), end)) as it:
        await it.session.open(MODERN)
        final = await it.session.call_tool("t", {}, as_task=True)
        assert final == {**done("late"), "isError": True}
        methods = [message["method"] for message in it.transport.sent]
        assert methods == ["server/discover", "tools/call", *["tasks/get"] * 3]
        assert "task" not in sent(it, "tools/call")[0]["params"]
        for message in it.transport.sent[1:]:
            capabilities = message["params"]["_meta"][f"{META}clientCapabilities"]
            assert capabilities["extensions"] == {EXTENSION: {}}


@pytest.mark.requirement("36.2.2")
async def test_a_result_instead_of_a_task_is_fine_too() -> None:
    async with talking(extension(tools_call=done("at once"))) as it:
        await it.session.open(MODERN)
        assert (await it.session.call_tool("t", {}, as_task=True))["content"] == done("at once")["content"]


@pytest.mark.requirement("36.2.4")
@pytest.mark.parametrize(
    ("end", "words"),
    [
        (flat("failed", error={"code": -32000, "message": "broken inside"}), "broken inside"),
        (flat("cancelled", statusMessage="no longer wanted"), "no longer wanted"),
    ],
)
async def test_a_task_of_the_extension_that_failed_or_was_cancelled_says_why(end: Message, words: str) -> None:
    async with talking(extension(end)) as it:
        await it.session.open(MODERN)
        with pytest.raises(McpDeckError, match=words):
            await it.session.call_tool("t", {}, as_task=True)


@pytest.mark.requirement("36.2.5", "36.2.6")
async def test_each_question_of_a_task_is_answered_once() -> None:
    question = {"method": "elicitation/create", "params": FORM}
    states = (
        flat("input_required", inputRequests={"a": question}),
        flat("input_required", inputRequests={"a": question}),
        flat("input_required", inputRequests={"a": question, "b": question}),
        flat("completed", result=done()),
    )
    async with talking(extension(*states), offer=FORMS, human=Answer("accept", {"x": 1})) as it:
        await it.session.open(MODERN)
        await it.session.call_tool("t", {}, as_task=True)
        assert [list(message["params"]["inputResponses"]) for message in sent(it, "tasks/update")] == [["a"], ["b"]]
        assert sent(it, "tasks/update")[0]["params"]["inputResponses"]["a"] == {"action": "accept", "content": {"x": 1}}
        assert len(it.questions) == 2
        assert len(sent(it, "tools/call")) == 1


@pytest.mark.requirement("36.2.3")
async def test_news_of_a_task_are_looked_at_before_the_interval_is_over() -> None:
    async with talking(extension(flat(pollIntervalMs=60_000), flat("completed", result=done()))) as it:
        await it.session.open(MODERN)
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:

                async def call() -> None:
                    await it.session.call_tool("t", {}, as_task=True)

                tasks.start_soon(call)
                await eventually(lambda: sent(it, "tasks/get"), "first look")
                await anyio.wait_all_tasks_blocked()
                it.transport.feed(tell("notifications/tasks", flat("completed", result=done())))
        assert len(sent(it, "tasks/get")) == 2


@pytest.mark.requirement("36.2.9")
@pytest.mark.parametrize("era", [LEGACY, MODERN])
async def test_a_task_that_still_ran_when_the_connection_was_lost_is_looked_at_in_the_next_one(
    era: Wish, tmp_path: Path
) -> None:
    states = [flat(pollInterval=60_000, pollIntervalMs=60_000)] * 9
    script = core(*states) if era is LEGACY else extension(*states)
    kept = ServerMemory(tmp_path / "kept.json")
    async with talking(script, memory=kept) as it:
        await it.session.open(era)
        async with anyio.create_task_group() as tasks:

            async def call() -> None:
                with pytest.raises(ConnectionLost):
                    await it.session.call_tool("t", {}, as_task=True)

            tasks.start_soon(call)
            await eventually(lambda: sent(it, "tasks/get"), "look at the task")
            it.transport.end(ConnectionLost("gone"))
            it.transport.feed(tell("notifications/tasks/status", flat()))
    await kept.save()
    again = ServerMemory(tmp_path / "kept.json")
    await again.load()
    async with talking(script, memory=again, keeps=True) as it:
        await it.session.open(era)
        await eventually(lambda: sent(it, "tasks/get"), "look at the task of the last connection")
        assert sent(it, "tasks/get")[0]["params"]["taskId"] == "t1"


@pytest.mark.requirement("20.8")
async def test_progress_of_a_call_that_became_a_task_arrives_until_its_end() -> None:
    seen: list[float] = []

    def look(message: Message) -> Any:
        token = sent(it, "tools/call")[0]["params"]["_meta"]["progressToken"]
        it.transport.feed(tell("notifications/progress", {"progressToken": token, "progress": 5}))
        return task("completed")

    async with talking(core(tasks_get=look)) as it:
        await it.session.open(LEGACY)
        await it.session.call_tool("t", {}, as_task=True, on_progress=lambda progress, *_: seen.append(progress))
        assert seen == [5.0]


@pytest.mark.requirement("36.1.9")
@pytest.mark.parametrize("support", ["forbidden", None, "nonsense"])
async def test_a_tool_that_does_not_allow_it_is_not_called_as_a_task(support: Any) -> None:
    execution = {"execution": {"taskSupport": support}} if support else {}
    async with talking(core(task("completed"), tools_list=tools("t", **execution))) as it:
        await it.session.open(LEGACY)
        await it.session.lists.read_tools()
        with pytest.raises(McpDeckError):
            await it.session.call_tool("t", {}, as_task=True)
        assert sent(it, "tools/call") == []


@pytest.mark.requirement("36.2.13")
@pytest.mark.parametrize("era", [LEGACY, MODERN])
async def test_a_task_whose_time_was_up_is_said_to_be_gone_and_forgotten(era: Wish) -> None:
    kept = ServerMemory()
    version = "2025-11-25" if era is LEGACY else "2026-07-28"
    kept.keep_task("t1", {"tool": "t", "era": version, "status": "working"})
    gone: Any = {"tasks_get": lambda m: error(m, -32602, "no such task")}
    script = core(**gone) if era is LEGACY else extension(**gone)
    async with talking(script, memory=kept, keeps=True) as it:
        await it.session.open(era)
        await eventually(lambda: not kept.tasks(), "forgotten task")
        assert any("t1 is gone" in str(getattr(event, "data", "")) for event in it.events)


@pytest.mark.requirement("36.2.14")
async def test_a_look_at_a_task_goes_by_its_status_whatever_result_type_it_claims() -> None:
    async with talking(extension({"resultType": "task", **flat("completed", result=done("end"))})) as it:
        await it.session.open(MODERN)
        assert (await it.session.call_tool("t", {}, as_task=True))["content"][0]["text"] == "end"
        assert any("tasks/get" in rule and "section 36" in rule for rule in it.rules())


@pytest.mark.requirement("36.3.7")
@pytest.mark.parametrize("method", ["ui/initialize", "ui/open-link", "ui/message"])
async def test_what_belongs_between_an_app_and_its_host_is_refused_on_the_wire(method: str) -> None:
    async with talking(core(), offer=FORMS, human=Answer("accept", {})) as it:
        await it.session.open(LEGACY)
        it.transport.feed(ask("q", method))
        await anyio.wait_all_tasks_blocked()
        assert answered(it, "q")["error"]["code"] == -32601
        assert it.questions == []


@pytest.mark.requirement("36.3.5", "36.3.6")
async def test_the_page_of_an_app_is_read_by_its_uri_and_handed_on_as_text() -> None:
    page = {"uri": "ui://t/app.html", "mimeType": "text/html;profile=mcp-app", "text": "<script>1</script>"}
    told = {"contents": [{**page, "_meta": {"ui": {"csp": {"connectDomains": ["https://a.example"]}}}}]}
    async with talking(server({"resources/read": told, "resources/list": {"resources": []}})) as it:
        await it.session.open(LEGACY)
        assert await it.session.read_resource("ui://t/app.html") == told
        assert [message["method"] for message in it.transport.sent][-1] == "resources/read"
        assert sent(it, "tools/call") == []
