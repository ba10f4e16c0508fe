"""Trace context: requests join the trace that mcpdeck was started in (W3C Trace Context)."""

from __future__ import annotations

import re
import sys
from typing import Any

import anyio
import pytest

from mcpdeck.app.main import running
from mcpdeck.services.eras.negotiate import Wish
from mcpdeck.services.manager import Settings
from mcpdeck.services.protocol import jsonrpc
from mcpdeck.services.session import Answer, TraceContext
from mcpdeck.services.telemetry.spans import Spans
from tests import entries
from tests.entries import SERVERS
from tests.playbooks.opened import Opened, opened
from tests.playbooks.scripted import result
from tests.session.test_session import LEGACY, MODERN, legacy, modern

pytestmark = pytest.mark.anyio

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
GIVEN = {"TRACEPARENT": f"00-{TRACE}-00f067aa0ba902b7-01", "TRACESTATE": "vendor=1", "BAGGAGE": "user=ada"}


async def test_each_request_has_a_span_of_its_own_in_the_trace_that_was_given() -> None:
    entry = entries.stdio("peer", sys.executable, str(SERVERS / "tiny_stdio.py"))
    with anyio.fail_after(30):
        async with running([entry], settings=Settings.from_environment(GIVEN)) as services:
            session = await services.manager.connected("peer")
            await session.lists.known_tools()
            await session.ping()
            sent = [jsonrpc.parse(record.data) for record in services.trace.of("peer") if record.direction == "sent"]
    metas = [message["params"]["_meta"] for message in sent if message.get("method") in ("ping", "tools/list")]  # type: ignore[union-attr, index, call-overload]
    assert len(metas) >= 2
    parents = [meta["traceparent"] for meta in metas]  # type: ignore[index, call-overload]
    assert all(re.fullmatch(rf"00-{TRACE}-[0-9a-f]{{16}}-01", str(parent)) for parent in parents)
    assert len(set(map(str, parents))) == len(parents)
    assert metas[0]["tracestate"] == "vendor=1"  # type: ignore[index, call-overload]
    assert metas[0]["baggage"] == "user=ada"  # type: ignore[index, call-overload]


@pytest.mark.parametrize(
    "parent",
    [
        "",
        "rubbish",
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"00-{TRACE}-00f067aa0ba902b7-01-more",
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
    ],
    ids=["none", "rubbish", "no-version", "more-than-version-0-has", "capitals", "no-trace", "no-span"],
)
def test_without_a_valid_parent_nothing_is_sent(parent: str) -> None:
    assert TraceContext.from_environment({"TRACEPARENT": parent, "BAGGAGE": "user=ada"}) is None


@pytest.mark.parametrize("version", ["01", "cc", "fe"])
def test_a_later_version_is_read_as_far_as_it_is_known(version: str) -> None:
    """W3C Trace Context, 4.3; we pass on a version 0, with the one flag that it knows."""
    context = TraceContext.from_environment({"TRACEPARENT": f"{version}-{TRACE}-00f067aa0ba902b7-ff-what-ever"})
    assert context is not None
    assert re.fullmatch(rf"00-{TRACE}-[0-9a-f]{{16}}-01", context.members()["traceparent"])


@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        ("vendor=1,other@sys=2", "vendor=1,other@sys=2"),
        (" vendor=1 ,, other=2 ", "vendor=1,other=2"),
        ("vendor=1,vendor=2", ""),
        ("Vendor=1", ""),
        ("vendor", ""),
        ("vendor=a\nb", ""),
        (",".join(f"v{number}=1" for number in range(33)), ""),
    ],
    ids=["valid", "spaces", "twice", "capitals", "no-value", "line-break", "too-many"],
)
def test_a_state_is_passed_on_whole_or_not_at_all(given: str, passed_on: str) -> None:
    context = TraceContext.from_environment({**GIVEN, "TRACESTATE": given})
    assert context is not None
    assert context.state == passed_on


@pytest.mark.parametrize(
    "baggage", ["a=1\r\nX-Evil: 1", "a=\x00", "a=é", "a" * 9_000], ids=["break", "nul", "é", "long"]
)
def test_baggage_that_cannot_stand_in_a_header_is_not_sent(baggage: str) -> None:
    context = TraceContext.from_environment({**GIVEN, "BAGGAGE": baggage})
    assert context is not None
    assert "baggage" not in context.members()


def spans_of(it: Opened, method: str) -> list[str]:
    """The ids of the spans that the requests of ``method`` carry in ``_meta``; the headers must say the same."""
    found: list[str] = []
    for message, outgoing in zip(it.transport.sent, it.transport.messages, strict=True):
        if message.get("method") == method:
            meta = message.get("params", {}).get("_meta", {})
            assert outgoing.headers.get("traceparent") == meta.get("traceparent")
            found.append(meta.get("traceparent", "--none-").split("-")[2])
    return found


def in_rounds(message: dict[str, Any]) -> Any:
    """Wants one more round before it answers."""
    if "inputResponses" in message["params"]:
        return {"resultType": "complete", "content": []}
    wanted = {"q": {"method": "elicitation/create", "params": {"mode": "form", "message": "?", "requestedSchema": {}}}}
    return {"resultType": "input_required", "inputRequests": wanted, "requestState": "s"}


@pytest.mark.parametrize("wish", [LEGACY, MODERN], ids=["legacy", "modern"])
async def test_every_request_of_a_call_carries_the_span_of_the_call(wish: Wish) -> None:
    spans = Spans.from_environment(GIVEN)
    assert spans is not None
    script = modern if wish is MODERN else legacy
    answers = {"tools_call": in_rounds if wish is MODERN else {"content": []}}
    async with opened(script(**answers), human=Answer("accept", {})) as it:
        await it.session.open(wish)
        for number in range(2):
            with spans.begin(f"call-{number}", server="peer", name="t", method="tools/call") as span:
                await it.session.call_tool("t", {}, call=f"call-{number}")
            assert span.trace_id == TRACE
    carried = spans_of(it, "tools/call")
    rounds = 2 if wish is MODERN else 1
    assert len(carried) == 2 * rounds
    assert len(set(carried)) == 2
    assert carried[:rounds] == [carried[0]] * rounds


async def test_a_server_gets_nothing_of_a_trace_unless_there_is_one() -> None:
    assert Spans.from_environment({}) is None
    async with opened(legacy(tools_call={"content": []})) as it:
        await it.session.open(LEGACY)
        with Spans().begin("call", server="peer", name="t", method="tools/call") as span:
            await it.session.call_tool("t", {})
        assert span.trace_id == ""
    assert spans_of(it, "tools/call") == ["none"]


async def test_who_asks_for_it_gets_a_trace_for_each_call() -> None:
    spans = Spans.from_environment({"MCPDECK_TRACE_CONTEXT": "1"})
    assert spans is not None
    traces = {spans.begin("call", server="peer", name="t", method="tools/call").trace_id for _ in range(3)}
    assert len(traces) == 3
    assert all(re.fullmatch("[0-9a-f]{32}", trace) for trace in traces)


async def test_calls_at_the_same_time_do_not_take_each_others_span() -> None:
    spans = Spans(always=True)
    seen: dict[str, str] = {}
    async with opened(legacy()) as it:
        await it.session.open(LEGACY)

        async def call(name: str) -> None:
            with spans.begin(name, server="peer", name=name, method="tools/call") as span:
                seen[name] = span.trace_id
                await it.session.call_tool(name, {})

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call, "a")
            tasks.start_soon(call, "b")
            requests = [await it.transport.until_sent(3), await it.transport.until_sent(4)]
            for request in requests:
                it.transport.feed(result(request, {"content": []}))
    for request in requests:
        assert request["params"]["_meta"]["traceparent"].split("-")[1] == seen[request["params"]["name"]]


async def test_a_trace_that_a_person_put_into_a_request_is_left_alone() -> None:
    mine = {"_meta": {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}}
    async with opened(legacy(ping={})) as it:
        await it.session.open(LEGACY)
        with Spans(always=True).begin("call", server="peer", name="t", method="ping"):
            await it.session.request("ping", dict(mine))
    (request,) = [message for message in it.transport.sent if message["method"] == "ping"]
    assert request["params"] == mine
