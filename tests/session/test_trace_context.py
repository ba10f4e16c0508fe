"""Trace context: requests join the trace that mcpdeck was started in (W3C Trace Context)."""

from __future__ import annotations

import re
import sys

import anyio
import pytest

from mcpdeck.app.main import running
from mcpdeck.services.manager import Settings
from mcpdeck.services.protocol import jsonrpc
from mcpdeck.services.session import TraceContext
from tests import entries
from tests.entries import SERVERS

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
        f"01-{TRACE}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
    ],
)
def test_without_a_valid_parent_nothing_is_sent(parent: str) -> None:
    assert TraceContext.from_environment({"TRACEPARENT": parent, "BAGGAGE": "user=ada"}) is None
