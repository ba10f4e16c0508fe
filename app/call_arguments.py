"""``name=value``, ``name:=JSON`` and ``--args`` -> the arguments object of a call.

Owns the reading of values by the tool's schema. Never judges the finished object: that is the
executor's validation.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from ..services.config.files import with_home
from ..services.errors import InvalidArguments, UsageError
from ..services.models import Json, JsonObject, Tool, as_list, as_object, as_text

_TYPES = ("integer", "number", "boolean", "array", "object", "null", "string")


@dataclass(frozen=True, slots=True)
class Given:
    """What stood on the command line: whole JSON values, and texts whose type the schema decides."""

    values: JsonObject
    texts: dict[str, str]


def read_given(words: Sequence[str], document: str | None) -> Given:
    """Read the words after the tool and ``--args``. Raises ``UsageError`` or ``InvalidArguments``."""
    values = _document(document) if document is not None else {}
    texts: dict[str, str] = {}
    named: set[str] = set()
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name or name == ":":
            raise UsageError(f'"{word}" is no argument', hint="write name=value, or name:=JSON for numbers and lists")
        is_json = name.endswith(":")
        name = name.removesuffix(":")
        if name in named:
            raise UsageError(f'the argument "{name}" is given twice', hint=f"for a list write {name}:='[1, 2]'")
        named.add(name)
        if is_json:
            values[name] = _json(value, f"{name}:=", f"text goes without the colon: {name}=…")
            texts.pop(name, None)
        else:
            texts[name] = value
            values.pop(name, None)
    return Given(values, texts)


def arguments_for(given: Given, tool: Tool | None, server: str, *, strict: bool) -> JsonObject:
    """The arguments object: texts become what the tool's schema says they are.

    Without a tool (one that the server does not list) texts stay texts. A text that cannot be what the
    schema wants raises ``InvalidArguments``; with ``strict`` False it is sent as text.
    """
    arguments = dict(given.values)
    if tool is None:
        return {**arguments, **given.texts}
    problems: list[str] = []
    properties = as_object(tool.input_schema.get("properties"))
    for name, text in given.texts.items():
        schema = as_object(properties.get(name))
        try:
            arguments[name] = _typed(text, schema, tool.input_schema)
        except ValueError as error:
            problems.append(f"{name}: {error}")
            arguments[name] = text
    if problems and strict:
        title = f'arguments of "{tool.name}" do not fit its schema'
        hint = "mcpdeck tools --json with the same target shows the schema; --no-validate sends them as text"
        raise InvalidArguments(title, problems=tuple(problems), hint=hint, server=server)
    return arguments


def _document(text: str) -> JsonObject:
    if text == "-":
        text, where = sys.stdin.read(), "stdin"
    elif text.startswith("@"):
        path = with_home(text[1:])
        where = str(path)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise UsageError(f"cannot read {path}: {error.strerror or error}", hint="check the path") from None
        except UnicodeDecodeError:
            raise UsageError(f"{path} is not UTF-8", hint="save it as UTF-8") from None
    else:
        where = "--args"
    value = _json(text, where, """a JSON object is expected, like '{"path": "."}'""")
    if not isinstance(value, dict):
        raise InvalidArguments(
            f"{where} holds no JSON object",
            problems=("arguments are an object of names and values",),
            hint="""write '{"name": value}'""",
        )
    return value


def _json(text: str, where: str, hint: str) -> Json:
    try:
        return cast("Json", json.loads(text, parse_constant=_refuse))
    except json.JSONDecodeError as error:
        problem = f"line {error.lineno} column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}"
    except RecursionError:
        problem = "nested too deeply"
    except ValueError as error:
        problem = str(error)
    raise InvalidArguments(f"{where} is not JSON", problems=(problem,), hint=hint)


def _refuse(word: str) -> Json:
    raise ValueError(f"{word} is not a JSON value")


def _typed(text: str, schema: JsonObject, root: JsonObject) -> Json:
    """``text`` as the schema has it; text wherever the schema allows text. Raises ``ValueError``."""
    types, constants = _allowed(schema, root, set())
    for constant in constants:
        if text == (constant if isinstance(constant, str) else json.dumps(constant)):
            return constant
    if not types or "string" in types:
        return text
    wanted = " or ".join(
        f"a {kind}" if kind[0] not in "aio" else f"an {kind}" for kind in sorted(types - {"null"} or types)
    )
    try:
        value: Any = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise ValueError(f"{wanted} is expected, not {_short(text)}") from None
    if not any(_is(value, kind) for kind in types):
        raise ValueError(f"{wanted} is expected, not {_short(text)}")
    return cast("Json", value)


def _allowed(schema: JsonObject, root: JsonObject, seen: set[str]) -> tuple[set[str], list[Json]]:
    """Types and constants a schema allows, as far as it says so plainly (no full evaluation)."""
    reference = as_text(schema.get("$ref"))
    if reference is not None and reference.startswith("#/") and reference not in seen:
        seen.add(reference)
        target: Json = root
        for part in reference[2:].split("/"):
            target = as_object(target).get(part.replace("~1", "/").replace("~0", "~"))
        return _allowed(as_object(target), root, seen)
    kind = schema.get("type")
    types = {word for word in ([kind] if isinstance(kind, str) else as_list(kind)) if word in _TYPES}
    constants = [*as_list(schema.get("enum")), *([schema["const"]] if "const" in schema else [])]
    for key in ("anyOf", "oneOf"):
        for branch in as_list(schema.get(key)):
            more_types, more_constants = _allowed(as_object(branch), root, seen)
            types |= more_types
            constants += more_constants
    return types, constants


def _is(value: object, kind: str) -> bool:
    match kind:
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return not isinstance(value, bool) and (
                isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            )
        case "number":
            return not isinstance(value, bool) and isinstance(value, int | float)
        case "array":
            return isinstance(value, list)
        case _:
            return isinstance(value, dict)


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")
