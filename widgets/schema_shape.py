"""What a nested value looks like, from its schema: in words, and as an example to fill in.

Owns local references and both readings. Never draws, checks no value and follows no remote ``$ref``.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..services.models import Json, JsonObject, as_list, as_object, as_text
from ..services.state.text import one_line
from .json_text import dumps

DEPTH = 4
MEMBERS = 12
"""Most members of one object that are spelled out."""
WORDS = 200
"""Longest shape and longest example, in characters."""


def flattened(schema: JsonObject, root: JsonObject) -> tuple[JsonObject, bool]:
    """Local references, a single ``allOf`` and ``anyOf [X, null]`` folded in; and whether null is allowed."""
    nullable = False
    for _ in range(8):
        ref = schema.get("$ref")
        if isinstance(ref, str) and ref.startswith("#/"):
            schema = {**_local(root, ref), **{key: value for key, value in schema.items() if key != "$ref"}}
            continue
        folded = False
        for word in ("allOf", "anyOf", "oneOf"):
            branches = as_list(schema.get(word))
            rest = [branch for branch in branches if not (word != "allOf" and as_object(branch).get("type") == "null")]
            if len(rest) == 1 and isinstance(rest[0], dict) and (word == "allOf" or len(rest) < len(branches)):
                nullable = nullable or len(rest) < len(branches)
                schema = {**rest[0], **{key: value for key, value in schema.items() if key != word}}
                folded = True
                break
        if not folded:
            break
    types = schema.get("type")
    if isinstance(types, list) and "null" in types and len(types) == 2:
        other = next((name for name in types if name != "null"), "null")
        return {**schema, "type": other}, True
    return schema, nullable


def _local(root: JsonObject, ref: str) -> JsonObject:
    place: Json = root
    for step in ref[2:].split("/"):
        place = as_object(place).get(step.replace("~1", "/").replace("~0", "~"))
    return as_object(place)


def shape_words(schema: JsonObject, root: JsonObject) -> str:
    """``list of {name: text, age?: integer}``; on one line, safe, at most ``WORDS`` characters."""
    return one_line(_shape(schema, root, 0), WORDS)


def _shape(schema: JsonObject, root: JsonObject, depth: int) -> str:
    flat, nullable = flattened(schema, root)
    return f"{_shape_of(flat, root, depth)} or null" if nullable else _shape_of(flat, root, depth)


def _shape_of(flat: JsonObject, root: JsonObject, depth: int) -> str:
    values = [flat["const"]] if "const" in flat else as_list(flat.get("enum"))
    if values:
        more = "|…" if len(values) > 4 else ""
        return "|".join(one_line(dumps(value), 20) for value in values[:4]) + more
    match flat.get("type"):
        case "array":
            items = as_object(flat.get("items"))
            return f"list of {_shape(items, root, depth + 1)}" if items and depth < DEPTH else "list"
        case "object":
            return _object_shape(flat, root, depth)
        case "string":
            return one_line(as_text(flat.get("format")) or "text", 20)
        case str(name):
            return one_line(name, 20)
        case _:
            branches = as_list(flat.get("anyOf")) or as_list(flat.get("oneOf"))
            if not branches or depth >= DEPTH:
                return "any JSON"
            return " or ".join(_shape(as_object(branch), root, depth + 1) for branch in branches[:4])


def _object_shape(flat: JsonObject, root: JsonObject, depth: int) -> str:
    properties = as_object(flat.get("properties"))
    if not properties:
        others = as_object(flat.get("additionalProperties"))
        return f"object of {_shape(others, root, depth + 1)}" if others and depth < DEPTH else "object"
    if depth >= DEPTH:
        return "object"
    required = as_list(flat.get("required"))
    members = [
        f"{one_line(name, 40)}{'' if name in required else '?'}: {_shape(as_object(part), root, depth + 1)}"
        for name, part in list(properties.items())[:MEMBERS]
    ]
    more = ", …" if len(properties) > MEMBERS else ""
    return "{" + ", ".join(members) + more + "}"


def example_line(schema: JsonObject, root: JsonObject) -> str:
    """One line of JSON in the schema's shape, every member in it; empty when there is nothing to show."""
    flat, _ = flattened(schema, root)
    if flat.get("type") == "array":
        items, _ = flattened(as_object(flat.get("items")), root)
        text = '["…"]' if items.get("type") == "string" and "enum" not in items else dumps(example(flat, root))
    else:
        text = dumps(example(flat, root))
    return text if text not in ("[]", "{}", "null") and len(text) <= WORDS else ""


def example(schema: JsonObject, root: JsonObject, *, required_only: bool = False, depth: int = 0) -> Json:
    """A value in the schema's shape: its default or first choice where it has one, else empty."""
    flat, nullable = flattened(schema, root)
    for chosen in (flat.get("default"), flat.get("const"), *as_list(flat.get("enum"))[:1]):
        if chosen is not None:
            return chosen
    match flat.get("type"):
        case "array":
            items = as_object(flat.get("items"))
            if depth >= DEPTH or not items or (required_only and not flat.get("minItems") and _is_text(items, root)):
                return []
            return [example(items, root, required_only=required_only, depth=depth + 1)]
        case "object":
            return dict(_members(flat, root, required_only=required_only, depth=depth)) if depth < DEPTH else {}
        case "string":
            return ""
        case "integer" | "number":
            low = flat.get("minimum")
            return low if isinstance(low, int | float) else 0
        case "boolean":
            return False
        case _:
            branches = [] if nullable else as_list(flat.get("anyOf")) or as_list(flat.get("oneOf"))
            if not branches or depth >= DEPTH:
                return None
            return example(as_object(branches[0]), root, required_only=required_only, depth=depth + 1)


def _is_text(schema: JsonObject, root: JsonObject) -> bool:
    return flattened(schema, root)[0].get("type") == "string"


def _members(flat: JsonObject, root: JsonObject, *, required_only: bool, depth: int) -> Iterator[tuple[str, Json]]:
    required = as_list(flat.get("required"))
    for name, part in list(as_object(flat.get("properties")).items())[: 4 * MEMBERS]:
        if name in required or not required_only:
            yield name, example(as_object(part), root, required_only=required_only, depth=depth + 1)


def skeleton(schema: JsonObject) -> JsonObject:
    """The required members of an object schema with values to fill in."""
    return dict(_members(schema, schema, required_only=True, depth=0))
