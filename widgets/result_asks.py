"""What whoever shows results may ask for: callables that the application gives, so that no widget calls a service.

Owns their shapes, and which other calls one is compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ..services.models import JsonObject
from ..services.state.model import CallState, CallStatus
from .raw_words import RawMessages

ForModel: TypeAlias = "Callable[[CallState], JsonObject | None]"
"""A finished call's result as a model gets it; None where there is nothing to show of the kind."""

CANDIDATES = 50
"""Calls that one can be compared with."""


class View(StrEnum):
    """How a result is looked at."""

    RENDERED = "rendered"
    JSON = "json"
    RAW = "raw"
    DIFF = "diff"


TITLES = {View.RENDERED: "Rendered", View.JSON: "JSON", View.RAW: "Raw", View.DIFF: "Diff"}


def _nothing(*_: object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class ResultAsks:
    """``view`` is the one that was used last, ``keep_view`` remembers it; None: it cannot be asked for here."""

    for_model: ForModel | None = None
    raw: Callable[[CallState], RawMessages] | None = None
    save_part: Callable[[CallState, int], None] | None = None
    play: Callable[[CallState, int], None] | None = None
    view: Callable[[], str] = lambda: ""
    keep_view: Callable[[str], None] = _nothing
    latest: Callable[[str], CallState | None] = _nothing

    def first_view(self) -> View:
        """The view that was used last, where there is one of that name."""
        name = self.view()
        return View(name) if name in (View.RENDERED, View.JSON, View.RAW) else View.RENDERED


NO_ASKS = ResultAsks()


def others_of(call: CallState, calls: Sequence[CallState]) -> tuple[CallState, ...]:
    """The calls that ``call`` can be compared with, the likeliest first.

    Calls of that tool before it come first, those with the same arguments before all others, newest first.
    """
    same = [one for one in calls if (one.server, one.method, one.tool) == (call.server, call.method, call.tool)]
    found = [one for one in same if one.id != call.id and one.status is not CallStatus.RUNNING]
    found = [one for one in found if one.result is not None or one.error is not None]

    def likely(one: CallState) -> tuple[bool, bool, float]:
        return one.started_at > call.started_at, one.arguments != call.arguments, abs(call.started_at - one.started_at)

    return tuple(sorted(found, key=likely)[:CANDIDATES])
