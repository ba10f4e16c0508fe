"""Running saved calls: one after the other, values going from earlier ones to later ones.

Owns the order, what a call needs of others, and the outcome of each. How a call is made is given; screens and the
command line run the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from ..errors import McpDeckError, UsageError
from ..models import Json, JsonObject
from ..state.model import CallState
from .judging import Verdict, judged, looked_in
from .model import Collection, SavedCall, Within
from .paths import found, single
from .variables import Missing, names_in, put_in

Make: TypeAlias = "Callable[[SavedCall, str, JsonObject], Awaitable[CallState]]"
"""Makes a call of its kind: the call as it is saved, and its target and arguments with everything put in."""


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    """It was made, and an expectation did not hold."""
    BROKEN = "broken"
    """It could not be made, or a value was not where it was said to be."""
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, eq=False)
class Ran:
    """What came of one call. ``why`` of one that is broken or skipped; ``extracted`` are its values for others."""

    call: SavedCall
    outcome: Outcome
    why: str = ""
    state: CallState | None = None
    verdicts: tuple[Verdict, ...] = ()
    extracted: JsonObject = field(default_factory=dict[str, Json])
    kind: str = ""
    """The kind of the error that kept it from being made."""

    @property
    def failures(self) -> tuple[Verdict, ...]:
        return tuple(verdict for verdict in self.verdicts if not verdict.ok)


@dataclass(slots=True)
class Values:
    """What variables are looked up in, the first first: those given by hand, extracted ones, the chosen set."""

    given: Mapping[str, Json] = field(default_factory=dict[str, Json])
    extracted: dict[str, Json] = field(default_factory=dict[str, Json])
    chosen: str = ""

    def layers(self, collection: Collection, call: SavedCall) -> tuple[Mapping[str, Json], ...]:
        chosen = collection.sets.get(self.chosen, {}) if self.chosen else {}
        return (self.given, self.extracted, chosen, call.variables, collection.variables)


def with_givers(collection: Collection, call: SavedCall, values: Values) -> tuple[SavedCall, ...]:
    """``call``, and before it those whose values it needs and nobody else gives, in the order of the collection."""
    wanted: dict[str, SavedCall] = {}

    def add(one: SavedCall) -> None:
        if one.name in wanted:
            return
        wanted[one.name] = one
        known = {name for layer in values.layers(collection, one) for name in layer}
        for name in _needs(one) - known:
            giver = _giver(collection, name, one)
            if giver is not None:
                add(giver)

    add(call)
    return tuple(one for one in collection.calls if one.name in wanted)


def made_of(
    collection: Collection, call: SavedCall, values: Values, environ: Mapping[str, str]
) -> tuple[str, JsonObject]:
    """Target and arguments with everything put in. Raises ``Missing``, or ``UsageError`` for a value of itself."""
    layers = values.layers(collection, call)
    target, arguments = put_in(call.target, layers, environ), put_in(call.arguments, layers, environ)
    return str(target), arguments if isinstance(arguments, dict) else {}


async def run(
    collection: Collection,
    calls: Sequence[SavedCall],
    make: Make,
    *,
    values: Values,
    environ: Mapping[str, str],
    told: Callable[[Ran], object] = lambda _ran: None,
    begins: Callable[[SavedCall], object] = lambda _call: None,
    stop_at_failure: bool = False,
) -> tuple[Ran, ...]:
    """Run ``calls`` of ``collection`` in their order, telling of each at its end. Only being cancelled is raised."""
    done: list[Ran] = []
    stopped = False
    for call in calls:
        if stopped:
            ran = Ran(call, Outcome.SKIPPED, "an earlier call failed")
        else:
            begins(call)
            ran = await _ran(collection, call, make, values, environ)
        done.append(ran)
        told(ran)
        stopped = stopped or (stop_at_failure and ran.outcome in (Outcome.FAILED, Outcome.BROKEN))
    return tuple(done)


async def _ran(collection: Collection, call: SavedCall, make: Make, values: Values, environ: Mapping[str, str]) -> Ran:
    if call.problem:
        return Ran(call, Outcome.BROKEN, call.problem)
    try:
        target, arguments = made_of(collection, call, values, environ)
    except Missing as error:
        return Ran(call, Outcome.SKIPPED, _who_gives(collection, call, error))
    except UsageError as error:
        return Ran(call, Outcome.BROKEN, f"{error.title}: {error.hint}" if error.hint else error.title)
    try:
        state = await make(call, target, arguments)
    except McpDeckError as error:
        return Ran(call, Outcome.BROKEN, error.title, kind=error.kind)
    verdicts = await judged(call.asserts, state)
    extracted, problem = _extracted(call, state)
    values.extracted.update(extracted)
    if any(not verdict.ok for verdict in verdicts):
        return Ran(call, Outcome.FAILED, "", state, verdicts, extracted)
    if problem:
        return Ran(call, Outcome.BROKEN, problem, state, verdicts, extracted)
    return Ran(call, Outcome.PASSED, "", state, verdicts, extracted)


def _extracted(call: SavedCall, state: CallState) -> tuple[JsonObject, str]:
    """The values for later calls, and why one of them is missing."""
    values: JsonObject = {}
    for name, extract in call.extract.items():
        if state.result is None:
            return values, f"there is no result to take {{{{{name}}}}} from"
        try:
            there = found(extract.path, looked_in(state.result, in_text=extract.within is Within.TEXT))
            if not there:
                return values, f"{extract.path} is missing in the result: {{{{{name}}}}} has no value"
            values[name] = there[0] if single(extract.path) else there
        except UsageError as error:
            return values, error.title
    return values, ""


def _needs(call: SavedCall) -> set[str]:
    return names_in(call.arguments) | names_in(call.target)


def _giver(collection: Collection, name: str, call: SavedCall) -> SavedCall | None:
    """The nearest call before ``call`` that gives ``name``."""
    before: SavedCall | None = None
    for one in collection.calls:
        if one.name == call.name:
            return before
        if name in one.extract:
            before = one
    return before


def _who_gives(collection: Collection, call: SavedCall, error: Missing) -> str:
    for name in error.names:
        giver = _giver(collection, name.strip("{}"), call) if name.startswith("{{") else None
        if giver is not None:
            return f'{name} has no value: "{giver.name}" gives it, and did not'
    return error.title
