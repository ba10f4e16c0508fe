"""A request for a completion as a person may change it before it is answered: length, system prompt, messages.

Owns the form of it. The server is not told of a change: it is what whoever answers, a person or a model elsewhere,
is given.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...services.models import Json, JsonObject
from ..form_values import EMPTY, Entry, Field, Form, Kind, entry_for

MOST, SYSTEM, MESSAGES = "maxTokens", "systemPrompt", "messages"
FORM = Form(
    (
        Field(MOST, Kind.INTEGER, required=False, schema={"minimum": 1}),
        Field(SYSTEM, Kind.TEXT, required=False, schema={}),
        Field(MESSAGES, Kind.JSON, required=True, schema={"type": "array"}),
    )
)


def entries_of(request: JsonObject) -> dict[str, Entry]:
    """What stands in the form at first."""
    return {
        field.name: entry_for(field, request[field.name]) if field.name in request else EMPTY for field in FORM.fields
    }


def changed(request: JsonObject, values: Mapping[str, Json]) -> JsonObject:
    """``request`` with what stands in the form; what was emptied is left out."""
    kept = {name: value for name, value in request.items() if name not in (MOST, SYSTEM, MESSAGES)}
    return kept | {name: values[name] for name in (MESSAGES, SYSTEM, MOST) if name in values}
