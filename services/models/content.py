"""What a result consists of: every kind of content, read without trusting it.

Owns the reading of content blocks, resource contents and prompt messages (protocol sections 29, 31, 32), what is wrong
with each, and which of it a model would receive. Never decodes more of base64 than its first bytes and never changes
a value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from .json_values import Json, JsonObject, as_list, as_object, as_text, same
from .media import HEAD, contradiction, decoded_size, head_of, media_type, sniffed
from .picture_size import PictureSize, picture_size

SAME_TEXT_LIMIT = 4_000_000
"""Characters of a text up to which it is compared with structured content."""
HEADER = 192 * 1024
"""Bytes in which the size of a picture is looked for: a JPEG may have a preview before it."""
PICTURES = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp"))
"""The formats that models take (the APIs of the large providers agree on these four)."""


PICTURE_BYTES = 5_000_000
"""Bytes of the largest picture that models take."""


class Kind(StrEnum):
    """``BLOB`` and ``TEXT_RESOURCE`` are embedded or read resources; ``UNKNOWN`` is shown as it was received."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"
    TEXT_RESOURCE = "text resource"
    BLOB = "blob"
    LINK = "link"
    TOOL_USE = "tool use"
    TOOL_RESULT = "tool result"
    UNKNOWN = "unknown"


class Share(StrEnum):
    """What a model would receive of a part: all of it, one line that names it, nothing."""

    WHOLE = "whole"
    LINE = "line"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One part of a result. ``raw`` is the block exactly as received, the rest is empty where it does not apply.

    ``mime`` is what the server claims, ``found`` what the first bytes of ``data`` (base64) are. ``picture`` is its
    size as its header says. ``flaws`` are sentences that quote the server: shown through ``state.text`` like all else.
    """

    kind: Kind
    raw: Json
    text: str = ""
    data: str = ""
    mime: str = ""
    uri: str = ""
    name: str = ""
    role: str = ""
    found: str | None = None
    picture: PictureSize | None = None
    flaws: tuple[str, ...] = ()

    @property
    def share(self) -> Share:
        match self.kind:
            case Kind.TEXT | Kind.TEXT_RESOURCE:
                return Share.WHOLE
            case Kind.IMAGE | Kind.BLOB if self.found in PICTURES and self.size <= PICTURE_BYTES:
                return Share.WHOLE
            case Kind.IMAGE | Kind.BLOB | Kind.LINK:
                return Share.LINE
            case _:
                return Share.NOTHING

    @property
    def size(self) -> int:
        """Bytes that ``data`` stands for, about."""
        return decoded_size(self.data)

    @property
    def is_picture(self) -> bool:
        return bool(self.data) and (self.found or media_type(self.mime)).startswith("image/")


def parts_of(result: JsonObject) -> Iterator[Part]:
    """The parts of the result of a call (``content``), a read (``contents``) or a prompt (``messages``), in order."""
    for block in as_list(result.get("content")):
        yield part_of(block)
    for resource in as_list(result.get("contents")):
        yield resource_part(resource, resource)
    for message in as_list(result.get("messages")):
        role = as_text(as_object(message).get("role")) or ""
        content = as_object(message).get("content")
        for block in content if isinstance(content, list) else [content]:
            yield part_of(block, role)


def part_of(block: Json, role: str = "") -> Part:
    """One content block; what does not hold what its type promises is unknown, with the reason."""
    fields = as_object(block)
    match fields.get("type"):
        case "text" if isinstance(fields.get("text"), str):
            return Part(Kind.TEXT, block, text=as_text(fields["text"]) or "", role=role)
        case "image" if isinstance(fields.get("data"), str):
            return _binary(Kind.IMAGE, block, fields, "data", role)
        case "audio" if isinstance(fields.get("data"), str):
            return _binary(Kind.AUDIO, block, fields, "data", role)
        case "resource" if isinstance(fields.get("resource"), dict):
            return resource_part(fields["resource"], block, role)
        case "resource_link" if isinstance(fields.get("uri"), str):
            name = as_text(fields.get("title")) or as_text(fields.get("name")) or ""
            return _named(Kind.LINK, block, fields, role, name=name)
        case "tool_use" if isinstance(fields.get("name"), str):
            return _named(Kind.TOOL_USE, block, fields, role, name=as_text(fields["name"]) or "")
        case "tool_result" if isinstance(fields.get("toolUseId"), str):
            return _named(Kind.TOOL_RESULT, block, fields, role, name=as_text(fields["toolUseId"]) or "")
        case str(kind) if kind in _MEMBERS:
            return Part(Kind.UNKNOWN, block, role=role, flaws=(f"a block of type {kind} without {_MEMBERS[kind]}",))
        case _:
            return Part(Kind.UNKNOWN, block, role=role)


_MEMBERS = {
    "text": "text",
    "image": "data",
    "audio": "data",
    "resource": "its resource",
    "resource_link": "a uri",
    "tool_use": "a name",
    "tool_result": "a toolUseId",
}


def resource_part(resource: Json, raw: Json, role: str = "") -> Part:
    """The contents of one resource: text or a blob (protocol section 31)."""
    fields = as_object(resource)
    text, blob = fields.get("text"), fields.get("blob")
    both = ("both text and a blob, which section 31 forbids",) if isinstance(text, str) and "blob" in fields else ()
    if isinstance(text, str):
        return _named(Kind.TEXT_RESOURCE, raw, fields, role, text=text, flaws=both)
    if isinstance(blob, str):
        return _binary(Kind.BLOB, raw, fields, "blob", role)
    return _named(Kind.UNKNOWN, raw, fields, role, flaws=("a resource with neither text nor a blob",))


def _named(
    kind: Kind, raw: Json, fields: JsonObject, role: str, *, name: str = "", text: str = "", flaws: tuple[str, ...] = ()
) -> Part:
    mime, uri = as_text(fields.get("mimeType")) or "", as_text(fields.get("uri")) or ""
    return Part(kind, raw, text=text, mime=mime, uri=uri, name=name, role=role, flaws=flaws)


def _binary(kind: Kind, raw: Json, fields: JsonObject, member: str, role: str) -> Part:
    data, mime = as_text(fields[member]) or "", as_text(fields.get("mimeType")) or ""
    uri = as_text(fields.get("uri")) or ""
    head = head_of(data, HEAD)
    found = sniffed(head)
    flaws: list[str] = []
    if not data:
        flaws.append("no data")
    elif not head:
        flaws.append("the data is not base64")
    if kind is Kind.BLOB and not mime:
        wrong = ""  # a blob need not say what it is
    elif kind is Kind.AUDIO and found is not None and found.removeprefix("video/") in ("webm", "mp4"):
        wrong = ""  # the same containers hold sounds alone
    else:
        wrong = contradiction(mime[:60], found)
    if wrong:
        flaws.append(wrong)
    picture = None
    if found is not None and found.startswith("image/"):
        picture = picture_size(head) or picture_size(head_of(data, HEADER))
    return Part(kind, raw, data=data, mime=mime, uri=uri, role=role, found=found, picture=picture, flaws=tuple(flaws))


def wrapped_text(structured: Json) -> str | None:
    """The text that is all of ``structured``, or of its only member; None where it is something else."""
    if isinstance(structured, dict) and len(structured) == 1:
        structured = next(iter(structured.values()))
    return as_text(structured)


def says_the_same(text: str, structured: Json) -> bool:
    """Servers repeat structured content as JSON text for older clients (protocol section 27).

    Some SDKs wrap a plain value as ``{"result": value}`` and give the value itself as text; servers do so with one text
    under a name of their own (``{"content": text}``).
    """
    if wrapped_text(structured) == text:
        return True
    inner = structured["result"] if isinstance(structured, dict) and structured.keys() == {"result"} else structured
    if len(text) > SAME_TEXT_LIMIT or text.lstrip()[:1] not in _STARTS:
        return False
    try:
        value = cast("Json", json.loads(text))
    except (ValueError, RecursionError):
        return False
    return same(value, structured) or same(value, inner)


_STARTS = frozenset('{["-0123456789tfnNI')
