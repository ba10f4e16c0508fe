"""The steps of a login, one line each, and above them the token they led to.

Owns the columns and the marks. What an exchange consisted of stands in ``auth_detail``.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeAlias

from rich.cells import cell_len

from ..services.models import AuthView, LoginPhase, LoginStep, TokenView
from ..services.state.text import one_line
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
ROOMY = 44
"""Cells from which there is room for the phase."""

Row: TypeAlias = "LoginStep | TokenView"


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
        steps = view.steps if view is not None else ()
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
        return self._first_of_phase(item) if isinstance(item, LoginStep) else None

    def _first_of_phase(self, step: LoginStep) -> bool:
        steps = [row for row in self._rows if isinstance(row, LoginStep)]
        index = next((at for at, one in enumerate(steps) if one is step), 0)
        return index == 0 or steps[index - 1].phase is not step.phase

    def empty(self) -> Line:
        return ((" No step was taken so far.", "muted"),)

    def paint(self, item: Row, width: int, *, current: bool) -> Line:
        ink = "strong" if current else ""
        if isinstance(item, TokenView):
            return (("◆ ", "title"), ("Token and claims", ink or "title"))
        mark = mark_of(item)
        status = answer_status(item)
        took = milliseconds(item.ms) if item.ms is not None else ""
        line: list[Span] = [(f"{mark.glyph} ", mark.ink)]
        if width >= ROOMY:
            phase = PHASES[item.phase] if self._first_of_phase(item) else ""
            line.append((fit(phase, PHASE_WIDTH) + " ", "muted"))
        room = width - sum(cell_len(text) for text, _ in line) - STATUS_WIDTH - TIME_WIDTH - 1
        line.append((fit(one_line(item.title, 200), room), ink))
        line.append((fit(status, STATUS_WIDTH, right=True), "bad" if item.failed else "muted"))
        line.append((fit(took, TIME_WIDTH, right=True), "muted"))
        return line


def _start(rows: tuple[Row, ...]) -> int:
    """The first thing that is wrong, else the token, else the first step."""
    return next((index for index, row in enumerate(rows) if isinstance(row, LoginStep) and row.failed), 0)


def _kept(rows: tuple[Row, ...], current: Row | None, *, last: bool) -> int:
    if last and isinstance(current, LoginStep):
        return len(rows) - 1
    if isinstance(current, TokenView):
        return 0
    # a step is another object once it was judged
    number = current.number if current is not None else -1
    found = (index for index, row in enumerate(rows) if isinstance(row, LoginStep) and row.number == number)
    return next(found, 0)
