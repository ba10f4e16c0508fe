"""Content blocks and resource contents as lines of text for a person.

Owns how each kind of content is said in a terminal (protocol sections 29, 31). Never prints, and never
lets server text through that is not ``visible``.
"""

from __future__ import annotations

from ..services.models import Json, JsonObject
from ..services.models.content import Kind, Part, Share, part_of, resource_part
from ..services.models.media import decoded
from ..services.state.text import one_line, visible
from .printing import pretty, size_words

MOST_BYTES = 1024 * 1024 * 1024
"""Bytes of a blob that are decoded for a file."""


def block_lines(value: Json) -> list[str]:
    """One content block: text as it is, other kinds by type and size, unknown ones as received."""
    return _lines(part_of(value), heading=True)


def resource_lines(resource: JsonObject, *, heading: bool = True) -> list[str]:
    """One resource's contents; ``heading``: text gets its URI and type above it."""
    return _lines(resource_part(resource, resource), heading=heading)


def flaws_of(part: Part) -> list[str]:
    """What is wrong with a part, in sentences that are safe to show."""
    return [one_line(flaw, 200) for flaw in part.flaws]


def _lines(part: Part, *, heading: bool) -> list[str]:
    uri = one_line(part.uri)
    mime = one_line(part.mime or "of unknown type", 200)
    match part.kind:
        case Kind.TEXT:
            return [visible(part.text)]
        case Kind.IMAGE | Kind.AUDIO:
            return [_bracketed(part, f"{part.kind} {mime}")]
        case Kind.BLOB:
            return [_bracketed(part, f"resource {uri}, {mime}")]
        case Kind.TEXT_RESOURCE:
            above = [f"[resource {uri}, {mime}]"] if heading and uri else []
            return [*above, visible(part.text)]
        case Kind.LINK:
            return [f"[link {one_line(part.name or 'resource')}: {uri}]"]
        case Kind.TOOL_USE:
            return [f"[tool use {one_line(part.name)}]", pretty(part.raw)]
        case Kind.TOOL_RESULT:
            return [f"[tool result {one_line(part.name)}]", pretty(part.raw)]
        case Kind.UNKNOWN:
            return [*(f"[{flaw}; as received:]" for flaw in flaws_of(part)), pretty(part.raw)]


def _bracketed(part: Part, what: str) -> str:
    pixels = [f"{part.picture.width}×{part.picture.height}"] if part.picture is not None else []
    unseen = ["not for a model"] if part.share is Share.NOTHING else []
    return f"[{', '.join([what, *pixels, size_words(part.size), *flaws_of(part), *unseen])}]"


def part_bytes(part: Part) -> bytes | None:
    """What a file of it holds: what was decoded, or the text as UTF-8; None when it is neither, or broken base64."""
    if part.kind in (Kind.TEXT, Kind.TEXT_RESOURCE):
        return part.text.encode("utf-8", "surrogatepass")
    return decoded(part.data, MOST_BYTES).data if part.kind in (Kind.IMAGE, Kind.AUDIO, Kind.BLOB) else None
