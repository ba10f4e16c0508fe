"""The parts of a call's outcome, in the order they are shown.

Owns what a result or an error consists of for a reader: text, JSON, pictures, remarks. Never draws and
never changes a value; sizes are of the raw data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ..services.models import ErrorInfo, Json, JsonObject, as_list, as_object, as_text
from ..services.models.content import SAME_TEXT_LIMIT, Kind, Part, parts_of, says_the_same, wrapped_text
from ..services.state.model import CallState
from ..services.state.text import one_line
from .audio_facts import audio_facts
from .json_text import JsonTextError, dumps, loads

Tone: TypeAlias = Literal["plain", "muted", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Raw text of a server, and the type that the server claims, where it claims one."""

    text: str
    tone: Tone = "plain"
    mime: str = field(default="", compare=False)


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
    if "content" not in result and "structuredContent" not in result:
        if isinstance(result.get("contents"), list):
            blocks = [block for part in parts_of(result) for block in _part_blocks(part)]
            return blocks or [remark("empty: the server answered with no contents")]
        if isinstance(result.get("messages"), list):
            return _message_blocks(result)
    return _call_blocks(result)


def _call_blocks(result: JsonObject) -> list[Block]:
    blocks: list[Block] = []
    has_structured = "structuredContent" in result
    structured = result.get("structuredContent")
    told_twice = 0
    plain = wrapped_text(structured)
    if has_structured:
        blocks.append(JsonBlock(structured))
    alone = not has_structured and len(as_list(result.get("content"))) == 1
    for part in parts_of({"content": result.get("content")}):
        if alone and (value := json_in(part)) is not None:
            return [remark("text that is JSON"), JsonBlock(value)]
        if has_structured and part.kind is Kind.TEXT and says_the_same(part.text, structured):
            told_twice += 1
            if part.text == plain:  # lines are read as lines, not as one long text in quotation marks
                blocks[0] = _part_blocks(part)[0]
            continue
        blocks += _part_blocks(part)
    if told_twice and not isinstance(blocks[0], JsonBlock):
        blocks.insert(1, remark("text; the structured content says the same"))
    elif told_twice:
        blocks.insert(1, remark("structured content; the text says the same"))
    elif has_structured and len(blocks) > 1:
        blocks.insert(0, remark("structured content"))
    if not isinstance(result.get("content"), list) and not has_structured:
        blocks.append(remark(("the result has no content; as received:", "$text-warning")))
        blocks.append(JsonBlock(result))
    elif not blocks:
        blocks.append(remark("empty result: no content blocks"))
    return blocks


def _message_blocks(result: JsonObject) -> list[Block]:
    """A prompt: its description, then each message under the name of its role."""
    description = as_text(result.get("description"))
    blocks: list[Block] = [TextBlock(description[:DESCRIPTION], "muted")] if description else []
    before: str | None = None
    for part in parts_of(result):
        if part.role != before:
            blocks.append(remark((one_line(part.role, 40) or "nobody", "bold $primary")))
            before = part.role
        blocks += _part_blocks(part)
    return blocks or [remark("empty: the prompt has no messages")]


def _part_blocks(part: Part) -> list[Block]:
    match part.kind:
        case Kind.TEXT:
            return [TextBlock(part.text)] if part.text else [remark("empty text")]
        case Kind.IMAGE:
            return [ImageBlock(part.data, part.mime)]
        case Kind.AUDIO:
            return [_binary("audio", part)]
        case Kind.TEXT_RESOURCE | Kind.BLOB:
            return _resource_blocks(part)
        case Kind.LINK:
            return _link_blocks(part)
        case Kind.TOOL_USE | Kind.TOOL_RESULT:
            head = remark((part.kind.value, "bold $primary"), ("  " + one_line(part.name, 100), "$foreground"), UNSEEN)
            return [head, JsonBlock(part.raw)]
        case Kind.UNKNOWN:
            words = [f"{one_line(flaw, 160)}; as received:" for flaw in part.flaws]
            kind = one_line(dumps(as_object(part.raw).get("type")), 40)
            head = (words[0] if words else f"unknown content type {kind}; as received:", "$text-warning")
            return [remark(head), JsonBlock(part.raw)]


def json_in(part: Part) -> Json:
    """The array or object that a text of a result is; None: it is none, or too long to be read at once."""
    text = part.text
    if part.kind is not Kind.TEXT or len(text) > JSON_TEXT or text.lstrip()[:1] not in ("{", "["):
        return None
    if text.rstrip()[-1:] not in ("}", "]"):
        return None
    try:
        value = loads(text)
    except JsonTextError:
        return None
    return value if isinstance(value, dict | list) and value else None


JSON_TEXT = 200_000
"""Characters of a text up to which it is read to see whether it is JSON."""
UNSEEN = " · not for a model"
"""What is said of a part that a model would not receive."""
DESCRIPTION = 2_000
"""Characters of a description that are shown."""


def _binary(what: str, part: Part) -> Remark:
    kind = one_line(part.mime or part.found or "no type given", 60)
    flaws = [(f"\n! {one_line(flaw, 160)}", "$text-warning") for flaw in part.flaws]
    facts = audio_facts(part.data) if (part.found or part.mime).startswith("audio/") else None
    words = (kind, facts.words() if facts is not None else "", size_words(part.size), "s saves it")
    return remark((what, "bold $primary"), f"  {' · '.join(word for word in words if word)}{UNSEEN}", *flaws)


def _resource_blocks(part: Part) -> list[Block]:
    uri = one_line(part.uri or "(no uri)", 400)
    mime = one_line(part.mime, 60)
    head = remark(("resource", "bold $primary"), ("  " + uri, "$foreground"), f"  {mime}" if mime else "")
    flaws = [remark((f"! {one_line(flaw, 160)}", "$text-warning")) for flaw in part.flaws]
    if part.kind is Kind.TEXT_RESOURCE:
        return [head, *flaws, _text_or_json(part.text, mime)]
    if part.is_picture:
        return [head, ImageBlock(part.data, part.mime)]
    return [head, _binary("blob", part)]


def _text_or_json(text: str, mime: str) -> Block:
    if mime.split(";", 1)[0].endswith("json") and len(text) <= SAME_TEXT_LIMIT:
        try:
            return JsonBlock(loads(text))
        except JsonTextError:
            pass
    return TextBlock(text, mime=mime)


def _link_blocks(part: Part) -> list[Block]:
    block = as_object(part.raw)
    uri, name = one_line(part.uri or "(no uri)", 400), one_line(part.name, 100)
    facts = [one_line(part.mime, 60)]
    size = block.get("size")
    if isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 10**18:
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
        blocks.append(TextBlock(description[:DESCRIPTION], "muted"))
    return blocks


# --- errors -------------------------------------------------------------------------------------


def _denied_by(details: dict[str, Json]) -> list[Block]:
    """By which rule, and where that stands; who said no is in the title."""
    details.pop("by", None)
    rule, source = (one_line(as_text(details.pop(name, None)) or "", 300) for name in ("rule", "source"))
    named = (("rule", rule), ("from", source if source != rule else ""))
    return [remark(f"{label}  ", (words, "$foreground")) for label, words in named if words]


def _error_blocks(error: ErrorInfo) -> list[Block]:
    blocks: list[Block] = [TextBlock(error.title, "bad")]
    if error.hint:
        blocks.append(TextBlock(error.hint))
    # What stands behind a refused login (challenges, statuses) is read in its steps.
    details = dict(error.details) if error.kind != "auth" else {}
    if error.kind == "auth":
        keys = ("L", "$primary"), " logs in and asks for what is missing · ", ("A", "$primary"), " shows every step"
        blocks.append(remark(*keys))
    if error.kind in ("permission", "policy"):
        blocks += _denied_by(details)
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
