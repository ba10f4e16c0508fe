"""The parts of a call's outcome, in the order they are shown.

Owns what a result or an error consists of for a reader: text, JSON, pictures, remarks. Never draws and
never changes a value; sizes are of the raw data.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from ..services.models import ErrorInfo, Json, JsonObject, as_list, as_object, as_text
from ..services.state.model import CallState
from ..services.state.text import one_line
from .json_text import JsonTextError, dumps, loads, same

SAME_TEXT_LIMIT = 4_000_000
EXACT_LIMIT = 50_000
"""Up to this many characters text and structured content are compared number kind by number kind."""
Tone: TypeAlias = Literal["plain", "muted", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Raw text of a server."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class JsonBlock:
    value: Json


@dataclass(frozen=True, slots=True)
class ImageBlock:
    """Base64 as received, and the type the server claims."""

    data: str
    mime: str


@dataclass(frozen=True, slots=True)
class Remark:
    """One line of ours, safe to show: spans of (text, style)."""

    parts: tuple[tuple[str, str], ...]


Block: TypeAlias = TextBlock | JsonBlock | ImageBlock | Remark


@dataclass(frozen=True, slots=True)
class Outcome:
    """Blocks of one call, and how large what was received is (``exact`` False: at least that)."""

    blocks: tuple[Block, ...] = ()
    size: int = 0
    exact: bool = True


def remark(*parts: str | tuple[str, str]) -> Remark:
    """Plain parts are muted; pairs carry their style."""
    return Remark(tuple((part, "$text-muted") if isinstance(part, str) else part for part in parts))


def outcome_of(call: CallState) -> Outcome:
    """What there is to show of a finished call."""
    if call.error is not None:
        return Outcome((*_error_blocks(call.error), *((_GONE,) if call.result_dropped else ())))
    if call.result is None:
        return Outcome((_GONE,) if call.result_dropped else ())
    size, exact = size_of(call.result)
    return Outcome(tuple(_result_blocks(call.result)), size, exact)


def size_of(value: Json, budget: int = 20_000) -> tuple[int, bool]:
    """About how many characters a value takes as JSON, and whether all of it was counted."""
    total = 0
    stack: list[Json] = [value]
    while stack and budget:
        budget -= 1
        one = stack.pop()
        if isinstance(one, str):
            total += len(one) + 2
        elif isinstance(one, dict):
            total += sum(len(name) + 4 for name in one) + 2
            stack.extend(one.values())
        elif isinstance(one, list):
            total += len(one) + 2
            stack.extend(one)
        else:
            total += 4
    return total, not stack


def size_words(count: int, *, exact: bool = True) -> str:
    """Bytes in few words: ``812 B``, ``1.2 kB``, ``3.4 MB``."""
    sign = "" if exact else ">"
    if count < 1000:
        return f"{sign}{count} B"
    if count < 1_000_000:
        return f"{sign}{count / 1e3:.1f} kB"
    return f"{sign}{count / 1e6:.1f} MB" if count < 1_000_000_000 else f"{sign}{count / 1e9:.1f} GB"


_GONE = remark("what it came to is no longer kept: newer calls needed the room")


# --- results ------------------------------------------------------------------------------------


def _result_blocks(result: JsonObject) -> list[Block]:
    blocks: list[Block] = []
    content = result.get("content")
    has_structured = "structuredContent" in result
    structured = result.get("structuredContent")
    told_twice = 0
    if has_structured:
        blocks.append(JsonBlock(structured))
    for item in as_list(content):
        block = as_object(item)
        text = as_text(block.get("text")) if block.get("type") == "text" else None
        if has_structured and text is not None and _says_the_same(text, structured):
            told_twice += 1
            continue
        blocks += _content_blocks(item)
    if told_twice:
        blocks.insert(1, remark("structured content; the text says the same"))
    elif has_structured and len(blocks) > 1:
        blocks.insert(0, remark("structured content"))
    if not isinstance(content, list) and not has_structured:
        blocks.append(remark(("the result has no content; as received:", "$text-warning")))
        blocks.append(JsonBlock(result))
    elif not blocks:
        blocks.append(remark("empty result: no content blocks"))
    return blocks


def _says_the_same(text: str, structured: Json) -> bool:
    if len(text) > SAME_TEXT_LIMIT:
        return False
    if isinstance(structured, dict) and len(structured) == 1 and structured.get("result") == text:
        return True  # the wrapping that SDKs give a plain string
    if text.lstrip()[:1] not in '{["-0123456789tfn' or not text.strip():
        return False
    inner = structured["result"] if isinstance(structured, dict) and structured.keys() == {"result"} else structured
    if len(text) > EXACT_LIMIT:
        try:
            return cast("Json", json.loads(text)) in (structured, inner)
        except (ValueError, RecursionError):
            return False
    try:
        value = loads(text)
    except JsonTextError:
        return False
    return same(value, structured) or same(value, inner)


def _content_blocks(item: Json) -> list[Block]:
    block = as_object(item)
    match block.get("type"):
        case "text" if isinstance(block.get("text"), str):
            text = as_text(block["text"]) or ""
            return [TextBlock(text)] if text else [remark("empty text")]
        case "image" if isinstance(block.get("data"), str):
            return [ImageBlock(as_text(block["data"]) or "", as_text(block.get("mimeType")) or "")]
        case "audio" if isinstance(block.get("data"), str):
            return [_binary("audio", block.get("mimeType"), as_text(block["data"]) or "")]
        case "resource":
            return _resource_blocks(as_object(block.get("resource")))
        case "resource_link":
            return _link_blocks(block)
        case kind:
            words = f"unknown content type {one_line(dumps(kind), 40)}; as received:"
            return [remark((words, "$text-warning")), JsonBlock(item)]


def _binary(what: str, mime: Json, data: str) -> Remark:
    kind = one_line(as_text(mime) or "no type given", 60)
    return remark((what, "bold $primary"), f"  {kind} · {size_words(len(data) * 3 // 4)} · s saves it")


def _resource_blocks(resource: JsonObject) -> list[Block]:
    uri = one_line(as_text(resource.get("uri")) or "(no uri)", 400)
    mime = one_line(as_text(resource.get("mimeType")) or "", 60)
    head = remark(("resource", "bold $primary"), ("  " + uri, "$foreground"), f"  {mime}" if mime else "")
    text, blob = resource.get("text"), resource.get("blob")
    if isinstance(text, str):
        return [head, _text_or_json(text, mime)]
    if isinstance(blob, str):
        if mime.startswith("image/"):
            return [head, ImageBlock(blob, mime)]
        return [head, _binary("blob", resource.get("mimeType"), blob)]
    return [head, remark(("neither text nor blob; as received:", "$text-warning")), JsonBlock(resource)]


def _text_or_json(text: str, mime: str) -> Block:
    if mime.split(";", 1)[0].endswith("json") and len(text) <= SAME_TEXT_LIMIT:
        try:
            return JsonBlock(loads(text))
        except JsonTextError:
            pass
    return TextBlock(text)


def _link_blocks(block: JsonObject) -> list[Block]:
    uri = one_line(as_text(block.get("uri")) or "(no uri)", 400)
    name = one_line(as_text(block.get("title")) or as_text(block.get("name")) or "", 100)
    facts = [one_line(as_text(block.get("mimeType")) or "", 60)]
    size = block.get("size")
    if isinstance(size, int) and not isinstance(size, bool) and size >= 0:
        facts.append(size_words(size))
    words = " · ".join(fact for fact in facts if fact)
    blocks: list[Block] = [
        remark(
            ("link", "bold $primary"),
            ("  " + name if name else "", "$foreground"),
            f"  {uri}",
            f"  {words}" if words else "",
        )
    ]
    description = as_text(block.get("description"))
    if description:
        blocks.append(TextBlock(description[:2000], "muted"))
    return blocks


# --- errors -------------------------------------------------------------------------------------


def _error_blocks(error: ErrorInfo) -> list[Block]:
    blocks: list[Block] = [TextBlock(error.title, "bad")]
    if error.hint:
        blocks.append(TextBlock(error.hint))
    # What stands behind a refused login (challenges, statuses) is read in its steps.
    details = dict(error.details) if error.kind != "auth" else {}
    if error.kind == "auth":
        keys = ("L", "$primary"), " logs in and asks for what is missing · ", ("A", "$primary"), " shows every step"
        blocks.append(remark(*keys))
    facts: list[tuple[str, str]] = []
    for name, label in (("code", "code"), ("status", "HTTP"), ("exitCode", "exit code")):
        value = details.pop(name, None)
        if value is not None:
            facts.append((f"{label} {one_line(dumps(value), 40)}", "$foreground"))
    if facts:
        spaced = [part for fact in facts for part in (fact, (" · ", "$text-muted"))][:-1]
        blocks.append(Remark(tuple(spaced)))
    problems = [line for line in as_list(details.pop("problems", None)) if isinstance(line, str)]
    if problems:
        blocks.append(TextBlock("\n".join(problems)))
    stderr = [line for line in as_list(details.pop("stderr", None)) if isinstance(line, str)]
    if stderr:
        blocks += [remark("last lines of stderr"), TextBlock("\n".join(stderr), "muted")]
    for name, value in details.items():
        if value not in (None, "", [], {}):
            blocks.append(remark(one_line(name, 40)))
            blocks.append(TextBlock(value, "muted") if isinstance(value, str) else JsonBlock(value))
    return blocks
