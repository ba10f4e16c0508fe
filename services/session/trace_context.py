"""Trace context in ``_meta``: ``traceparent``, ``tracestate``, ``baggage`` (protocol section 4, W3C Trace Context).

Owns their reading from the environment and the span id of each request. Sends nothing unless whoever
started mcpdeck gave it a context.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from ..models import JsonObject

_PARENT = re.compile(r"00-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class TraceContext:
    """The trace that our requests belong to; ``state`` and ``baggage`` are passed on as they came."""

    trace_id: str
    flags: str = "01"
    state: str = ""
    baggage: str = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self | None:
        """From ``TRACEPARENT``, ``TRACESTATE`` and ``BAGGAGE``; None where there is no valid parent."""
        match = _PARENT.fullmatch(environ.get("TRACEPARENT", ""))
        if match is None or not int(match["trace"], 16) or not int(match["span"], 16):
            return None
        return cls(match["trace"], match["flags"], environ.get("TRACESTATE", ""), environ.get("BAGGAGE", ""))

    def meta(self) -> JsonObject:
        """The members of ``_meta`` for one request: a span id of its own."""
        span = f"{secrets.randbelow(2**64 - 1) + 1:016x}"  # never zero: that would be invalid (3.2.2.4)
        members: JsonObject = {"traceparent": f"00-{self.trace_id}-{span}-{self.flags}"}
        if self.state:
            members["tracestate"] = self.state
        if self.baggage:
            members["baggage"] = self.baggage
        return members
