"""Values that fit a requested form when nobody fills it in.

Owns how a value is made from a schema of elicitation (protocol section 33): defaults first, else what
type, enum, format and bounds allow. Pure; never asks and never checks a whole schema.
"""

from __future__ import annotations

import math

from ..services.models import Json, JsonObject, as_list, as_object, as_text

LONGEST = 100_000
"""Characters of a made text, whatever ``minLength`` says."""
_DEPTH = 20

_FORMATS = {
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "date": "2025-01-01",
    "date-time": "2025-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def form_content(schema: JsonObject) -> JsonObject:
    """The content of an accepted form: every property with a default gets it, a required one a made value.

    Properties that are optional and have no default are left out.
    """
    return _object(schema, 0)


def _object(schema: JsonObject, depth: int) -> JsonObject:
    required = {as_text(name) for name in as_list(schema.get("required"))}
    content: JsonObject = {}
    for name, value in as_object(schema.get("properties")).items():
        wanted = as_object(value)
        if "default" in wanted:
            content[name] = wanted["default"]
        elif name in required:
            content[name] = made(wanted, depth + 1)
    return content


def made(schema: JsonObject, depth: int = 0) -> Json:
    """A value for one property: its default, a constant it names, or one of its type within its bounds."""
    if "default" in schema:
        return schema["default"]
    constants = _constants(schema)
    if constants:
        return constants[0]
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((word for word in kind if word != "null"), "null")
    match kind:
        case "boolean":
            return True
        case "integer" | "number":
            return _number(schema, whole=kind == "integer")
        case "array":
            return _several(schema, depth)
        case "object":
            return _object(schema, depth) if depth < _DEPTH else {}
        case "null":
            return None
        case _:
            return _string(schema)


def _constants(schema: JsonObject) -> list[Json]:
    """The values of an enumeration in each of its forms: never their titles (section 33)."""
    if "const" in schema:
        return [schema["const"]]
    if "enum" in schema:
        return as_list(schema["enum"])
    branches = [as_object(branch) for key in ("oneOf", "anyOf") for branch in as_list(schema.get(key))]
    return [branch["const"] for branch in branches if "const" in branch]


def _several(schema: JsonObject, depth: int) -> list[Json]:
    """A choice of several: as many as must be, one where none must and one may."""
    least, most = _count(schema.get("minItems"), 0), _count(schema.get("maxItems"), LONGEST)
    wanted = min(max(least, 1), most)
    items = as_object(schema.get("items"))
    constants = _constants(items)
    if constants:
        return constants[:wanted]
    return [made(items, depth + 1) for _ in range(min(wanted, 100))] if depth < _DEPTH else []


def _count(value: Json, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else otherwise


def _number(schema: JsonObject, *, whole: bool) -> Json:
    """0 where the bounds allow it, else a number near the one bound or between the two."""
    lower = [_finite(schema.get(name)) for name in ("minimum", "exclusiveMinimum")]
    upper = [_finite(schema.get(name)) for name in ("maximum", "exclusiveMaximum")]
    step = _finite(schema.get("multipleOf")) or 0.0
    least, most = (
        max([n for n in lower if n is not None], default=None),
        min([n for n in upper if n is not None], default=None),
    )

    def fits(number: float) -> bool:
        (low, above), (high, below) = lower, upper
        return (
            (low is None or number >= low)
            and (above is None or number > above)
            and (high is None or number <= high)
            and (below is None or number < below)
            and (not whole or number == int(number))
            and (step <= 0 or math.isclose(number / step, round(number / step), abs_tol=1e-9))
        )

    candidates: list[float] = [0]
    for bound, towards in ((least, 1), (most, -1)):
        if bound is not None:
            nearest = math.ceil(bound) if towards > 0 else math.floor(bound)
            candidates += [nearest, bound, nearest + towards, bound + towards / 2]
            if step > 0:
                candidates += [round(bound / step) * step, (round(bound / step) + towards) * step]
    if least is not None and most is not None:
        candidates.append((least + most) / 2)
    number = next((number for number in candidates if fits(number)), 0)
    return int(number) if whole or number == int(number) else number


def _finite(value: Json) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300 else None


def _string(schema: JsonObject) -> str:
    least = min(_count(schema.get("minLength"), 0), LONGEST)
    most = _count(schema.get("maxLength"), LONGEST)
    kind = as_text(schema.get("format")) or ""
    text = _FORMATS.get(kind, "text")
    missing = least - len(text)
    if kind == "email":
        text = "a" * max(0, missing) + text if len(text) <= most else "a@b.co"
    elif kind == "uri":
        text = text + "a" * max(0, missing) if len(text) <= most else "urn:a:b"
    elif kind not in _FORMATS:
        text = (text + "x" * max(0, missing))[:most]
    return text
