"""A value against a JSON Schema (protocol section 28): arguments, structured results, answers to questions.

Owns which dialect applies, what is kept of a schema between two checks, and the time a check may take. Never fetches
a reference: beside the meta-schemas a validator knows only the documents that it is given.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import anyio

from ..models import Json, JsonObject, as_object, as_text
from ..protocol.jsonrpc import dump, parse
from .dialects import class_for
from .patterns import schema_in_python
from .quick_check import Quick, quick_check
from .schema_cost import Cost, cost_of, size_of
from .schema_words import sentence

TIME = 2.0
"""Seconds that checking against a schema that may take long is given."""
PROBLEMS = 20
"""Problems that are listed at the most."""
KEPT = 256
"""Schemas whose validators are kept."""
KEPT_ASIDE = 8
"""The same in a process of its own, where the large ones are."""
_SORTED = 1_000
"""Problems among which those that are listed are chosen."""
NO_DOCUMENTS: Mapping[str, JsonObject] = {}

_NEWEST = "https://json-schema.org/draft/2020-12/schema"
_SIBLINGS = {
    _NEWEST: True,
    "https://json-schema.org/draft/2019-09/schema": True,
    "http://json-schema.org/draft-07/schema": False,
}
"""Dialects of which ``quick_check`` knows a part, and whether a ``$ref`` may stand beside others."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a check. ``remarks`` are no problems: a ``format`` that is not kept, a schema of no use.

    ``told`` False: it could not be found out within ``TIME``.
    """

    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    told: bool = True


UNTOLD = Judged(remarks=(f"the schema could not be applied within {TIME:g} s; nothing was checked",), told=False)


async def check(
    value: Json, schema: JsonObject, *, documents: Mapping[str, JsonObject] = NO_DOCUMENTS
) -> tuple[str, ...] | None:
    """The problems of ``judged``; None when it could not be told within ``TIME`` seconds."""
    found = await judged(value, schema, documents=documents, formats=False)
    return found.problems if found.told else None


async def judged(
    value: Json, schema: JsonObject, *, documents: Mapping[str, JsonObject] = NO_DOCUMENTS, formats: bool = True
) -> Judged:
    """How ``value`` fits ``schema``, bounded in time. ``documents``: what references may lead to beside it, by URI.

    ``formats``: remark on those that are not kept.

    A schema is the server's: one catastrophic ``pattern``, or references that double with every step, would
    hold the interpreter for ever, and no thread helps against that. Schemas whose work cannot be told to be
    little are applied in a process that can be ended.
    """
    if not documents:
        compiled = _compiled.of(schema)
        if compiled.cost.allows(size_of(value)):
            return compiled.judged(value, formats=formats)
    # 20 ms of import that only such a schema needs.
    from anyio import BrokenWorkerProcess
    from anyio.to_process import run_sync

    try:
        # As text: pickling gives up on what is nested deep.
        texts = dump(value), dump(schema), dump({**documents}), formats
        with anyio.move_on_after(TIME):
            return await run_sync(_judged_text, *texts, cancellable=True)
    except (BrokenWorkerProcess, OSError, RecursionError, ValueError):
        pass
    return UNTOLD


def problems(value: Json, schema: JsonObject) -> tuple[str, ...]:
    """``path: what is wrong`` for each way in which ``value`` fails ``schema``; empty when it fits. Takes its time.

    No ``$schema`` means 2020-12. A schema that is itself invalid, of an unknown dialect, or that
    points outside itself cannot be applied and yields nothing: its author's fault must not keep
    a person from calling (it is shown as a problem of the tool elsewhere).
    """
    return _compiled.of(schema).judged(value, formats=False).problems


@dataclass(slots=True, eq=False)
class Compiled:
    """One schema, with what was made of it so far."""

    schema: JsonObject
    documents: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    _cost: Cost | None = None
    _quick: Quick | None = None
    _applied: JsonObject | None = None
    _validator: Any = None
    _unusable: str | None = None
    _formats: bool | None = None
    _written: Mapping[str, str] = field(default_factory=dict[str, str])
    """Patterns that were translated, as they are written."""

    @property
    def cost(self) -> Cost:
        if self._cost is None:
            self._cost = cost_of(self.schema)
        return self._cost

    def judged(self, value: Json, *, formats: bool) -> Judged:
        """Applies it, however long that takes."""
        try:
            if self._applied is None:
                self._applied, self._written = schema_in_python(self.schema)
                self._quick = self._quick_check(self._applied)
            formats = formats and self._has_formats
            if not formats and self._quick is not None and self._quick.fits(value):
                return _FITS
            return self._slowly(value, self._applied, formats=formats)
        except RecursionError:
            return _TOO_DEEP

    def _quick_check(self, schema: JsonObject) -> Quick | None:
        siblings = _SIBLINGS.get((as_text(schema.get("$schema")) or _NEWEST).removesuffix("#"))
        return None if siblings is None or self.documents else quick_check(schema, siblings=siblings)

    @property
    def _has_formats(self) -> bool:
        """Somewhere in it stands a ``format``, perhaps as the name of something else."""
        if self._formats is None:
            self._formats = has_formats(self.schema)
        return self._formats

    def _slowly(self, value: Json, schema: JsonObject, *, formats: bool) -> Judged:
        import referencing.exceptions

        if self._validator is None and self._unusable is None:
            self._make(schema)
        validator: Any = self._validator
        if self._unusable is not None:
            return Judged(remarks=(self._unusable,))
        try:
            errors = _sorted(validator.iter_errors(value))
            remarks = self._format_remarks(value) if formats else ()
        except referencing.exceptions.Unresolvable as error:
            self._unusable = f"the schema refers to {error.ref!r:.200}, which is not part of it: nothing was checked"
            return Judged(remarks=(self._unusable,))
        return Judged(tuple(sentence(error, self._written) for error in errors), remarks)

    def _make(self, schema: JsonObject) -> None:
        # 65 ms of import that only a call needs.
        import jsonschema
        import referencing
        import referencing.jsonschema

        validator_class = class_for(schema, self.documents)
        if validator_class is None:
            dialect = as_text(schema.get("$schema")) or ""
            self._unusable = f"the schema's dialect {dialect!r:.200} is not known: nothing was checked against it"
            return
        if self._quick is None:  # else every part that counts was looked at already
            try:
                validator_class.check_schema(schema)
            except jsonschema.SchemaError as error:
                self._unusable = f"the schema is not valid ({sentence(error)}): nothing was checked against it"
                return
        known: Any = referencing.jsonschema.specification_with(validator_class.META_SCHEMA["$schema"])
        resource: Any = referencing.Resource
        empty: Any = referencing.Registry
        registry = empty().with_resources(
            (uri, resource.from_contents(document, default_specification=known))
            for uri, document in self.documents.items()
        )
        self._validator = validator_class(schema, registry=registry)

    def _format_remarks(self, value: Json) -> tuple[str, ...]:
        """``format`` is an annotation (2020-12, validation, section 7.2.1): what does not keep it is only remarked."""
        strict: Any = self._validator.evolve(format_checker=self._validator.FORMAT_CHECKER)
        errors = islice(strict.iter_errors(value), _SORTED)
        return tuple(sentence(error) for error in _sorted(error for error in errors if error.validator == "format"))


_FITS = Judged()
_TOO_DEEP = Judged(remarks=("the schema leads in circles, or the value is nested too deeply: nothing was checked",))


def _sorted(errors: Iterable[Any]) -> list[Any]:
    found = islice(errors, _SORTED)
    return sorted(found, key=lambda error: [str(part) for part in error.absolute_path])[:PROBLEMS]


def has_formats(schema: JsonObject) -> bool:
    """Whether the word ``format`` stands anywhere in it as a member."""
    waiting: list[Json] = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if "format" in one:
                return True
            waiting.extend(part for part in one.values() if isinstance(part, (dict, list)))
        elif isinstance(one, list):
            waiting.extend(part for part in one if isinstance(part, (dict, list)))
    return False


class _Cache:
    """The schemas used last, by identity: a list of tools keeps the same objects as long as it is the same list."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._known: OrderedDict[int, Compiled] = OrderedDict()

    def of(self, schema: JsonObject) -> Compiled:
        found = self._known.get(id(schema))
        if found is None:
            found = self._known[id(schema)] = Compiled(schema)  # which keeps the schema, and so its id
            if len(self._known) > self._kept:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(id(schema))
        return found


_compiled = _Cache(KEPT)
_aside: OrderedDict[bytes, Compiled] = OrderedDict()
"""In a process of its own: what was made of the schemas it was given, by their texts."""


def _judged_text(value: bytes, schema: bytes, documents: bytes, formats: bool) -> Judged:
    key = hashlib.sha256(schema + b"\n" + documents).digest()
    found = _aside.pop(key, None)
    if found is None:
        others = {uri: as_object(document) for uri, document in as_object(parse(documents)).items()}
        found = Compiled(as_object(parse(schema)), others)
        while len(_aside) >= KEPT_ASIDE:
            _aside.popitem(last=False)
    _aside[key] = found
    return found.judged(parse(value), formats=formats)
