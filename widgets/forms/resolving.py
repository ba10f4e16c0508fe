"""One schema as a form sees it: references followed, ``allOf`` merged, null told apart, ways to choose from named.

Owns that reading, for one level: what lies below is read when it is opened. Never follows a remote ``$ref`` and
knows no value.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...services.models import Json, JsonObject, as_list, as_object, as_text
from ...services.state.text import one_line
from ..json_text import dumps, same
from ..schema_shape import shape_words

STEPS = 32
"""References and merges that are followed for one schema; one that goes in a circle ends there."""
BRANCHES = 64
TITLE = 28
_LOWEST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_HIGHEST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_WORDS = ("title", "description", "default", "examples", "deprecated")
_ONLY_REQUIRES = frozenset(("required", "title", "description"))


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """One way to fill a value in."""

    title: str
    schema: JsonObject


@dataclass(frozen=True, slots=True, eq=False)
class Resolved:
    """``schema`` without what is told apart: null, ``branches`` (two or more, or none) and ``conditions``.

    ``conditions`` are objects with ``if``; ``notes`` are what no row can show, safe on one line.
    """

    schema: JsonObject
    nullable: bool = False
    branches: tuple[Branch, ...] = ()
    conditions: tuple[JsonObject, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """``object``, ``array`` or whatever else it says; empty for anything at all."""
        name = as_text(self.schema.get("type"))
        if name is not None:
            return name
        if "properties" in self.schema or "additionalProperties" in self.schema:
            return "object"
        return "array" if "items" in self.schema or "prefixItems" in self.schema else ""


def resolved(schema: Json, root: JsonObject) -> Resolved:
    """One level of ``schema``, whose local references lead into ``root``."""
    reader = _Reader(root)
    flat = reader.flat(as_object(schema), STEPS)
    nullable = reader.nullable or flat.get("nullable") is True
    branches = tuple(reader.branches)
    types = flat.get("type")
    if isinstance(types, list):
        names = [name for name in types if isinstance(name, str) and name != "null"]
        nullable = nullable or "null" in types
        flat = {key: value for key, value in flat.items() if key != "type"}
        if len(names) == 1:
            flat["type"] = names[0]
        elif not branches and "enum" not in flat and 1 < len(names) < 6:
            branches = tuple(
                Branch(name, {key: value for key, value in flat.items() if key not in _WORDS} | {"type": name})
                for name in names
            )
    values = as_list(flat.get("enum"))
    if nullable and values and None in values and len(values) > 1:
        flat = {key: part for key, part in flat.items() if key != "enumNames"}
        flat["enum"] = [value for value in values if value is not None]
    return Resolved(flat, nullable, branches, tuple(reader.conditions), tuple(dict.fromkeys(reader.notes)))


def referred(root: JsonObject, ref: str) -> JsonObject:
    """What a local reference (``#/$defs/Name``, ``#``) leads to; empty when it leads nowhere."""
    if ref == "#":
        return root
    place: Json = root
    for step in ref.removeprefix("#/").split("/"):
        name = step.replace("~1", "/").replace("~0", "~").replace("%24", "$").replace("%20", " ")
        row = as_list(place)
        if row:
            place = row[int(name)] if name.isdecimal() and int(name) < len(row) else None
        else:
            place = as_object(place).get(name)
    return as_object(place)


class _Reader:
    def __init__(self, root: JsonObject) -> None:
        self.root = root
        self.nullable = False
        self.branches: list[Branch] = []
        self.conditions: list[JsonObject] = []
        self.notes: list[str] = []

    def flat(self, schema: JsonObject, steps: int) -> JsonObject:
        ref = schema.get("$ref")
        while isinstance(ref, str) and steps:
            steps -= 1
            if not ref.startswith("#"):
                self.notes.append(f"described elsewhere ({one_line(ref, 60)}), which is not fetched")
                schema = {key: value for key, value in schema.items() if key != "$ref"}
                break
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            schema = merged(referred(self.root, ref), beside)
            ref = schema.get("$ref")
        parts = as_list(schema.get("allOf"))
        if parts and steps:
            own = {key: value for key, value in schema.items() if key != "allOf"}
            for part in parts[:BRANCHES]:
                own = merged(self.flat(as_object(part), steps - 1), own)
            schema = own
        schema = self._conditional(schema)
        for word in ("oneOf", "anyOf"):
            if steps:
                schema = self._choice(schema, word, steps)
        if "not" in schema:
            self.notes.append(f"must not be: {shape_words(as_object(schema['not']), self.root) or 'that'}")
        return schema

    def _conditional(self, schema: JsonObject) -> JsonObject:
        words = [word for word in ("if", "then", "else", "dependentSchemas", "dependencies") if word in schema]
        if not words:
            return schema
        if "if" in schema:
            self.conditions.append({word: schema[word] for word in ("if", "then", "else") if word in schema})
        for word in ("dependentSchemas", "dependencies"):
            for name, part in as_object(schema.get(word)).items():
                if isinstance(part, dict):
                    self.conditions.append({"if": {"required": [name]}, "then": part})
                elif isinstance(part, list):
                    self.conditions.append({"if": {"required": [name]}, "then": {"required": part}})
        return {key: value for key, value in schema.items() if key not in words}

    def _choice(self, schema: JsonObject, word: str, steps: int) -> JsonObject:
        given = [as_object(branch) for branch in as_list(schema.get(word))[:BRANCHES]]
        if not given:
            return schema
        rest: list[JsonObject] = [
            branch for branch in given if branch.get("type") != "null" and branch != {"const": None}
        ]
        self.nullable = self.nullable or len(rest) < len(given)
        base = {key: value for key, value in schema.items() if key != word}
        if rest and all("const" in branch for branch in rest):
            return {**base, word: [*rest]}  # titled choices: one control shows them
        if len(rest) == 1:
            return merged(self.flat(rest[0], steps - 1), base)
        if not rest:
            return base
        if all(set(branch) <= _ONLY_REQUIRES for branch in rest):
            ways = [" and ".join(str(name) for name in as_list(branch.get("required"))) for branch in rest]
            which = "exactly one of" if word == "oneOf" else "at least one of"
            self.notes.append(one_line(f"{which}: {' · '.join(ways)}", 200))
            return base
        if self.branches:
            self.notes.append(f"also says {word}: send anything else as JSON")
            return base
        shared = {key: value for key, value in base.items() if key not in _WORDS}
        title = as_text(as_object(schema.get("discriminator")).get("propertyName")) or ""
        for branch in rest:
            whole = _Reader(self.root).flat(branch, 0) if "$ref" not in branch else branch
            self.branches.append(Branch(_title(branch, title, self.root), merged(whole, shared) if shared else branch))
        return base


def merged(one: JsonObject, other: JsonObject) -> JsonObject:
    """Both at once; where they speak of the same, ``other`` has the words and the stricter limit counts."""
    whole = {**one, **other}
    for word in ("properties", "patternProperties", "$defs", "dependentRequired"):
        if word in one and word in other:
            members = {**as_object(one[word])}
            for name, part in as_object(other[word]).items():
                known = members.get(name)
                members[name] = merged(known, part) if isinstance(known, dict) and isinstance(part, dict) else part
            whole[word] = members
    required = [*as_list(one.get("required")), *as_list(other.get("required"))]
    if required:
        whole["required"] = [name for index, name in enumerate(required) if name not in required[:index]]
    for words, pick in ((_LOWEST, max), (_HIGHEST, min)):
        for word in words:
            left, right = one.get(word), other.get(word)
            if isinstance(left, int | float) and isinstance(right, int | float):
                whole[word] = pick(left, right)
    if "enum" in one and "enum" in other:
        allowed = as_list(other["enum"])
        whole["enum"] = [value for value in as_list(one["enum"]) if any(same(value, two) for two in allowed)]
    for word in ("allOf", "anyOf", "oneOf"):
        if word in one and word in other and word == "allOf":
            whole[word] = [*as_list(one[word]), *as_list(other[word])]
    for word in ("if", "anyOf", "oneOf"):
        if word in one and word in other:
            apart: JsonObject = {
                key: one[key] for key in (("if", "then", "else") if word == "if" else (word,)) if key in one
            }
            whole["allOf"] = [*as_list(whole.get("allOf")), apart]
    return whole


def _title(branch: JsonObject, discriminator: str, root: JsonObject) -> str:
    """What it is called, else the constant that tells it apart, else its shape."""
    ref = as_text(branch.get("$ref")) or ""
    whole = merged(referred(root, ref), branch) if ref.startswith("#") else branch
    told = as_text(branch.get("title"))
    members = as_object(whole.get("properties"))
    names = [discriminator, *members] if discriminator else [*members]
    for name in names:
        if told:
            break
        constant = constant_of(as_object(members.get(name)))
        if constant is not None:
            told = constant if isinstance(constant, str) else f"{name} {dumps(constant)}"
    told = told or as_text(whole.get("title")) or shape_words(whole, root)
    return one_line(told, TITLE) or "any JSON"


def constant_of(schema: JsonObject) -> Json:
    """The one value that is allowed, or None."""
    if "const" in schema:
        return schema["const"]
    values = as_list(schema.get("enum"))
    return values[0] if len(values) == 1 else None
