"""Results and errors as blocks, and text cut into rows without laying it all out."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from rich.cells import cell_len

from mcpdeck.services.models import ErrorInfo, Json, JsonObject
from mcpdeck.services.state.model import CallState, CallStatus
from mcpdeck.widgets.json_view import TextLines, json_tokens
from mcpdeck.widgets.result_blocks import ImageBlock, JsonBlock, Remark, TextBlock, outcome_of, size_words
from mcpdeck.widgets.result_copy import result_text
from mcpdeck.widgets.result_view import ResultView
from mcpdeck.widgets.text_rows import Rows, first_lines, lines_of
from tests.ui.form_stage import staged, text_of
from tests.waiting import eventually


def finished(result: JsonObject | None = None, error: ErrorInfo | None = None) -> CallState:
    is_error = result is not None and result.get("isError") is True
    status = CallStatus.FAILED if error else CallStatus.TOOL_ERROR if is_error else CallStatus.SUCCESS
    return CallState("c1", "demo", "tool", {}, 0.0, status=status, result=result, error=error, duration_ms=5.0)


def text(words: str) -> JsonObject:
    return {"type": "text", "text": words}


def said(call: CallState) -> str:
    """The remarks of an outcome."""
    blocks = outcome_of(call).blocks
    return "\n".join("".join(part for part, _ in block.parts) for block in blocks if isinstance(block, Remark))


@pytest.mark.parametrize("structured", [{"a": 1.5, "b": None}, [1, 2], 7, None, False, ""])
def test_text_that_repeats_the_structured_content_is_not_shown_twice(structured: Json) -> None:
    call = finished({"content": [text(json.dumps(structured))], "structuredContent": structured})
    blocks = outcome_of(call).blocks
    assert [block for block in blocks if isinstance(block, JsonBlock)] == [JsonBlock(structured)]
    if structured != "":
        assert not any(isinstance(block, TextBlock) for block in blocks)
        assert "the text says the same" in said(call)


@pytest.mark.parametrize("name", ["content", "result", "text"])
def test_one_text_in_an_object_is_shown_as_the_text_it_is_and_once(name: str) -> None:
    lines = "first line\nsecond line\n" * 3
    blocks = outcome_of(finished({"content": [text(lines)], "structuredContent": {name: lines}})).blocks
    assert [block for block in blocks if not isinstance(block, Remark)] == [TextBlock(lines)]
    assert "the structured content says the same" in "".join(
        part for block in blocks if isinstance(block, Remark) for part, _ in block.parts
    )


def test_text_that_differs_from_the_structured_content_is_shown_beside_it() -> None:
    blocks = outcome_of(finished({"content": [text('{"a": 1.0}')], "structuredContent": {"a": 1}})).blocks
    assert JsonBlock({"a": 1}) in blocks
    assert TextBlock('{"a": 1.0}') in blocks


def test_every_kind_of_block_is_told_apart() -> None:
    content: list[Json] = [
        text("plain"),
        {"type": "image", "data": "AAAA", "mimeType": "image/png"},
        {"type": "audio", "data": "AAAA", "mimeType": "audio/wav"},
        {"type": "resource", "resource": {"uri": "demo://a", "text": '{"a": 1}', "mimeType": "application/json"}},
        {"type": "resource", "resource": {"uri": "demo://b", "blob": "AAAA", "mimeType": "image/png"}},
        {"type": "resource_link", "uri": "file:///x", "name": "x"},
        {"type": "hologram", "depth": 3},
        {"type": "text"},
        "not even an object",
    ]
    call = finished({"content": content})
    blocks = outcome_of(call).blocks
    assert TextBlock("plain") in blocks
    assert blocks.count(ImageBlock("AAAA", "image/png")) == 2
    assert JsonBlock({"a": 1}) in blocks
    assert JsonBlock({"type": "hologram", "depth": 3}) in blocks
    assert JsonBlock("not even an object") in blocks
    for words in ("audio  audio/wav", "demo://a", "demo://b", "file:///x", 'unknown content type "hologram"'):
        assert words in said(call)


def test_a_refused_login_is_told_in_words_and_not_in_challenges() -> None:
    details: JsonObject = {
        "status": 403,
        "challenges": ['Bearer error="insufficient_scope"'],
        "operation": "tools/call",
    }
    error = ErrorInfo("auth", "it needs more than the login allows", "Log in: mcpdeck login x", details)
    blocks = outcome_of(finished(error=error)).blocks
    words = [block for block in blocks if not isinstance(block, Remark)]
    assert words == [TextBlock(error.title, "bad"), TextBlock(error.hint)]
    assert "403" not in said(finished(error=error))
    assert JsonBlock(details["challenges"]) in outcome_of(finished(error=replace(error, kind="http"))).blocks


@pytest.mark.parametrize("result", [{}, {"content": None}, {"content": "text"}, {"content": {"a": 1}}])
def test_a_result_without_content_is_shown_as_it_came(result: JsonObject) -> None:
    assert JsonBlock(result) in outcome_of(finished(result)).blocks


def test_no_content_and_empty_content_are_not_the_same() -> None:
    assert "empty result" in said(finished({"content": []}))
    assert "no content" in said(finished({}))


def test_a_failed_call_says_what_happened_what_to_do_and_what_is_known() -> None:
    details: JsonObject = {"exitCode": -9, "stderr": ["last words"], "code": -32000, "data": {"why": "x"}, "body": ""}
    call = finished(error=ErrorInfo("connect", "The server went away", "Reconnect it.", details))
    blocks = outcome_of(call).blocks
    assert blocks[0] == TextBlock("The server went away", "bad")
    assert blocks[1] == TextBlock("Reconnect it.")
    assert "code -32000 · exit code -9" in said(call)
    assert TextBlock("last words", "muted") in blocks
    assert JsonBlock({"why": "x"}) in blocks


async def test_an_error_that_the_tool_reports_is_clearly_marked() -> None:
    async with staged(ResultView(finished({"content": [text("no")], "isError": True}), max_rows=10)) as (app, _):
        assert "the tool reports an error (isError)" in text_of(app)


async def test_structured_content_is_laid_out_with_its_values_in_one_column() -> None:
    call = finished({"content": [], "structuredContent": {"a": 1, "longer": "x"}})
    async with staged(ResultView(call, max_rows=10)) as (app, _):
        assert '  "a":      1,\n  "longer": "x"' in text_of(app)


async def test_a_two_megabyte_line_shows_a_screenful_and_the_rest_on_request() -> None:
    call = finished({"content": [text("x" * 2_000_000)]})
    async with staged(ResultView(call, max_rows=14, more="o shows all"), size=(60, 30)) as (app, _):
        lines = [line for line in text_of(app).split("\n") if line]
        assert len(lines) == 14
        assert lines[-1].startswith("…")
    async with staged(ResultView(call), size=(60, 30)) as (app, _):
        lines = app.query_one(TextLines)
        await eventually(lambda: lines.size.height == -(-2_000_000 // lines.size.width), "rows of all of it")


async def test_a_large_structure_is_laid_out_in_a_thread_and_only_the_rows_in_sight_are_drawn() -> None:
    rows: list[Json] = [{"id": number, "name": f"n{number}"} for number in range(20_000)]
    call = finished({"content": [], "structuredContent": rows})
    async with staged(ResultView(call, plain=True), size=(60, 20)) as (app, _):
        await eventually(lambda: app.query_one(TextLines).size.height == 20_002, "lines of all of it")
        assert '{"id": 0, "name": "n0"}' in text_of(app)


@pytest.mark.parametrize("status", list(CallStatus))
@pytest.mark.parametrize("max_rows", [10, None])
async def test_a_call_whose_result_is_no_longer_kept_says_so(status: CallStatus, max_rows: int | None) -> None:
    call = replace(finished(), status=status, result_dropped=True)
    async with staged(ResultView(call, max_rows=max_rows)) as (app, _):
        assert ("no longer kept" in text_of(app)) is (status not in (CallStatus.CANCELLED, CallStatus.RUNNING))


async def test_an_error_whose_details_are_no_longer_kept_still_says_what_happened() -> None:
    call = replace(finished(error=ErrorInfo("jsonrpc", "it broke")), result_dropped=True)
    async with staged(ResultView(call, max_rows=10)) as (app, _):
        assert "it broke" in text_of(app)
        assert "no longer kept" in text_of(app)


async def test_many_blocks_end_in_a_count_of_what_is_left() -> None:
    content: list[Json] = [text(f"block {number}") for number in range(50)]
    async with staged(ResultView(finished({"content": content}), max_rows=10, more="o shows all")) as (app, _):
        assert "more parts · o shows all" in text_of(app)


@pytest.mark.parametrize("width", [2, 3, 7, 40])
@pytest.mark.parametrize(
    "line",
    [
        "",
        "x",
        "plain ascii words " * 9,
        "日本語のテキスト" * 9,
        "a\u0301e\u0301" * 30,
        "mixed 日本 " * 900,
        "👩‍👩‍👧 family " * 20,
    ],
)
def test_rows_hold_every_character_once_and_never_exceed_the_width(line: str, width: int) -> None:
    rows = Rows(["before", line, "after"], width)
    pieces = [rows[index] for index in range(len(rows))]
    assert all(cell_len(whole[start:end]) <= rows.width for whole, start, end in pieces)
    assert "".join(whole[start:end] for whole, start, end in pieces) == f"before{line}after"


@pytest.mark.parametrize("width", [2, 3, 7, 40])
@pytest.mark.parametrize(
    "line",
    [
        "",
        " ",
        "plain ascii words " * 9,
        "mixed 日本 " * 900,
        "日本語 and words " * 40,
        "👩‍👩‍👧 family " * 20,
        "a\u0301e " * 60,
    ],
)
def test_rows_that_end_between_words_lose_blanks_only_and_never_exceed_the_width(line: str, width: int) -> None:
    rows = Rows(["before", line, "after"], width, words=True)
    pieces = [whole[start:end] for whole, start, end in (rows[index] for index in range(len(rows)))]
    assert all(cell_len(piece) <= rows.width for piece in pieces)
    assert "".join(pieces).replace(" ", "") == f"before{line}after".replace(" ", "")


def worded(line: str, width: int) -> list[str]:
    rows = Rows([line], width, words=True)
    return [whole[start:end].rstrip() for whole, start, end in (rows[index] for index in range(len(rows)))]


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        ("in the name of Ada.", ["in the name", "of Ada."]),
        ("exactly this  and that", ["exactly this", "and that"]),
        ("    kept for the first", ["    kept for", "the first"]),
        ("    indented-too-long", ["    indented", "-too-long"]),
        ("a word-that-is-much-too-long ends", ["a", "word-that-is", "-much-too-lo", "ng ends"]),
        ("see 中文文字 next", ["see 中文文字", "next"]),
        ("see 中文文字文字", ["see 中文文字", "文字"]),
        ("ends in blanks            ", ["ends in", "blanks"]),
    ],
)
def test_rows_of_text_end_between_words_and_only_words_too_long_are_cut(line: str, rows: list[str]) -> None:
    assert worded(line, 12) == rows


async def test_words_of_a_text_stay_whole_on_the_screen_and_json_fills_its_rows() -> None:
    content: list[Json] = [text("alpha beta gamma delta " * 4)]
    call = finished({"content": content, "structuredContent": {"words": "other words than those " * 4}})
    async with staged(ResultView(call, max_rows=14), size=(30, 20)) as (app, _):
        said_lines = text_of(app).split("\n")
        assert "alpha beta gamma delta alpha" in said_lines
        assert any(len(line) == 30 for line in said_lines)


def test_the_first_lines_of_a_huge_text_are_found_in_its_beginning() -> None:
    assert first_lines("a\nb\nc\n" * 1_000_000, 3, 80) == ["a", "b", "c"]
    assert len(first_lines("x" * 5_000_000, 3, 80)[0]) <= 3 * 80 * 2


def test_lines_are_safe_to_draw() -> None:
    assert lines_of("a\tb\r\n\x1b[31m\u202e") == ["a   b", "\u241b[31m\\u202e"]


def test_json_lines_are_coloured_by_what_stands_there() -> None:
    line = '  "key": ["text \\" more", -1.5e3, true, null],'
    inks = [(line[start:end], ink) for start, end, ink in json_tokens(line)]
    assert inks == [
        ('"key":', "key"), ("[", "mark"), ('"text \\" more"', "string"), (",", "mark"), ("-1.5e3", "number"),
        (",", "mark"), ("true", "word"), (",", "mark"), ("null", "word"), ("],", "mark"),
    ]  # fmt: skip


def test_sizes_are_said_in_few_characters() -> None:
    assert [size_words(size) for size in (0, 999, 1234, 2_000_000, 3_100_000_000)] == [
        "0 B", "999 B", "1.2 kB", "2.0 MB", "3.1 GB",
    ]  # fmt: skip


def test_what_is_copied_is_the_structured_content_else_the_text() -> None:
    assert result_text(finished({"content": [text("a"), text("b")]})) == "a\nb"
    assert json.loads(result_text(finished({"content": [text("a")], "structuredContent": {"a": 1}}))) == {"a": 1}
    assert result_text(finished(error=ErrorInfo("x", "title", "hint"))) == "title\nhint"
