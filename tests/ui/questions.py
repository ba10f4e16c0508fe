"""Example questions of servers, and what we declare: what UI tests feed and screenshots show."""

from __future__ import annotations

from dataclasses import replace

from mcpdeck.services.state.model import PromptState
from mcpdeck.widgets.server_offer import Declared
from tests.ui.states import NOW, PIXEL

QUESTION = PromptState(
    id="prompt-1",
    server="everything",
    call="call-1",
    method="elicitation/create",
    request={
        "mode": "form",
        "message": "Which colour do you like?",
        "requestedSchema": {
            "type": "object",
            "properties": {"colour": {"type": "string", "title": "Colour", "enum": ["red", "green", "blue"]}},
            "required": ["colour"],
        },
    },
    opened_at=NOW - 2,
)

DECLARED = Declared({"elicitation": {"form": {}, "url": {}}, "sampling": {"tools": {}}})
"""What every server on a stage was told about us."""

SAMPLING = PromptState(
    id="prompt-2",
    server="everything",
    call="call-1",
    method="sampling/createMessage",
    request={
        "systemPrompt": "You are a terse assistant for travellers.",
        "messages": [
            {"role": "user", "content": {"type": "text", "text": "Which of these is the Old Bridge?"}},
            {"role": "user", "content": {"type": "image", "data": PIXEL, "mimeType": "image/png"}},
            {"role": "assistant", "content": {"type": "text", "text": "The one on the left."}},
            {"role": "user", "content": {"type": "text", "text": "Name one thing to eat close to it."}},
        ],
        "maxTokens": 100,
        "temperature": 0.7,
        "modelPreferences": {"hints": [{"name": "claude-3-sonnet"}], "speedPriority": 0.8},
    },
    opened_at=NOW - 2,
)

SAMPLING_WITH_TOOLS = replace(
    SAMPLING,
    request={
        "messages": [
            {"role": "user", "content": {"type": "text", "text": "Is it warm in Paris?"}},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t1", "name": "geocode", "input": {"city": "Paris"}}],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "toolUseId": "t1", "content": [{"type": "text", "text": "48.85, 2.35"}]}
                ],
            },
        ],
        "maxTokens": 1000,
        "tools": [
            {"name": "geocode", "inputSchema": {"type": "object"}},
            {
                "name": "get_weather",
                "inputSchema": {
                    "type": "object",
                    "properties": {"place": {"type": "string"}},
                    "required": ["place"],
                },
            },
        ],
        "toolChoice": {"mode": "auto"},
    },
)

ADDRESS = replace(
    QUESTION,
    request={
        "mode": "url",
        "message": "Please connect your account.",
        "url": "https://accounts.xn--exmple-cua.co.uk/connect?"
        + "&".join(f"part{number}=value" for number in range(24)),
    },
)
