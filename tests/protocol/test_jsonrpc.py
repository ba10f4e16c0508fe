from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.protocol.jsonrpc import (
    ErrorResponse,
    Malformed,
    Notification,
    Request,
    Response,
    decode,
    dump,
    encode_request,
    parse,
)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b'{"jsonrpc":"2.0","id":1,"method":"ping"}', Request),
        (b'{"jsonrpc":"2.0","id":"a","method":"ping","params":{}}', Request),
        (b'{"jsonrpc":"2.0","method":"notifications/x"}', Notification),
        (b'{"jsonrpc":"2.0","id":1,"result":null}', Response),
        (b'{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"m"}}', ErrorResponse),
        (b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m"}}', ErrorResponse),
        (b'{"id":1,"result":{}}', Response),
        (b"Server is starting ...", Malformed),
        (b"17", Malformed),
        (b"[]", Malformed),
        (b"\xff\xfe", Malformed),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', Malformed),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', Malformed),
        (b'{"jsonrpc":"2.0","id":1.5,"result":{}}', Malformed),
        (b'{"jsonrpc":"2.0","method":5}', Malformed),
        (b'{"jsonrpc":"2.0","method":"x","params":[1]}', Malformed),
        (b'{"jsonrpc":"2.0","id":1}', Malformed),
        (b'{"jsonrpc":"2.0","id":1,"error":"no"}', Malformed),
    ],
)
def test_every_shape_of_bytes_becomes_its_kind_of_message(data: bytes, kind: type) -> None:
    assert isinstance(decode(data), kind)


def test_a_batch_becomes_its_messages_in_order() -> None:
    batch = decode(b'[{"jsonrpc":"2.0","method":"a"},{"jsonrpc":"2.0","id":1,"result":{}},7]')
    assert isinstance(batch, list)
    assert [type(message) for message in batch] == [Notification, Response, Malformed]


def test_a_missing_jsonrpc_member_is_a_flaw_and_the_answer_still_arrives() -> None:
    message = decode(b'{"id":1,"result":{"a":1}}')
    assert isinstance(message, Response)
    assert message.result == {"a": 1}
    assert message.flaw is not None


def test_what_the_strict_parser_refuses_is_still_read_where_it_can_be() -> None:
    assert parse(b'\xef\xbb\xbf{"a":1}') == {"a": 1}
    assert parse(b'{"a":"\\ud800"}') == {"a": "\ud800"}


def test_a_lone_surrogate_leaves_as_an_escape() -> None:
    assert dump({"a": "\ud800"}) == b'{"a":"\\ud800"}'


def test_numbers_keep_their_kind_and_size() -> None:
    value = {"int": 10**30, "float": 1.0, "negative": -0.5}
    assert parse(dump(value)) == value
    assert isinstance(parse(dump(value))["float"], float)  # type: ignore[index, call-overload]


def test_a_message_never_contains_a_newline() -> None:
    assert b"\n" not in encode_request(1, "x", {"text": "one\ntwo\u2028three"})


@given(st.binary(max_size=200))
def test_no_bytes_raise_out_of_the_codec(data: bytes) -> None:
    decode(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"jsonrpc":"2.0","id":7,"error":"no object"}',
        b'{"jsonrpc":"2.0","id":7}',
        b'{"jsonrpc":"2.0","id":7,"result":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        b'{"result":{"a":1,,},"jsonrpc":"2.0","id":7}',
    ],
    ids=["error-is-text", "nothing", "too-deep", "cut-up"],
)
def test_an_answer_that_cannot_be_read_still_says_which_request_it_is_for(data: bytes) -> None:
    message = decode(data)
    assert isinstance(message, Malformed)
    assert message.answered == 7


@pytest.mark.parametrize("data", [b'log: {"id":7}', b'{"id":true}', b"[]", b'{"text":"\\"id\\":7", }'])
def test_a_stray_line_is_meant_for_no_request(data: bytes) -> None:
    message = decode(data)
    assert isinstance(message, Malformed)
    assert message.answered is None
