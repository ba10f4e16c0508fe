"""JSON as it comes off the wire, and reading it without trusting it.

Owns the type, the three readers that turn what is missing or of another kind into something empty, and equality.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, cast

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = "dict[str, Json]"

NO_OBJECT: Mapping[str, Json] = {}


def as_object(value: object) -> JsonObject:
    """``value`` when it is a JSON object, else an empty one."""
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[Json]:
    """``value`` when it is a JSON array, else an empty one."""
    return cast("list[Json]", value) if isinstance(value, list) else []


def as_text(value: object) -> str | None:
    """``value`` when it is a string, else None."""
    return value if isinstance(value, str) else None


def same(left: Json, right: Json) -> bool:
    """Equal as JSON values of one kind: ``1``, ``1.0`` and ``true`` differ, the order of members does not matter."""
    pairs: list[tuple[Json, Json]] = [(left, right)]
    while pairs:
        one, other = pairs.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, dict):
            table = cast("JsonObject", other)
            if one.keys() != table.keys():
                return False
            pairs.extend((one[name], table[name]) for name in one)
        elif isinstance(one, list):
            row = cast("list[Json]", other)
            if len(one) != len(row):
                return False
            pairs.extend(zip(one, row, strict=True))
        elif one != other:
            return False
    return True
