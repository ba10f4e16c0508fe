"""Every kind of content: what it is, what its bytes say, and what of it a model would receive."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.engine.content import picture_tokens
from mcpdeck.services.engine.truncation import for_model
from mcpdeck.services.models import Json
from mcpdeck.services.models.content import Kind, Share, part_of, parts_of, resource_part, says_the_same
from mcpdeck.services.models.media import contradiction, decoded, decoded_size, extension_of, head_of, sniffed
from mcpdeck.services.models.picture_size import PictureSize, picture_size


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480) + b"\x08\x02\0\0\0"
WAV = b"RIFF\x24\0\0\0WAVEfmt "

BYTES = [
    (PNG, "image/png", ".png"),
    (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg", ".jpg"),
    (b"GIF89a\x01\0\x01\0", "image/gif", ".gif"),
    (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp", ".webp"),
    (b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", "image/bmp", ".bmp"),
    (b"II*\0\x08\0\0\0", "image/tiff", ".tiff"),
    (b"\0\0\x01\0\x01\0", "image/x-icon", ".ico"),
    (b"<?xml version='1.0'?>\n<!-- c --><svg xmlns='x'/>", "image/svg+xml", ".svg"),
    (b"\0\0\0\x20ftypavif", "image/avif", ".avif"),
    (b"\0\0\0\x20ftypheic", "image/heic", ".heic"),
    (b"%PDF-1.7\n", "application/pdf", ".pdf"),
    (WAV, "audio/wav", ".wav"),
    (b"ID3\x04\0\0", "audio/mpeg", ".mp3"),
    (b"\xff\xfb\x90\x64\0\0", "audio/mpeg", ".mp3"),
    (b"\xff\xf1\x50\x80\0\0", "audio/aac", ".aac"),
    (b"OggS\0\x02", "audio/ogg", ".ogg"),
    (b"fLaC\0\0\0\x22", "audio/flac", ".flac"),
    (b"\0\0\0\x20ftypM4A ", "audio/mp4", ".m4a"),
    (b"\0\0\0\x20ftypisom", "video/mp4", ".mp4"),
    (b"\x1aE\xdf\xa3\x01\0", "video/webm", ".webm"),
    (b"PK\x03\x04\x14\0", "application/zip", ".zip"),
    (b"\x1f\x8b\x08\0", "application/gzip", ".gz"),
]


@pytest.mark.parametrize(("data", "mime", "suffix"), BYTES, ids=[f"{mime}{i}" for i, (_, mime, _) in enumerate(BYTES)])
def test_bytes_tell_what_they_are_and_how_their_file_ends(data: bytes, mime: str, suffix: str) -> None:
    assert sniffed(data) == mime
    assert extension_of("", data) == suffix
    # A claim that the bytes contradict does not decide what opens the file.
    assert extension_of("text/html", data) == suffix


@pytest.mark.parametrize(
    ("mime", "data", "suffix"),
    [
        ("application/json", b"{}", ".json"),
        ("application/problem+json; charset=utf-8", b"{}", ".json"),
        ("TEXT/PLAIN;charset=x", b"a", ".txt"),
        ("text/x-unheard-of", b"a", ".txt"),
        ("text/markdown", b"# a", ".md"),
        ("", b"words", ".txt"),
        ("", "ä".encode() * 5_000, ".txt"),
        ("", b"\x01\0\x02", ".bin"),
        ("no/such", b"\0", ".bin"),
        ("image/png", b"<html>404", ".txt"),
        ("audio/wav", b"\0\1\2", ".wav"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04", ".xlsx"),
        ("application/octet-stream", b"PK\x03\x04", ".zip"),
        ("audio/webm", b"\x1aE\xdf\xa3", ".webm"),
        ("audio/opus", b"OggS", ".ogg"),
        ("../../etc/passwd", b"\0", ".bin"),
        ("x" * 100_000, b"\0", ".bin"),
    ],
)
def test_a_file_ends_as_claimed_where_its_bytes_do_not_say_otherwise(mime: str, data: bytes, suffix: str) -> None:
    assert extension_of(mime, data) == suffix


@pytest.mark.parametrize(
    ("claimed", "found", "wrong"),
    [
        ("image/jpeg", "image/png", "the server says image/jpeg, the bytes are image/png"),
        ("", "image/png", "the server says no type, the bytes are image/png"),
        ("image/jpg", "image/jpeg", ""),
        ("audio/x-wav", "audio/wav", ""),
        ("image/png", None, ""),
        ("application/octet-stream", "application/zip", ""),
        ("application/epub+zip", "application/zip", ""),
        ("audio/mp4", "video/mp4", ""),
    ],
)
def test_a_wrong_type_is_named_and_other_spellings_of_the_right_one_are_not(
    claimed: str, found: str | None, wrong: str
) -> None:
    assert contradiction(claimed, found) == wrong


@pytest.mark.parametrize(
    ("text", "data", "flaw"),
    [
        ("AAEC", b"\0\1\2", ""),
        ("AA\r\nEC\n", b"\0\1\2", "line breaks"),
        ("AAE", None, "not base64"),
        ("A-_C", None, "not base64"),
        ("ü", None, "not base64"),
        ("AA=C", None, "not base64"),
        ("\ud800", None, "not base64"),
        ("AAAA" * 100, None, "more than 64 bytes"),
        ("", b"", ""),
    ],
)
def test_base64_is_read_strictly_and_within_a_limit(text: str, data: bytes | None, flaw: str) -> None:
    got = decoded(text, 64)
    assert got.data == data
    assert flaw in got.flaw
    assert bool(flaw) == bool(got.flaw)


@given(st.binary(max_size=300))
def test_size_and_beginning_of_base64_are_had_without_decoding_it(data: bytes) -> None:
    text = b64(data)
    assert decoded_size(text) == len(data)
    assert data.startswith(head_of(text, 30))
    assert head_of(text, 1_000) == data


SIZES = [
    (PNG, (640, 480, 640 * 480)),
    (b"GIF89a" + struct.pack("<HHBBB", 10, 20, 0, 0, 0), (10, 20, 200)),
    (b"GIF89a" + struct.pack("<HHBBB", 10, 20, 0x80, 0, 0) + bytes(6) + b"!\xf9\x04" + bytes(4) + b"\0,"
     + struct.pack("<HHHH", 5, 5, 60_000, 60_000), (60_005, 60_005, 60_005**2)),
    (b"\xff\xd8\xff\xe1\0\x06abcd\xff\xc2\0\x11\x08" + struct.pack(">HH", 480, 640), (640, 480, 640 * 480)),
    (b"BM" + bytes(12) + struct.pack("<Iii", 40, 7, -9), (7, 9, 63)),
    (b"BM\0\0\0\0\0\0\0\0" + bytes(4) + struct.pack("<IHH", 12, 7, 9), (7, 9, 63)),
    (b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0" + bytes.fromhex("ffffff ffffff"), (1 << 24, 1 << 24, 1 << 49)),
    (b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + struct.pack("<I", 99 | 49 << 14), (100, 50, 5_000)),
    (b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 33, 44), (33, 44, 33 * 44)),
    (b"II*\0\x08\0\0\0" + struct.pack("<H", 4) + struct.pack("<HHII", 256, 3, 1, 10)
     + struct.pack("<HHII", 257, 4, 1, 20) + struct.pack("<HHII", 322, 4, 1, 65_000)
     + struct.pack("<HHII", 323, 4, 1, 65_000), (10, 20, 65_000**2)),
    (b"MM\0*\0\0\0\x08" + struct.pack(">H", 2) + struct.pack(">HHIHH", 256, 3, 1, 10, 0)
     + struct.pack(">HHIHH", 257, 3, 1, 20, 0), (10, 20, 200)),
    (b"\0\0\x01\0\x01\0" + b"\x10\x10" + bytes(6) + struct.pack("<II", 40, 22) + PNG, (640, 480, 640 * 480)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "size"), SIZES, ids=[f"{sniffed(d) or 'bitmap'}{i}" for i, (d, _) in enumerate(SIZES)]
)
def test_the_header_tells_the_size_and_what_decoding_would_hold(data: bytes, size: tuple[int, int, int]) -> None:
    if data[:2] == b"BM":
        data = data[:6] + bytes(4) + data[10:]
    got = picture_size(data)
    assert got is not None
    assert (got.width, got.height, got.held) == size


@given(st.sampled_from([data for data, _ in SIZES]), st.integers(0, 200), st.binary(max_size=40))
def test_a_broken_header_has_no_size_or_some_size_and_never_an_error(data: bytes, cut: int, rest: bytes) -> None:
    got = picture_size(data[:cut] + rest)
    assert got is None or got.held >= got.width * got.height


BLOCKS: list[tuple[dict[str, Any], Kind, Share, str]] = [
    ({"type": "text", "text": "a"}, Kind.TEXT, Share.WHOLE, ""),
    ({"type": "text"}, Kind.UNKNOWN, Share.NOTHING, "without text"),
    ({"type": "text", "text": 5}, Kind.UNKNOWN, Share.NOTHING, "without text"),
    ({"type": "image", "data": b64(PNG), "mimeType": "image/png"}, Kind.IMAGE, Share.WHOLE, ""),
    ({"type": "image", "data": b64(PNG), "mimeType": "image/webp"}, Kind.IMAGE, Share.WHOLE, "the bytes are image/png"),
    ({"type": "image", "data": "!!", "mimeType": "image/png"}, Kind.IMAGE, Share.LINE, "not base64"),
    ({"type": "image", "data": "", "mimeType": "image/png"}, Kind.IMAGE, Share.LINE, "no data"),
    ({"type": "image", "data": b64(b"BM\0\0\0\0" + bytes(8) + b"\x28\0\0\0")}, Kind.IMAGE, Share.LINE, "image/bmp"),
    ({"type": "audio", "data": b64(WAV), "mimeType": "audio/x-wav"}, Kind.AUDIO, Share.NOTHING, ""),
    ({"type": "audio", "data": b64(PNG), "mimeType": "audio/wav"}, Kind.AUDIO, Share.NOTHING, "are image/png"),
    ({"type": "resource", "resource": {"uri": "a:b", "text": "x"}}, Kind.TEXT_RESOURCE, Share.WHOLE, ""),
    ({"type": "resource", "resource": {"uri": "a:b", "blob": b64(PNG)}}, Kind.BLOB, Share.WHOLE, ""),
    ({"type": "resource", "resource": {"uri": "a:b", "blob": "AA=="}}, Kind.BLOB, Share.LINE, ""),
    ({"type": "resource", "resource": {"uri": "a:b"}}, Kind.UNKNOWN, Share.NOTHING, "neither text nor a blob"),
    ({"type": "resource", "resource": {"text": "x", "blob": ""}}, Kind.TEXT_RESOURCE, Share.WHOLE, "both"),
    ({"type": "resource"}, Kind.UNKNOWN, Share.NOTHING, "without its resource"),
    ({"type": "resource_link", "uri": "a:b", "name": "n"}, Kind.LINK, Share.LINE, ""),
    ({"type": "resource_link"}, Kind.UNKNOWN, Share.NOTHING, "without a uri"),
    ({"type": "tool_use", "id": "1", "name": "n", "input": {}}, Kind.TOOL_USE, Share.NOTHING, ""),
    ({"type": "tool_result", "toolUseId": "1", "content": []}, Kind.TOOL_RESULT, Share.NOTHING, ""),
    ({"type": "hologram"}, Kind.UNKNOWN, Share.NOTHING, ""),
    ({}, Kind.UNKNOWN, Share.NOTHING, ""),
]


@pytest.mark.parametrize(
    ("block", "kind", "share", "flaw"), BLOCKS, ids=[f"{k.value}{i}" for i, (_, k, _, _) in enumerate(BLOCKS)]
)
def test_each_kind_is_read_with_what_is_wrong_and_what_a_model_gets(
    block: dict[str, Any], kind: Kind, share: Share, flaw: str
) -> None:
    part = part_of(block)
    assert (part.kind, part.share) == (kind, share)
    assert part.raw is block
    assert flaw in " ".join(part.flaws)
    assert bool(flaw) == bool(part.flaws)


@pytest.mark.parametrize("value", [None, 1, "x", [], [[]], True])
def test_what_is_no_block_at_all_is_kept_as_it_is(value: Json) -> None:
    part = part_of(value)
    assert (part.kind, part.raw, part.share) == (Kind.UNKNOWN, value, Share.NOTHING)
    assert resource_part(value, value).kind is Kind.UNKNOWN


def test_a_picture_that_models_do_not_take_for_its_size_is_a_line() -> None:
    data = b64(PNG) + "A" * 8_000_000
    assert part_of({"type": "image", "data": data, "mimeType": "image/png"}).share is Share.LINE


def test_messages_of_a_prompt_and_contents_of_a_read_are_parts_too() -> None:
    messages: list[Json] = [
        {"role": "user", "content": {"type": "text", "text": "a"}},
        {"role": "assistant", "content": [{"type": "text", "text": "b"}, {"type": "audio", "data": "AAAA"}]},
        "no message",
    ]
    got = [(part.role, part.kind) for part in parts_of({"messages": messages})]
    assert got == [("user", Kind.TEXT), ("assistant", Kind.TEXT), ("assistant", Kind.AUDIO), ("", Kind.UNKNOWN)]
    contents: list[Json] = [{"uri": "a:b", "text": "t"}, {"uri": "a:c", "blob": "AAAA"}, {"uri": "a:d"}]
    assert [part.kind for part in parts_of({"contents": contents})] == [Kind.TEXT_RESOURCE, Kind.BLOB, Kind.UNKNOWN]


def test_a_model_gets_text_pictures_and_lines_and_no_sound() -> None:
    content: list[Json] = [
        {"type": "text", "text": "one"},
        {"type": "image", "data": b64(PNG), "mimeType": "image/gif", "annotations": {"priority": 1}},
        {"type": "audio", "data": b64(WAV), "mimeType": "audio/wav"},
        {"type": "resource_link", "uri": "file:///a\x1b[31m", "name": "the file"},
        {"type": "resource", "resource": {"uri": "a:z", "blob": b64(b"PK\x03\x04")}},
        {"type": "hologram", "text": "x"},
    ]
    got = for_model({"content": content, "isError": True, "_meta": {"x": 1}})
    assert got == {
        "isError": True,
        "content": [
            {"type": "text", "text": "one"},
            {"type": "image", "data": b64(PNG), "mimeType": "image/png"},
            {"type": "text", "text": "[link the file: file:///a␛[31m]"},
            {"type": "text", "text": "[resource a:z, application/zip, 4 bytes: not given to a model]"},
        ],
    }


@pytest.mark.parametrize(
    ("text", "structured", "twice"),
    [
        ('{"a": [1, 2]}', {"a": [1, 2]}, True),
        ('{"a": 1.0}', {"a": 1}, False),
        ("true", {"result": True}, True),
        ("plain words", {"result": "plain words"}, True),
        ("plain words", {"result": "others"}, False),
        ("null", None, True),
        ("", "", True),
        ("[" * 100_000, [], False),
        ("{", {}, False),
    ],
)
def test_structured_content_is_given_once_where_a_text_says_the_same(text: str, structured: Json, twice: bool) -> None:
    assert says_the_same(text, structured) is twice
    result: dict[str, Json] = {"content": [{"type": "text", "text": text}], "structuredContent": structured}
    blocks = for_model(result)["content"]
    assert isinstance(blocks, list)
    assert len(blocks) == (1 if twice else 2)
    if not twice:
        assert blocks[1] == {"type": "text", "text": json.dumps(structured)}


@pytest.mark.parametrize(
    ("size", "tokens"),
    [
        (None, 1_600),
        (PictureSize.plain(0, 5), 1_600),
        (PictureSize.plain(1, 1), 1),
        (PictureSize.plain(200, 200), 53),
        (PictureSize.plain(1_000, 1_000), 1_333),
        (PictureSize.plain(50_000, 50_000), 1_600),
        (PictureSize.plain(3_136, 100), 105),
    ],
)
def test_a_picture_counts_by_its_pixels(size: PictureSize | None, tokens: int) -> None:
    assert picture_tokens(size) == tokens
