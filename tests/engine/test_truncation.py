"""How much of a result a model would get: the limits, what raises them, and where the cut falls."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.connections.settings import Settings
from mcpdeck.services.engine.truncation import RAISED_MOST, for_model, light_size, measure
from mcpdeck.services.models import Json, JsonObject, Tool, as_list, as_object, tokens_of

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 600, 500)).decode()
"""300,000 pixels: 400 tokens."""


def texts(*words: str) -> JsonObject:
    return {"content": [{"type": "text", "text": word} for word in words]}


def tool(**meta: Json) -> Tool:
    raw: JsonObject = {"name": "t", "inputSchema": {}, "_meta": dict(meta)}
    return Tool("t", None, "", {}, None, {}, raw)


def given_texts(result: JsonObject | None) -> list[str]:
    assert result is not None
    return [str(as_object(block).get("text")) for block in as_list(result["content"])]


def test_a_result_within_the_limit_is_given_whole() -> None:
    sizing = measure(texts("x" * 400), limit_tokens=100)
    assert (sizing.tokens, sizing.over) == (100, False)
    measured = sizing.measured()
    assert (measured.truncated, measured.large, measured.given, measured.limit) == (False, False, None, 100)
    assert measured.size > 400


def test_one_character_more_is_cut_with_a_sentence_that_names_the_file_and_what_is_missing() -> None:
    measured = measure(texts("x" * 401), limit_tokens=100).measured("/files/a.txt")
    assert (measured.truncated, measured.saved_to, measured.tokens) == (True, "/files/a.txt", 101)
    kept, sentence = given_texts(measured.given)
    assert kept == "x" * 400
    assert sentence == (
        "[Cut: about 101 tokens, of which 100 fit; 1 character is missing here. The whole result is in /files/a.txt]"
    )


@pytest.mark.parametrize(("tokens", "large"), [(10_000, False), (10_001, True)])
def test_a_result_is_large_above_ten_thousand_tokens(tokens: int, large: bool) -> None:
    measured = measure(texts("x" * (tokens * 4)), limit_tokens=25_000).measured()
    assert (measured.large, measured.truncated) == (large, False)


@pytest.mark.parametrize(
    ("meta", "room"),
    [
        ({}, 400),
        ({"anthropic/maxResultSizeChars": 1_000}, 1_000),
        ({"anthropic/maxResultSizeChars": 1_000.0}, 1_000),
        ({"anthropic/maxResultSizeChars": 10_000_000}, RAISED_MOST),
        ({"anthropic/maxResultSizeChars": 1e300}, RAISED_MOST),
        ({"anthropic/maxResultSizeChars": 10}, 400),  # it raises the limit, it does not lower it
        ({"anthropic/maxResultSizeChars": -5}, 400),
        ({"anthropic/maxResultSizeChars": True}, 400),
        ({"anthropic/maxResultSizeChars": "1000"}, 400),
        ({"anthropic/maxResultSizeChars": None}, 400),
        ({"anthropic/maxResultSizeChars": float("nan")}, 400),
        ({"anthropic/maxResultSizeChars": float("inf")}, RAISED_MOST),
    ],
)
def test_a_tool_may_raise_the_limit_for_its_results_up_to_500_000_characters(
    meta: Mapping[str, Json], room: int
) -> None:
    measured = measure(texts("x" * 600_000), tool(**meta), limit_tokens=100).measured()
    assert measured.limit == tokens_of(room)
    assert len(given_texts(measured.given)[0]) == room


def test_the_limit_of_a_result_itself_does_not_count() -> None:
    said: JsonObject = {**texts("x" * 1_000), "_meta": {"anthropic/maxResultSizeChars": 500_000}}
    assert measure(said, tool(), limit_tokens=100).over


def test_the_cut_falls_at_the_end_of_a_line_where_there_is_one() -> None:
    measured = measure(texts("a line of text\n" * 100), limit_tokens=100).measured("f")
    kept = given_texts(measured.given)[0]
    assert kept == "a line of text\n" * 26


@pytest.mark.parametrize("letter", ["ä", "語", "😀", "\u0301", "\x00"])
def test_the_cut_never_falls_inside_a_character(letter: str) -> None:
    kept = given_texts(measure(texts(letter * 500), limit_tokens=100).measured().given)[0]
    assert kept == letter * 400


def test_the_halves_of_one_character_stay_together() -> None:
    kept = given_texts(measure(texts("x" + "\ud83d\ude00" * 300), limit_tokens=100).measured().given)[0]
    assert kept == "x" + "\ud83d\ude00" * 199


def test_texts_share_one_limit_in_their_order() -> None:
    measured = measure(texts("a" * 300, "b" * 300, "c" * 300), limit_tokens=100).measured("f")
    first, second, sentence = given_texts(measured.given)
    assert (first, second) == ("a" * 300, "b" * 100)
    assert "500 characters are missing" in sentence


def test_pictures_count_by_their_pixels_and_are_given_whole_or_not_at_all() -> None:
    picture: JsonObject = {"type": "image", "data": PNG, "mimeType": "image/png"}
    result: JsonObject = {"content": [picture, *as_list(texts("a" * 900)["content"]), picture, picture]}
    sizing = measure(result, limit_tokens=1_000)
    assert sizing.tokens == 3 * 400 + 225
    given = as_list(as_object(sizing.measured("f").given)["content"])
    assert [as_object(block)["type"] for block in given] == ["image", "text", "text"]
    assert "1 picture" in str(as_object(given[-1])["text"]) or "2 pictures" in str(as_object(given[-1])["text"])


def test_structured_content_counts_as_text_only_where_no_text_says_the_same() -> None:
    value: JsonObject = {"rows": [{"a": number} for number in range(100)]}
    once = measure({**texts(json.dumps(value)), "structuredContent": value}, limit_tokens=10_000)
    alone = measure({"content": [], "structuredContent": value}, limit_tokens=10_000)
    beside = measure({**texts("other words"), "structuredContent": value}, limit_tokens=10_000)
    assert once.tokens == alone.tokens == tokens_of(len(json.dumps(value)))
    assert beside.tokens == tokens_of(len(json.dumps(value)) + 11)


def test_structured_content_that_does_not_fit_is_cut_as_its_text() -> None:
    value: Json = [1] * 100_000
    measured = measure({"content": [], "structuredContent": value}, limit_tokens=100).measured("f")
    kept = given_texts(measured.given)[0]
    assert kept == json.dumps(value)[:400]


def test_a_sound_does_not_count_and_a_link_counts_by_its_line() -> None:
    sound: JsonObject = {"type": "audio", "data": "A" * 100_000, "mimeType": "audio/wav"}
    assert measure({"content": [sound]}, limit_tokens=100).tokens == 0
    link: JsonObject = {"type": "resource_link", "uri": "x:" + "y" * 50_000, "name": "n"}
    assert 0 < measure({"content": [link]}, limit_tokens=1_000).tokens < 200


def test_a_read_and_a_prompt_are_cut_in_their_own_shape() -> None:
    read = measure({"contents": [{"uri": "a:b", "mimeType": "text/x", "text": "x" * 1_000}]}, limit_tokens=100)
    assert as_list(as_object(read.measured("f").given)["contents"])[0] == {
        "uri": "a:b",
        "mimeType": "text/x",
        "text": "x" * 400,
    }
    message: JsonObject = {"role": "assistant", "content": {"type": "text", "text": "x" * 1_000}}
    prompt = measure({"description": "d", "messages": [message]}, limit_tokens=100)
    first = as_object(as_list(as_object(prompt.measured("f").given)["messages"])[0])
    assert first == {"role": "assistant", "content": {"type": "text", "text": "x" * 400}}


def test_an_error_of_a_tool_stays_one_when_it_is_cut() -> None:
    assert as_object(measure({**texts("x" * 1_000), "isError": True}, limit_tokens=100).measured().given)["isError"]


def test_without_a_file_the_sentence_says_why() -> None:
    measured = measure(texts("x" * 1_000), limit_tokens=100).measured(trouble=": No space left on device")
    assert given_texts(measured.given)[-1].endswith("The whole result could not be saved: No space left on device]")


@given(st.lists(st.text(max_size=300), max_size=6), st.integers(1, 200))
def test_what_is_given_is_never_more_than_the_limit_and_a_beginning_of_what_came(words: list[str], limit: int) -> None:
    sizing = measure(texts(*words), limit_tokens=limit)
    measured = sizing.measured("f")
    if not sizing.over:
        assert measured.given is None
        assert given_texts(for_model(texts(*words))) == words
        return
    kept = given_texts(measured.given)[:-1]
    assert sum(map(len, kept)) <= limit * 4
    assert all(
        word.startswith(part) for word, part in zip([w for w in words if w], [k for k in kept if k], strict=False)
    )


def test_small_results_are_measured_at_once_and_large_ones_in_a_thread() -> None:
    assert light_size(texts("words")) == measure(texts("words"), limit_tokens=1).size
    assert light_size(texts("x" * 1_000_000)) is None
    many: list[Json] = [1] * 100_000
    assert light_size({"structuredContent": many}) is None
    assert light_size({"structuredContent": dict.fromkeys(map(str, range(100_000)), "x")}) is None


@pytest.mark.parametrize(
    ("value", "tokens", "remark"),
    [
        (None, 25_000, None),
        ("100", 100, None),
        ("0.5", 1, None),
        ("no", 25_000, "MAX_MCP_OUTPUT_TOKENS is not a number: the default is used"),
        ("-1", 25_000, "MAX_MCP_OUTPUT_TOKENS is not a positive number: the default is used"),
        ("0", 25_000, "MAX_MCP_OUTPUT_TOKENS is not a positive number: the default is used"),
        ("1e30", 25_000, "MAX_MCP_OUTPUT_TOKENS is too large: the default is used"),
    ],
)
def test_the_limit_comes_from_its_variable(value: str | None, tokens: int, remark: str | None) -> None:
    settings = Settings.from_environment({} if value is None else {"MAX_MCP_OUTPUT_TOKENS": value})
    assert settings.output_tokens == tokens
    assert settings.remarks == (() if remark is None else (remark,))
