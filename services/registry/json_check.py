"""A JSON text against a JSON Schema, in a process that can be ended: the work of the built-in tool ``check_json``.

Owns that check and its time. Never fetches a reference. The schema is the caller's, and one catastrophic ``pattern``
holds an interpreter for hours: no thread and no signal helps against that.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import Any

import anyio

TIME = 5.0
"""Seconds a check is given, the start of its process among them."""
MOST_FLAWS = 50
LONGEST_MESSAGE = 500


@dataclass(frozen=True, slots=True)
class Checked:
    """``flaws``: path and sentence of each place that does not fit. ``failure``: why nothing could be told."""

    flaws: tuple[tuple[str, str], ...] = ()
    failure: str = ""
    hint: str = ""


async def checked(value: str, schema: str) -> Checked:
    """How ``value`` fits ``schema``, both of them JSON; told within ``TIME`` seconds, or not at all."""
    # 20 ms of import that only a check needs.
    from anyio import BrokenWorkerProcess
    from anyio.to_process import run_sync

    with anyio.move_on_after(TIME):
        try:
            return await run_sync(check, value, schema, cancellable=True)
        except (BrokenWorkerProcess, OSError) as error:
            return Checked(failure=f"The check did not come to its end: {error}"[:LONGEST_MESSAGE])
    hint = "One of its patterns, or references that lead to each other, may take for ever."
    return Checked(failure=f"The schema could not be applied within {TIME:g} s.", hint=hint)


def check(value: str, schema: str) -> Checked:
    """The same here and now, however long it takes."""
    from jsonschema import SchemaError, validators
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        found: Any = json.loads(value)
    except (ValueError, RecursionError) as error:
        return Checked(failure=f"The value is not JSON: {error}")
    rules: Any = json.loads(schema)
    kind = validators.validator_for(rules, default=validators.validator_for({}))
    try:
        kind.check_schema(rules)
        # An empty registry: one that is not given is one that asks the network.
        errors = kind(rules, registry=Registry()).iter_errors(found)
        return Checked(
            tuple((error.json_path, error.message[:LONGEST_MESSAGE]) for error in islice(errors, MOST_FLAWS))
        )
    except SchemaError as error:
        return Checked(failure=f"The schema is none: {error.json_path}: {error.message[:LONGEST_MESSAGE]}")
    except (Unresolvable, RecursionError) as error:
        hint = "Put what it refers to into its $defs."
        return Checked(failure=f"The schema cannot be used: {error}"[:LONGEST_MESSAGE], hint=hint)
