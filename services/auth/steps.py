"""The record of a login: each exchange with what was expected of it.

Owns the steps and the values that are hidden in them. The steps may be shown, traced and printed; the hidden values
leave by ``reveal`` only, one at a time, for a person who asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..models import ExchangeSide, Json, JsonObject, LoginPhase, LoginStep, Verdict
from ..state.text import one_line
from .masking import Curtain

KEPT = 200
"""Steps that are kept, the newest."""
MOST_HIDDEN = 400
"""Values that can be revealed, the newest."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it was made: the URL with its name (not the address it was pinned to), every header."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Got:
    """An answer; ``body`` unpacked."""

    status: int
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)


def _unheard() -> None: ...


def _untraced(exchange: JsonObject) -> None: ...


class Recorder:
    """``changed`` is called after every change, ``traced`` with each exchange (the shape of ``http_note.exchange``).

    Numbers of steps go on counting over all logins, so that a late verdict meets its own step or none.
    """

    def __init__(
        self,
        changed: Callable[[], None] | None = None,
        traced: Callable[[JsonObject], None] | None = None,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._changed = changed or _unheard
        self._traced = traced or _untraced
        self._now = now
        self._count = 0
        self._hidden: dict[str, str] = {}
        self._values: dict[str, None] = {}
        self.steps: tuple[LoginStep, ...] = ()

    def begin(self) -> None:
        """A new login: the steps of the one before go, and what was hidden in them is forgotten."""
        self.steps = ()
        self._hidden.clear()
        self._values.clear()
        self._changed()

    def event(self, phase: LoginPhase, title: str, *verdicts: Verdict, error: str = "") -> int:
        """Something that is no exchange: a challenge, a choice, a failure. Returns the step's number."""
        self._count += 1
        curtain = Curtain(self._count, self._values)
        return self._keep(LoginStep(self._count, phase, title, self._now(), error=error), curtain, verdicts)

    def exchange(
        self,
        phase: LoginPhase,
        title: str,
        request: Sent,
        answer: Got | None,
        ms: float | None,
        error: str = "",
        *verdicts: Verdict,
    ) -> int:
        """One request and its answer; ``answer`` None: there was none, for the reason ``error``.

        ``ms`` until the answer was whole. Returns the step's number, for ``judge``.
        """
        self._count += 1
        curtain = Curtain(self._count, self._values)
        asked = curtain.request(request.method, request.url, request.headers, request.body)
        given = answer and curtain.answer(answer.status, answer.reason, answer.headers, answer.body)
        # What the answer gave away may stand in the request (a secret in a parameter of another name).
        asked = _covered(asked, curtain)
        began = self._now() - (ms or 0.0) / 1000
        step = LoginStep(self._count, phase, title, began, ms, asked, given, error=error)
        self._traced(_trace(request.method, asked, answer, given, ms))
        return self._keep(step, curtain, verdicts)

    def judge(self, number: int, *verdicts: Verdict) -> None:
        """Adds verdicts to a step; one that is gone is not judged."""
        for index, step in enumerate(self.steps):
            if step.number == number and verdicts:
                judged = replace(step, verdicts=(*step.verdicts, *(self._clean(each) for each in verdicts)))
                self.steps = (*self.steps[:index], judged, *self.steps[index + 1 :])
                self._changed()
                return

    def reveal(self, key: str) -> str | None:
        """The value behind a ``ShownField.secret``; None when it is not kept (any more)."""
        return self._hidden.get(key)

    def masked(self, text: str) -> str:
        """``text`` without the values that are hidden in any step: for what an authorization server says."""
        return Curtain(0, self._values).text(text)

    def _keep(self, step: LoginStep, curtain: Curtain, verdicts: tuple[Verdict, ...]) -> int:
        self._hidden.update(curtain.hidden)
        self._values.update(curtain.values)
        step = replace(
            step,
            title=one_line(self.masked(step.title), 200),
            error=one_line(self.masked(step.error), 500),
            verdicts=tuple(self._clean(each) for each in verdicts),
        )
        self.steps = (*self.steps, step)[-KEPT:]
        self._forget(self.steps[0].number)
        self._changed()
        return step.number

    def _forget(self, oldest: int) -> None:
        """What is hidden in no step any more, and what is too much."""
        while self._hidden:
            key = next(iter(self._hidden))  # the oldest: numbers only grow
            if len(self._hidden) <= MOST_HIDDEN and int(key.partition("/")[0]) >= oldest:
                break
            del self._hidden[key]
        while len(self._values) > 2 * MOST_HIDDEN:
            del self._values[next(iter(self._values))]

    def _clean(self, verdict: Verdict) -> Verdict:
        return replace(verdict, wrong=one_line(self.masked(verdict.wrong), 500)) if verdict.wrong else verdict


def _covered(side: ExchangeSide, curtain: Curtain) -> ExchangeSide:
    """``side`` without what was learned to be secret after it was drawn."""
    return replace(
        side,
        line=curtain.text(side.line),
        headers=tuple(replace(each, shown=curtain.text(each.shown)) for each in side.headers),
        body=tuple(replace(each, shown=curtain.text(each.shown)) for each in side.body),
        text=curtain.text(side.text),
    )


def _trace(
    method: str, asked: ExchangeSide, answer: Got | None, given: ExchangeSide | None, ms: float | None
) -> JsonObject:
    return {
        "request": {"method": method, "url": asked.line.partition(" ")[2], "headers": _pairs(asked)},
        "status": answer.status if answer else None,
        "reason": one_line(answer.reason, 100) if answer else "",
        "headers": _pairs(given) if given else [],
        "ms": None if ms is None else round(ms, 3),
    }


def _pairs(side: ExchangeSide) -> list[Json]:
    return [[each.name, each.shown] for each in side.headers]
