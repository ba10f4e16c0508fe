"""Sections 19 to 25: pages, progress, cancellation, time-outs, ping, logging, completion."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anyio
import pytest

from mcpdeck.services import events as ev
from mcpdeck.services.eras.base import Offer
from mcpdeck.services.eras.negotiate import Wish
from mcpdeck.services.errors import UsageError
from mcpdeck.services.models import EraMode
from mcpdeck.services.session import Answer, Question
from mcpdeck.services.session.lists import PROMPTS, RESOURCES, TEMPLATES, TOOLS
from mcpdeck.services.state.model import CallStatus
from tests.playbooks.scripted import error, result
from tests.servers.scripted_http import Exchange
from tests.spec.peers import (
    ERAS,
    HASTY,
    LEGACY,
    META,
    MODERN,
    Message,
    answered,
    ask,
    done,
    handler,
    over_http,
    sent,
    server,
    talking,
    tell,
    tools,
)
from tests.waiting import eventually

MEMBERS = {
    "tools/list": (TOOLS, "tools"),
    "resources/list": (RESOURCES, "resources"),
    "resources/templates/list": (TEMPLATES, "resourceTemplates"),
    "prompts/list": (PROMPTS, "prompts"),
}


def paged(member: str) -> Any:
    """Three pages; the second is empty, and the cursor that leads to it is too."""
    pages: dict[Any, Message] = {
        None: {member: [{"name": "a"}], "nextCursor": ""},
        "": {member: [], "nextCursor": " ö\n"},
        " ö\n": {member: [{"name": "b"}], "nextCursor": None},
    }
    return lambda m: pages[m.get("params", {}).get("cursor")]


@pytest.mark.requirement("19.1", "19.2", "19.3", "19.6", "31.1", "32.2", "44.15")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("method", MEMBERS)
async def test_every_list_is_read_with_all_its_pages(method: str, era: Wish) -> None:
    kind, member = MEMBERS[method]
    async with talking(server({method: paged(member)})) as it:
        await it.session.open(era)
        assert await it.session.lists.pages(kind) == [{"name": "a"}, {"name": "b"}]
        assert len(sent(it, method)) == 3


@pytest.mark.requirement("19.8")
async def test_one_page_can_be_asked_for_by_its_cursor() -> None:
    async with talking(server({"prompts/list": paged("prompts")})) as it:
        await it.session.open(LEGACY)
        first = await it.session.lists.page(PROMPTS)
        last = await it.session.lists.page(PROMPTS, " ö\n")
        assert (first.items, first.next_cursor, last.items, last.next_cursor) == (
            [{"name": "a"}],
            "",
            [{"name": "b"}],
            None,
        )


@pytest.mark.requirement("19.5")
async def test_a_refused_cursor_fails_the_list_and_the_last_good_one_stands() -> None:
    good = tools("kept")

    def page(message: Message) -> Any:
        if len(sent(it, "tools/list")) == 1:
            return good
        if "cursor" in message.get("params", {}):
            return error(message, -32602, "bad cursor")
        return {**tools("new"), "nextCursor": "2"}

    async with talking(server({"tools/list": page})) as it:
        await it.session.open(LEGACY)
        await it.session.lists.refresh(TOOLS)
        await it.session.lists.refresh(TOOLS)
        (failed,) = [event for event in it.events if isinstance(event, ev.ListFailed)]
        assert "bad cursor" in failed.error.title
        assert [tool.name for tool in it.session.lists.tools or ()] == ["kept"]


@pytest.mark.requirement("20.1", "20.2")
@pytest.mark.parametrize("era", ERAS)
async def test_calls_at_the_same_time_have_tokens_of_their_own(era: Wish) -> None:
    seen: dict[str, list[float]] = {"a": [], "b": []}
    async with talking(server({"tools/call": lambda m: None})) as it:
        await it.session.open(era)
        async with anyio.create_task_group() as tasks:

            async def call(name: str) -> None:
                await it.session.call_tool(name, {}, on_progress=lambda progress, *_: seen[name].append(progress))

            for name in ("a", "b"):
                tasks.start_soon(call, name)
            calls = await eventually(
                lambda: sent(it, "tools/call") if len(sent(it, "tools/call")) == 2 else [], "calls"
            )
            for number, message in enumerate(calls):
                token = message["params"]["_meta"]["progressToken"]
                assert isinstance(token, int | str)
                it.transport.feed(tell("notifications/progress", {"progressToken": token, "progress": number + 0.5}))
            for message in calls:
                it.transport.feed(result(message, {"resultType": "complete", **done()}))
        assert sorted(seen.values()) == [[0.5], [1.5]]


@pytest.mark.requirement("20.7")
@pytest.mark.parametrize("params", [{}, {"progressToken": None}, {"progressToken": True}, {"progressToken": [1]}])
async def test_progress_without_a_usable_token_harms_nothing(params: Message) -> None:
    async with talking(server({"tools/call": done()})) as it:
        await it.session.open(LEGACY)
        it.transport.feed(tell("notifications/progress", {"progress": 1, **params}))
        assert await it.session.call_tool("t", {}) == done()


@pytest.mark.requirement("20.6")
@pytest.mark.parametrize("era", ERAS)
async def test_no_progress_is_ever_sent_by_us(era: Wish) -> None:
    async with talking(server(), offer=Offer(elicitation=True, roots=()), human=Answer("decline")) as it:
        await it.session.open(era)
        for number, method in enumerate(("elicitation/create", "roots/list", "ping")):
            params = {"message": "?", "requestedSchema": {}, "_meta": {"progressToken": f"p{number}"}}
            it.transport.feed(ask(number, method, params))
        await anyio.wait_all_tasks_blocked()
        assert sent(it, "notifications/progress") == []


@pytest.mark.requirement("21.1", "21.3", "21.5")
@pytest.mark.parametrize("era", ERAS)
async def test_on_a_shared_channel_a_request_is_given_up_by_a_notification(era: Wish) -> None:
    async with talking(server({"tools/call": lambda m: None})) as it:
        await it.session.open(era)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(it.session.call_tool, "t", {})
            (call,) = await eventually(lambda: sent(it, "tools/call"), "call")
            tasks.cancel_scope.cancel()
        (said,) = sent(it, "notifications/cancelled")
        assert said["params"]["requestId"] == call["id"]
        assert "id" not in said
        it.transport.feed(result(call, done()))
        assert it.session.dispatcher.in_flight == 0


@pytest.mark.requirement("21.7", "21.9")
@pytest.mark.parametrize("era", ERAS)
async def test_a_cancellation_that_makes_no_sense_is_ignored_and_told_where_the_era_has_none(era: Wish) -> None:
    async with talking(server({"tools/call": done()})) as it:
        await it.session.open(era)
        for params in ({}, {"requestId": None}, {"requestId": True}, {"requestId": "unknown"}, {"requestId": 1}):
            it.transport.feed(tell("notifications/cancelled", params))
        assert (await it.session.call_tool("t", {}))["content"] == done()["content"]
        assert any("section 21" in rule for rule in it.rules()) is (era is MODERN)


@pytest.mark.requirement("21.10")
@pytest.mark.parametrize("era", ERAS)
async def test_after_the_answer_nothing_is_cancelled(era: Wish) -> None:
    async with talking(server({"tools/call": done()})) as it:
        await it.session.open(era)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(it.session.call_tool, "t", {})
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
        assert sent(it, "notifications/cancelled") == []


@pytest.mark.requirement("21.6", "33.21")
async def test_a_question_that_the_server_takes_back_is_closed_and_not_answered() -> None:
    closed = anyio.Event()

    async def human(question: Question) -> Answer:
        try:
            await anyio.sleep_forever()
        finally:
            closed.set()
        return Answer("cancel")

    async with talking(server(), offer=Offer(elicitation=True), human=human) as it:
        await it.session.open(LEGACY)
        it.transport.feed(ask("q", "elicitation/create", {"message": "?", "requestedSchema": {}}))
        await eventually(lambda: it.questions, "question")
        it.transport.feed(tell("notifications/cancelled", {"requestId": "q", "reason": "never mind"}))
        with anyio.fail_after(5):
            await closed.wait()
        await anyio.wait_all_tasks_blocked()
        assert [message for message in it.transport.sent if message.get("id") == "q"] == []


def slow(steps: int, every: float) -> Any:
    """A tool over HTTP that tells of its progress before its result."""

    async def handle(exchange: Exchange) -> None:
        if exchange.method != "POST" or exchange.message.get("method") != "tools/call":
            await handler(server({"tools/list": tools("t")}, capabilities={"tools": {}}))(exchange)
            return
        await exchange.stream(b": begun\n\n")
        token = exchange.message["params"]["_meta"]["progressToken"]
        for number in range(steps):
            await anyio.sleep(every)
            value = tell("notifications/progress", {"progressToken": token, "progress": number + 1})
            await exchange.socket.send(b"data: " + str(value).replace("'", '"').encode() + b"\n\n")
        await exchange.socket.send(exchange.event({"resultType": "complete", **done()}))
        await exchange.socket.aclose()

    return handle


@pytest.mark.requirement("22.2")
async def test_progress_resets_the_idle_limit_of_a_call() -> None:
    async with over_http(slow(24, 0.1), settings=replace(HASTY, idle_timeout=1.5)) as it:
        call = await it.services.executor.call("peer", "t", {})
        assert call.status is CallStatus.SUCCESS, call.error


@pytest.mark.requirement("22.2")
async def test_a_call_without_progress_ends_at_its_idle_limit() -> None:
    async with over_http(slow(1, 60), settings=replace(HASTY, idle_timeout=0.2)) as it:
        call = await it.services.executor.call("peer", "t", {})
        assert call.status is CallStatus.TIMED_OUT
        assert call.error is not None
        assert "progress" in call.error.title


@pytest.mark.requirement("22.3")
async def test_however_much_progress_comes_an_absolute_limit_ends_the_call() -> None:
    async with over_http(slow(1_000, 0.02), settings=replace(HASTY, idle_timeout=5.0)) as it:
        call = await it.services.executor.call("peer", "t", {}, timeout=0.3)
        assert call.status is CallStatus.TIMED_OUT


@pytest.mark.requirement("23.1", "23.2")
async def test_a_ping_is_answered_also_while_a_person_is_being_asked() -> None:
    answers = anyio.Event()

    async def human(question: Question) -> Answer:
        await answers.wait()
        return Answer("cancel")

    async with talking(server(), offer=Offer(elicitation=True), human=human) as it:
        await it.session.open(LEGACY)
        it.transport.feed(ask("q", "elicitation/create", {"message": "?", "requestedSchema": {}}))
        await eventually(lambda: it.questions, "question")
        it.transport.feed(ask("p", "ping"))
        await anyio.wait_all_tasks_blocked()
        assert answered(it, "p")["result"] == {}
        answers.set()
        await anyio.wait_all_tasks_blocked()
        assert answered(it, "q")["result"] == {"action": "cancel"}


@pytest.mark.requirement("23.3", "44.10")
async def test_there_is_no_ping_in_the_stateless_era() -> None:
    async with talking(server()) as it:
        await it.session.open(MODERN)
        assert await it.session.ping() >= 0
        assert {message["method"] for message in it.transport.sent} == {"server/discover"}


@pytest.mark.requirement("24.1")
@pytest.mark.parametrize("level", ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"])
@pytest.mark.parametrize("data", ["text", None, 0, False, [1, {"a": None}]])
async def test_a_log_message_of_any_level_and_data_is_kept(level: str, data: Any) -> None:
    async with talking(server(capabilities={"logging": {}})) as it:
        await it.session.open(LEGACY)
        it.transport.feed(tell("notifications/message", {"level": level, "logger": "db", "data": data}))
        (event,) = [event for event in it.events if isinstance(event, ev.LogReceived) and event.kind == "log"]
        assert (event.level, event.logger, event.data) == (level, "db", data)
        assert it.rules() == []


@pytest.mark.requirement("24.7")
@pytest.mark.parametrize("era", ERAS)
async def test_a_log_that_was_not_declared_or_has_an_unknown_level_is_told_and_kept(era: Wish) -> None:
    for capabilities, level in (({}, "info"), ({"logging": {}}, "loud")):
        async with talking(server(capabilities=capabilities)) as it:
            await it.session.open(era)
            it.transport.feed(tell("notifications/message", {"level": level, "data": "still here"}))
            assert [event.data for event in it.events if isinstance(event, ev.LogReceived)] == ["still here"]
            assert any("section 24" in rule for rule in it.rules())


@pytest.mark.requirement("24.3", "1.2", "44.10")
async def test_in_the_stateless_era_the_level_goes_with_each_request() -> None:
    script = server({"tools/call": done()}, capabilities={"logging": {}})
    async with talking(script) as it:
        await it.session.open(MODERN)
        await it.session.set_log_level("error")
        await it.session.call_tool("t", {})
        assert sent(it, "tools/call")[0]["params"]["_meta"][f"{META}logLevel"] == "error"
        assert sent(it, "logging/setLevel") == []


@pytest.mark.requirement("24.4")
async def test_in_the_handshake_era_the_level_is_set_by_a_request() -> None:
    async with talking(server({"logging/setLevel": {}}, capabilities={"logging": {}})) as it:
        await it.session.open(LEGACY)
        await it.session.set_log_level("warning")
        assert sent(it, "logging/setLevel")[0]["params"] == {"level": "warning"}
        with pytest.raises(UsageError):
            await it.session.set_log_level("loud")


@pytest.mark.requirement("25.1", "31.9")
@pytest.mark.parametrize("era", [MODERN, Wish(EraMode.LEGACY)])
@pytest.mark.parametrize(
    "ref", [{"type": "ref/prompt", "name": "p"}, {"type": "ref/resource", "uri": "x://{+path}{?q*}"}]
)
async def test_a_completion_names_its_reference_argument_and_what_was_chosen(era: Wish, ref: Any) -> None:
    answer = {"completion": {"values": ["b1", "b2"], "total": 2, "hasMore": False}}
    async with talking(server({"completion/complete": answer})) as it:
        await it.session.open(era)
        found = await it.session.complete(ref, {"name": "b", "value": "b"}, {"a": "1"})
        assert found["completion"] == answer["completion"]
        params = sent(it, "completion/complete")[0]["params"]
        params.pop("_meta", None)
        assert params == {"ref": ref, "argument": {"name": "b", "value": "b"}, "context": {"arguments": {"a": "1"}}}


@pytest.mark.requirement("25.3", "25.4")
@pytest.mark.parametrize(("count", "told"), [(0, False), (100, False), (101, True)])
async def test_too_many_values_are_told_and_still_there(count: int, told: bool) -> None:
    values = [str(number) for number in range(count)]
    async with talking(server({"completion/complete": {"completion": {"values": values}}})) as it:
        await it.session.open(LEGACY)
        found: Any = await it.session.complete({"type": "ref/prompt", "name": "p"}, {"name": "a", "value": ""})
        assert found["completion"]["values"] == values
        assert bool(it.rules()) is told
