"""Trace context: ``traceparent``, ``tracestate``, ``baggage`` (W3C Trace Context, level 1; W3C Baggage; section 4).

Owns their reading, the id of each span, and which context the requests of a task carry. Never decides whether a server
gets one.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Self

from ..models import JsonObject

# Another version than 00 may say more behind the flags; ff is none (2.2, 4.3).
_PARENT = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)
_MEMBER = re.compile(
    r"(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})"
    r"=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
)
_HEADER = re.compile(r"[\x21-\x7e](?:[\x20\t\x21-\x7e]*[\x21-\x7e])?")
MOST_MEMBERS = 32
"""Members of a ``tracestate`` (3.3.1.1)."""
LONGEST_BAGGAGE = 8192
"""Bytes that every program must pass on (W3C Baggage, 3.3.2)."""


@dataclass(frozen=True, slots=True)
class TraceContext:
    """The trace that requests belong to; ``state`` and ``baggage`` are passed on as they came.

    ``span`` is the id of the span that stands behind the requests; empty: each request gets one of its own. ``parent``
    is that of the span which mcpdeck was started in.
    """

    trace_id: str
    flags: str = "01"
    state: str = ""
    baggage: str = ""
    span: str = ""
    parent: str = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self | None:
        """From ``TRACEPARENT``, ``TRACESTATE`` and ``BAGGAGE``; None where there is no valid parent."""
        match = _PARENT.fullmatch(environ.get("TRACEPARENT", "").strip())
        if match is None or (match["version"] == "00" and match["more"]):
            return None
        if not int(match["trace"], 16) or not int(match["span"], 16):
            return None
        # Only the lowest bit of the flags means something to us, and others must not be passed on (2.2.3.2).
        flags = f"{int(match['flags'], 16) & 1:02x}"
        state = valid_state(environ.get("TRACESTATE", ""))
        baggage = valid_baggage(environ.get("BAGGAGE", ""))
        return cls(match["trace"], flags, state, baggage, parent=match["span"])

    @classmethod
    def fresh(cls, baggage: str = "") -> Self:
        """The beginning of a trace."""
        return cls(_identifier(16), baggage=baggage)

    def child(self) -> Self:
        """The same trace, with a span of its own."""
        return replace(self, span=_identifier(8))

    def members(self) -> dict[str, str]:
        """What one request carries, by the names that ``_meta`` and HTTP have in common."""
        members = {"traceparent": f"00-{self.trace_id}-{self.span or _identifier(8)}-{self.flags}"}
        if self.state:
            members["tracestate"] = self.state
        if self.baggage:
            members["baggage"] = self.baggage
        return members

    def meta(self) -> JsonObject:
        """The same as members of ``_meta``."""
        return dict(self.members())


def valid_state(text: str) -> str:
    """A ``tracestate`` as it may be passed on; empty for one that must be dropped as a whole (3.3.1, 4.3)."""
    members = [member.strip(" \t") for member in text.split(",")]
    named = [member for member in members if member]
    keys = {member.partition("=")[0] for member in named}
    if len(named) > MOST_MEMBERS or len(keys) < len(named) or not all(_MEMBER.fullmatch(member) for member in named):
        return ""
    return ",".join(named)


def valid_baggage(text: str) -> str:
    """A ``baggage`` that can stand in a header, else an empty text."""
    return text if len(text) <= LONGEST_BAGGAGE and _HEADER.fullmatch(text) else ""


def _identifier(size: int) -> str:
    """Random hexadecimal digits of that many bytes; never all zero, which would be invalid (3.2.2.3, 3.2.2.4)."""
    while not any(drawn := secrets.token_bytes(size)):
        pass
    return drawn.hex()


CARRIED: ContextVar[TraceContext | None] = ContextVar("CARRIED", default=None)
"""The context of the call that this task is making; None: there is none of its own."""
