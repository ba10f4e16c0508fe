"""An examination, line by line: what was looked at, how it went, what to do about it.

Owns the wording around the checks and their layout. Pure: checks and a width give lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.cells import cell_len

from ..services.models import Check, CheckState
from ..services.state.model import ServerState
from ..services.state.text import one_line, visible
from .fact_lines import dotted
from .ink import Line, Span, cropped, fit, wrapped
from .timeline_lines import milliseconds

TITLE = 34
TOOK = 9
WIDE = 84
"""Cells from which on what was found stands in a column of its own."""
MARKS: dict[CheckState, tuple[str, str]] = {
    CheckState.RUNNING: ("◐", "accent"),
    CheckState.OK: ("✓", "good"),
    CheckState.WARN: ("▲", "warn"),
    CheckState.FAIL: ("✖", "bad"),
    CheckState.SKIP: ("–", "muted"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """An examination of one server; ``runs``: it is not over. ``given_up``: a person ended it."""

    server: str
    checks: tuple[Check, ...] = ()
    runs: bool = False
    given_up: bool = False

    def told(self, check: Check) -> Examined:
        """With ``check`` in its place; one that is not known yet comes last."""
        known = any(one.id == check.id for one in self.checks)
        checks = tuple(check if one.id == check.id else one for one in self.checks) if known else (*self.checks, check)
        return Examined(self.server, checks, self.runs, self.given_up)


def examination(examined: Examined | None, server: ServerState | None, width: int) -> list[Line]:
    """The whole document; ``examined`` None: nobody looked yet."""
    if examined is None:
        return list(_invitation(server, width))
    lines: list[Line] = [*_verdict(examined, width), ()]
    for check in examined.checks:
        lines += _check(check, width)
    return lines


def _invitation(server: ServerState | None, width: int) -> Iterable[Line]:
    name = one_line(server.id, 40) if server is not None else "a server"
    yield (("Connection doctor", "title"),)
    yield ()
    what = "its entry and variables, policy and approval, then the program or the way to the address"
    told = (
        f"C examines {name}, step by step: {what} (name, TCP, TLS, proxy), login, handshake, lists, ping.",
        "It stops at the first failure that makes the rest meaningless, and says what to do about it.",
        "What must not be contacted is not. A connection that stands is left alone: another is opened beside it.",
    )
    for paragraph in told:
        for text in wrapped(paragraph, width):
            yield ((text, ""),)
        yield ()


def _verdict(examined: Examined, width: int) -> Iterable[Line]:
    """How it stands, in one line."""
    checks = examined.checks
    failed = next((check for check in checks if check.state is CheckState.FAIL), None)
    warned = sum(1 for check in checks if check.state is CheckState.WARN)
    took = sum(check.ms or 0.0 for check in checks)
    done = [check for check in checks if check.state is not CheckState.RUNNING]
    many = f"{len(done)} check{'' if len(done) == 1 else 's'} in {milliseconds(took)}"
    if examined.runs:
        words, ink, said = "Examining …", "accent", f"{len(done)} checks so far · Esc stops it"
    elif failed is not None:
        words, ink, said = f"Failed: {failed.title}", "bad", many
    elif examined.given_up:
        words, ink, said = "Stopped", "muted", many
    elif warned:
        words, ink, said = f"It works, with {warned} remark{'' if warned == 1 else 's'}", "warn", many
    else:
        words, ink, said = "All is well", "good", many
    glyph = MARKS[_as_state(examined, failed, warned)][0]
    said = said if examined.runs else dotted(said, "y copies")
    told: Line = ((f"{glyph} ", ink), (words, "strong"), ("  ", ""), (said, "muted"))
    yield cropped(told, width)


def _as_state(examined: Examined, failed: Check | None, warned: int) -> CheckState:
    if examined.runs:
        return CheckState.RUNNING
    if failed is not None:
        return CheckState.FAIL
    if examined.given_up:
        return CheckState.SKIP
    return CheckState.WARN if warned else CheckState.OK


def _check(check: Check, width: int) -> Iterable[Line]:
    glyph, ink = MARKS[check.state]
    grave = check.state in (CheckState.FAIL, CheckState.WARN)
    took = milliseconds(check.ms) if check.ms is not None and check.ms >= 0.05 else ""
    details = visible(check.detail).split("\n") if check.detail else []
    # In columns where there is room; else what was found stands behind its title as far as it fits.
    column = TITLE if width >= WIDE else min(width - 4 - TOOK, cell_len(check.title) + 1)
    room = width - 2 - column - 1 - TOOK
    line: list[Span] = [(f"{glyph} ", ink), (fit(check.title, column), "strong" if grave else "")]
    beside = not grave and details and cell_len(details[0]) <= room
    line.append((fit(f" {details.pop(0)}" if beside else "", room + 1), "muted"))
    line.append((fit(took, TOOK, right=True), "muted"))
    yield cropped(line, width)
    for detail in details:
        for text in wrapped(detail, width - 4):
            yield (("    ", ""), (text, ("bad" if check.state is CheckState.FAIL else "") if grave else "muted"))
    for index, text in enumerate(wrapped(visible(check.remedy), width - 6) if check.remedy else ()):
        yield (("    " + ("→ " if not index else "  "), "accent"), (text, "accent"))
    if grave and check.source:
        yield (("    ", ""), (fit(f"see {check.source}", width - 4), "muted"))
