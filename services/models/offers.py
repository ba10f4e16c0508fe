"""What a server says of itself and offers, read from wire JSON.

Owns tools, resources, prompts and tasks as values; ``raw`` always holds the object exactly as it was received.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from .calls import tokens_of
from .json_values import JsonObject, as_object, as_text


@dataclass(frozen=True, slots=True)
class Implementation:
    """Name and version a peer claims for itself; never verified (protocol section 40)."""

    name: str
    version: str = ""
    title: str | None = None
    description: str | None = None
    website: str | None = None

    @classmethod
    def read(cls, value: object) -> Implementation | None:
        raw = as_object(value)
        if not raw:
            return None
        return cls(
            name=as_text(raw.get("name")) or "",
            version=as_text(raw.get("version")) or "",
            title=as_text(raw.get("title")),
            description=as_text(raw.get("description")),
            website=as_text(raw.get("websiteUrl")),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Tool:
    """A tool as listed (protocol section 26). ``excluded`` says why a client must refuse it.

    ``size`` is that of its definition in characters of compact JSON, without ``_meta`` and ``icons``, which no model
    is given; ``wire_bytes`` that of all of it in UTF-8.
    """

    name: str
    title: str | None
    description: str
    input_schema: JsonObject
    output_schema: JsonObject | None
    annotations: JsonObject
    raw: JsonObject
    problems: tuple[str, ...] = ()
    excluded: str | None = None
    size: int = 0
    wire_bytes: int = 0

    @property
    def tokens(self) -> int:
        """What its definition costs a model, estimated."""
        return tokens_of(self.size)

    @property
    def digest(self) -> str:
        """Of everything that says what it does; another one is another tool, whatever its name."""
        told = {key: value for key, value in self.raw.items() if key not in ("_meta", "icons")}
        text = json.dumps(told, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def label(self) -> str:
        """Display name: ``title``, then ``annotations.title``, then ``name`` (protocol section 26)."""
        return self.title or as_text(self.annotations.get("title")) or self.name


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """A resource, resource template or prompt as listed. ``key`` is its uri, uriTemplate or name."""

    key: str
    name: str
    title: str | None
    description: str
    raw: JsonObject


@dataclass(frozen=True, slots=True)
class Freshness:
    """When a list was read (wall seconds) and how long it may be trusted (protocol section 18).

    ``ttl_ms`` and ``scope`` are the server's hints, None where it gave none. ``cached``: the list is
    the one of an earlier connection and is being read again.
    """

    at: float
    ttl_ms: float | None = None
    scope: str | None = None
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Timer:
    """A time limit in seconds and where it comes from (a variable, a file, the default)."""

    name: str
    seconds: float
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class TaskInfo:
    """A task as the server described it last (protocol section 36); ``raw`` is that description.

    ``ttl_ms`` counts from its creation, None: no limit. ``tool`` is empty when we did not start it.
    ``whole`` False: what ``raw`` held was too large to be kept, only small members are still there.
    """

    id: str
    status: str
    tool: str = ""
    message: str = ""
    created_at: str = ""
    updated_at: str = ""
    ttl_ms: float | None = None
    poll_ms: float | None = None
    raw: JsonObject = field(default_factory=dict)
    whole: bool = True

    @property
    def over(self) -> bool:
        """It will not change any more."""
        return self.status in ("completed", "failed", "cancelled")
