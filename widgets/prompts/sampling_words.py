"""What a sampling request says, for the person who is to answer it (protocol section 34).

Owns the words for its messages, wishes and tools. Never answers, and never draws a picture or plays a sound.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from ...services.models import Json, JsonObject, as_list, as_object, as_text
from ...services.state.text import one_line, visible
from ..json_text import dumps
from ..result_blocks import size_words
from .words import LABEL, Labelled, Told

MESSAGES = 40
"""Most messages that are shown; of more the last ones."""
TEXT = 8_000
"""Characters of one text."""
LINE = 300


def request_lines(request: JsonObject) -> list[Told]:
    """What is wished for, then the system prompt and the messages in their order."""
    lines: list[Told] = [_wishes(request), *_tools(request)]
    if not isinstance(request.get("maxTokens"), int):
        lines.append(Content.styled("! It names no maxTokens, which the protocol requires.", "$text-warning"))
    system = as_text(request.get("systemPrompt"))
    if system:
        lines.append(Labelled("system", "$text-muted", _text(system)))
    messages = [as_object(message) for message in as_list(request.get("messages"))]
    if len(messages) > MESSAGES:
        lines.append(Content.styled(f"… {len(messages) - MESSAGES} earlier messages", "$text-muted"))
    names = tool_uses(messages)
    for message in messages[-MESSAGES:]:
        lines += _message(message, names)
    if not messages:
        lines.append(Content.styled("It holds no message.", "$text-warning"))
    return lines


def blocks(content: Json) -> list[JsonObject]:
    """Content as a list: one block, or an array of them (since 2025-11-25)."""
    return [as_object(block) for block in content] if isinstance(content, list) else [as_object(content)]


def tool_uses(messages: Iterable[JsonObject]) -> dict[str, str]:
    """Names of the tools that were used in a conversation, by the id of the use."""
    return {
        as_text(block.get("id")) or "": as_text(block.get("name")) or ""
        for message in messages
        for block in blocks(message.get("content"))
        if block.get("type") == "tool_use"
    }


def _wishes(request: JsonObject) -> Labelled:
    most = request.get("maxTokens")
    parts = [f"at most {most:,} tokens" if isinstance(most, int) else "any length"]
    temperature = request.get("temperature")
    if isinstance(temperature, int | float):
        parts.append(f"temperature {temperature:g}")
    stops = [dumps(stop) for stop in as_list(request.get("stopSequences"))]
    if stops:
        parts.append(f"stop at {one_line(', '.join(stops), 80)}")
    preferences = as_object(request.get("modelPreferences"))
    hints = [as_text(as_object(hint).get("name")) or "" for hint in as_list(preferences.get("hints"))]
    if any(hints):
        parts.append(f"a model like {one_line(', '.join(filter(None, hints)), 80)}")
    for name, word in (
        ("costPriority", "cheap"),
        ("speedPriority", "fast"),
        ("intelligencePriority", "clever"),
    ):
        value = preferences.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            parts.append(f"{word} {value:g}")
    context = as_text(request.get("includeContext"))
    if context and context != "none":
        parts.append(f"context of {one_line(context, 20)} (none is given)")
    return Labelled("wants", "$text-muted", Content(" · ".join(parts)))


def _tools(request: JsonObject) -> Iterable[Labelled]:
    names = [
        one_line(as_text(as_object(tool).get("name")) or "(no name)", 60) for tool in as_list(request.get("tools"))
    ]
    if names:
        mode = as_text(as_object(request.get("toolChoice")).get("mode"))
        must = {"required": " · one must be used", "none": " · none may be used"}.get(mode or "", "")
        yield Labelled("tools", "$text-muted", Content.assemble(", ".join(names), (must, "$text-warning")))


def _message(message: JsonObject, names: dict[str, str]) -> Iterable[Labelled]:
    role = one_line(as_text(message.get("role")) or "nobody", LABEL - 1)
    style = "bold $primary" if role == "user" else "bold $secondary"
    for index, block in enumerate(blocks(message.get("content"))):
        yield Labelled("" if index else role, style, _block(block, names))


def _block(block: JsonObject, names: dict[str, str]) -> Content:
    match block.get("type"):
        case "text":
            return _text(as_text(block.get("text")) or "")
        case "image" | "audio" as kind:
            mime = one_line(as_text(block.get("mimeType")) or "of no type", 60)
            size = size_words(len(as_text(block.get("data")) or "") * 3 // 4)
            return Content.styled(f"[{kind} · {mime} · {size}]", "$text-muted")
        case "tool_use":
            name = one_line(as_text(block.get("name")) or "(no name)", 60)
            return Content.assemble(
                ("uses ", "$text-muted"), (name, "bold"), f" {one_line(_json(block.get('input')), LINE)}"
            )
        case "tool_result":
            return _result(block, names)
        case _:
            return Content(one_line(_json(block), LINE))


def _result(block: JsonObject, names: dict[str, str]) -> Content:
    use = as_text(block.get("toolUseId")) or ""
    name = one_line(names.get(use) or use or "nothing", 60)
    failed = block.get("isError") is True
    parts = [_block(inner, names) for inner in blocks(block.get("content", []))]
    structured = block.get("structuredContent")
    if not parts and structured is not None:
        parts = [Content(one_line(_json(structured), LINE))]
    front = ("error of ", "$text-error") if failed else ("result of ", "$text-muted")
    heading = Content.assemble(front, name)
    return Content("  ").join([heading, *parts])


def _text(text: str) -> Content:
    shown = Content(visible(text.strip()[:TEXT]).expandtabs(4))
    if len(text) > TEXT:
        return Content.assemble(shown, (f" … {len(text):,} characters in all", "$text-muted"))
    return shown


def _json(value: Json) -> str:
    return dumps(value)[: 4 * LINE]
