"""The resources that a result links to.

Owns where links stand in a result. Never follows one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..services.models import Json, JsonObject, as_list, as_object, as_text

LINKS = 200
"""Links of one result that are offered."""
SCANNED = 2_000
"""Blocks that are looked through: this is asked at every turn of the cursor."""


@dataclass(frozen=True, slots=True)
class Link:
    """A resource by its URI, raw as the server gave it; ``name`` is its title, its name, or the URI again."""

    uri: str
    name: str


def links_of(result: JsonObject | None) -> tuple[Link, ...]:
    """Every resource once, in the order of the content; also of the messages of a prompt."""
    found: dict[str, Link] = {}
    for block in _blocks(result or {}):
        if block.get("type") != "resource_link":
            continue
        uri = as_text(block.get("uri"))
        if uri and uri not in found:
            found[uri] = Link(uri, as_text(block.get("title")) or as_text(block.get("name")) or uri)
            if len(found) == LINKS:
                break
    return tuple(found.values())


def _blocks(result: JsonObject) -> Iterator[JsonObject]:
    for item in as_list(result.get("content"))[:SCANNED]:
        yield as_object(item)
    for message in as_list(result.get("messages"))[:SCANNED]:
        content: Json = as_object(message).get("content")
        for item in content if isinstance(content, list) else (content,):
            yield as_object(item)
