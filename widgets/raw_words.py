"""The messages of a call as they passed the transport: what is known of one, and its lines on the screen.

Owns their wording. Never decodes one: the bytes are shown as they were, made visible.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from ..services.state.text import one_line
from .json_view import TextLines
from .result_blocks import Remark, remark, size_words
from .text_rows import lines_of

DIRECTIONS = {True: "→ sent", False: "← received"}


@dataclass(frozen=True, slots=True)
class RawMessage:
    """One message; ``time`` is wall time (s), ``dropped`` counts bytes that are not kept of its middle."""

    time: float
    sent: bool
    kind: str
    id: int | str | None
    method: str | None
    data: bytes
    dropped: int = 0
    label: str = ""


@dataclass(frozen=True, slots=True)
class RawMessages:
    """The messages of a call, oldest first; ``why`` there are none, or what is missing or not certain."""

    messages: tuple[RawMessage, ...] = ()
    why: str = ""


def raw_blocks(raw: RawMessages) -> Iterator[Remark | RawMessage]:
    """What stands in the view: remarks of ours, and messages."""
    if raw.why:
        yield remark((raw.why, "$text-warning"))
    for number, message in enumerate(raw.messages):
        if number or raw.why:
            yield remark("")
        yield _head(message)
        yield message
        if message.dropped:
            yield remark((f"{message.dropped:,} bytes of the middle are not kept", "$text-warning"))


def message_lines(message: RawMessage) -> list[str]:
    """The text of a message, safe to show: a line of it is a line."""
    return lines_of(message.data.decode("utf-8", "replace"))


def raw_text(raw: RawMessages) -> str:
    """All messages for the clipboard, each on its own lines as it was."""
    return "\n".join(message.data.decode("utf-8", "replace") for message in raw.messages)


def raw_lines(message: RawMessage, lines: list[str], *, max_rows: int | None = None, more: str = "") -> TextLines:
    """The widget that draws a message."""
    return TextLines(lines, json=message.kind != "malformed", max_rows=max_rows, more=more)


def _head(message: RawMessage) -> Remark:
    seconds = time.strftime("%H:%M:%S", time.localtime(message.time))
    stamp = f"{seconds}.{int(message.time * 1000) % 1000:03}"
    size = size_words(len(message.data) + message.dropped)
    named = one_line(message.method or "", 80)
    facts = [f"id {one_line(str(message.id), 60)}" if message.id is not None else "", size, one_line(message.label, 80)]
    return remark(
        (DIRECTIONS[message.sent], "bold $primary" if message.sent else "bold $text-success"),
        f"  {stamp}  ",
        (message.kind, "$foreground"),
        f" {named}" if named else "",
        "  " + " · ".join(fact for fact in facts if fact),
    )
