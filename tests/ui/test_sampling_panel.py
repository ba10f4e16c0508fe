"""Requests for a completion: what a person reads, what they type, and what goes out (protocol section 34)."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
from textual.pilot import Pilot

from mcpdeck.services.models import Json, JsonObject, as_list, as_object
from mcpdeck.services.state.model import CallState, PromptState
from mcpdeck.widgets.prompts.sampling import SamplingPanel
from tests.ui import questions
from tests.ui.form_stage import FORBIDDEN, HOSTILE, Stage, settle, staged, text_of

CALL = CallState("call-1", "everything", "ask-the-model", {}, 0.0)
TOOLS = questions.SAMPLING_WITH_TOOLS


def with_params(**changes: Json) -> PromptState:
    return replace(TOOLS, request={**TOOLS.request, **changes})


async def asked(panel: SamplingPanel, pilot: Pilot[None], prompt: PromptState) -> None:
    panel.calls = (CALL,)
    panel.prompt = prompt
    await settle(pilot.app, pilot)
    panel.focus_first()
    await settle(pilot.app, pilot)


async def press(app: Stage, pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await settle(app, pilot)


def answers(app: Stage) -> list[tuple[str, JsonObject | None]]:
    return [(message.action, message.content) for message in app.asked(SamplingPanel.Answered)]


async def test_the_panel_shows_who_asks_the_conversation_and_what_is_wished_for() -> None:
    panel = SamplingPanel()
    async with staged(panel) as (app, pilot):
        panel.endpoint = "npx -y server-everything"
        await asked(panel, pilot, questions.SAMPLING)
        screen = text_of(app)
        for words in (
            "everything asks for a completion  npx -y server-everything",
            "during ask-the-model",
            "system     You are a terse assistant",
            "user       Which of these is the Old Bridge?",
            "user       [image · image/png · ",
            "assistant  The one on the left.",
            "wants      at most 100 tokens · temperature 0.7",
            "claude-3-sonnet",
            "fast 0.8",
        ):
            assert words in screen


async def test_a_typed_completion_goes_out_as_the_whole_result() -> None:
    panel = SamplingPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, questions.SAMPLING)
        await press(app, pilot, *"Gozo", "enter", *"ftira", "ctrl+r")
        text: JsonObject = {"type": "text", "text": "Gozo\nftira"}
        assert answers(app) == [
            ("accept", {"role": "assistant", "content": text, "model": "human", "stopReason": "endTurn"})
        ]


async def test_model_and_stop_reason_can_be_changed() -> None:
    panel = SamplingPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, questions.SAMPLING)
        await press(app, pilot, "x", "tab", "ctrl+u", *"mock-1", "tab", "right", "ctrl+r")
        ((_, content),) = answers(app)
        assert as_object(content)["model"] == "mock-1"
        assert as_object(content)["stopReason"] == "stopSequence"


async def test_an_empty_completion_is_not_sent() -> None:
    panel = SamplingPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, questions.SAMPLING)
        await press(app, pilot, "ctrl+r")
        assert answers(app) == []
        assert "✖ required" in text_of(app)


async def test_a_completion_longer_than_was_asked_for_is_sent_only_when_it_is_meant() -> None:
    panel = SamplingPanel()
    async with staged(panel, size=(100, 30)) as (app, pilot):
        await asked(panel, pilot, replace(questions.SAMPLING, request={**questions.SAMPLING.request, "maxTokens": 2}))
        await press(app, pilot, *"nine chars", "ctrl+r")
        assert "about 3 tokens, 2 allowed" in text_of(app)
        assert answers(app) == []
        await press(app, pilot, "ctrl+r")
        assert len(answers(app)) == 1


@pytest.mark.parametrize(("key", "action"), [("escape", "cancel"), ("ctrl+n", "decline")])
async def test_escape_cancels_and_ctrl_n_declines(key: str, action: str) -> None:
    panel = SamplingPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, questions.SAMPLING)
        await press(app, pilot, "x", key, key)
        assert answers(app) == [(action, None)]


async def test_tool_uses_and_their_results_are_shown_with_the_tools_name() -> None:
    panel = SamplingPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, TOOLS)
        screen = text_of(app)
        assert 'assistant  uses geocode {"city": "Paris"}' in screen
        assert "user       result of geocode  48.85, 2.35" in screen
        assert "tools      geocode, get_weather" in screen


async def test_a_request_with_tools_can_be_answered_with_the_use_of_one() -> None:
    panel = SamplingPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, TOOLS)
        await press(app, pilot, "right", "right")
        assert '"place": ""' in text_of(app)
        await press(app, pilot, "tab", "ctrl+a", *["delete"] * 20, *'{"place":"Paris"}', "ctrl+r")
        ((action, content),) = answers(app)
        result = as_object(content)
        (use,) = [as_object(block) for block in as_list(result["content"])]
        assert action == "accept"
        assert (result["stopReason"], result["model"]) == ("toolUse", "human")
        assert (use["type"], use["name"], use["input"]) == ("tool_use", "get_weather", {"place": "Paris"})
        assert use["id"] not in ("", "t1")


async def test_every_tool_use_has_an_id_of_its_own() -> None:
    ids: set[object] = set()
    for _ in range(2):
        panel = SamplingPanel()
        async with staged(panel) as (app, pilot):
            await asked(panel, pilot, TOOLS)
            await press(app, pilot, "right", "ctrl+r")
            ((_, content),) = answers(app)
            ids.add(as_object(as_list(as_object(content)["content"])[0])["id"])
    assert len(ids) == 2


async def test_a_text_typed_before_looking_at_the_tools_is_kept() -> None:
    panel = SamplingPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, TOOLS)
        await press(app, pilot, "tab", *"warm", "shift+tab", "right", "left")
        assert "warm" in text_of(app)


@pytest.mark.parametrize(("mode", "offered"), [("auto", {"text", "use"}), ("required", {"use"}), ("none", set[str]())])
async def test_only_replies_that_the_request_allows_are_offered(mode: str, offered: set[str]) -> None:
    panel = SamplingPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, with_params(toolChoice={"mode": mode}))
        reply = next((line for line in text_of(app).split("\n") if "reply *" in line), "")
        assert {word for word in ("text", "use") if f" {word} " in reply} == offered


async def test_the_end_of_a_long_request_is_reached_with_page_down_while_typing() -> None:
    lines = "\n".join(f"line {number}" for number in range(60))
    message: JsonObject = {"role": "user", "content": {"type": "text", "text": lines}}
    panel = SamplingPanel()
    async with staged(panel, size=(80, 20)) as (app, pilot):
        await asked(panel, pilot, with_params(messages=[message], tools=[]))
        assert "PgDn reads on" in text_of(app)
        assert "answer *" in text_of(app)
        await press(app, pilot, "a", *["pagedown"] * 12)
        assert "line 59" in text_of(app)
        assert panel.fields.entries["answer"].text == "a"


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"messages": 5, "maxTokens": "many", "tools": [7], "toolChoice": 1, "modelPreferences": []},
        {"messages": [1, {"role": 2, "content": [3, {"type": "image"}, {"type": "tool_result", "content": 4}]}]},
        {"messages": [{"role": "user", "content": {"type": "strange", "deep": [[[{}]]]}}], "stopSequences": {}},
    ],
)
async def test_a_request_that_breaks_the_rules_can_still_be_answered(request_: JsonObject) -> None:
    panel = SamplingPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, replace(TOOLS, request=request_))
        if "tools" not in request_:
            await press(app, pilot, "x", "ctrl+r")
            assert answers(app)[0][0] == "accept"
        else:
            await press(app, pilot, "ctrl+n")
            assert answers(app) == [("decline", None)]


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_words_show_as_text(words: str) -> None:
    blocks: list[Json] = [
        {"type": "text", "text": words},
        {"type": "image", "data": words, "mimeType": words},
        {"type": "tool_use", "id": words, "name": words, "input": {words: words}},
        {"type": "tool_result", "toolUseId": words, "content": [{"type": words}]},
    ]
    request = cast(
        "JsonObject",
        {
            "systemPrompt": words,
            "messages": [{"role": words, "content": blocks}],
            "tools": [{"name": words, "inputSchema": {"required": [words], "properties": {words: {}}}}],
            "stopSequences": [words],
            "includeContext": words,
            "modelPreferences": {"hints": [{"name": words}]},
        },
    )
    panel = SamplingPanel()
    async with staged(panel, size=(100, 40)) as (app, pilot):
        panel.endpoint = words
        await asked(panel, pilot, replace(TOOLS, server=words, request=request))
        await press(app, pilot, "right")
        assert not FORBIDDEN & set(text_of(app))
