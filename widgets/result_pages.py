"""The faces of one result on the whole screen: rendered, as a tree, as raw messages, as a difference.

Owns what stands on each. Never moves between them, and asks for nothing: what they show is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from anyio import to_thread
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from ..services.models import JsonObject
from ..services.state.model import CallState
from ..services.state.text import one_line
from .call_words import duration_words
from .found_in_pages import FoundInPages
from .ink import Line, wrapped
from .inked_lines import InkedLines
from .json_diff import Comparison, compare, difference_lines
from .json_view import TextLines
from .raw_words import RawMessage, RawMessages, message_lines, raw_blocks, raw_lines
from .result_blocks import Remark
from .result_data import compared_of
from .result_view import ResultView

AT_ONCE = 100_000
"""Bytes of a message that are laid out on the loop's thread."""


class Page(VerticalScroll):
    """One face that scrolls, in whose texts words can be found."""

    DEFAULT_CSS = """
    Page { height: 1fr; scrollbar-size-vertical: 1; padding: 0 1; }
    Page > .remark { height: auto; width: 1fr; color: $text-muted; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._found = FoundInPages(self)

    async def find(self, pattern: re.Pattern[str] | None, told: Callable[[int], None]) -> int:
        return await self._found.find(pattern, told)

    def show_match(self, number: int) -> None:
        self._found.show_match(number)

    def nearest(self) -> int:
        return self._found.nearest()


class RenderedPage(Page):
    """The result as a person reads it."""

    def __init__(self, call: CallState, *, given: JsonObject | None = None, plain: bool = False) -> None:
        super().__init__()
        arguments = given is None and (bool(call.arguments) or call.method == "tools/call")
        self.view = ResultView(call, arguments=arguments, given=given, plain=plain)

    def compose(self) -> ComposeResult:
        yield self.view


class RawPage(Page):
    """The messages of the call as they passed."""

    def __init__(self, raw: RawMessages) -> None:
        super().__init__()
        self._raw = raw

    def compose(self) -> ComposeResult:
        for block in raw_blocks(self._raw):
            match block:
                case Remark(parts):
                    yield Static(Content.assemble(*parts), classes="remark")
                case RawMessage() if len(block.data) <= AT_ONCE:
                    yield raw_lines(block, message_lines(block))
                case RawMessage():
                    lines = raw_lines(block, ["laying out …"])
                    self.run_worker(self._lay_out(lines, block), exit_on_error=False)
                    yield lines

    async def _lay_out(self, lines: TextLines, message: RawMessage) -> None:
        lines.show(await to_thread.run_sync(message_lines, message))


class DiffPage(Page):
    """How the result of ``call`` differs from that of ``other``; None: there is none to compare with."""

    def __init__(self, call: CallState, other: CallState | None, place: str = "") -> None:
        super().__init__()
        self._call = call
        self._other = other
        self._place = place
        self._lines = InkedLines(self._told)
        self._comparison: Comparison | None = None
        self.words = ""

    def compose(self) -> ComposeResult:
        yield self._lines

    def text(self) -> str:
        """All of it for the clipboard."""
        return "\n".join("".join(text for text, _ in line).rstrip() for line in self._told(120))

    def on_mount(self) -> None:
        if self._other is not None:
            self.run_worker(self._compare(self._other), exclusive=True, exit_on_error=False)

    async def _compare(self, other: CallState) -> None:
        work = partial(compare, compared_of(other), compared_of(self._call))
        self._comparison = await to_thread.run_sync(work)
        await self._lines.remove()
        self._lines = InkedLines(self._told)
        await self.mount(self._lines)

    def _told(self, width: int) -> list[Line]:
        call, other = self._call, self._other
        if other is None:
            words = "There is no other finished call of it to compare with. Call it again: r among the calls."
            return [((text, "muted"),) for text in wrapped(words, width)]
        lines: list[Line] = []
        for sign, ink, one in (("− ", "bad", other), ("+ ", "good", call)):
            lines.append(((sign, ink), (moment_of(one), ""), (f"  {facts_of(one)}", "muted")))
        if self._place:
            lines.append(((f"  {self._place}", "muted"),))
        if other.arguments != call.arguments:
            lines += [(), (("The arguments differ", "strong"),)]
            for one in compare(dict(other.arguments), dict(call.arguments)).differences:
                lines += difference_lines(one, width)
        lines.append(())
        done = self._comparison
        if done is None:
            return [*lines, (("comparing …", "muted"),)]
        if not done.differences:
            said = "No difference in what was compared." if done.unread else "The results are the same."
            return [*lines, ((said, "good"),)]
        count = f"{len(done.differences):,}{' or more' if done.more else ''}"
        lines.append(((f"{count} {'difference' if len(done.differences) == 1 else 'differences'}", "strong"),))
        if done.unread and not done.more:
            lines.append(((f"only the first {done.compared:,} values were compared", "warn"),))
        for one in done.differences:
            lines.append(())
            lines += difference_lines(one, width)
        return lines


def moment_of(call: CallState) -> str:
    """When a call was made."""
    import time

    return time.strftime("%H:%M:%S", time.localtime(call.started_at))


def facts_of(call: CallState) -> str:
    """Status and duration."""
    facts = (call.status.value, duration_words(call.duration_ms), one_line(call.instance or call.server, 40))
    return " · ".join(fact for fact in facts if fact)
