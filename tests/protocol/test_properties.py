"""No bytes whatsoever raise out of the codec or the dispatcher, and none of them stop the messages after them."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mcpdeck.services.errors import McpDeckError
from mcpdeck.services.models import Json, JsonObject
from mcpdeck.services.protocol import jsonrpc
from mcpdeck.services.protocol.dispatcher import Dispatcher
from mcpdeck.services.protocol.jsonrpc import ErrorResponse, Malformed, Notification, Request, Response
from mcpdeck.services.transports.base import Frame, RequestId
from tests.playbooks.scripted import ScriptedTransport

MEMBERS = ["jsonrpc", "id", "method", "params", "result", "error", "code", "message", "data"]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=6)
    | st.sampled_from(["2.0", "\ud800", "\x00", "ping", "notifications/cancelled", 10**400, -(10**4000), 1e308, ""])
)
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=6)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=12,
)
ENVELOPES = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0")},
    optional={
        "id": SCALARS,
        "method": st.sampled_from(["a", "b"]) | JSON,
        "params": JSON,
        "result": JSON,
        "error": JSON | st.fixed_dictionaries({"code": JSON, "message": JSON}),
    },
)


def encoded(value: Any) -> bytes:
    # The standard library writes what ours refuses: lone surrogates as escapes, NaN and Infinity.
    return json.dumps(value).encode()


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A message with some of its bytes changed, left out or doubled."""
    data = bytearray(encoded(draw(ENVELOPES | st.lists(ENVELOPES, max_size=3))))
    for _ in range(draw(st.integers(0, 4))):
        if not data:
            break
        place = draw(st.integers(0, len(data) - 1))
        match draw(st.sampled_from(["change", "leave out", "double", "cut"])):
            case "change":
                data[place] = draw(st.integers(0, 255))
            case "leave out":
                del data[place]
            case "double":
                data[place:place] = data[: place + 1]
            case _:
                del data[place:]
    return bytes(data)


BYTES = st.binary(max_size=80) | damaged() | JSON.map(encoded) | ENVELOPES.map(encoded)
NESTED = (200, 500, 900, 990, 5_000, 100_000)


def nested(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    return b'{"jsonrpc":"2.0","id":1,"result":' + opening * depth + closing * depth + b"}"


@settings(max_examples=250, deadline=None)
@given(BYTES)
@example(b"")
@example(b"\xff\xfe{\x00}\x00")
@example(b'{"jsonrpc":"2.0","id":' + b"1" * 4_300 + b',"result":{}}')
@example(b'{"jsonrpc":"2.0","id":' + b"1" * 100_000 + b',"result":{}}')
@example(b'{"jsonrpc":"2.0","id":1,"result":1e999}')
@example(b"[" * 100_000)
@example(b"[" + nested(900) + b"]")
def test_the_codec_makes_something_of_any_bytes(data: bytes) -> None:
    message = jsonrpc.decode(data)
    for each in message if isinstance(message, list) else [message]:
        assert isinstance(each, (Request, Notification, Response, ErrorResponse, Malformed))
        if isinstance(each, Malformed):
            assert each.reason
    jsonrpc.decode(data, dropped=5)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 2**53) | st.text(st.characters(), max_size=9), st.dictionaries(st.text(max_size=4), JSON, max_size=3)
)
def test_what_the_codec_writes_is_one_line_that_it_reads_back(request_id: RequestId, params: JsonObject) -> None:
    for data, kind in (
        (jsonrpc.encode_request(request_id, "m", params), Request),
        (jsonrpc.encode_notification("m", params), Notification),
        (jsonrpc.encode_result(request_id, params), Response),
        (jsonrpc.encode_error(request_id, -1, "no", params), ErrorResponse),
    ):
        assert b"\n" not in data
        assert b"\r" not in data
        message = jsonrpc.decode(data)
        assert isinstance(message, kind)
        if isinstance(message, (Request, Response, ErrorResponse)):
            assert message.id == request_id


class Ears:
    """A running dispatcher, everything it says, and its own last word."""

    def __init__(self) -> None:
        self.said: list[object] = []
        self.transport = ScriptedTransport()
        self.dispatcher = Dispatcher(
            self.transport,
            on_request=self._on_request,
            on_notification=self._on_notification,
            on_flaw=lambda text: self.said.append(str(text)),
            on_stray=self.said.append,
        )

    async def _on_request(self, method: str, params: JsonObject, request_id: RequestId) -> Json:
        raise KeyError(method)

    def _on_notification(self, method: str, params: JsonObject) -> None:
        raise KeyError(method)

    async def run(self) -> None:
        try:
            await self.dispatcher.run()
        except McpDeckError as error:
            self.said.append(error)


@settings(max_examples=80, deadline=None)
@given(st.lists(BYTES, max_size=8))
@example([nested(900), b"[" + nested(900) + b"]", nested(100_000), nested(500, b'{"a":', b"1}")])
@example(
    [b'{"jsonrpc":"2.0","id":"\\ud800","method":"x"}', b'{"jsonrpc":"2.0","id":' + b"9" * 4_000 + b',"method":"x"}']
)
@example([b'{"jsonrpc":"2.0","id":%d,"method":"x"}' % number for number in range(200)])
def test_no_bytes_raise_out_of_the_dispatcher_and_the_next_answer_still_arrives(frames: list[bytes]) -> None:
    async def play() -> None:
        ears = Ears()
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ears.run)
                await anyio.wait_all_tasks_blocked()
                for frame in frames:
                    ears.dispatcher.feed(Frame(frame, 0.0))
                await anyio.wait_all_tasks_blocked()
                answers: list[Json] = []

                async def ask() -> None:
                    answers.append(await ears.dispatcher.request("are you there", None, request_id="last"))

                tasks.start_soon(ask)
                await anyio.wait_all_tasks_blocked()
                ears.dispatcher.feed(Frame(b'{"jsonrpc":"2.0","id":"last","result":"yes"}', 0.0))
                await anyio.wait_all_tasks_blocked()
                assert answers == ["yes"]
                ears.transport.end()

    anyio.run(play)


@pytest.mark.parametrize("depth", NESTED)
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_what_is_nested_too_deeply_fails_its_request_and_nothing_else(
    depth: int, opening: bytes, closing: bytes
) -> None:
    inner = b"1" if opening != b"[" else b""
    data = b'{"jsonrpc":"2.0","id":1,"result":' + opening * depth + inner + closing * depth + b"}"
    message = jsonrpc.decode(data)
    if isinstance(message, Malformed):
        assert depth > 500
        assert message.answered == 1
    else:
        assert isinstance(message, Response)


@pytest.mark.parametrize(
    ("data", "answered"),
    [
        (b'{"jsonrpc":"2.0","id":7,"result":"xxx', 7),
        (b'{"jsonrpc": "2.0", "id": 7, "error": {"code', 7),
        (b'{"result":"xxx... ","jsonrpc":"2.0","id":7}', 7),
        (b'{"jsonrpc":"2.0","result":"xxx... ","id":7}', 7),
        (b'{"jsonrpc":"2.0","method":"m","params":{"id":7', None),
        (b'{"jsonrpc":"2.0","id":7,"method":"m","params":"xxx', None),
    ],
)
def test_whose_answer_a_message_beyond_the_limit_was_is_guessed_from_what_is_left(
    data: bytes, answered: int | None
) -> None:
    message = jsonrpc.decode(data, dropped=70_000_000)
    assert isinstance(message, Malformed)
    assert message.answered == answered
    assert "too large" in message.reason


def test_an_array_of_too_many_messages_is_one_piece_of_rubbish() -> None:
    whole = b"[" + b"1," * (jsonrpc.LARGEST_BATCH + 5) + b"1]"
    assert isinstance(jsonrpc.decode(whole), Malformed)
    some = jsonrpc.decode(b"[" + b"1," * 99 + b"1]")
    assert isinstance(some, list)
    assert [each.data for each in some if isinstance(each, Malformed)] == [b"1"] * 100


@pytest.mark.parametrize("unit", [b"{}", b"[]", b'{"a":1}'])
def test_a_message_of_more_objects_than_memory_bears_is_not_built(unit: bytes) -> None:
    many = b",".join([unit] * (jsonrpc.MOST_CONTAINERS + 1))
    message = jsonrpc.decode(b'{"jsonrpc":"2.0","id":1,"result":[' + many + b"]}")
    assert isinstance(message, Malformed)
    assert message.answered == 1


def test_a_large_text_full_of_brackets_is_a_message_like_any_other_up_to_a_measure() -> None:
    text = "[{" * (jsonrpc.MOST_CONTAINERS // 4)
    message = jsonrpc.decode(jsonrpc.encode_result(1, text))
    assert isinstance(message, Response)
    assert message.result == text
