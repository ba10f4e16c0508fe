"""Sections 33 to 35: elicitation, sampling and roots in the handshake era (inside results: section 15)."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcpdeck.services.eras.base import Offer
from mcpdeck.services.eras.negotiate import Wish
from mcpdeck.services.errors import RPCError
from mcpdeck.services.session import Answer, Question
from tests.config.project import Project
from tests.playbooks.scripted import error
from tests.spec.peers import LEGACY, MODERN, Message, answered, ask, done, sent, server, talking, tell

FORM = {"message": "?", "requestedSchema": {"type": "object", "properties": {"a": {"type": "string"}}}}
SAMPLE: Message = {
    "messages": [{"role": "user", "content": {"type": "text", "text": "hi"}}],
    "maxTokens": 7,
    "later": 1,
}
COMPLETION = {
    "role": "assistant",
    "content": {"type": "text", "text": "ho"},
    "model": "by hand",
    "stopReason": "endTurn",
}
ALL = Offer(elicitation=True, sampling=True, roots=({"uri": "file:///a", "name": "a"},))


async def reply(it: Any, method: str, params: Message | None = None) -> Message:
    """Our answer to a question of the server."""
    before = len(it.transport.sent)
    it.transport.feed(ask("q", method, params))
    await it.transport.until_sent(before + 1)
    return answered(it, "q")


@pytest.mark.requirement("33.5", "33.3", "33.2")
@pytest.mark.parametrize(
    ("human", "result"),
    [
        (Answer("accept", {"a": "b"}), {"action": "accept", "content": {"a": "b"}}),
        (Answer("accept", {}), {"action": "accept", "content": {}}),
        (Answer("decline", {"a": "b"}), {"action": "decline"}),
        (Answer("cancel"), {"action": "cancel"}),
    ],
)
async def test_a_question_reaches_a_person_as_it_came_and_its_answer_the_server(human: Answer, result: Message) -> None:
    async with talking(server(), offer=ALL, human=human) as it:
        await it.session.open(LEGACY)
        assert (await reply(it, "elicitation/create", FORM))["result"] == result
        assert (it.questions[0].server, it.questions[0].params) == ("peer", FORM)


@pytest.mark.requirement("33.14", "44.19")
async def test_consent_to_an_address_is_sent_without_content_and_nothing_is_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        params = {"mode": "url", "message": "?", "url": url, "elicitationId": "e1"}
        async with talking(server(), offer=ALL, human=Answer("accept")) as it:
            await it.session.open(LEGACY)
            assert (await reply(it, "elicitation/create", params))["result"] == {"action": "accept"}
            it.transport.feed(tell("notifications/elicitation/complete", {"elicitationId": "e1"}))
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.requirement("33.15", "5.2")
@pytest.mark.parametrize(
    ("version", "declared", "mode", "fine"),
    [
        ("2025-11-25", {"form": {}, "url": {}}, "url", True),
        ("2025-11-25", {"form": {}, "url": {}}, "hologram", False),
        ("2025-06-18", {}, "form", True),
        ("2025-06-18", {}, "url", False),
    ],
)
async def test_a_mode_that_was_not_declared_is_refused(version: str, declared: Any, mode: str, fine: bool) -> None:
    async with talking(server(version=version), offer=ALL, human=Answer("decline")) as it:
        await it.session.open(Wish(version=version))
        assert it.transport.sent[0]["params"]["capabilities"]["elicitation"] == declared
        answer = await reply(it, "elicitation/create", {**FORM, "mode": mode})
        assert answer.get("error", {}).get("code") == (None if fine else -32602)
        assert len(it.questions) == fine


@pytest.mark.requirement("33.16")
@pytest.mark.parametrize("params", [{}, {"elicitationId": "unknown"}, {"elicitationId": 5}])
async def test_the_end_of_an_unknown_visit_is_ignored(params: Message) -> None:
    async with talking(server(), offer=ALL, human=Answer("accept")) as it:
        await it.session.open(LEGACY)
        it.transport.feed(tell("notifications/elicitation/complete", params))
        assert await it.session.request("ping", {}) == {}


def visits() -> Any:
    """A tool that wants a page to be visited first."""
    pages = [{"mode": "url", "url": "https://example.com/1", "message": "log in", "elicitationId": "e1"}]
    tries: list[Message] = []

    def call(message: Message) -> Any:
        tries.append(message)
        return error(message, -32042, "visit", {"elicitations": pages}) if len(tries) == 1 else done()

    return server({"tools/call": call})


@pytest.mark.requirement("33.17")
async def test_a_page_that_must_be_visited_first_is_consented_to_and_then_the_call_is_sent_again() -> None:
    async def human(question: Question) -> Answer:
        return Answer("accept")

    async with talking(visits(), offer=ALL, human=human) as it:
        await it.session.open(LEGACY)
        async with anyio.create_task_group() as tasks:
            final: list[Any] = []

            async def call() -> None:
                final.append(await it.session.call_tool("t", {"x": 1}))

            tasks.start_soon(call)
            await anyio.wait_all_tasks_blocked()
            assert it.questions[0].params["url"] == "https://example.com/1"
            it.transport.feed(tell("notifications/elicitation/complete", {"elicitationId": "e1"}))
        assert final == [done()]
        first, second = sent(it, "tools/call")
        assert first["params"]["arguments"] == second["params"]["arguments"]
        assert first["id"] != second["id"]


@pytest.mark.requirement("33.17")
@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_a_page_that_is_not_visited_leaves_the_error_as_it_is(action: Any) -> None:
    async with talking(visits(), offer=ALL, human=Answer(action)) as it:
        await it.session.open(LEGACY)
        with pytest.raises(RPCError) as caught:
            await it.session.call_tool("t", {})
        assert caught.value.code == -32042
        assert len(sent(it, "tools/call")) == 1


@pytest.mark.requirement("34.1", "34.2", "34.3")
@pytest.mark.parametrize(
    ("human", "member", "value"),
    [
        (Answer("accept", COMPLETION), "result", COMPLETION),
        (Answer("decline"), "error", -1),
        (Answer("cancel"), "error", -1),
    ],
)
async def test_a_sampling_request_is_answered_whole_or_refused_with_its_own_code(
    human: Answer, member: str, value: Any
) -> None:
    async with talking(server(), offer=ALL, human=human) as it:
        await it.session.open(LEGACY)
        answer = await reply(it, "sampling/createMessage", SAMPLE)
        assert (answer["error"]["code"] if member == "error" else answer["result"]) == value
        assert it.questions[0].params == SAMPLE


@pytest.mark.requirement("34.4")
@pytest.mark.parametrize(("version", "declared"), [("2025-06-18", {}), ("2025-11-25", {"tools": {}})])
async def test_tools_in_a_sampling_request_are_refused_unless_declared(version: str, declared: Any) -> None:
    async with talking(server(version=version), offer=ALL, human=Answer("accept", COMPLETION)) as it:
        await it.session.open(Wish(version=version))
        assert it.transport.sent[0]["params"]["capabilities"]["sampling"] == declared
        answer = await reply(it, "sampling/createMessage", {**SAMPLE, "tools": [{"name": "t", "inputSchema": {}}]})
        assert ("result" in answer) is bool(declared)
        assert len(it.questions) == bool(declared)


USE = {"type": "tool_use", "id": "u1", "name": "t", "input": {}}
RESULT = {"type": "tool_result", "toolUseId": "u1", "content": []}
TEXT = {"type": "text", "text": "and"}


@pytest.mark.requirement("34.5")
@pytest.mark.parametrize(
    ("assistant", "user", "fine"),
    [
        ([TEXT, USE], [RESULT], True),
        (USE, RESULT, True),
        ([USE], [RESULT, TEXT], False),
        ([USE, {**USE, "id": "u2"}], [RESULT], False),
        ([TEXT], [RESULT], False),
        ([USE], [TEXT], False),
    ],
)
async def test_tool_uses_and_their_results_must_match(assistant: Any, user: Any, fine: bool) -> None:
    messages = [{"role": "assistant", "content": assistant}, {"role": "user", "content": user}]
    async with talking(server(), offer=ALL, human=Answer("accept", COMPLETION)) as it:
        await it.session.open(LEGACY)
        answer = await reply(it, "sampling/createMessage", {**SAMPLE, "messages": messages})
        assert answer.get("error", {}).get("code") == (None if fine else -32602)


@pytest.mark.requirement("35.1", "35.2")
async def test_roots_are_told_when_asked_and_a_change_is_told_by_itself() -> None:
    async with talking(server(), offer=ALL) as it:
        await it.session.open(LEGACY)
        assert it.transport.sent[0]["params"]["capabilities"]["roots"] == {"listChanged": True}
        assert (await reply(it, "roots/list"))["result"] == {"roots": [{"uri": "file:///a", "name": "a"}]}
        await it.session.set_roots(({"uri": "file:///b"},))
        (said,) = sent(it, "notifications/roots/list_changed")
        assert "id" not in said
        it.transport.feed(ask("again", "roots/list"))
        await anyio.wait_all_tasks_blocked()
        assert answered(it, "again")["result"] == {"roots": [{"uri": "file:///b"}]}


@pytest.mark.requirement("35.4")
async def test_in_the_stateless_era_no_change_of_roots_is_told() -> None:
    async with talking(server(), offer=ALL) as it:
        await it.session.open(MODERN)
        await it.session.set_roots(({"uri": "file:///b"},))
        assert sent(it, "notifications/roots/list_changed") == []


@pytest.mark.requirement("33.18", "35.3", "5.1")
@pytest.mark.parametrize("method", ["elicitation/create", "sampling/createMessage", "roots/list"])
async def test_with_no_one_to_answer_a_question_is_refused_at_once(method: str) -> None:
    async with talking(server()) as it:
        await it.session.open(LEGACY)
        assert it.transport.sent[0]["params"]["capabilities"] == {}
        assert (await reply(it, method, FORM))["error"]["code"] == -32601


@pytest.mark.requirement("40.1", "34.9", "35.6")
async def test_a_question_and_its_roots_belong_to_one_server_only() -> None:
    other = Offer(roots=({"uri": "file:///other"},))
    async with talking(server(), offer=ALL) as it, talking(server(), offer=other) as them:
        await it.session.open(LEGACY)
        await them.session.open(LEGACY)
        await them.session.set_roots(({"uri": "file:///changed"},))
        assert sent(it, "notifications/roots/list_changed") == []
        assert (await reply(it, "roots/list"))["result"]["roots"][0]["uri"] == "file:///a"
        assert (await reply(them, "roots/list"))["result"]["roots"] == [{"uri": "file:///changed"}]


@pytest.mark.requirement("35.5")
def test_a_root_that_is_no_file_is_left_out_and_told(tmp_path: Path) -> None:
    project = Project(tmp_path)
    entry = {"command": "x", "roots": ["~/a b", "file:///c%20d", "https://example.com/", 7, ""]}
    project.servers({"peer": entry}, project.user_file)
    loaded = project.load()["peer"]
    assert loaded.roots is not None
    assert [uri.rpartition("/")[2] for uri in loaded.roots] == ["a%20b", "c%20d"]
    assert all(uri.startswith("file:///") for uri in loaded.roots)
    assert sum('"roots"' in lint for lint in loaded.lints) == 3


@pytest.mark.requirement("33.14")
async def test_consent_to_an_address_never_carries_content() -> None:
    params = {"mode": "url", "message": "?", "url": "https://example.com/", "elicitationId": "e1"}
    async with talking(server(), offer=Offer(elicitation=True), human=Answer("accept", {"left": "over"})) as it:
        await it.session.open(LEGACY)
        it.transport.feed(ask("q", "elicitation/create", params))
        await it.transport.until_sent(3)
        assert answered(it, "q")["result"] == {"action": "accept"}


@pytest.mark.requirement("34.8")
@pytest.mark.parametrize("reason", ["toolUse", "whatever the model says", None])
async def test_content_in_arrays_goes_both_ways_unchanged_with_any_stop_reason(reason: str | None) -> None:
    use = {**USE, "_meta": {"mine": [1]}}
    answer: Message = {"role": "assistant", "content": [TEXT, use], "model": "m", "stopReason": reason}
    messages = [{"role": "assistant", "content": [TEXT, use]}, {"role": "user", "content": [{**RESULT, "_meta": {}}]}]
    asked: Message = {**SAMPLE, "messages": messages, "toolChoice": {"mode": "none"}, "includeContext": "allServers"}
    async with talking(server(), offer=ALL, human=Answer("accept", answer)) as it:
        await it.session.open(LEGACY)
        assert (await reply(it, "sampling/createMessage", asked))["result"] == answer
        assert it.questions[0].params == asked
