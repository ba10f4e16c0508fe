"""Content blocks and resource contents as lines of text for a person.

Owns how each kind of content is said in a terminal (protocol sections 29, 31). Never prints, and never
lets server text through that is not ``visible``.
"""

from __future__ import annotations

import base64
import binascii

from ..services.models import Json, JsonObject, as_object, as_text
from ..services.state.text import one_line, visible
from .printing import pretty, size_words


def block_lines(value: Json) -> list[str]:
    """One content block: text as it is, other kinds by type and size."""
    if not isinstance(value, dict):
        return [pretty(value)]
    kind = value.get("type")
    match kind:
        case "text":
            return [visible(as_text(value.get("text")) or "")]
        case "image" | "audio":
            size = decoded_size(as_text(value.get("data")) or "")
            return [f"[{kind} {one_line(as_text(value.get('mimeType')) or 'of unknown type')}, {size_words(size)}]"]
        case "resource":
            return resource_lines(as_object(value.get("resource")))
        case "resource_link":
            label = as_text(value.get("title")) or as_text(value.get("name")) or "resource"
            return [f"[link {one_line(label)}: {one_line(as_text(value.get('uri')) or '')}]"]
        case _:
            return [pretty(value)]


def resource_lines(resource: JsonObject, *, heading: bool = True) -> list[str]:
    """One resource's contents; ``heading``: text gets its URI and type above it."""
    uri = one_line(as_text(resource.get("uri")) or "")
    mime = one_line(as_text(resource.get("mimeType")) or "of unknown type")
    blob, text = as_text(resource.get("blob")), as_text(resource.get("text"))
    if blob is not None:
        return [f"[resource {uri}, {mime}, {size_words(decoded_size(blob))}]"]
    above = [f"[resource {uri}, {mime}]"] if heading or text is None else []
    return [*above, visible(text or "")]


def resource_bytes(resource: JsonObject) -> bytes | None:
    """What a file of it holds: the decoded blob or the text as UTF-8; None when it is neither, or broken base64."""
    blob, text = as_text(resource.get("blob")), as_text(resource.get("text"))
    if blob is None:
        return None if text is None else text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        return None


def decoded_size(data: str) -> int:
    """Bytes that base64 text stands for."""
    return max(0, len(data) * 3 // 4 - data.count("=", -2))
