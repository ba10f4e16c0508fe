"""What was typed for one tool, and small words about it.

Owns the draft's shape. Never draws.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..services.models import JsonObject
from .form_values import Entry
from .json_text import JsonTextError, loads


@dataclass(slots=True)
class Draft:
    """What was typed for one tool. ``raw`` is the JSON text once JSON mode was seen; ``basis`` the values it showed."""

    entries: dict[str, Entry]
    extra: JsonObject = field(default_factory=dict)
    as_json: bool = False
    raw: str | None = None
    basis: str | None = None


def json_object(text: str) -> JsonObject:
    """JSON text that must be an object; nothing at all counts as ``{}``."""
    value = loads(text) if text.strip() else {}
    if not isinstance(value, dict):
        raise JsonTextError("arguments are a JSON object: { … }")
    return value


def speaks_of(problem: str, name: str) -> bool:
    """The path in front of the problem begins with this member."""
    path = problem.lstrip("/$.")
    return path.startswith(name) and path[len(name) :][:1] in (":", ".", "[", "/")


def count_words(count: int) -> str:
    return "1 problem" if count == 1 else f"{count} problems"
