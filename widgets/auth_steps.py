"""The steps of a login, one line each, and above them the token they led to.

Owns the columns and the marks. What an exchange consisted of stands in ``auth_detail``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from rich.cells import cell_len

from ..services.models import AuthView, LoginPhase, LoginStep, TokenView
from ..services.state.text import one_line
from .fact_lines import clock
from .ink import Line, Span, fit
from .status_marks import Mark, milliseconds
from .virtual_list import VirtualList

PHASES: dict[LoginPhase, str] = {
    LoginPhase.CHALLENGE: "challenge",
    LoginPhase.RESOURCE: "resource",
    LoginPhase.SERVER: "server",
    LoginPhase.REGISTRATION: "client",
    LoginPhase.AUTHORIZATION: "authorize",
    LoginPhase.EXCHANGE: "exchange",
    LoginPhase.TOKEN: "token",
    LoginPhase.REFRESH: "refresh",
    LoginPhase.REVOCATION: "revoke",
}
"""What a step belongs to, short enough for a column."""
PHASE_WIDTH, STATUS_WIDTH, TIME_WIDTH = 10, 4, 8
ROOMY = 56
"""Cells from which there is room for the phase beside a title."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """Steps that follow each other, say the same and went the same way: at least two, oldest first."""

    steps: tuple[LoginStep, ...]

    @property
    def last(self) -> LoginStep:
        return self.steps[-1]


Row: TypeAlias = "LoginStep | Repeated | TokenView"


def folded(steps: Iterable[LoginStep]) -> list[LoginStep | Repeated]:
    """One row for refreshes in a row, of which nothing is to be told but how many there were."""
    rows: list[LoginStep | Repeated] = []
    for step in steps:
        before = rows[-1] if rows else None
        last = before.last if isinstance(before, Repeated) else before
        if last is None or step.phase is not LoginPhase.REFRESH or _outcome(last) != _outcome(step):
            rows.append(step)
        else:
            rows[-1] = Repeated((*(before.steps if isinstance(before, Repeated) else (last,)), step))
    return rows


def _outcome(step: LoginStep) -> Hashable:
    return step.phase, step.title, step.error, answer_status(step), mark_of(step).glyph


def step_of(row: Row | None) -> LoginStep | None:
    """The step that stands for a row; the last one of several."""
    return row.last if isinstance(row, Repeated) else row if isinstance(row, LoginStep) else None


def mark_of(step: LoginStep) -> Mark:
    """Failed; passed with a remark; everything that was checked is right; an event, or nothing to check."""
    if step.failed:
        return Mark("✖", "bad")
    if any(verdict.passed is None for verdict in step.verdicts):
        return Mark("▲", "warn")
    if step.verdicts:
        return Mark("✔", "good")
    return Mark("·" if step.request is None else "●", "muted")


def answer_status(step: LoginStep) -> str:
    """The status code of the answer; ``–`` where there was none to a request."""
    if step.answer is None:
        return "–" if step.request is not None else ""
    return one_line(step.answer.line).partition(" ")[0]


class StepList(VirtualList[Row]):
    """Rows follow ``present``. The cursor follows new steps while it stands on the last one."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._rows: tuple[Row, ...] = ()

    def present(self, view: AuthView | None) -> None:
        current, last = self.current, self._cursor >= self.length() - 1
        token = (view.token,) if view is not None and view.token is not None else ()
        steps = folded(view.steps) if view is not None else ()
        rows: tuple[Row, ...] = (*token, *steps)
        if rows == self._rows:
            return
        first, self._rows = not self._rows, rows
        self.resized_items()
        self.move_cursor(_start(rows) if first else _kept(rows, current, last=last), quiet=True)

    def length(self) -> int:
        return len(self._rows)

    def item_at(self, index: int) -> Row:
        return self._rows[index]

    def stamp(self, item: Row) -> Hashable:
        return self._first_of_phase(item)

    def _first_of_phase(self, item: Row) -> bool:
        index = next((at for at, row in enumerate(self._rows) if row is item), 0)
        before = step_of(self._rows[index - 1]) if index else None
        step = step_of(item)
        return step is None or before is None or before.phase is not step.phase

    def empty(self) -> Line:
        return ((" No step was taken so far.", "muted"),)

    def paint(self, item: Row, width: int, *, current: bool) -> Line:
        ink = "strong" if current else ""
        step = step_of(item)
        if step is None:
            return (("◆ ", "title"), ("Token and claims", ink or "title"))
        mark = mark_of(step)
        status = answer_status(step)
        # How long it took; of what took no time when it was, and of several when the last one was.
        alone = step.ms if isinstance(item, LoginStep) else None
        time = milliseconds(alone) if alone is not None else clock(step.at)
        line: list[Span] = [(f"{mark.glyph} ", mark.ink)]
        if width >= ROOMY:
            phase = PHASES[step.phase] if self._first_of_phase(item) else ""
            line.append((fit(phase, PHASE_WIDTH) + " ", "muted"))
        room = width - sum(cell_len(text) for text, _ in line) - STATUS_WIDTH - TIME_WIDTH - 2
        times = f" × {len(item.steps)}" if isinstance(item, Repeated) else ""
        title = one_line(step.title, 200)
        if times:
            title = fit(title, min(cell_len(title), max(1, room - len(times)))) + times
        line.append((fit(title, room), ink))
        line.append((fit(status, STATUS_WIDTH, right=True), "bad" if step.failed else "muted"))
        line.append((fit(time, TIME_WIDTH + 1, right=True), "muted"))
        return line


def _start(rows: tuple[Row, ...]) -> int:
    """The first thing that is wrong, else the token, else the first step."""
    failed = (index for index, row in enumerate(rows) if (step := step_of(row)) is not None and step.failed)
    return next(failed, 0)


def _kept(rows: tuple[Row, ...], current: Row | None, *, last: bool) -> int:
    step = step_of(current)
    if last and step is not None:
        return len(rows) - 1
    if step is None:
        return 0
    # A step is another object once it was judged, and another row once it is repeated.
    return next((index for index, row in enumerate(rows) if step.number in _numbers(row)), 0)


def _numbers(row: Row) -> list[int]:
    match row:
        case Repeated(steps):
            return [step.number for step in steps]
        case LoginStep():
            return [row.number]
        case TokenView():
            return []
