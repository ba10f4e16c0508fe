"""The one-line header: product, how the servers are, and what waits for a person.

Owns the summary counts and the badges. Posts ``HeaderBar.Pressed`` when a badge is clicked.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.reactive import reactive, var
from textual.strip import Strip
from textual.widget import Widget

from ..services.models import Status
from ..services.state.model import CallState, CallStatus, McpState, PromptState
from .ink import INK_CLASSES, INK_CSS, InkWell, Line, Span, line_width

GROUPS: tuple[tuple[tuple[Status, ...], str, str, str], ...] = (
    ((Status.NEEDS_AUTH, Status.PENDING_APPROVAL), "▲", "warn", "need you"),
    ((Status.FAILED, Status.NOT_CONFIGURED), "✖", "bad", "failed"),
    ((Status.BLOCKED,), "■", "bad", "blocked"),
    ((Status.RECONNECTING,), "↻", "warn", "reconnecting"),
    ((Status.CONNECTING, Status.WAITING), "◐", "accent", "connecting"),
)

NEVER = (Status.DISABLED, Status.REJECTED, Status.BLOCKED)
"""Statuses of servers that nobody waits for."""


class HeaderBar(Widget):
    """Draws counts from ``mcp``, badges from ``calls`` and ``prompts``."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {*INK_CLASSES, "header-bar--badge"}
    DEFAULT_CSS = (
        "HeaderBar { height: 1; background: $surface; color: $foreground; }\n"
        "HeaderBar {" + INK_CSS + ".header-bar--badge { background: $warning; color: $background; text-style: bold; } }"
    )

    mcp: var[McpState] = var(McpState())
    """Not reactive: most changes of a server leave the counts as they are."""
    calls: reactive[tuple[CallState, ...]] = reactive[tuple[CallState, ...]](())
    prompts: reactive[tuple[PromptState, ...]] = reactive[tuple[PromptState, ...]](())

    class Pressed(Message):
        """A badge was clicked; ``action`` is an action id."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, version: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._version = version
        self._inks = InkWell(self)
        self._badges: list[tuple[int, int, str]] = []
        self._counts: Counter[Status] = Counter()

    def watch_mcp(self, old: McpState, new: McpState) -> None:
        counts = Counter([server.status for server in new.servers.values()])
        if counts != self._counts:
            self._counts = counts
            self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._inks.clear()

    def on_click(self, event: events.Click) -> None:
        for start, end, action in self._badges:
            if start <= event.x < end:
                self.post_message(self.Pressed(action))
                return

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        question, running = self._question_badge(), self._running_badge()
        right_width = line_width(question) + line_width(running)
        left = self._left(width - right_width - 1)
        gap = max(0, width - line_width(left) - right_width)
        start = width - right_width
        self._badges = [
            (start, start + line_width(running), "calls"),
            (start + line_width(running), width, "answer"),
        ]
        base = self._inks.strip((*left, (" " * gap, ""), *running), width - line_width(question))
        if not question:
            return base
        badge = self.get_component_rich_style("header-bar--badge")
        return Strip([*base, *(Segment(text, badge) for text, _ in question)])

    def _left(self, room: int) -> list[Span]:
        counts = self._counts
        servers = counts.total()
        up = counts[Status.CONNECTED] + counts[Status.DEGRADED]
        active = servers - sum(counts[status] for status in NEVER)
        line: list[Span] = [(" mcpdeck", "title"), (f" {self._version}", "muted")]
        if servers:
            connected: Line = (("   ", ""), (f"● {up}/{active}", "good" if up else "muted"), (" connected", ""))
            if line_width(line) + line_width(connected) > room:  # counts before words, and both before the version
                line.pop()
                connected = connected if line_width(line) + line_width(connected) <= room else connected[:2]
            line += connected
        for statuses, glyph, ink, word in GROUPS:
            count = sum(counts[status] for status in statuses)
            if count:
                words = "needs you" if word == "need you" and count == 1 else word
                part: Line = (("   ", ""), (f"{glyph} {count}", ink), (f" {words}", ""))
                if line_width(line) + line_width(part) <= room:
                    line += part
        return line

    def _running_badge(self) -> Line:
        running = sum(1 for call in self.calls if call.status is CallStatus.RUNNING)
        return ((f"▶ {running} running  ", "accent"),) if running else ()

    def _question_badge(self) -> Line:
        count = len(self.prompts)
        if not count:
            return ()
        word = "question" if count == 1 else "questions"
        return ((f" ? {count} {word} · w ", ""),)
