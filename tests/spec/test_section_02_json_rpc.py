"""Section 2: JSON-RPC and ``resultType``."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcpdeck.services.eras.negotiate import Wish
from mcpdeck.services.errors import ConnectionLost, RemoteProtocolError, RequestTimeout, RPCError
from mcpdeck.services.protocol import jsonrpc
from tests.playbooks.opened import opened
from tests.spec.peers import ERAS, LEGACY, MODERN, answered, ask, done, sent, server, tell


@pytest.mark.requirement("2.0.1", "2.0.12")
@pytest.mark.parametrize("era", ERAS)
async def test_each_message_is_one_json_rpc_object_and_each_request_has_an_integer_id(era: Wish) -> None:
    async with opened(server({"tools/call": done()})) as it:
        await it.session.open(era)
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(it.session.call_tool, "t", {})
        for message in it.transport.messages:
            value = jsonrpc.parse(message.data)
            assert isinstance(value, dict)
            assert value["jsonrpc"] == "2.0"
            assert type(value.get("id", 1)) is int
        assert len(sent(it, "tools/call")) == 3


@pytest.mark.requirement("2.0.6")
@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"result": {}, "error": {"code": 1, "message": "m"}}, "both result and error"),
        ({"error": {"code": "1", "message": "m"}}, "error.code is not an integer"),
        ({"error": {"code": 1, "message": None}}, "error.message is not a string"),
    ],
)
async def test_an_answer_that_breaks_the_envelope_ends_its_request_and_is_told(members: Any, rule: str) -> None:
    async with opened(server({"tools/call": lambda m: {"jsonrpc": "2.0", "id": m["id"], **members}})) as it:
        await it.session.open(LEGACY)
        with pytest.raises(RPCError):
            await it.session.call_tool("t", {})
        assert any(rule in told for told in it.rules())


@pytest.mark.requirement("2.0.6")
async def test_an_answer_with_neither_result_nor_error_ends_its_request() -> None:
    async with opened(server({"tools/call": lambda m: {"jsonrpc": "2.0", "id": m["id"]}})) as it:
        await it.session.open(LEGACY)
        with pytest.raises(RemoteProtocolError, match="neither"):
            await it.session.call_tool("t", {})


@pytest.mark.requirement("2.0.7")
@pytest.mark.parametrize("members", [{}, {"id": None}])
async def test_an_error_without_an_id_is_told_as_one_of_the_connection(members: Any) -> None:
    async with opened(server()) as it:
        await it.session.open(LEGACY)
        it.transport.feed({"jsonrpc": "2.0", "error": {"code": -32700, "message": "cannot parse"}, **members})
        assert any("without an id" in told and "cannot parse" in told for told in it.rules())
        assert await it.session.request("ping", {}) == {}


@pytest.mark.requirement("2.0.8", "2.0.14")
@pytest.mark.parametrize("era", ERAS)
async def test_notifications_are_never_answered_whatever_they_are(era: Wish) -> None:
    async with opened(server({"tools/call": {**done(), "later": {"deep": 1}}})) as it:
        await it.session.open(era)
        before = len(it.transport.sent)
        for method in ("notifications/message", "notifications/progress", "notifications/new", "tools/call", ""):
            it.transport.feed(tell(method, {"unknown": [1]}))
        await anyio.wait_all_tasks_blocked()
        assert len(it.transport.sent) == before
        final = await it.session.call_tool("t", {})
        assert final["later"] == {"deep": 1}


@pytest.mark.requirement("2.0.9", "16.14", "44.10")
async def test_a_request_of_a_stateless_server_gets_no_answer_and_is_told() -> None:
    async with opened(server()) as it:
        await it.session.open(MODERN)
        for number, method in enumerate(("ping", "roots/list", "elicitation/create", "sampling/createMessage")):
            it.transport.feed(ask(number, method))
        await anyio.wait_all_tasks_blocked()
        assert [message["method"] for message in it.transport.sent] == ["server/discover"]
        assert sum("forbids" in told for told in it.rules()) == 4


@pytest.mark.requirement("2.0.11", "2.0.13")
@pytest.mark.parametrize(("version", "told"), [("2025-03-26", False), ("2025-06-18", True), ("2025-11-25", True)])
async def test_a_batch_is_taken_apart_and_told_where_the_revision_has_none(version: str, told: bool) -> None:
    async with opened(server(version=version)) as it:
        await it.session.open(Wish(version=version))
        it.transport.feed(
            [ask("a", "ping"), tell("notifications/message", {"level": "info", "data": 1}), ask("b", "x")]
        )
        await anyio.wait_all_tasks_blocked()
        assert answered(it, "a")["result"] == {}
        assert answered(it, "b")["error"]["code"] == -32601
        assert any(type(event).__name__ == "LogReceived" and event.data == 1 for event in it.events)
        assert any("array" in rule for rule in it.rules()) is told


@pytest.mark.requirement("2.0.15")
async def test_a_failure_of_our_own_is_never_an_error_of_the_peer() -> None:
    async with opened(server({"tools/call": lambda m: None})) as it:
        await it.session.open(LEGACY)
        with pytest.raises(RequestTimeout) as timed_out:
            await it.session.request("tools/call", {"name": "t"}, timeout=0.01)
        it.transport.end(ConnectionLost("gone"))
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(ConnectionLost) as lost:
            await it.session.request("tools/call", {"name": "t"})
        assert "code" not in {**timed_out.value.details, **lost.value.details}


@pytest.mark.requirement("2.1.3", "2.1.4")
@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("prompts/list", "input_required"),
        ("completion/complete", "input_required"),
        ("resources/read", "task"),
        ("prompts/get", "task"),
    ],
)
async def test_a_result_type_that_does_not_belong_to_the_method_is_an_invalid_answer(method: str, kind: str) -> None:
    answer = {"resultType": kind, "requestState": "s", "taskId": "t", "status": "working"}
    async with opened(server({method: answer})) as it:
        await it.session.open(MODERN)
        with pytest.raises(RemoteProtocolError):
            await it.session.request(method, {})


@pytest.mark.requirement("2.1.4")
async def test_a_task_that_was_not_declared_is_an_invalid_answer_to_a_call() -> None:
    async with opened(server({"tools/call": {"resultType": "task", "taskId": "t", "status": "working"}})) as it:
        await it.session.open(MODERN)
        with pytest.raises(RemoteProtocolError):
            await it.session.call_tool("t", {})


@pytest.mark.requirement("2.1.5")
@pytest.mark.parametrize("kind", ["input_required", "task", "surprise", 5, None])
async def test_in_the_handshake_era_a_member_called_result_type_means_nothing(kind: Any) -> None:
    odd = {**done(), "resultType": kind}
    async with opened(server({"tools/call": odd})) as it:
        await it.session.open(LEGACY)
        assert await it.session.call_tool("t", {}) == odd
        assert it.rules() == []
