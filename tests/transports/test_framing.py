from __future__ import annotations

from itertools import pairwise

import pytest
from httpx_sse._decoders import SSEDecoder
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.errors import FrameTooLarge
from mcpdeck.services.transports.sse_parser import SseEvent, SseParser
from mcpdeck.services.transports.stdio import CutLine, LineFramer


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


def _cut(lines: list[bytes | CutLine]) -> list[bytes | tuple[bytes, int]]:
    return [(line.data, line.size) if isinstance(line, CutLine) else line for line in lines]


def test_a_line_beyond_the_limit_is_cut_and_the_next_is_read_as_ever() -> None:
    framer = LineFramer(limit=100)
    assert framer.feed(b"before\n" + b"x" * 60) == [b"before"]
    assert framer.feed(b"x" * 60) == []
    (cut, after), rest = _cut(framer.feed(b"yz\nafter\nrest")), framer.rest()
    assert cut == (b"x" * 100 + (b"x" * 120 + b"yz")[-128:], 122)
    assert (after, rest) == (b"after", b"rest")


def test_whose_answer_a_line_beyond_the_limit_was_is_said_before_it_has_ended() -> None:
    framer = LineFramer(limit=100)
    start = b'{"jsonrpc":"2.0","id":7,"result":"'
    assert _cut(framer.feed(start + b"x" * 100)) == [((start + b"x" * 100)[:100], 134)]
    assert framer.feed(b"x" * 1_000 + b'"}\nafter\n') == [b"after"]


def test_the_end_of_a_line_beyond_the_limit_is_kept_where_its_id_stands_there() -> None:
    framer = LineFramer(limit=100)
    assert framer.feed(b'{"result":"' + b"x" * 200) == []
    (line,) = framer.feed(b"x" * 10_000 + b'","jsonrpc":"2.0","id":7}\r\n')
    assert isinstance(line, CutLine)
    assert line.data.startswith(b'{"result":"x')
    assert line.data.endswith(b'"jsonrpc":"2.0","id":7}')
    assert line.size > 10_000 > len(line.data)


def test_a_line_that_never_ends_takes_no_more_memory_than_the_limit() -> None:
    framer = LineFramer(limit=1_000)
    for _ in range(1_000):
        framer.feed(b"x" * 999)
        assert len(framer._held) + len(framer._head or b"") + len(framer._tail) < 6_000
    assert framer.feed(b"\nnext\n")[-1] == b"next"


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


def test_what_came_before_an_event_beyond_the_limit_is_not_lost_with_it() -> None:
    parser = SseParser(limit=100)
    assert [event.data for event in parser.feed(b"data: one\n\ndata: " + b"x" * 200)] == [b"one"]
    with pytest.raises(FrameTooLarge):
        parser.feed(b"\n\n")


@pytest.mark.parametrize(
    "endless", [b"x" * 100, b"data: x\n", b"data\n", b": x\r", b"id: 1\n", b"event: x\n", b"data: x\r"]
)
def test_a_stream_without_an_end_of_any_kind_takes_no_more_memory_than_the_limit(endless: bytes) -> None:
    parser = SseParser(limit=1_000)
    held = 0
    try:
        for _ in range(5_000):
            assert parser.feed(endless) == []
            held = max(held, len(parser._line) + len(parser._data or b""))
    except FrameTooLarge:
        assert endless.startswith((b"x", b"data"))
    assert held <= 1_100


def test_an_id_that_goes_beyond_all_measure_is_ignored() -> None:
    parser = SseParser()
    assert _events(parser, b"id: a\n\n", b"id: " + b"x" * 10_000 + b"\ndata: y\n\n")[-1] == ("message", b"y", "a")


def test_keep_alive_comments_that_arrive_in_parts_never_add_up_to_a_large_event() -> None:
    parser = SseParser(limit=1_000)
    assert _events(parser, *[b": keep-", b"alive\n\n"] * 1_000, b"data: x\n\n") == [("message", b"x", None)]
