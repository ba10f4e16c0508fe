"""From what stands in a form to what is sent, and what of it must not be kept.

Owns numbers that are shown as they were typed and sent as JSON numbers, and where secrets stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar, cast

from ...services.models import Json, JsonObject
from ..form_values import asks_for_secret
from .gathering import Path
from .nodes import Node, NodeKind

ValueT = TypeVar("ValueT", bound="Json")


class Suggested(Protocol):
    """What a server suggests for an argument: ``total`` None where it does not say how many there are."""

    @property
    def values(self) -> Sequence[str]: ...
    @property
    def total(self) -> int | None: ...
    @property
    def more(self) -> bool: ...


def sendable(value: ValueT) -> ValueT:
    """The same with plain numbers: those of a form may remember how they were written."""
    return cast("ValueT", _plain(value))


def _plain(value: Json) -> Json:
    match value:
        case dict():
            return {name: _plain(part) for name, part in value.items()}
        case list():
            return [_plain(part) for part in value]
        case float():
            return float(value)
        case _:
            return value


def completed(values: JsonObject, example: JsonObject) -> JsonObject:
    """``values``, and where nothing stands what an example has there."""
    whole: JsonObject = {}
    for name in [*example, *(name for name in values if name not in example)]:
        value, shown = values.get(name), example.get(name)
        if isinstance(value, dict) and isinstance(shown, dict):
            whole[name] = completed(value, shown)
        else:
            whole[name] = shown if name not in values or (value in ({}, []) and shown) else value
    return whole


def secret_paths(tree: Node) -> Iterator[Path]:
    """Where in the arguments something stands that asks for a secret."""
    for one in [*tree.members, *tree.alternatives.values()]:
        if asks_for_secret(one.field) or one.field.schema.get("writeOnly") is True:
            yield one.path
        elif one.kind is not NodeKind.VALUE:
            yield from secret_paths(one)
