"""Typed tools taken apart: which there are in a module, how each is listed, its request read, its answer written.

Owns what stands between a ``TypedTool`` and the JSON of MCP. Never runs a tool, never sends a message.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable
from types import ModuleType
from typing import Any, TypeAlias, cast

from pydantic import BaseModel, PydanticUserError, ValidationError
from pydantic_core import PydanticSerializationError, from_json, to_json

from ..errors import ConfigValidationError
from ..models import Json, JsonObject
from .typed import Annotations, Failure, Success, TypedTool

AnyTool: TypeAlias = TypedTool[Any, Any]

TOOLS = ("TOOLS", "tools")
"""Names of a list in a module that says which of its tools count, and in which order."""
MOST_PROBLEMS = 20
"""Sentences about one request; the rest is counted."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_STEPS = 8


def tools_in(found: object) -> list[AnyTool]:
    """The tools in a tool, a class, a list, a module, or in what a callable without arguments gives.

    Of a module: its list ``TOOLS`` or ``tools``, else the tools that it makes and the classes that it defines (not
    those that it imports), in their order. Raises ``ConfigValidationError`` where there is none, and what making one
    raises.
    """
    tools = _collected(found)
    if not tools:
        raise ConfigValidationError(
            f"{_called(found)} has no typed tool",
            hint="Derive a class from TypedTool[Request, Response], with a name and a run method.",
        )
    return tools


def _collected(found: object) -> list[AnyTool]:
    if isinstance(found, TypedTool):
        return [cast("AnyTool", found)]
    if isinstance(found, ModuleType):
        return _of_module(found)
    if isinstance(found, type):
        kind = _tool_class(cast("object", found))
        if kind is None:
            raise ConfigValidationError(f"{_called(found)} is no typed tool", hint="Derive it from TypedTool.")
        return [_instance(kind)]
    if isinstance(found, list | tuple | set | frozenset):
        return [tool for item in cast("Iterable[object]", found) for tool in _collected(item)]
    if callable(found):
        made: object = found()
        if callable(made) and not isinstance(made, type | TypedTool):
            raise ConfigValidationError(f"{_called(found)} gives another function", hint="Give typed tools.")
        return _collected(cast("object", made))
    raise ConfigValidationError(
        f"{_called(found)} is no typed tool but of type {type(found).__name__}",
        hint="Give typed tools, or their classes.",
    )


def _of_module(module: ModuleType) -> list[AnyTool]:
    for name in TOOLS:
        named: object = vars(module).get(name)
        if isinstance(named, list | tuple):
            return _collected(cast("object", named))
    values: list[object] = [value for name, value in vars(module).items() if not name.startswith("_")]
    made = [cast("AnyTool", value) for value in values if isinstance(value, TypedTool)]
    kinds = {type(tool) for tool in made}
    own = [
        kind
        for value in values
        if (kind := _tool_class(value)) is not None
        and kind.__module__ == module.__name__
        and kind not in kinds
        and not inspect.isabstract(kind)
    ]
    return [*made, *(_instance(kind) for kind in own)]


def _tool_class(value: object) -> type[AnyTool] | None:
    return cast("type[AnyTool]", value) if isinstance(value, type) and issubclass(value, TypedTool) else None


def _instance(kind: type[AnyTool]) -> AnyTool:
    if inspect.isabstract(kind):
        raise ConfigValidationError(f"{_called(kind)} has no run method", hint="Write run(self, request, context).")
    return kind()


def _called(found: object) -> str:
    if isinstance(found, ModuleType):
        return found.__file__ or found.__name__  # a file has a module name that nobody has given it
    name: object = getattr(found, "__qualname__", None) or getattr(found, "__name__", None)
    return name if isinstance(name, str) else type(found).__name__


# -- how it is listed


def listed(tool: AnyTool) -> JsonObject:
    """The tool as it stands in ``tools/list``. Raises ``ConfigValidationError`` for one that cannot be offered."""
    who = type(tool).__qualname__
    if not tool.name:
        raise ConfigValidationError(f"{who} has no name", hint='Write name = "…" in the class.')
    if not _NAME.fullmatch(tool.name):
        raise ConfigValidationError(
            f"{who}: {tool.name[:60]!r} is no name of a tool",
            hint="Names have 1 to 128 letters, digits, _, - and . (specification, Tools).",
        )
    if not isinstance(tool.annotations, Annotations):  # pyright: ignore[reportUnnecessaryIsInstance] - authors may check no types
        raise ConfigValidationError(f"{who}: annotations are no Annotations", hint="Write Annotations(read_only=True).")
    own = type(tool).__doc__
    description = tool.description or (inspect.cleandoc(own) if own is not None and own != TypedTool.__doc__ else "")
    found: JsonObject = {"name": tool.name}
    if tool.title:
        found["title"] = tool.title
    if description:
        found["description"] = description
    found["inputSchema"] = _schema(tool, "Request")
    found["outputSchema"] = _schema(tool, "Response")
    hints = tool.annotations.as_json()
    if hints:
        found["annotations"] = hints
    return found


def _schema(tool: AnyTool, which: str) -> JsonObject:
    """JSON Schema 2020-12 of the model, an object at its root (protocol sections 26, 27)."""
    who, model = type(tool).__qualname__, getattr(tool, which, None)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise ConfigValidationError(
            f"{who} has no model {which}", hint="Derive from TypedTool[Request, Response], both pydantic models."
        )
    try:
        schema = cast(
            "JsonObject", model.model_json_schema(mode="validation" if which == "Request" else "serialization")
        )
    except PydanticUserError as error:
        reason = str(error).splitlines()[0]
        raise ConfigValidationError(
            f"{who}: {which} has no JSON Schema: {reason}", hint="Use types that JSON can carry."
        ) from error
    if _root(schema).get("type") != "object":
        raise ConfigValidationError(
            f"{who}: {which} is no object in JSON", hint="Use a model with fields; put a list into one of them."
        )
    # A model that holds itself is a reference at its root, and MCP wants the type there.
    return schema if "type" in schema else {"type": "object", **schema}


def _root(schema: JsonObject) -> JsonObject:
    """What the root of ``schema`` refers to, at last."""
    found = schema
    for _ in range(_STEPS):
        reference = found.get("$ref")
        if not isinstance(reference, str):
            break
        definition = cast("JsonObject", schema.get("$defs", {})).get(reference.removeprefix("#/$defs/"))
        if not isinstance(definition, dict):
            break
        found = definition
    return found


# -- a request and its answer


def request_of(tool: AnyTool, arguments: JsonObject) -> BaseModel | Failure:
    """The request as its model, or a sentence for each of its flaws. Values that were sent are not repeated."""
    text = json.dumps(arguments)  # read as JSON, so that a strict model takes a date from a string
    try:
        return tool.Request.model_validate_json(text)
    except ValidationError as error:
        problems = [
            f"{_path(each['loc'])}: {each['msg']}"
            for each in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    more = [f"and {len(problems) - MOST_PROBLEMS} more"] if len(problems) > MOST_PROBLEMS else []
    shown = [*problems[:MOST_PROBLEMS], *more]
    return Failure(f"The arguments do not fit {tool.name}:\n" + "\n".join(f"- {line}" for line in shown))


def _path(steps: tuple[int | str, ...]) -> str:
    """``items[2].name``; the whole of the arguments has no steps."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return path.removeprefix(".") or "arguments"


def result_of(tool: AnyTool, outcome: object) -> JsonObject:
    """The ``CallToolResult`` of what ``run`` gave, whatever that is."""
    match outcome:
        case Success(value=value, text=text, content=content):
            return _success(tool, cast("object", value), text, content)
        case Failure():
            return failed(outcome)
        case BaseModel():
            return _success(tool, outcome, None, ())
        case _:
            given = type(outcome).__name__
            return failed(Failure(f"{tool.name} gave {given} instead of a Success or a Failure.", "Tell its author."))


def _success(tool: AnyTool, value: object, text: str | None, content: tuple[JsonObject, ...]) -> JsonObject:
    if not isinstance(value, tool.Response):
        wanted, given = tool.Response.__name__, type(value).__name__
        return failed(Failure(f"{tool.name} answered with {given} instead of {wanted}.", "Tell its author."))
    try:
        written = value.model_dump_json(by_alias=True)
    except (PydanticSerializationError, ValueError) as error:
        reason = str(error).splitlines()[0]
        return failed(Failure(f"The answer of {tool.name} cannot be written as JSON: {reason}", "Tell its author."))
    blocks: list[Json] = [
        {"type": "text", "text": written if text is None else text},
        *(plain(block) for block in content),
    ]
    return {"content": blocks, "structuredContent": cast("Json", from_json(written)), "isError": False}


def failed(failure: Failure) -> JsonObject:
    """The ``CallToolResult`` of a failure."""
    text = f"{failure.message}\n{failure.hint}" if failure.hint else failure.message
    result: JsonObject = {"content": [{"type": "text", "text": text}], "isError": True}
    if failure.details:
        result["_meta"] = {"mcpdeck/details": plain(dict(failure.details))}
    return result


def plain(value: object) -> Json:
    """``value`` as JSON values; what JSON has no form for is a text that describes it."""
    try:
        return cast("Json", from_json(to_json(value, fallback=repr, inf_nan_mode="null")))
    except ValueError:  # a lone surrogate, or an object that holds itself
        return repr(value)
