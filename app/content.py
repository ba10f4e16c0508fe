"""Content blocks and resource contents as text for a person.

Owns how each kind of content is said in a terminal (protocol sections 29, 31). Never prints, and never
lets server text through that is not ``visible``.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..services.models import Json, JsonObject
from ..services.models.content import Kind, Part, Share, part_of, resource_part
from ..services.state.text import one_line
from .printing import pretty_pieces, size_words, visible_pieces


def block_pieces(value: Json) -> Iterator[str]:
    """One content block: text as it is, other kinds by type and size, unknown ones as received. With its newlines."""
    return _pieces(part_of(value), heading=True)


def resource_pieces(resource: JsonObject, *, heading: bool = True) -> Iterator[str]:
    """One resource's contents; ``heading``: text gets its URI and type above it. With its newlines."""
    return _pieces(resource_part(resource, resource), heading=heading)


def flaws_of(part: Part) -> list[str]:
    """What is wrong with a part, in sentences that are safe to show."""
    return [one_line(flaw, 200) for flaw in part.flaws]


def _pieces(part: Part, *, heading: bool) -> Iterator[str]:
    uri = one_line(part.uri)
    mime = one_line(part.mime or "of unknown type", 200)
    match part.kind:
        case Kind.TEXT:
            yield from visible_pieces(part.text)
        case Kind.IMAGE | Kind.AUDIO:
            yield _bracketed(part, f"{part.kind} {mime}")
        case Kind.BLOB:
            yield _bracketed(part, f"resource {uri}, {mime}")
        case Kind.TEXT_RESOURCE:
            if heading and uri:
                yield f"[resource {uri}, {mime}]\n"
            yield from visible_pieces(part.text)
        case Kind.LINK:
            yield f"[link {one_line(part.name or 'resource')}: {uri}]"
        case Kind.TOOL_USE:
            yield f"[tool use {one_line(part.name)}]\n"
            yield from pretty_pieces(part.raw)
        case Kind.TOOL_RESULT:
            yield f"[tool result {one_line(part.name)}]\n"
            yield from pretty_pieces(part.raw)
        case Kind.UNKNOWN:
            yield from (f"[{flaw}; as received:]\n" for flaw in flaws_of(part))
            yield from pretty_pieces(part.raw)
    yield "\n"


def _bracketed(part: Part, what: str) -> str:
    pixels = [f"{part.picture.width}×{part.picture.height}"] if part.picture is not None else []
    unseen = ["not for a model"] if part.share is Share.NOTHING else []
    return f"[{', '.join([what, *pixels, size_words(part.size), *flaws_of(part), *unseen])}]"
