"""Results as hostile servers send them, drawn: nothing raises, and nothing reaches the terminal raw."""

from __future__ import annotations

from typing import Any

import pytest

from mcpdeck.services.models import JsonObject
from mcpdeck.services.state.model import CallState, CallStatus
from mcpdeck.widgets.result_view import ResultView
from tests.engine.hostile_results import FORBIDDEN, NASTY, all_deep
from tests.ui.form_stage import settle, staged, text_of


def blocks(text: str) -> list[Any]:
    """Every kind of content with this text wherever a text can stand."""
    resource = {"uri": text, "mimeType": text}
    return [
        {"type": "text", "text": text},
        {"type": "image", "data": text, "mimeType": text},
        {"type": "audio", "data": text, "mimeType": text},
        {"type": "audio", "data": "iVBORw0KGgo=", "mimeType": text},
        {"type": "resource", "resource": {**resource, "text": text}},
        {"type": "resource", "resource": {**resource, "blob": text}},
        {"type": "resource", "resource": resource},
        {"type": "resource_link", "uri": text, "name": text, "mimeType": text, "description": text, "size": 10**400},
        {"type": "tool_use", "name": text, "input": {text: text}},
        {"type": "tool_result", "toolUseId": text, "content": [text]},
        {"type": text, text: text},
        text,
    ]


SHORT = [text[:200] for text in NASTY]
RESULTS: list[JsonObject] = [
    {"content": [block for text in SHORT for block in blocks(text)][::2], "structuredContent": {"a": SHORT}},
    {"content": [block for text in SHORT for block in blocks(text)][1::2]},
    {
        "messages": [{"role": text, "content": {"type": "text", "text": text}} for text in SHORT],
        "description": SHORT[0],
    },
    {"contents": [{"uri": text, "mimeType": "application/json", "text": text} for text in SHORT]},
    *all_deep(1_000),
]


@pytest.mark.parametrize("result", RESULTS, ids=[f"{'+'.join(result)}{at}" for at, result in enumerate(RESULTS)])
@pytest.mark.parametrize("rows", [None, 12], ids=["whole", "screenful"])
async def test_a_hostile_result_is_drawn_without_harm(result: JsonObject, rows: int | None) -> None:
    call = CallState("c1", "s", "tool", {}, 0.0, status=CallStatus.SUCCESS, duration_ms=1.0, result=result)
    view = ResultView(call, max_rows=rows, picture_rows=lambda: 3, more="o shows all")
    async with staged(view, size=(76, 400)) as (app, pilot):
        await settle(app, pilot)
        drawn = text_of(app)
        assert drawn.strip()
        assert not FORBIDDEN.intersection(drawn)
