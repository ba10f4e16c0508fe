"""Whatever a client sends to a server of typed tools, the next sensible request is answered."""

from __future__ import annotations

import json
from typing import Any

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpdeck.services.registry.typed_server import TypedServer
from mcpdeck.services.transports.message_codecs import PlainCodec
from tests.registry.typed_samples import Split
from tests.transports.in_process import INITIALIZE, MODERN

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
METHODS = st.sampled_from([
    "initialize", "ping", "server/discover", "tools/list", "tools/call", "logging/setLevel", "notifications/cancelled",
    "notifications/initialized", "resources/read",
])  # fmt: skip
ENVELOPES = st.sampled_from([MODERN, {}]) | st.dictionaries(
    st.sampled_from([*MODERN, "progressToken", "io.modelcontextprotocol/logLevel"]), VALUES, max_size=4
)
PARAMS = VALUES | st.fixed_dictionaries(
    {},
    optional={
        "_meta": ENVELOPES | VALUES,
        "name": st.just("split") | VALUES,
        "arguments": st.fixed_dictionaries({"text": VALUES}) | VALUES,
        "cursor": st.just("after 1") | VALUES,
        "level": st.just("debug") | VALUES,
        "requestId": VALUES,
        "protocolVersion": VALUES,
    },
)
MESSAGES = st.lists(
    st.fixed_dictionaries({}, optional={"id": VALUES, "method": METHODS | VALUES, "params": PARAMS, "result": VALUES}),
    max_size=20,
)
LAST = "the last one"


@given(messages=MESSAGES, shaken=st.booleans())
@settings(max_examples=30, deadline=None)
def test_no_message_keeps_the_next_from_being_answered(messages: list[dict[str, Any]], shaken: bool) -> None:
    answers = anyio.run(_answers, messages, shaken)
    asked = [message["id"] for message in messages if "id" in message and isinstance(message.get("method"), str)]
    assert all(sum(key in answer for key in ("result", "error")) == 1 for answer in answers)
    assert answers[-1]["id"] == LAST
    assert "result" in answers[-1]
    known = [json.dumps(number) for number in asked]
    assert all(json.dumps(answer["id"]) in known for answer in answers[int(shaken) : -1])


async def _answers(messages: list[dict[str, Any]], shaken: bool) -> list[dict[str, Any]]:
    """Every answer to ``messages`` and to one sensible request after them, in the bytes of the wire."""
    codec = PlainCodec()
    to_server, from_client = anyio.create_memory_object_stream[object](100)
    to_client, from_server = anyio.create_memory_object_stream[object](100)
    first = [{"id": "shake", "method": "initialize", "params": INITIALIZE}] if shaken else []
    last = {"id": LAST, "method": "server/discover", "params": {"_meta": MODERN}}
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(TypedServer([Split]).run, from_client, to_client, None)
            for message in (*first, *messages):
                await to_server.send(codec.decode(codec.encode({"jsonrpc": "2.0", **message})))
            await to_server.send({"jsonrpc": "2.0", **last})
            answers: list[dict[str, Any]] = []
            while not answers or answers[-1].get("id") != LAST:
                answer = json.loads(codec.encode(await from_server.receive()))
                if "method" not in answer:
                    answers.append(answer)
            tasks.cancel_scope.cancel()
    for stream in (to_server, from_client, to_client, from_server):
        stream.close()
    return answers
