"""What becomes of a call is a value, and everybody who keeps account hears of it once."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import anyio
import pytest

from mcpdeck.services.errors import (
    ConnectError,
    HttpStatusError,
    McpDeckError,
    PolicyDenied,
    UntrustedError,
)
from mcpdeck.services.models import Caller, JsonObject, Measured, Tool
from mcpdeck.services.state.model import CallState, CallStatus
from tests.engine.peer import ALLOWED, DENIED, ECHO, Log, Rules, peer
from tests.playbooks.scripted import error
from tests.spec.peers import done

pytestmark = pytest.mark.anyio

FITS: JsonObject = {"text": "a"}
OUTPUT = {**ECHO, "outputSchema": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}}


def answer_with(value: Any) -> dict[str, Any]:
    return {"tools/call": value}


@pytest.mark.parametrize(
    ("answers", "tool", "arguments", "status", "kind"),
    [
        (answer_with(done()), "echo", FITS, CallStatus.SUCCESS, None),
        (answer_with({**done(), "isError": True}), "echo", FITS, CallStatus.TOOL_ERROR, None),
        (answer_with(lambda m: error(m, -32603, "it broke")), "echo", FITS, CallStatus.FAILED, "jsonrpc"),
        (answer_with(lambda m: HttpStatusError("bad", status=500)), "echo", FITS, CallStatus.FAILED, "http"),
        (answer_with(lambda m: None), "echo", FITS, CallStatus.TIMED_OUT, "timeout"),
        ({}, "ech", FITS, CallStatus.NOT_FOUND, "usage"),
        ({}, "echo", {"txt": "a"}, CallStatus.INVALID, "usage"),
    ],
    ids=["success", "tool error", "rpc error", "http error", "time-out", "no such tool", "wrong arguments"],
)
async def test_every_end_is_a_value_and_is_told_once_to_all_who_keep_account(
    answers: dict[str, Any], tool: str, arguments: JsonObject, status: CallStatus, kind: str | None
) -> None:
    audit, metrics = Log(), Log()
    async with peer(answers, audit=audit, metrics=metrics) as it:
        call = await it.executor.call("peer", tool, arguments, timeout=0.05, caller=Caller.COMMAND)
        assert call.status is status
        assert (call.error.kind if call.error else None) == kind
        assert call.caller is Caller.COMMAND
        assert audit.calls == metrics.calls == [call]
        seen = status not in (CallStatus.NOT_FOUND, CallStatus.INVALID)
        assert bool(it.sent()) is seen
        assert it.calls == ((call,) if seen else ())
        assert it.executor.limiter.running == 0


async def test_a_name_that_was_probably_meant_is_told() -> None:
    async with peer() as it:
        call = await it.executor.call("peer", "ech", FITS)
        assert call.error is not None
        assert call.error.hint == "Did you mean echo?"
        call = await it.executor.call("peer", "echo", {"txt": "a"})
        assert call.error is not None
        assert call.error.details["problems"]
        assert "Did you mean text instead of txt?" in call.error.hint


async def test_a_server_that_there_is_not_is_not_found_and_is_no_call() -> None:
    async with peer() as it:
        call = await it.executor.call("nothing", "echo", FITS)
        assert (call.status, it.calls) == (CallStatus.NOT_FOUND, ())
        assert call.error is not None
        assert "nothing" in call.error.title


async def test_a_server_that_is_not_connected_is_a_failure_in_its_own_words() -> None:
    async with peer() as it:
        it.sessions.broken = ConnectError("connection refused", hint="Is it running?")
        call = await it.executor.call("peer", "echo", FITS)
        assert call.status is CallStatus.FAILED
        assert call.error is not None
        assert (call.error.title, call.error.hint) == ("connection refused", "Is it running?")
        assert it.calls == (call,)


@pytest.mark.parametrize("refusal", [PolicyDenied("blocked by policy"), UntrustedError("not approved")])
async def test_what_policy_forbids_is_denied_before_anything_is_looked_at(refusal: McpDeckError) -> None:
    rules = Rules()
    async with peer(permissions=rules) as it:
        before = len(it.it.transport.sent)
        it.sessions.refusal = refusal
        call = await it.executor.call("peer", "nonsense", {})
        assert call.status is CallStatus.DENIED
        assert it.calls == (call,)
        assert rules.acts == []
        assert len(it.it.transport.sent) == before


@pytest.mark.parametrize("use", ["call", "read", "prompt"])
async def test_a_rule_that_denies_is_named_and_nothing_is_sent(use: str) -> None:
    async with peer(permissions=Rules(DENIED)) as it:
        before = len(it.it.transport.sent)
        match use:
            case "call":
                call = await it.executor.call("peer", "echo", {"unfitting": 1})
            case "read":
                call = await it.executor.read("peer", "file:///a")
            case _:
                call = await it.executor.prompt("peer", "hello", {})
        assert call.status is CallStatus.DENIED
        assert call.decision == DENIED
        assert call.error is not None
        assert call.error.kind == "permission"
        assert dict(call.error.details) == {"rule": "mcp__peer", "source": "settings.json", "by": "rule"}
        assert "mcp__peer (settings.json)" in call.error.title
        assert it.calls == (call,)
        assert len(it.it.transport.sent) == before


async def test_a_call_that_is_given_up_is_recorded_and_the_giving_up_goes_through() -> None:
    audit = Log()
    async with peer(answer_with(lambda m: None), audit=audit) as it, anyio.create_task_group() as tasks:
        tasks.start_soon(it.executor.call, "peer", "echo", FITS)
        await anyio.wait_all_tasks_blocked()
        assert it.executor.limiter.running == 1
        tasks.cancel_scope.cancel()
    assert [call.status for call in audit.calls] == [CallStatus.CANCELLED]
    assert it.executor.limiter.running == 0


async def test_reads_and_prompts_are_calls_with_a_method_of_their_own() -> None:
    answers = {"resources/read": {"contents": []}, "prompts/get": {"messages": []}}
    async with peer(answers, permissions=Rules(ALLOWED)) as it:
        read = await it.executor.read("peer", "file:///a", caller=Caller.COMMAND)
        bare = await it.executor.prompt("peer", "hello")
        filled = await it.executor.prompt("peer", "hello", {})
        assert [call.status for call in (read, bare, filled)] == [CallStatus.SUCCESS] * 3
        assert [call.method for call in it.calls] == ["prompts/get", "prompts/get", "resources/read"]
        assert (read.tool, read.decision) == ("file:///a", ALLOWED)
        assert ["arguments" in message["params"] for message in it.sent("prompts/get")] == [False, True]


async def test_what_does_not_fit_the_output_schema_is_told_and_not_refused() -> None:
    for content, expected in [
        ({"structuredContent": {"n": 1}}, ()),
        ({"structuredContent": {"n": "x"}}, ("structured content: n",)),
        ({}, ("the tool has an output schema, and its result has no structured content",)),
        ({"isError": True}, ()),
    ]:
        async with peer(answer_with({**done(), **content}), tools=[OUTPUT]) as it:
            call = await it.executor.call("peer", "echo", FITS)
            assert call.status in (CallStatus.SUCCESS, CallStatus.TOOL_ERROR)
            assert len(call.output_problems) == len(expected)
            assert all(problem.startswith(start) for problem, start in zip(call.output_problems, expected, strict=True))


class Shelf:
    """Keeps results aside that hold the word ``large``."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    async def keep(self, call_id: str, server: str, tool: Tool | None, result: JsonObject) -> Measured:
        self.kept.append(tool.name if tool is not None else "")
        return Measured(1_000, 250, 25, truncated=True, saved_to="a file", given={"content": []})

    def held(self, result: JsonObject, measured: Measured) -> JsonObject:
        return measured.given or {} if "large" in str(result) else result


@pytest.mark.parametrize(("text", "held"), [("small", "small"), ("large", None)])
async def test_a_result_too_large_to_be_kept_is_whole_in_what_is_returned_and_not_in_the_state(
    text: str, held: str | None
) -> None:
    shelf, metrics = Shelf(), Log()
    async with peer(answer_with(done(text)), keeper=shelf, metrics=metrics) as it:
        call = await it.executor.call("peer", "echo", FITS)
        assert call.result == done(text)
        assert it.calls[0].result == (done(held) if held else {"content": []})
        assert it.calls[0].measured is call.measured
        assert shelf.kept == ["echo"]
        assert metrics.sizes == [(len(b'{"text":"a"}'), 1_000)]


async def test_in_a_batch_results_stay_as_they_were_received() -> None:
    shelf = Shelf()
    async with peer(answer_with(done("large")), tools=[OUTPUT], keeper=shelf) as it:
        call = await it.executor.call("peer", "echo", {"wrong": 1}, validate=False, caller=Caller.BATCH)
        assert (call.status, call.result, call.output_problems) == (CallStatus.SUCCESS, done("large"), ())
        assert it.calls[0].result == done("large")
        assert shelf.kept == []


class Span:
    trace_id = "0af7651916cd43dd8448eb211c80319c"

    def __init__(self, told: list[Any]) -> None:
        self.told = told

    def __enter__(self) -> Self:
        self.told.append("sending")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.told.append("sent")

    def end(self, call: CallState, *, bytes_sent: int = 0, bytes_received: int = 0) -> None:
        self.told.append(call.status)


class Spans:
    def __init__(self) -> None:
        self.told: list[Any] = []

    def begin(self, call: str, *, server: str, name: str, method: str, caller: Caller) -> Span:
        self.told.append((server, name, method, caller))
        return Span(self.told)


async def test_each_call_has_a_span_that_its_requests_are_sent_in() -> None:
    spans = Spans()
    async with peer(answer_with(done()), spans=spans) as it:
        call = await it.executor.call("peer", "echo", FITS)
        assert call.trace_id == Span.trace_id
        called = ("peer", "echo", "tools/call", Caller.PROGRAM)
        assert spans.told == [called, "sending", "sent", CallStatus.SUCCESS]
        spans.told.clear()
        await it.executor.call("peer", "echo", {})
        assert spans.told == [called, CallStatus.INVALID]


async def test_nobody_who_waits_for_a_result_waits_for_those_who_keep_account_and_nothing_is_lost() -> None:
    audit = Log()
    async with peer(answer_with(done()), audit=audit) as it, anyio.create_task_group() as tasks:
        tasks.start_soon(it.executor.run)
        await anyio.wait_all_tasks_blocked()
        first = await it.executor.call("peer", "echo", FITS)
        assert audit.calls == []
        await anyio.wait_all_tasks_blocked()
        assert audit.calls == [first]
        second = await it.executor.call("peer", "echo", FITS)
        tasks.cancel_scope.cancel()
    assert audit.calls == [first, second]
