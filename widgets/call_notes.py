"""What is to be known of a call beside its result: how often it was tried, where the answer came from, what is cut.

Owns these lines. Never measures anything: all of it stands in the call.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from ..services.models import Decision, Reach
from ..services.state.model import CallState
from ..services.state.spans import span
from ..services.state.text import one_line, visible
from .result_blocks import size_words

Note: TypeAlias = tuple[tuple[str, str], ...]
"""One line: (text, style), safe to show."""

PROBLEMS = 5
"""Places at which an answer does not fit its schema that are shown on a card."""
MUTED = "$text-muted"
WARNING = "$text-warning"
_WAITS = {
    "permission": "waits for permission",
    "a free place": "waits for a free place",
    "another try": "waits for another try",
}

_REACHES = {
    Reach.ONCE: "this once",
    Reach.SESSION: "this session",
    Reach.ARGUMENTS: "always for these arguments",
    Reach.ALWAYS: "always",
}


def waiting_words(call: CallState) -> str:
    """What a running call waits for; empty: it was sent."""
    return _WAITS.get(call.waits) or (f"waits for {one_line(call.waits, 60)}" if call.waits else "")


def tried(call: CallState) -> str:
    """``2nd try`` of one that was sent again."""
    count = call.attempts
    if count < 2:
        return ""
    teens = 10 <= count % 100 <= 20
    return f"{count}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(count % 10, 'th')} try"


def cached(call: CallState) -> str:
    """How old the answer was, of one that was kept."""
    if call.cached_at is None:
        return ""
    return f"kept answer, {span(round(max(0.0, call.started_at - call.cached_at)))} old"


def notes(call: CallState, *, decided: bool = False) -> Iterator[Note]:
    """Lines above a result; ``decided``: all that is known, also what the head of a card says, and by which rule."""
    said = [cached(call)]
    if decided:
        other = call.instance if call.instance != call.server else ""
        said = [tried(call), *said, f"answered by {one_line(other, 60)}" if other else ""]
    if any(said):
        yield ((" · ".join(word for word in said if word), MUTED),)
    if decided and call.decision is not None and call.error is None:
        rule, where = allowed_by(call.decision)
        yield (("allowed by ", MUTED), (rule, "$foreground"), (f"  {where}" if where else "", MUTED))
        if call.decision.unkept:
            yield ((f"! it could not be kept: {one_line(call.decision.unkept, 200)}", WARNING),)
    if decided and call.trace_id:
        yield ((f"trace {one_line(call.trace_id, 64)}", MUTED),)
    for how in call.answered[-3:]:
        yield ((f"a question was {one_line(how, 120)}", WARNING),)
    yield from _measured(call)
    yield from _problems(call, len(call.output_problems) if decided else PROBLEMS)


def allowed_by(decision: Decision) -> tuple[str, str]:
    """Who or what let a call be made, and where that stands or how far it reaches; safe to show.

    Where a person said yes, that let it be made, and not the rule by which they were asked.
    """
    if decision.reach is not None:
        return "you", _REACHES[decision.reach]
    rule, source = one_line(decision.rule, 120), one_line(decision.source, 120)
    return (rule or source), (source if rule and source != rule else "")


def _measured(call: CallState) -> Iterator[Note]:
    measured = call.measured
    if measured is None or not (measured.large or measured.truncated or measured.saved_to):
        return
    words: list[tuple[str, str]] = [(f"~{measured.tokens:,} tokens", WARNING if measured.large else MUTED)]
    if measured.truncated:
        words.append((f": a model would get {measured.limit:,}", WARNING))
    elif measured.large:
        words.append((", a lot for a model", MUTED))
    else:
        words.append((f", {size_words(measured.size)}", MUTED))
    yield tuple(words)
    if measured.saved_to:
        yield (("the whole is in ", MUTED), (visible(measured.saved_to).replace("\n", " "), "$foreground"))


def _problems(call: CallState, shown: int) -> Iterator[Note]:
    problems = call.output_problems
    if not problems:
        return
    yield (("! the structured content does not fit the tool's output schema", WARNING),)
    for problem in problems[:shown]:
        yield ((f"  {one_line(problem, 200)}", MUTED),)
    if len(problems) > shown:
        yield ((f"  … {len(problems) - shown:,} more", MUTED),)
