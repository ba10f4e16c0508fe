"""However bytes are cut on their way, what comes out is the same: lines, events, unpacked bodies, whole connections."""

from __future__ import annotations

import gzip
import json
import os
import re
import sys
import zlib
from itertools import pairwise
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpdeck.services.errors import ConnectionLost, FrameTooLarge, SpawnError
from mcpdeck.services.models import StdioTarget
from mcpdeck.services.protocol import jsonrpc
from mcpdeck.services.transports.base import Frame, Hooks
from mcpdeck.services.transports.event_stream import EventStream
from mcpdeck.services.transports.http_body import PIECE, _Unpacker
from mcpdeck.services.transports.sse_parser import SseParser
from mcpdeck.services.transports.stdio import CutLine, LineFramer, StdioTransport
from tests.playbooks.http_peer import http_peer
from tests.servers.scripted_http import Exchange

LIMIT = 200
CUTS = st.lists(st.integers(0, 5_000), max_size=12)


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:stop] for start, stop in pairwise(places)]


def bytewise(data: bytes) -> list[bytes]:
    return [data[place : place + 1] for place in range(len(data))]


# Lines

_TEXT = st.sampled_from(
    [
        b"{}",
        b'{"id":1}',
        b"\xef\xbb\xbf{}",
        "grüße 世界 🎈".encode(),
        b"\xff\xfe\x00",
        b"\r",
        b" ",
        b"\t",
        b"x" * 150,
        b'"id"',
    ]
)
_LINES = st.lists(st.tuples(st.lists(_TEXT, max_size=4).map(b"".join), st.sampled_from([b"\n", b"\r\n", b"\n\n"])))


def lines_of(parts: list[bytes]) -> tuple[list[Any], bytes]:
    framer = LineFramer(LIMIT)
    out = [("cut", line.data) if isinstance(line, CutLine) else line for part in parts for line in framer.feed(part)]
    return out, framer.rest()


@given(_LINES, _TEXT, CUTS)
def test_lines_are_the_same_at_any_split_also_those_beyond_the_limit(
    lines: list[tuple[bytes, bytes]], rest: bytes, cuts: list[int]
) -> None:
    data = b"".join(line + end for line, end in lines) + rest
    whole = lines_of([data])
    assert lines_of(split(data, cuts)) == whole
    assert lines_of(bytewise(data)) == whole
    expected = [line.rstrip(b"\r") for line in data.split(b"\n")[:-1]]
    short = [line for line in expected if len(line) < LIMIT - 1 and line and not line.isspace()]
    assert [line for line in whole[0] if isinstance(line, bytes) and len(line) < LIMIT - 1] == short


# Events

_FIELD = st.sampled_from(
    [b"data: {}", b"data", b"data:", "data: grüße 世界 🎈".encode(), b"id: 1", b"id", b"id: \0", b"event: message"]
) | st.sampled_from(
    [b"event: other", b"retry: 10", b"retry: x", b": comment", b"", b"unknown: x", b"\xef\xbb\xbfdata: x"]
)
_EVENTS = st.lists(st.tuples(_FIELD, st.sampled_from([b"\n", b"\r\n", b"\r"])), max_size=30)


def events_of(parts: list[bytes]) -> list[Any]:
    parser = SseParser(LIMIT)
    out = [(event.event, event.data, event.id, event.own_id) for part in parts for event in parser.feed(part)]
    return [*out, parser.last_id, parser.retry]


@given(_EVENTS, CUTS)
def test_events_are_the_same_at_any_split(fields: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    data = b"".join(field + end for field, end in fields)
    whole = events_of([data])
    assert events_of(split(data, cuts)) == whole
    assert events_of(bytewise(data)) == whole


@given(_EVENTS, CUTS, st.lists(st.integers(0, 400), max_size=3))
def test_messages_of_a_stream_that_breaks_anywhere_and_is_sent_again_are_the_same(
    fields: list[tuple[bytes, bytes]], cuts: list[int], breaks: list[int]
) -> None:
    """Every event has an id of its own; each connection begins again from the first."""
    lines = b"\n".join(field for field, _ in fields)
    blocks = [block.strip(b"\n") for block in re.split(rb"\n{2,}", lines) if b"id" not in block]
    data = b"".join(b"id: %d\n%b\n\n" % (number, block) for number, block in enumerate(blocks))
    whole = EventStream(Hooks(), LIMIT)
    expected = [frame.data for frame in whole.feed(data)]
    stream = EventStream(Hooks(), LIMIT)
    out: list[bytes] = []
    for end in [*breaks, len(data)]:
        stream.begin()
        for part in split(data[:end], cuts):
            out += [frame.data for frame in stream.feed(part)]
    assert out == expected


@given(st.binary(max_size=300), CUTS)
def test_no_bytes_break_the_readers_of_lines_and_events(data: bytes, cuts: list[int]) -> None:
    lines_of(split(data, cuts))
    try:
        events_of(split(data, cuts))
    except FrameTooLarge:
        assert len(data) > LIMIT


# Packed bodies


def unpacked(parts: list[bytes], *, gzipped: bool) -> bytes:
    unpacker = _Unpacker(gzip=gzipped)
    pieces = [piece for part in parts for piece in unpacker.feed(part)]
    assert all(len(piece) <= PIECE for piece in pieces)
    return b"".join(pieces)


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@given(st.binary(max_size=400), st.integers(1, 3_000), CUTS)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=50)
def test_packed_bodies_are_the_same_at_any_split(data: bytes, times: int, cuts: list[int]) -> None:
    data *= times
    for packed, gzipped in (
        (gzip.compress(data), True),
        (gzip.compress(data[:100]) + gzip.compress(data[100:]), True),
        (zlib.compress(data), False),
        (raw_deflate(data), False),
    ):
        assert unpacked(split(packed, cuts), gzipped=gzipped) == data
    assert unpacked(bytewise(gzip.compress(data)), gzipped=True) == data


# Whole connections

MESSAGES = [
    {"jsonrpc": "2.0", "method": "one", "params": {"text": "grüße, 世界 🎈"}},
    {"jsonrpc": "2.0", "method": "two"},
    {"jsonrpc": "2.0", "id": 1, "result": {"text": "\u2028\u2029\x85"}},
]
ENCODED = [json.dumps(message, ensure_ascii=False).encode() for message in MESSAGES]


@pytest.mark.anyio
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("encoding", ["", "gzip"])
async def test_a_stream_that_comes_byte_by_byte_says_the_same(end: bytes, encoding: str) -> None:
    body = b"".join(b": c" + end + b"data: " + data + end + b"event: message" + end + end for data in ENCODED)
    headers = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n"
    if encoding:
        headers += f"Content-Encoding: {encoding}\r\n".encode()
        body = gzip.compress(body)

    async def handler(exchange: Exchange) -> None:
        await exchange.socket.send(headers + b"\r\n")
        for part in bytewise(body):
            await exchange.socket.send(part)
        await exchange.until_closed()

    async with http_peer(handler) as it:
        assert await it.request("tools/list") == MESSAGES[2]["result"]
        assert it.heard == ["one", "two"]
        assert it.strays == []


CHILD = """
import os, sys
for number in range(0, len(sys.argv[1]), 2):
    os.write(1, bytes.fromhex(sys.argv[1][number:number + 2]))
"""


@pytest.mark.anyio
async def test_a_child_that_writes_byte_by_byte_in_any_style_says_the_same() -> None:
    data = b"\xef\xbb\xbf" + ENCODED[0] + b"\r\n\n \n" + b"\xff\xfe not text\n" + ENCODED[1] + b"\n\r\n" + ENCODED[2]
    frames: list[Frame] = []
    target = StdioTarget(sys.executable, ("-c", CHILD, data.hex()), {}, None)
    with anyio.fail_after(20):
        async with StdioTransport(target, Hooks()) as transport:
            with pytest.raises((ConnectionLost, SpawnError)):
                await transport.run(frames.append)
    assert [frame.data for frame in frames] == [
        b"\xef\xbb\xbf" + ENCODED[0],
        b"\xff\xfe not text",
        ENCODED[1],
        ENCODED[2],
    ]
    kinds = [type(jsonrpc.decode(frame.data)).__name__ for frame in frames]
    assert kinds == ["Notification", "Malformed", "Notification", "Response"]
    assert os.linesep.encode() not in b"".join(frame.data for frame in frames)
