"""Schemas to fields, typed text to JSON values, and what is wrong with them.

Owns the reading of an object schema into form fields and the loss-free way between what is typed
(``Entry``) and JSON values. Never draws, validates no whole schema (the executor does) and follows no remote ``$ref``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Final, TypeAlias

from ..services.models import Json, JsonObject, as_list, as_object, as_text
from ..services.models.secret_words import speaks_of_secret
from ..services.state.text import one_line
from .form_rules import broken_rule, rule_words
from .json_text import JsonTextError, dumps, is_unsafe, loads, pretty_text, same
from .schema_shape import example_line, flattened, shape_words


class Kind(StrEnum):
    """How a field is edited."""

    STRING = "string"
    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    CHOICES = "choices"
    JSON = "json"


class Unset(Enum):
    """No value at all: the member is left out. Different from null and from an empty string."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
MaybeJson: TypeAlias = "Json | Unset"


@dataclass(frozen=True, slots=True)
class Choice:
    """One allowed value and the words it is shown with."""

    value: Json
    title: str


@dataclass(frozen=True, slots=True)
class Field:
    """One member of the arguments object. ``schema`` is the property's schema after local references.

    ``shape`` says in words what a JSON field holds (safe on one line), ``example`` is such a value as JSON text.
    ``joins``: what is pasted is put together again into one line, as no value holds a blank.
    """

    name: str
    kind: Kind
    required: bool
    schema: JsonObject
    title: str = ""
    description: str = ""
    nullable: bool = False
    default: MaybeJson = UNSET
    choices: tuple[Choice, ...] = ()
    shape: str = ""
    example: str = ""
    joins: bool = False

    @property
    def hint(self) -> str:
        """What belongs in here, in a few words; safe on one line."""
        parts = [self._type_words(), *rule_words(self.schema)]
        if self.nullable:
            parts.append("or null")
        return " · ".join(part for part in parts if part)

    def _type_words(self) -> str:
        if self.kind in (Kind.STRING, Kind.TEXT):
            return one_line(as_text(self.schema.get("format")) or "text", 20)
        if self.kind is Kind.JSON:
            kind = self.schema.get("type")
            return {"array": "JSON array", "object": "JSON object"}.get(kind if isinstance(kind, str) else "", "JSON")
        return {Kind.CHOICE: "choose", Kind.CHOICES: "choose any"}.get(self.kind, self.kind.value)


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in a field. ``literal``: the text is JSON and its value is sent as it is."""

    text: str = ""
    literal: bool = False


EMPTY: Final = Entry()


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field. ``blocking``: there is no value that could be sent."""

    message: str
    blocking: bool


class ValueProblem(ValueError):
    """Text that is no value of its field's kind."""


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a schema, and ``notes`` on what a form cannot show of it."""

    fields: tuple[Field, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Collected:
    """Values in field order with the extra members last, and problems by field name."""

    values: JsonObject
    problems: Mapping[str, Problem] = field(default_factory=dict[str, Problem])

    @property
    def blocked(self) -> bool:
        return any(problem.blocking for problem in self.problems.values())


# --- schema to fields ---------------------------------------------------------------------------

_BEYOND = ("oneOf", "anyOf", "allOf", "if", "not", "dependentRequired", "dependentSchemas", "patternProperties")
_LONG_NAMES = frozenset({"content", "body", "code", "markdown", "script", "html"})
_LONG_WORDS = re.compile(r"multi-?line|markdown|source code|paragraphs|newline", re.IGNORECASE)
_LONG_FORMATS = frozenset({"textarea", "multiline", "multi-line", "markdown", "html"})


def form_of(schema: JsonObject) -> Form:
    """The fields of an object schema (``inputSchema`` or ``requestedSchema``)."""
    required = {name for name in as_list(schema.get("required")) if isinstance(name, str)}
    properties = as_object(schema.get("properties"))
    fields = [field_of(name, part, name in required, schema) for name, part in properties.items()]
    fields += [
        Field(name, Kind.JSON, required=True, schema={})
        for name in as_list(schema.get("required"))
        if isinstance(name, str) and name not in properties
    ]
    notes: list[str] = []
    beyond = [word for word in _BEYOND if word in schema]
    if beyond:
        notes.append(f"The schema also says {', '.join(beyond)}: the form does not show that, JSON mode can send it.")
    if not fields and (schema.get("additionalProperties") not in (None, False) or beyond):
        notes.append("Members are not named: use JSON mode.")
    return Form(tuple(fields), tuple(notes))


def field_of(name: str, schema: Json, required: bool, root: JsonObject) -> Field:
    """One property as a field; whatever a simple control cannot hold becomes a JSON field."""
    flat, nullable = flattened(as_object(schema), root)
    choices = _choices(flat)
    kind = Kind.CHOICE if choices else _kind(name, flat)
    if kind is Kind.JSON and flat.get("type") == "array":
        items, _ = flattened(as_object(flat.get("items")), root)
        choices = _choices(items)
        if choices:
            kind = Kind.CHOICES
    nested = kind is Kind.JSON
    return Field(
        name=name,
        kind=kind,
        required=required,
        schema=flat,
        title=as_text(flat.get("title")) or "",
        description=as_text(flat.get("description")) or "",
        nullable=nullable,
        default=flat.get("default", UNSET),
        choices=choices,
        shape=shape_words(flat, root) if nested else "",
        example=example_line(flat, root) if nested else "",
    )


def _choices(schema: JsonObject) -> tuple[Choice, ...]:
    if "const" in schema:
        return (Choice(schema["const"], as_text(schema.get("title")) or _words(schema["const"])),)
    values = as_list(schema.get("enum"))
    if values:
        names = as_list(schema.get("enumNames"))
        titles = [as_text(name) for name in names] if len(names) == len(values) else [None] * len(values)
        return tuple(Choice(value, title or _words(value)) for value, title in zip(values, titles, strict=True))
    for word in ("oneOf", "anyOf"):
        branches = [as_object(branch) for branch in as_list(schema.get(word))]
        if branches and all("const" in branch for branch in branches):
            return tuple(
                Choice(branch["const"], as_text(branch.get("title")) or _words(branch["const"])) for branch in branches
            )
    return ()


def _words(value: Json) -> str:
    return value if isinstance(value, str) and value else dumps(value)


def _kind(name: str, schema: JsonObject) -> Kind:
    if any(word in schema for word in ("anyOf", "oneOf", "allOf", "$ref", "if", "not")):
        return Kind.JSON
    match schema.get("type"):
        case "string":
            return Kind.TEXT if _is_long(name, schema) else Kind.STRING
        case "integer":
            return Kind.INTEGER
        case "number":
            return Kind.NUMBER
        case "boolean":
            return Kind.BOOLEAN
        case _:
            return Kind.JSON


def _is_long(name: str, schema: JsonObject) -> bool:
    longest = schema.get("maxLength")
    if isinstance(longest, int) and not isinstance(longest, bool):
        return longest > 200
    if schema.get("format") in _LONG_FORMATS or "contentMediaType" in schema:
        return True
    return name.lower() in _LONG_NAMES or bool(_LONG_WORDS.search((as_text(schema.get("description")) or "")[:2000]))


# --- typed text to values and back --------------------------------------------------------------

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def read(of: Field, entry: Entry) -> MaybeJson:
    """The value of what stands in a field, UNSET for nothing. Raises ValueProblem."""
    text = entry.text
    if entry.literal or of.kind in (Kind.JSON, Kind.CHOICE, Kind.CHOICES):
        return _read_json(of, text)
    if not text:
        return UNSET
    match of.kind:
        case Kind.STRING | Kind.TEXT:
            return text
        case Kind.BOOLEAN:
            if text in ("true", "false"):
                return text == "true"
            if text == "null" and of.nullable:
                return None
            raise ValueProblem("true or false")
        case Kind.INTEGER:
            return _read_number(text, whole=True)
        case Kind.NUMBER:
            return _read_number(text, whole=False)


def _read_json(of: Field, text: str) -> MaybeJson:
    if not text.strip():
        nothing_chosen = of.kind is Kind.CHOICES and of.required and not of.schema.get("minItems")
        return [] if nothing_chosen else UNSET
    try:
        return loads(text)
    except JsonTextError as error:
        raise ValueProblem(f"not JSON: {error}") from None


def _read_number(text: str, *, whole: bool) -> MaybeJson:
    text = text.strip()
    if not text:
        return UNSET
    try:
        if _INTEGER.fullmatch(text):
            return int(text)
        if not whole and _NUMBER.fullmatch(text):
            number = float(text)
            if number not in (float("inf"), float("-inf")):
                return number
    except ValueError:  # the interpreter's limit on digits
        raise ValueProblem("too many digits") from None
    raise ValueProblem("a whole number, like 42" if whole else "a number, like 4.2")


def entry_for(of: Field, value: Json) -> Entry:
    """The entry that reads back as exactly ``value``: as people write it when that loses nothing, else as JSON."""
    plain = _plain(of, value)
    if plain is not None and not is_unsafe(plain):
        entry = Entry(plain)
        try:
            back = read(of, entry)
        except ValueProblem:
            back = UNSET
        if back is not UNSET and same(back, value):
            return entry
    if of.kind is Kind.JSON:
        return Entry(pretty_text(value) if len(dumps(value)) > 60 else dumps(value))
    return Entry(dumps(value), literal=True)


def _plain(of: Field, value: Json) -> str | None:
    match of.kind:
        case Kind.STRING | Kind.TEXT:
            return value if isinstance(value, str) else None
        case Kind.CHOICE:
            known = any(same(choice.value, value) for choice in of.choices) or (value is None and of.nullable)
            return dumps(value) if known else None
        case Kind.CHOICES:
            listed = isinstance(value, list) and all(
                any(same(choice.value, item) for choice in of.choices) for item in value
            )
            return dumps(value) if listed else None
        case Kind.JSON:
            return dumps(value)
        case Kind.INTEGER | Kind.NUMBER | Kind.BOOLEAN:
            if value is None and of.kind is Kind.BOOLEAN and of.nullable:
                return "null"
            return dumps(value) if isinstance(value, bool | int | float) else None


def first_entry(of: Field, *, prefill: bool) -> Entry:
    """What a field holds before anything is typed. ``prefill``: every default is filled in (elicitation);
    else only those of required fields, the others are the server's own when left out.
    """
    if of.default is UNSET or not (prefill or of.required):
        return EMPTY
    return entry_for(of, of.default)


def problem_of(of: Field, entry: Entry) -> Problem | None:
    """What is wrong with one field, or None."""
    try:
        value = read(of, entry)
    except ValueProblem as problem:
        return Problem(str(problem), blocking=True)
    if value is UNSET:
        return Problem("required", blocking=False) if of.required else None
    if value is None and of.nullable:
        return None
    broken = broken_rule(of.schema, value, [choice.value for choice in of.choices], many=of.kind is Kind.CHOICES)
    return Problem(broken, blocking=False) if broken else None


def collect(fields: tuple[Field, ...], entries: Mapping[str, Entry], extra: JsonObject) -> Collected:
    """All values that can be read, and every problem."""
    values: JsonObject = {}
    problems: dict[str, Problem] = {}
    for one in fields:
        entry = entries.get(one.name, EMPTY)
        problem = problem_of(one, entry)
        if problem is not None:
            problems[one.name] = problem
            if problem.blocking:
                continue
        value = read(one, entry)
        if value is not UNSET:
            values[one.name] = value
    return Collected({**values, **extra}, problems)


def spread(fields: tuple[Field, ...], values: JsonObject) -> tuple[dict[str, Entry], JsonObject]:
    """Values to entries, and the members no field stands for."""
    names = {one.name for one in fields}
    entries = {one.name: entry_for(one, values[one.name]) for one in fields if one.name in values}
    return entries, {name: value for name, value in values.items() if name not in names}


def asks_for_secret(of: Field) -> bool:
    """The field's name, title, description or format speaks of a password, key or token."""
    said: JsonObject = {"title": of.title, "description": of.description, "format": of.schema.get("format")}
    return speaks_of_secret(of.name, said)
