"""Places in JSON, said as JSONPath (RFC 9535).

Owns the one library for it, python-jsonpath in its strict mode: it passes the standard's compliance suite, needs
nothing beside itself, and tells where a query is wrong. A query language of our own would be another dialect for
people to learn. Imported when the first query is looked at; never told anything but plain values.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, cast

from ..errors import UsageError
from ..models import Json

if TYPE_CHECKING:
    from jsonpath import CompoundJSONPath, JSONPath

LONGEST = 2_000
"""Characters of a query."""
MOST = 10_000
"""Values that one query finds, at the most."""


def flaw(query: str) -> str:
    """What is wrong with a query, as the rest of a sentence; empty: nothing."""
    try:
        _compiled(query)
    except UsageError as error:
        return error.title
    return ""


def found(query: str, value: Json) -> list[Json]:
    """Every value at ``query``, in document order. Raises ``UsageError`` for what is no query."""
    from jsonpath import JSONPathError

    values: list[Json] = []
    try:
        for node in _compiled(query).finditer(value):  # pyright: ignore[reportArgumentType]
            values.append(cast("Json", node.obj))
            if len(values) >= MOST:
                break
    except (JSONPathError, RecursionError) as error:
        raise UsageError(f"{query} cannot be followed: {_first(error)}") from None
    return values


def single(query: str) -> bool:
    """It can find one value at the most, by its form alone."""
    compiled = _compiled(query)
    return bool(getattr(compiled, "singular_query", lambda: False)())


@lru_cache(maxsize=512)
def _compiled(query: str) -> JSONPath | CompoundJSONPath:
    from jsonpath import JSONPathEnvironment, JSONPathError

    if len(query) > LONGEST:
        raise UsageError(f"a JSONPath of {len(query)} characters is too long")
    try:
        return JSONPathEnvironment(strict=True).compile(query)
    except (JSONPathError, RecursionError) as error:
        raise UsageError(f"{query} is no JSONPath: {_first(error)}", hint="as in $.content[0].text") from None


def _first(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
