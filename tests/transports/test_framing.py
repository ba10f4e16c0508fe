from __future__ import annotations

from itertools import pairwise

import pytest
from httpx_sse._decoders import SSEDecoder
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.errors import FrameTooLarge
from mcpdeck.services.transports.sse_parser import SseEvent, SseParser
from mcpdeck.services.transports.stdio import LineFramer


def _split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:stop] for start, stop in pairwise(places)]


def test_lines_come_out_without_their_ends_and_blank_ones_not_at_all() -> None:
    framer = LineFramer()
    assert framer.feed(b'{"a":1}\r\n\n  \n{"b":2}\nrest') == [b'{"a":1}', b'{"b":2}']
    assert framer.rest() == b"rest"


@given(
    st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b" ")), max_size=8), st.lists(st.integers(0, 500))
)
def test_any_split_of_a_stream_of_lines_gives_the_same_lines(lines: list[bytes], cuts: list[int]) -> None:
    data = b"".join(line + b"\n" for line in lines)
    whole = LineFramer().feed(data)
    framer = LineFramer()
    assert [line for part in _split(data, cuts) for line in framer.feed(part)] == whole


def test_a_line_beyond_the_limit_is_refused_before_it_is_whole() -> None:
    framer = LineFramer(limit=100)
    framer.feed(b"x" * 60)
    with pytest.raises(FrameTooLarge, match="100 bytes"):
        framer.feed(b"x" * 60)


def _events(parser: SseParser, *chunks: bytes) -> list[tuple[str, bytes, str | None]]:
    return [(event.event, event.data, event.id) for chunk in chunks for event in parser.feed(chunk)]


def test_events_carry_type_data_and_the_last_id() -> None:
    parser = SseParser()
    stream = b": keep-alive\n\nid: 7\nevent: message\ndata: one\ndata: two\n\ndata:three\n\nretry: 250\n\n"
    assert _events(parser, stream) == [("message", b"one\ntwo", "7"), ("message", b"three", "7")]
    assert parser.retry == 250


def test_a_priming_event_has_an_id_and_no_data() -> None:
    parser = SseParser()
    assert _events(parser, b"id: abc\ndata:\n\n") == [("message", b"", "abc")]
    assert parser.last_id == "abc"


def test_an_event_beyond_the_limit_is_refused() -> None:
    parser = SseParser(limit=1_000)
    chunks = [b"data: " + b"x" * 100 + b"\n"] * 100
    with pytest.raises(FrameTooLarge):
        _events(parser, *chunks)


_FIELD = st.sampled_from([b"data", b"event", b"id", b"retry", b"", b"other"])
_VALUE = st.text(alphabet="abc :1\xe9", max_size=8).map(str.encode)
_LINE = st.one_of(st.just(b""), st.tuples(_FIELD, _VALUE).map(lambda pair: pair[0] + b":" + pair[1]))
_END = st.sampled_from([b"\n", b"\r\n", b"\r"])


@given(st.lists(st.tuples(_LINE, _END), max_size=20), st.lists(st.integers(0, 300)))
def test_any_split_of_an_event_stream_gives_the_same_events(lines: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    data = b"".join(line + end for line, end in lines)
    assert _events(SseParser(), *_split(data, cuts)) == _events(SseParser(), data)


@given(st.lists(_LINE, max_size=20))
def test_events_equal_those_of_an_independent_decoder(lines: list[bytes]) -> None:
    parser, decoder = SseParser(), SSEDecoder()
    ours = [event for line in lines for event in parser.feed(line + b"\n")]
    theirs = [event for line in lines if (event := decoder.decode(line.decode())) is not None]
    # The other decoder also reports blocks that hold nothing but a retry.
    with_data = [event for event in theirs if event.data]
    assert [_plain(event) for event in ours if event.data] == [
        (event.event, event.data.encode(), event.id or None) for event in with_data
    ]


def _plain(event: SseEvent) -> tuple[str, bytes, str | None]:
    return event.event, event.data, event.id or None


def test_a_line_end_that_arrives_in_two_parts_does_not_swallow_the_blank_line_after_it() -> None:
    assert _events(SseParser(), b"data: x", b"\r", b"\n", b"\n") == [("message", b"x", None)]


def test_keep_alive_comments_that_arrive_in_parts_never_add_up_to_a_large_event() -> None:
    parser = SseParser(limit=1_000)
    assert _events(parser, *[b": keep-", b"alive\n\n"] * 1_000, b"data: x\n\n") == [("message", b"x", None)]
