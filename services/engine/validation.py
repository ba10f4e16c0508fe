"""Arguments against a tool's input schema (protocol section 28).

Owns JSON Schema validation and the time it may take. Never fetches a remote ``$ref``: every validator gets
an empty registry.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, cast

import anyio

from ..models import Json, JsonObject, as_object, as_text
from ..protocol.jsonrpc import dump, parse
from .schema_cost import is_cheap

TIME = 2.0
"""Seconds that checking against a schema that may take long is given."""
PROBLEMS = 20
"""Problems that are listed at the most."""
_SORTED = 1_000
"""Problems among which those are chosen."""


async def check(value: Json, schema: JsonObject) -> tuple[str, ...] | None:
    """``problems``, bounded in time: None when it could not be told within ``TIME`` seconds.

    A schema is the server's: one catastrophic ``pattern``, or references that double with every step, would
    hold the interpreter for ever, and no thread helps against that. Schemas whose work cannot be told to be
    little are applied in a process that can be ended.
    """
    if is_cheap(value, schema):
        return problems(value, schema)
    # 20 ms of import that only such a schema needs.
    from anyio import BrokenWorkerProcess
    from anyio.to_process import run_sync

    try:
        # As text: pickling gives up on what is nested deep.
        texts = dump(value), dump(schema)
        with anyio.move_on_after(TIME):
            return await run_sync(_problems_of_text, *texts, cancellable=True)
    except (BrokenWorkerProcess, OSError, RecursionError, ValueError):
        pass
    return None


def _problems_of_text(value: bytes, schema: bytes) -> tuple[str, ...]:
    return problems(parse(value), as_object(parse(schema)))


def problems(value: Json, schema: JsonObject) -> tuple[str, ...]:
    """``path: what is wrong`` for each way in which ``value`` fails ``schema``; empty when it fits.

    No ``$schema`` means 2020-12. A schema that is itself invalid, of an unknown dialect, or that
    points outside itself cannot be applied and yields nothing: its author's fault must not keep
    a person from calling (it is shown as a problem of the tool elsewhere).
    """
    # 65 ms of import that only a call needs.
    import jsonschema
    import jsonschema.validators
    import referencing
    import referencing.exceptions

    dialect = (as_text(schema.get("$schema")) or "").removesuffix("#")
    choose: Any = jsonschema.validators.validator_for
    validator_class: Any = jsonschema.Draft202012Validator
    if dialect:
        # Old meta-schemas are registered with the trailing "#", new ones without (section 28).
        validator_class = choose({"$schema": dialect}, default=None) or choose({"$schema": f"{dialect}#"}, default=None)
    if validator_class is None:
        return ()
    registry: Any = referencing.Registry
    try:
        validator_class.check_schema(schema)
        validator = validator_class(schema, registry=registry())
        found = islice(validator.iter_errors(value), _SORTED)
        errors = sorted(found, key=lambda error: [str(part) for part in error.absolute_path])
    except (jsonschema.SchemaError, referencing.exceptions.Unresolvable, RecursionError):
        return ()
    return tuple(_sentence(error) for error in errors[:PROBLEMS])


def _sentence(error: Any) -> str:
    path = _path(cast("Iterable[str | int]", error.absolute_path))
    # The message of jsonschema repeats the value: cut what may be a megabyte.
    message = str(error.message)
    if len(message) > 300:
        message = f"{message[:200]} … {message[-80:]}"
    return f"{path}: {message}" if path else message


def _path(parts: Iterable[str | int]) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else str(part))
    return text
