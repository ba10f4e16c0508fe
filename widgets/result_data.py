"""The data in what a call came to: what is looked at as a tree, and what is compared.

Owns which value of a result that is. Pure; CPU work where a text is long: for a worker thread then.
"""

from __future__ import annotations

from ..services.models import Json, as_list
from ..services.models.content import Kind, parts_of
from ..services.state.model import CallState
from .json_text import JsonTextError, loads


def data_of(call: CallState) -> tuple[str, Json] | None:
    """The data in a result, and what of it they are: structured content, or the one text that is JSON."""
    result = call.result
    if result is None:
        return None
    if "structuredContent" in result:
        return "structured content", result["structuredContent"]
    many = len(as_list(result.get("content"))) + len(as_list(result.get("contents")))
    part = next(parts_of(result), None) if many == 1 else None
    if part is None or part.kind not in (Kind.TEXT, Kind.TEXT_RESOURCE) or part.text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return "text that is JSON", loads(part.text)
    except JsonTextError:
        return None


def whole_of(call: CallState) -> tuple[str, Json]:
    """All of a result as it was received, or of the error that took its place."""
    if call.result is not None:
        return "result", call.result
    if call.error is not None:
        error = call.error
        return "error", {"kind": error.kind, "title": error.title, "hint": error.hint, "details": dict(error.details)}
    return "result", None


def compared_of(call: CallState) -> Json:
    """What is compared of a call: the data where there are some, else all of its result."""
    data = data_of(call)
    if data is not None and not (call.result or {}).get("isError"):
        return data[1]
    return whole_of(call)[1]
