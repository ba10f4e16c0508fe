"""One call in one line: mark, tool, server, times, size, status.

Owns the words and columns of a call's head line. Never draws and reads no clock: ``now`` is given.
"""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len

from ..services.models import Json, JsonObject
from ..services.state.model import CallState, CallStatus
from ..services.state.text import one_line
from .call_notes import tried, waiting_words
from .ink import Span, fit, line_width
from .json_text import dumps

NAME: Final = 12
"""Cells of a name that are kept, whatever else there is to say."""
WIDE: Final = 40
"""Cells from which on a name gives some to the server's."""
SPINNER: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
MARKS: Final[dict[CallStatus, tuple[str, str]]] = {
    CallStatus.RUNNING: ("⠋", "accent"),
    CallStatus.SUCCESS: ("✓", "good"),
    CallStatus.TOOL_ERROR: ("✖", "warn"),
    CallStatus.FAILED: ("✖", "bad"),
    CallStatus.TIMED_OUT: ("✖", "bad"),
    CallStatus.CANCELLED: ("○", "muted"),
    CallStatus.NOT_FOUND: ("✖", "bad"),
    CallStatus.DENIED: ("⊘", "bad"),
    CallStatus.INVALID: ("✖", "warn"),
}


def duration_words(milliseconds: float | None) -> str:
    """``0.4 ms``, ``87 ms``, ``3.4 s``, ``2:05``; nothing for None."""
    if milliseconds is None:
        return ""
    if milliseconds < 10:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    return elapsed_words(milliseconds / 1000)


def elapsed_words(seconds: float) -> str:
    """Time since the start, to a tenth of a second below a minute."""
    seconds = max(0.0, seconds)
    if seconds < 60:
        return f"{int(seconds * 10) / 10:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def head_line(call: CallState, width: int, *, now: float, frame: int = 0, size: str = "") -> list[Span]:
    """The head line in ``width`` cells; columns on the right stand in the same place for every call."""
    mark, ink = MARKS[call.status]
    running = call.status is CallStatus.RUNNING
    if running:
        mark = SPINNER[frame % len(SPINNER)]
    time = elapsed_words(now - call.started_at) if running else duration_words(call.duration_ms)
    status = "x cancels" if running else call.status.value
    right: list[Span] = [(fit(time, 8, right=True), "accent" if running else "")]
    if width >= 56:
        right.append((fit(size, 10, right=True), "muted"))
    if width >= 32:
        right += [("  ", ""), (fit(status, 11), "muted" if running else ink)]
    room = max(4, width - line_width(right) - 3)
    tool = one_line(call.tool, 80) or "(no name)"
    said = _beside(call, room, cell_len(tool))
    name = fit(tool, min(cell_len(tool), room - cell_len(said) - 2 if said else room))
    left: list[Span] = [(mark + " ", ink), (name, "strong"), (fit("  " + said, room - cell_len(name)), "muted")]
    return [*left, (" ", ""), *right]


def _beside(call: CallState, room: int, name: int) -> str:
    """What stands after a name of ``name`` cells, in ``room`` cells together; the name may have to give some of them.

    What was done, and that it is kept or tried again, says more than whose it is: the server is left out first.
    """
    kept = "kept" if call.cached_at is not None else ""
    marks = " · ".join(
        word
        for word in (kind_word(call), "task" if call.task is not None else "", kept, tried(call), rounds_word(call))
        if word
    )
    server = one_line(call.instance or call.server, 60)
    whole = f"{marks} · {server}" if marks else server
    if name + 2 + cell_len(whole) <= room:
        return whole
    least = room - min(name, NAME) - 2
    if marks:
        return marks if cell_len(marks) <= least else ""
    return fit(whole, min(cell_len(whole), least)) if room > WIDE else ""


def rounds_word(call: CallState) -> str:
    """How often the server asked back before it answered."""
    return f"{call.rounds} rounds" if call.rounds > 1 else ""


def arguments_line(arguments: JsonObject, width: int) -> list[Span]:
    """Names and values on one line of ``width`` cells: as much as fits."""
    spans: list[Span] = []
    left = width
    for name, value in arguments.items():
        if left < 6:
            break
        if spans:
            spans.append((" · ", "muted"))
            left -= 3
        said = one_line(name, 40)
        text = one_line(value, 200) if isinstance(value, str) else dumps_short(value)
        spans.append((fit(f"{said} ", min(left, cell_len(said) + 1)), "muted"))
        left -= cell_len(said) + 1
        spans.append((fit(text, min(max(0, left), cell_len(text))), ""))
        left -= cell_len(text)
    return spans


def dumps_short(value: Json) -> str:
    """A value on one line, safe to show; of a large one only how large it is."""
    if isinstance(value, dict | list) and len(value) > 12:
        return f"{{{len(value)} members}}" if isinstance(value, dict) else f"[{len(value)} items]"
    return one_line(dumps(value)[:400], 200)


def kind_word(call: CallState) -> str:
    """What was done, where that was no call of a tool."""
    words = {"tools/call": "", "resources/read": "read", "prompts/get": "prompt", "calls/run": "many times"}
    return words.get(call.method, call.method)


def progress_line(call: CallState, width: int) -> list[Span] | None:
    """Bar, numbers and message of a running call, or what it waits for; None without any of it."""
    if call.waits:
        return [(fit(waiting_words(call), width).rstrip(), "warn" if call.waits == "permission" else "muted")]
    if call.progress is None and not call.message:
        return None
    spans: list[Span] = []
    room = width
    if call.progress is not None:
        if call.total and call.total > 0:
            cells = max(8, min(24, width // 3))
            part = min(1.0, max(0.0, call.progress / call.total))
            full = int(part * cells)
            spans += [("━" * full, "accent"), ("━" * (cells - full), "faint")]
            words = f" {_amount(call.progress)}/{_amount(call.total)}"
        else:
            words = f"{_amount(call.progress)} so far"
        spans.append((words, ""))
        room -= line_width(spans)
    if call.message and room > 6:
        spans.append((fit("  " * bool(spans) + one_line(call.message, 300), room), "muted"))
    return spans


def _amount(value: float) -> str:
    if isinstance(value, int) or float(value).is_integer():
        return str(int(value)) if abs(value) < 1e15 else f"{value:.3g}"
    return f"{value:.2f}" if abs(value) < 1e6 else f"{value:.3g}"
