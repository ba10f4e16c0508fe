"""Section 15: multi round-trip requests."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcpdeck.services.eras.base import Offer
from mcpdeck.services.errors import McpDeckError, RemoteProtocolError
from mcpdeck.services.session import Answer, Question
from mcpdeck.services.session.lists import TOOLS
from tests.spec.peers import META, MODERN, Message, done, sent, server, talking, tell

FORM = {"method": "elicitation/create", "params": {"message": "?", "requestedSchema": {"type": "object"}}}
SAMPLE = {"method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 5}}
FORMS = Offer(elicitation=True)
COMPLETION = {"role": "assistant", "content": {"type": "text", "text": "hi"}, "model": "by hand"}


def rounds(*results: Message, method: str = "tools/call") -> Any:
    left = list(results)
    return server({method: lambda m: left.pop(0)})


def wants(*, state: str | None = None, **requests: Message) -> Message:
    value: Message = {"resultType": "input_required"}
    if requests:
        value["inputRequests"] = requests
    return value if state is None else {**value, "requestState": state}


@pytest.mark.requirement("15.2", "15.3", "15.6", "4.1", "44.3", "44.7")
async def test_a_retry_has_all_answers_a_new_id_and_a_whole_envelope() -> None:
    script = rounds(wants(a=FORM, b=FORM, state="1"), wants(c=FORM, state="2"), done())
    async with talking(script, offer=FORMS, human=Answer("accept", {"x": 1})) as it:
        await it.session.open(MODERN)
        assert await it.session.call_tool("t", {"big": 2**70}) == {"resultType": "complete", **done()}
        first, second, third = sent(it, "tools/call")
        assert set(second["params"]["inputResponses"]) == {"a", "b"}
        assert set(third["params"]["inputResponses"]) == {"c"}
        assert (second["params"]["requestState"], third["params"]["requestState"]) == ("1", "2")
        assert len({first["id"], second["id"], third["id"]}) == 3
        for message in (second, third):
            assert message["params"]["name"] == "t"
            assert message["params"]["arguments"] == {"big": 2**70}
            assert f"{META}clientCapabilities" in message["params"]["_meta"]


@pytest.mark.requirement("15.5", "15.6", "44.8")
async def test_nothing_of_an_earlier_round_is_sent_again() -> None:
    script = rounds(wants(a=FORM, state="1"), wants(b=FORM), wants(state="3"), done())
    async with talking(script, offer=FORMS, human=Answer("decline")) as it:
        await it.session.open(MODERN)
        await it.session.call_tool("t", {})
        added = [message["params"].keys() - {"name", "arguments", "_meta"} for message in sent(it, "tools/call")]
        assert added == [set(), {"inputResponses", "requestState"}, {"inputResponses"}, {"requestState"}]
        assert sent(it, "tools/call")[3]["params"]["requestState"] == "3"


@pytest.mark.requirement("15.5", "44.7")
@pytest.mark.parametrize("state", [" \t", '{"a": 1}', "e\u0301\u202e", "x" * 100_000])
async def test_the_state_goes_back_exactly_as_it_came(state: str) -> None:
    async with talking(rounds(wants(a=FORM, state=state), done()), offer=FORMS, human=Answer("decline")) as it:
        await it.session.open(MODERN)
        await it.session.call_tool("t", {})
        assert sent(it, "tools/call")[1]["params"]["requestState"] == state


@pytest.mark.requirement("15.4", "20.1")
async def test_each_round_has_a_token_of_its_own_whose_progress_reaches_the_same_call() -> None:
    seen: list[float] = []

    async def human(question: Question) -> Answer:
        return Answer("decline")

    left = [wants(a=FORM), done()]

    def call(message: Message) -> Any:
        token = message["params"]["_meta"]["progressToken"]
        it.transport.feed(tell("notifications/progress", {"progressToken": token, "progress": 1}))
        return left.pop(0)

    async with talking(server({"tools/call": call}), offer=FORMS, human=human) as it:
        await it.session.open(MODERN)
        await it.session.call_tool("t", {}, on_progress=lambda progress, *_: seen.append(progress))
        tokens = [message["params"]["_meta"]["progressToken"] for message in sent(it, "tools/call")]
        assert len(set(tokens)) == 2
        assert seen == [1.0, 1.0]
        assert it.rules() == []


@pytest.mark.requirement("15.7", "44.8")
async def test_state_and_answers_of_parallel_calls_of_one_tool_stay_apart() -> None:
    def call(message: Message) -> Any:
        who = message["params"]["arguments"]["who"]
        if "inputResponses" in message["params"]:
            assert message["params"]["requestState"] == f"state of {who}"
            assert list(message["params"]["inputResponses"]) == [who]
            return done(who)
        return wants(**{who: FORM}, state=f"state of {who}")

    async def human(question: Question) -> Answer:
        await anyio.lowlevel.checkpoint()
        return Answer("decline")

    async with talking(server({"tools/call": call, "tools/list": {"tools": []}}), offer=FORMS, human=human) as it:
        await it.session.open(MODERN)
        async with anyio.create_task_group() as tasks:
            for who in "abc":
                tasks.start_soon(it.session.call_tool, "t", {"who": who})
            tasks.start_soon(it.session.lists.pages, TOOLS)
        assert len(sent(it, "tools/call")) == 6
        assert not {"requestState", "inputResponses"} & sent(it, "tools/list")[0]["params"].keys()


@pytest.mark.requirement("15.8")
async def test_state_alone_is_answered_without_asking_anyone() -> None:
    async with talking(rounds(wants(state="s"), done())) as it:
        await it.session.open(MODERN)
        await it.session.call_tool("t", {})
        again = sent(it, "tools/call")[1]["params"]
        assert again["requestState"] == "s"
        assert "inputResponses" not in again


@pytest.mark.requirement("15.11", "31.10")
@pytest.mark.parametrize("method", ["resources/read", "prompts/get"])
async def test_reading_a_resource_and_getting_a_prompt_may_ask_for_input_too(method: str) -> None:
    async with talking(rounds(wants(a=FORM), {"final": 1}, method=method), offer=FORMS, human=Answer("decline")) as it:
        await it.session.open(MODERN)
        if method == "resources/read":
            final = await it.session.read_resource("x://1")
        else:
            final = await it.session.get_prompt("p", {"a": "b"})
        assert final["final"] == 1
        first, second = [message["params"] for message in sent(it, method)]
        assert second.pop("inputResponses") == {"a": {"action": "decline"}}
        assert {**second, "_meta": 0} == {**first, "_meta": 0}


@pytest.mark.requirement("15.12", "35.1", "35.4", "1.2")
async def test_roots_inside_a_result_are_answered_from_what_is_configured() -> None:
    roots = ({"uri": "file:///a%20b", "name": "work"}, {"uri": "file:///c"})
    async with talking(rounds(wants(r={"method": "roots/list"}), done()), offer=Offer(roots=roots)) as it:
        await it.session.open(MODERN)
        await it.session.call_tool("t", {})
        first, second = sent(it, "tools/call")
        assert first["params"]["_meta"][f"{META}clientCapabilities"] == {"roots": {}}
        assert second["params"]["inputResponses"] == {"r": {"roots": [*roots]}}


@pytest.mark.requirement("15.13", "34.1", "34.2", "1.2")
async def test_sampling_inside_a_result_is_answered_with_the_whole_result() -> None:
    human = Answer("accept", COMPLETION)
    async with talking(rounds(wants(s=SAMPLE), done()), offer=Offer(sampling=True), human=human) as it:
        await it.session.open(MODERN)
        await it.session.call_tool("t", {})
        assert it.questions[0].params == SAMPLE["params"]
        assert sent(it, "tools/call")[1]["params"]["inputResponses"] == {"s": COMPLETION}


@pytest.mark.requirement("15.14")
@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_a_refused_sampling_request_ends_the_operation_without_a_retry(action: Any) -> None:
    async with talking(rounds(wants(s=SAMPLE)), offer=Offer(sampling=True), human=Answer(action)) as it:
        await it.session.open(MODERN)
        with pytest.raises(McpDeckError, match="refused"):
            await it.session.call_tool("t", {})
        assert len(sent(it, "tools/call")) == 1


@pytest.mark.requirement("15.15", "33.2")
@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_a_declined_question_is_an_answer_that_the_retry_carries(action: Any) -> None:
    async with talking(rounds(wants(a=FORM), done()), offer=FORMS, human=Answer(action)) as it:
        await it.session.open(MODERN)
        await it.session.call_tool("t", {})
        assert sent(it, "tools/call")[1]["params"]["inputResponses"] == {"a": {"action": action}}


@pytest.mark.requirement("15.16", "18.7", "44.8")
async def test_what_a_retry_brought_is_never_served_again() -> None:
    fresh = {"contents": [], "ttlMs": 60_000, "cacheScope": "public"}
    script = rounds(wants(a=FORM), {**fresh, "n": 1}, {**fresh, "n": 2}, method="resources/read")
    async with talking(script, offer=FORMS, human=Answer("decline")) as it:
        await it.session.open(MODERN)
        assert (await it.session.read_resource("x://1"))["n"] == 1
        assert (await it.session.read_resource("x://1"))["n"] == 2


@pytest.mark.requirement("15.17")
async def test_the_headers_of_a_retry_mirror_name_and_arguments_again() -> None:
    schema = {"type": "object", "properties": {"r": {"type": "string", "x-mcp-header": "R"}}}
    left = [wants(a=FORM), done()]
    answers = {"tools/list": {"tools": [{"name": "t", "inputSchema": schema}]}, "tools/call": lambda m: left.pop(0)}
    async with talking(server(answers), offer=FORMS, human=Answer("decline")) as it:
        await it.session.open(MODERN)
        await it.session.lists.read_tools()
        await it.session.call_tool("t", {"r": "eu"})
        for message in it.transport.messages[-2:]:
            assert message.headers["Mcp-Name"] == "t"
            assert message.headers["Mcp-Param-R"] == "eu"


@pytest.mark.requirement("15.10", "15.18")
@pytest.mark.parametrize("request_", [SAMPLE, {"method": "roots/list"}, {"method": "tools/list"}, {}, "odd"])
async def test_what_was_not_offered_is_not_fulfilled(request_: Any) -> None:
    async with talking(rounds(wants(a=FORM, b=request_)), offer=FORMS, human=Answer("decline")) as it:
        await it.session.open(MODERN)
        with pytest.raises(RemoteProtocolError, match="did not offer"):
            await it.session.call_tool("t", {})
        assert len(sent(it, "tools/call")) == 1


@pytest.mark.requirement("15.10", "34.4")
async def test_without_a_capability_its_questions_reach_no_one() -> None:
    async with talking(rounds(wants(a=FORM)), human=Answer("accept", {})) as it:
        await it.session.open(MODERN)
        with pytest.raises(RemoteProtocolError):
            await it.session.call_tool("t", {})
        assert it.questions == []


@pytest.mark.requirement("15.1")
@pytest.mark.parametrize("requests", [{}, None, [], "odd"])
async def test_a_round_that_asks_for_nothing_is_an_invalid_answer_and_the_tool_is_not_called_again(
    requests: Any,
) -> None:
    answer = {"resultType": "input_required", "inputRequests": requests}
    async with talking(server({"tools/call": answer})) as it:
        await it.session.open(MODERN)
        with pytest.raises(RemoteProtocolError):
            await it.session.call_tool("t", {})
        assert len(sent(it, "tools/call")) == 1
