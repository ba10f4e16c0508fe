"""What a result's parts become for a reader: every kind, what is wrong with it, and what a model does not get."""

from __future__ import annotations

from typing import Any

import pytest

from mcpdeck.services.models import Json, JsonObject
from mcpdeck.services.state.model import CallState, CallStatus
from mcpdeck.widgets.result_blocks import Block, ImageBlock, JsonBlock, Remark, TextBlock, outcome_of

PNG = "iVBORw0KGgo="


def blocks_of(result: JsonObject) -> tuple[Block, ...]:
    call = CallState("c1", "s", "t", {}, 0.0, status=CallStatus.SUCCESS, result=result)
    return outcome_of(call).blocks


def words(block: Block) -> str:
    return "".join(part for part, _ in block.parts) if isinstance(block, Remark) else type(block).__name__


WRONG = "the server says audio/wav, the bytes are image/png"
SOUND = {"type": "audio", "data": "UklGRgAAAABXQVZF", "mimeType": "audio/wav"}


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        (SOUND, ["audio  audio/wav · 12 B · s saves it · not for a model"]),
        (
            {**SOUND, "data": PNG},
            [f"audio  audio/wav · 8 B · s saves it · not for a model\n! {WRONG}"],
        ),
        ({**SOUND, "data": "%"}, ["audio  audio/wav · 0 B · s saves it · not for a model\n! the data is not base64"]),
        (
            {"type": "resource", "resource": {"uri": "a:b", "blob": "UEsDBA=="}},
            ["resource  a:b", "blob  application/zip · 4 B · s saves it · not for a model"],
        ),
        # A picture by its bytes, whatever the server calls it.
        ({"type": "resource", "resource": {"uri": "a:b", "blob": PNG}}, ["resource  a:b", "ImageBlock"]),
        (
            {"type": "resource", "resource": {"uri": "a:b", "text": "t", "blob": ""}},
            ["resource  a:b", "! both text and a blob, which section 31 forbids", "TextBlock"],
        ),
        ({"type": "tool_use", "name": "n", "input": {}}, ["tool use  n · not for a model", "JsonBlock"]),
        ({"type": "tool_result", "toolUseId": "1"}, ["tool result  1 · not for a model", "JsonBlock"]),
        ({"type": "text", "text": 5}, ["a block of type text without text; as received:", "JsonBlock"]),
        ({"type": "hologram"}, ['unknown content type "hologram"; as received:', "JsonBlock"]),
        (7, ["unknown content type null; as received:", "JsonBlock"]),
    ],
)
def test_each_kind_is_named_with_what_is_wrong_and_whether_a_model_gets_it(block: Any, shown: list[str]) -> None:
    assert [words(one) for one in blocks_of({"content": [block]})] == shown


def test_what_was_read_is_shown_part_by_part() -> None:
    contents: list[Json] = [
        {"uri": "a:1", "mimeType": "text/plain", "text": "words"},
        {"uri": "a:2", "mimeType": "application/json", "text": "[1]"},
        {"uri": "a:3", "mimeType": "image/png", "blob": PNG},
    ]
    shown = blocks_of({"contents": contents})
    assert [block for block in shown if not isinstance(block, Remark)] == [
        TextBlock("words"),
        JsonBlock([1]),
        ImageBlock(PNG, "image/png"),
    ]
    assert [words(block) for block in blocks_of({"contents": []})] == ["empty: the server answered with no contents"]


def test_a_prompt_is_its_description_and_its_messages_under_their_roles() -> None:
    messages: list[Json] = [
        {"role": "user", "content": {"type": "text", "text": "one"}},
        {"role": "user", "content": {"type": "text", "text": "two"}},
        {"role": "assistant", "content": {"type": "image", "data": PNG, "mimeType": "image/png"}},
    ]
    shown = blocks_of({"description": "about", "messages": messages})
    assert shown[0] == TextBlock("about", "muted")
    assert [words(block) for block in shown[1:]] == ["user", "TextBlock", "TextBlock", "assistant", "ImageBlock"]
    assert [words(block) for block in blocks_of({"messages": []})] == ["empty: the prompt has no messages"]
