"""What a server's connections went through, line by line: each attempt, each phase of it, how long it took.

Owns the layout and one scale for all bars, so that attempts can be compared. Pure: phases, a width and the time give
lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..services.models import CONNECTED, WAITS, Phase, PhaseState
from ..services.state.model import ServerState
from ..services.state.spans import span
from ..services.state.text import one_line, visible
from .fact_lines import clock, dotted
from .ink import Line, Span, cropped, fit, wrapped

NAME, NARROW_NAME = 30, 22
TOOK = 9
LEAST_BAR = 10
"""Cells below which no bars are drawn."""
NARROW = 60
SAID = 6
"""Cells beside a bar from which on words are put there."""
_ENDS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
_INKS = {PhaseState.GOING: "accent", PhaseState.DONE: "good", PhaseState.FAILED: "bad", PhaseState.LEFT: "muted"}
_MARKS = {PhaseState.GOING: "◐", PhaseState.DONE: "✓", PhaseState.FAILED: "✖", PhaseState.LEFT: "○"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """The phases of one attempt to connect, in order; ``again``: numbers of those that repeat an earlier one."""

    generation: int
    phases: tuple[Phase, ...]
    again: frozenset[int]

    @property
    def began(self) -> float:
        return self.phases[0].since

    def ended(self, now: float) -> float:
        """When the last phase of connecting was over (monotonic); ``now``: of this attempt, where one goes on."""
        ends = [_end(phase, now) for phase in self.phases if self.placed(phase)]
        return max(ends, default=self.began)

    def placed(self, phase: Phase) -> bool:
        """It belongs to connecting, so it has a bar: what lasts or comes later would make all others invisible."""
        return phase.name not in (CONNECTED, WAITS, "close") and phase.id not in self.again


def attempts(timeline: Sequence[Phase]) -> list[Attempt]:
    """The latest first."""
    found: list[Attempt] = []
    for generation in sorted({phase.generation for phase in timeline}, reverse=True):
        phases = tuple(sorted((one for one in timeline if one.generation == generation), key=lambda one: one.id))
        names: set[str] = set()
        again: set[int] = set()
        for phase in phases:
            if phase.depth == 0 and phase.name in names:
                again.add(phase.id)
            names.add(phase.name)
        found.append(Attempt(generation, phases, frozenset(again)))
    return found


def timeline(server: ServerState, width: int, now: float) -> list[Line]:
    """The whole document; ``now`` is wall time."""
    found = attempts(server.timeline)
    if not found:
        return [(("Nothing happened yet", "strong"),), (("Its phases stand here once it connects.", "muted"),)]
    # Both clocks of the latest phase say where now is on the monotonic one.
    latest = max(server.timeline, key=lambda phase: phase.since)
    here = latest.since + max(0.0, now - latest.at)
    scale = max(max((one.ended(here) - one.began for one in found), default=0.0), 1e-6)
    many = f"{len(found)} attempt{'' if len(found) == 1 else 's'}"
    name = NARROW_NAME if width < NARROW else NAME
    bar = width - 2 - name - TOOK - 2
    said = f"the bars span {milliseconds(scale * 1000)}" if bar >= LEAST_BAR else ""
    lines: list[Line] = [((dotted(many, said), "muted"),)]
    for one in found:
        lines += _attempt(one, width, name, bar if bar >= LEAST_BAR else 0, scale, now, here)
    return lines


def goes_on(server: ServerState) -> bool:
    """A duration that is shown moves by the second."""
    return any(phase.state is PhaseState.GOING and phase.name != CONNECTED for phase in server.timeline[-8:])


def milliseconds(ms: float) -> str:
    """``0.4 ms``, ``38 ms``, ``1.25 s``, ``2 min 3 s``: as much as tells two phases apart."""
    if ms < 10:
        return f"{ms:.1f} ms"
    if ms < 1000:
        return f"{ms:.0f} ms"
    return f"{ms / 1000:.2f} s" if ms < 60_000 else span(round(ms / 1000))


def _end(phase: Phase, now: float) -> float:
    if phase.state is PhaseState.GOING:
        return max(now, phase.since)
    return phase.since + (phase.ms or 0.0) / 1000


def _attempt(one: Attempt, width: int, name: int, bar: int, scale: float, now: float, here: float) -> Iterator[Line]:
    yield ()
    words, ink = _outcome(one, here)
    title: list[Span] = [(f"Attempt {one.generation}" if one.generation else "Before", "title")]
    yield cropped((*title, (f"  {clock(one.phases[0].at)}  ", "muted"), (words, ink)), max(width, 24))
    told = ""
    for phase in one.phases:
        yield from _phase(one, phase, width, name, bar, scale, now, told)
        told = phase.said or told


def _outcome(one: Attempt, here: float) -> tuple[str, str]:
    """What came of it."""
    took = milliseconds((one.ended(here) - one.began) * 1000)
    stood = next((phase for phase in one.phases if phase.name == CONNECTED), None)
    if stood is not None:
        connected = f"connected in {milliseconds((stood.since - one.began) * 1000)}"
        if stood.state is PhaseState.GOING:
            return connected, "good"
        lost = "lost" if stood.state is PhaseState.FAILED else "left"
        return f"{connected}, {lost} after {milliseconds(stood.ms or 0.0)}", "warn" if lost == "lost" else "muted"
    last = one.phases[-1]
    if any(phase.state is PhaseState.FAILED for phase in one.phases):
        return f"failed after {took}", "bad"
    if last.state is PhaseState.GOING:
        return "under way", "accent"
    return ("not contacted", "muted") if len(one.phases) == 1 else ("given up", "muted")


def _phase(
    one: Attempt, phase: Phase, width: int, name: int, bar: int, scale: float, now: float, told: str
) -> Iterable[Line]:
    ink = _INKS[phase.state]
    label = "  " * phase.depth + one_line(phase.name, 60)
    if phase.id in one.again:
        label += f", again ×{phase.times}" if phase.times > 1 else ", again"
    took = _took(phase, now)
    line: list[Span] = [(f"{_MARKS[phase.state]} ", ink), (fit(label, name), ""), (fit(took, TOOK, right=True), "")]
    brief = (
        one_line(phase.said, 200) if phase.state in (PhaseState.DONE, PhaseState.GOING) or phase.name == WAITS else ""
    )
    room = width - 2 - name - TOOK - 2
    if bar and one.placed(phase) and (phase.ms is not None or phase.state is PhaseState.GOING):
        drawn = [*_bar(one, phase, bar, scale, now)]
        room -= sum(len(text) for text, _ in drawn)
        line += [("  ", ""), *drawn]
        if room > SAID:
            line.append((f" {fit(brief, room - 1)}", "muted"))
    else:
        repeated = phase.id in one.again
        when = f"{'at' if repeated else 'since'} {clock(phase.at)}" if repeated or phase.name == CONNECTED else ""
        words = dotted(when, brief)
        line.append((f"  {fit(words if len(words) <= room else when or brief, max(0, room))}", "muted"))
    yield cropped(line, width)
    if not brief and phase.said and phase.said != told:
        for text in wrapped(visible(phase.said), width - 4):
            yield (("    ", ""), (text, "bad" if phase.state is PhaseState.FAILED else "muted"))


def _took(phase: Phase, now: float) -> str:
    if phase.name == CONNECTED and phase.state is PhaseState.GOING:
        return ""
    if phase.state is PhaseState.GOING:
        return milliseconds(max(0.0, now - phase.at) * 1000)
    return "" if phase.ms is None else milliseconds(phase.ms)


def _bar(one: Attempt, phase: Phase, width: int, scale: float, now: float) -> Iterator[Span]:
    """Blank up to its beginning, then as long as it took, at least a sliver."""
    length = (phase.ms or 0.0) / 1000 if phase.state is not PhaseState.GOING else max(0.0, now - phase.at)
    eighths = width * 8
    first = min(eighths - 1, int((phase.since - one.began) / scale * eighths)) // 8 * 8
    last = min(eighths, max(first + 1, round((phase.since - one.began + length) / scale * eighths)))
    full, rest = divmod(last - first, 8)
    yield (" " * (first // 8), "")
    yield ("█" * full + _ENDS[rest], _INKS[phase.state])
