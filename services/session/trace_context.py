"""The trace that a request belongs to: that of its call, else that of whoever started mcpdeck.

Owns which of them counts. What a context says and how its ids are made is the business of ``telemetry.trace_context``.
"""

from __future__ import annotations

from ..models import JsonObject, as_object
from ..telemetry.trace_context import CARRIED, TraceContext

_NONE: dict[str, str] = {}


def traced(params: JsonObject, standing: TraceContext | None) -> tuple[JsonObject, dict[str, str]]:
    """``params`` with the request's trace in ``_meta``, and what says the same as HTTP headers.

    Nothing is added where there is no trace, or where somebody put one into ``_meta`` by hand.
    """
    context = CARRIED.get() or standing
    if context is None or "traceparent" in as_object(params.get("_meta")):
        return params, _NONE
    members = context.members()
    return {**params, "_meta": {**as_object(params.get("_meta")), **members}}, members
