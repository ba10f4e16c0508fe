"""What is to be known of a call beside its result: how often it was tried, where the answer came from, what is cut.

Owns these lines. Never measures anything: all of it stands in the call.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

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
    """Lines above a result; ``decided``: also which rule let it be made."""
    said = [word for word in (tried(call), cached(call)) if word]
    if call.instance and call.instance != call.server:
        said.append(f"answered by {one_line(call.instance, 60)}")
    if said:
        yield ((" · ".join(said), MUTED),)
    if decided and call.decision is not None and call.error is None:
        rule, source = one_line(call.decision.rule, 120), one_line(call.decision.source, 120)
        where = f"  {source}" if source and source != rule else ""
        yield (("allowed by ", MUTED), (rule or source, "$foreground"), (where if rule else "", MUTED))
    if decided and call.trace_id:
        yield ((f"trace {one_line(call.trace_id, 64)}", MUTED),)
    yield from _measured(call)
    yield from _problems(call, len(call.output_problems) if decided else PROBLEMS)


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
