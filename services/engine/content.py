"""What a model would receive of a result, part by part.

Owns which parts a model gets whole, as one line or not at all, and what each counts for. Never cuts anything, and never
changes what was received. The rules, where public sources leave them open, are ours and stand in ``docs/results.md``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from ..models import Json, JsonObject
from ..models.calls import CHARACTERS_A_TOKEN
from ..models.content import Kind, Part, Share, parts_of, says_the_same
from ..models.json_pieces import pieces
from ..models.media import media_type
from ..models.picture_size import PictureSize
from ..state.text import one_line

PICTURE_TOKENS = 1_600
"""Of a picture whose size is not known, and the most of any."""
_FEW = 2_000
"""Values that are written as JSON in one go, to count them."""
_PIXELS_A_TOKEN = 750
_LONGEST_SIDE = 1_568
"""Pixels to which a larger picture is scaled before it is counted (Anthropic, "Vision", image costs)."""
SAID = -1
"""Instead of what structured content costs: nothing, a text says it."""
LINE_KEPT = 400
"""Characters of a URI or name in the line that stands for what is not given."""
_encode = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """One thing a model gets: text (``structured``: the JSON text of that value) or a picture."""

    cost: int
    text: str | None = None
    structured: tuple[Json] | None = None
    picture: JsonObject | None = None
    part: Part | None = None


def for_model(result: JsonObject) -> JsonObject:
    """``result`` as a model would receive it, uncut: a result object of the same kind."""
    return shaped(result, [(given, block_of(given)) for given in given_of(result)])


def given_of(result: JsonObject, structured_cost: int | None = None) -> Iterator[Given]:
    """What a model gets, in order. ``structured_cost``: of structured content, where that is known from before.

    ``SAID``: a text says the same. Finding it out takes as long as writing all of it as JSON.
    """
    said = structured_cost == SAID or "structuredContent" not in result
    structured = result.get("structuredContent")
    for part in parts_of(result):
        given = _given(part)
        if given is not None:
            yield given
        if not said and structured_cost is None and part.kind is Kind.TEXT:
            said = says_the_same(part.text, structured)
    if not said:
        cost = _json_length(structured) if structured_cost is None else structured_cost
        yield Given(cost, structured=(structured,))


def _given(part: Part) -> Given | None:
    match part.share:
        case Share.NOTHING:
            return None
        case Share.LINE:
            line = _line(part)
            return Given(len(line), text=line, part=part)
        case Share.WHOLE if part.kind in (Kind.TEXT, Kind.TEXT_RESOURCE):
            return Given(len(part.text), text=part.text, part=part)
        case Share.WHOLE:
            picture: JsonObject = {"type": "image", "data": part.data, "mimeType": part.found or media_type(part.mime)}
            return Given(picture_tokens(part.picture) * CHARACTERS_A_TOKEN, picture=picture, part=part)


def _line(part: Part) -> str:
    """The one line that a model gets of a link, a blob, or a picture that it cannot take."""
    uri, name = one_line(part.uri, LINE_KEPT), one_line(part.name, LINE_KEPT)
    kind = one_line(part.found or media_type(part.mime) or "of unknown type", 60)
    if part.kind is Kind.LINK:
        mime = f", {one_line(part.mime, 60)}" if part.mime else ""
        return f"[link {name or uri}: {uri}{mime}]"
    what = "image" if part.kind is Kind.IMAGE else f"resource {uri}"
    return f"[{what}, {kind}, {part.size:,} bytes: not given to a model]"


def _json_length(value: Json) -> int:
    if characters(value, _FEW)[1]:
        try:
            return len(_encode(value))  # much faster, and not large
        except (ValueError, RecursionError):
            pass
    return sum(len(piece) for piece in pieces(value))


def block_of(given: Given) -> JsonObject:
    if given.picture is not None:
        return given.picture
    if given.structured is not None:
        return text_block("".join(pieces(given.structured[0])))
    return text_block(given.text or "")


def text_block(text: str) -> JsonObject:
    return {"type": "text", "text": text}


def shaped(result: JsonObject, blocks: list[tuple[Given, JsonObject]]) -> JsonObject:
    """A result of the kind that ``result`` is (a call's, a read's, a prompt's) with these blocks."""
    if "content" not in result and isinstance(result.get("contents"), list):
        return {"contents": [_resource(given.part, block) for given, block in blocks]}
    if "content" not in result and isinstance(result.get("messages"), list):
        messages: list[Json] = []
        for given, block in blocks:
            messages.append({"role": given.part.role if given.part is not None else "user", "content": block})
        return {"messages": messages}
    shaped: JsonObject = {"content": [block for _, block in blocks]}
    if result.get("isError") is True:
        shaped["isError"] = True
    return shaped


def _resource(part: Part | None, block: JsonObject) -> JsonObject:
    resource: JsonObject = {"uri": part.uri if part is not None else ""}
    if block["type"] == "image":
        return {**resource, "mimeType": block["mimeType"], "blob": block["data"]}
    if part is not None and part.mime and part.share is Share.WHOLE:
        resource["mimeType"] = part.mime
    return {**resource, "text": block["text"]}


def characters(value: Json, budget: int | None = None) -> tuple[int, bool]:
    """About how many characters ``value`` takes as JSON, and whether ``budget`` values were enough to count them."""
    total, left = 0, budget
    stack: list[Json] = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            total += 2 + 4 * len(one) + sum(map(len, one))
            children: Iterable[Json] = one.values()
        elif isinstance(one, list):
            total += 2 + len(one)
            children = one
        else:
            total += len(one) + 2 if isinstance(one, str) else 4
            continue
        if left is not None:
            left -= len(one)
            if left < 0:
                return total, False
        for child in children:
            if isinstance(child, str):
                total += len(child) + 2
            elif isinstance(child, dict | list):
                stack.append(child)
            else:
                total += 4
    return total, True


def picture_tokens(size: PictureSize | None) -> int:
    """What a picture costs a model, estimated: a token for 750 pixels of it at 1,568 pixels a side, 1,600 at most."""
    if size is None or not size.width or not size.height:
        return PICTURE_TOKENS
    shrunk = min(1.0, _LONGEST_SIDE / max(size.width, size.height))
    return min(PICTURE_TOKENS, max(1, round(size.width * shrunk * size.height * shrunk / _PIXELS_A_TOKEN)))


def texts_of(result: JsonObject) -> list[str]:
    """The one text that ``result`` is made of, for a file of its own; empty when there is more to it."""
    parts = list(islice(parts_of(result), 2))
    if len(parts) != 1 or parts[0].kind not in (Kind.TEXT, Kind.TEXT_RESOURCE):
        return []
    if "structuredContent" in result and not says_the_same(parts[0].text, result["structuredContent"]):
        return []
    return [parts[0].text]
