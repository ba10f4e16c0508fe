"""The tool list: the tools of one server, narrowed by a filter.

Owns the filter line and the rows. Posts ``ToolList.Highlighted`` and ``ToolList.Chosen`` with the tool;
never calls one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input, Static

from ..services.models import Status, Tool
from ..services.state.model import ServerState
from ..services.state.text import one_line
from .call_facts import definitions
from .ink import Line, Span, cropped, fit, line_width
from .line_input import LineInput
from .server_offer import is_cached
from .virtual_list import VirtualList

NAME_SHARE = 0.45
NAME_LEAST = 10
COST_FROM = 44
"""Cells from which on there is room for what a definition costs."""
COST = 7


def first_line(text: str) -> str:
    """The first line of a description that says something, on one line."""
    for line in text.splitlines():
        shown = one_line(line)
        if shown:
            return shown
    return ""


class Haystack:
    """Case-folded search text of a list of tools, made once a list."""

    __slots__ = ("_texts", "tools")

    def __init__(self, tools: tuple[Tool, ...]) -> None:
        self.tools = tools
        self._texts: list[str] | None = None

    def matching(self, words: str) -> tuple[Tool, ...]:
        """The tools that hold every word; those with all words in the name come first."""
        needles = words.casefold().split()
        if not needles:
            return self.tools
        if self._texts is None:
            self._texts = [f"{t.name}\n{t.label}\n{t.description}".casefold() for t in self.tools]
        found = [tool for tool, text in zip(self.tools, self._texts, strict=True) if all(n in text for n in needles)]
        named = [tool for tool in found if _holds(tool.name, needles)]
        return (*named, *(tool for tool in found if not _holds(tool.name, needles)))


def _holds(name: str, needles: Iterable[str]) -> bool:
    folded = name.casefold()
    return all(needle in folded for needle in needles)


def marked(name: str, words: str) -> list[Span]:
    """``name`` with the first place of each word of the filter in the match ink."""
    folded = name.casefold()
    if len(folded) != len(name):  # folding moved the places; better no mark than a wrong one
        return [(name, "")]
    hit = bytearray(len(name))
    for needle in words.casefold().split():
        start = folded.find(needle)
        if start >= 0:
            hit[start : start + len(needle)] = b"\x01" * len(needle)
    spans: list[Span] = []
    for index, char in enumerate(name):
        ink = "match" if hit[index] else ""
        if spans and spans[-1][1] == ink:
            spans[-1] = (spans[-1][0] + char, ink)
        else:
            spans.append((char, ink))
    return spans


class ToolRows(VirtualList[Tool]):
    """The lines of the list: name, the first line of the description, and what the definition costs in tokens."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._tools: tuple[Tool, ...] = ()
        self._names = 0
        self._costs = False
        self._words = ""
        self._hint = ""

    def present(self, tools: tuple[Tool, ...], words: str, hint: str) -> None:
        """Show ``tools`` found with the filter ``words``; ``hint`` stands there when there are none."""
        same = tools is self._tools
        self._words, self._hint = words, hint
        if not same:
            keep = self.current
            self._tools = tools
            self._costs = any(tool.size for tool in tools)
            self._names = max((cell_len(one_line(tool.name)) for tool in tools), default=0)
            index = next((i for i, tool in enumerate(tools) if keep is not None and tool.name == keep.name), 0)
            self.resized_items()
            self.move_cursor(index, quiet=True)
        self.refresh()

    def length(self) -> int:
        return len(self._tools)

    def item_at(self, index: int) -> Tool:
        return self._tools[index]

    def stamp(self, item: Tool) -> Hashable:
        return (self._words, self._names, self._costs)

    def empty(self) -> Line:
        return ((f"  {self._hint}", "muted"),)

    def paint(self, item: Tool, width: int, *, current: bool) -> Line:
        share = max(NAME_LEAST, int(width * NAME_SHARE))
        names = min(self._names, share)
        name = fit(one_line(item.name), names)
        line: list[Span]
        if self._words:
            line = [(text, ink or ("strong" if current else "")) for text, ink in marked(name, self._words)]
        else:
            line = [(name, "strong" if current else "")]
        if item.excluded is not None:
            return cropped((*line, ("  ✖ ", "bad"), (one_line(item.excluded), "muted")), width - 1)
        if item.problems:
            line.append((" ▲", "warn"))
        else:
            line.append(("  ", ""))
        label = "" if item.label == item.name else one_line(item.label)
        line.append((first_line(item.description) or label, "muted"))
        if not self._costs or width < COST_FROM:
            return cropped(line, width - 1)
        room = width - 1 - COST
        kept = cropped(line, room)
        tokens = f"~{item.tokens:,}" if item.size else ""
        return (*kept, (" " * (room - line_width(kept)), ""), (fit(tokens, COST, right=True), "muted"))


class FilterInput(LineInput):
    """One borderless line; Esc, Enter and the arrows hand over to the rows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave(True)", "Clear", show=False),
        Binding("enter,down", "leave(False)", "To the list", show=False),
    ]

    class Left(Message):
        def __init__(self, clear: bool) -> None:
            super().__init__()
            self.clear = clear

    def action_leave(self, clear: bool) -> None:
        self.post_message(self.Left(clear))


class ToolList(Vertical):
    """Filter line (only while in use) above the rows."""

    DEFAULT_CSS = """
    ToolList { height: 1fr; }
    ToolList #filter { display: none; height: 1; background: $surface; }
    ToolList.-filtering #filter { display: block; }
    ToolList #filter Static { width: 2; color: $primary; text-style: bold; }
    ToolList FilterInput, ToolList FilterInput:focus {
        width: 1fr; height: 1; border: none; padding: 0; background: transparent; background-tint: transparent;
    }
    """

    server: reactive[ServerState | None] = reactive[ServerState | None](None)

    class Highlighted(Message):
        """Another tool is under the cursor; None when the list is empty."""

        def __init__(self, server: str, tool: Tool | None) -> None:
            super().__init__()
            self.server = server
            self.tool = tool

    class Chosen(Message):
        def __init__(self, server: str, tool: Tool) -> None:
            super().__init__()
            self.server = server
            self.tool = tool

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._input = FilterInput(placeholder="filter tools", compact=True)
        self._rows = ToolRows(id="tool-rows")
        self._haystack = Haystack(())
        self._shown: tuple[Tool, ...] = ()

    def compose(self) -> ComposeResult:
        with Horizontal(id="filter"):
            yield Static("/ ")
            yield self._input
        yield self._rows

    @property
    def rows(self) -> ToolRows:
        return self._rows

    @property
    def current(self) -> Tool | None:
        return self._rows.current

    @property
    def filter(self) -> str:
        return self._input.value

    def on_mount(self) -> None:
        self._present()

    def watch_server(self, old: ServerState | None, new: ServerState | None) -> None:
        if (old.id if old else None) != (new.id if new else None):
            self._rows.move_cursor(0, quiet=True)
            self.clear_filter()
        if old is None or new is None or old.tools is not new.tools or _shown_of(old) != _shown_of(new):
            self._present()

    def open_filter(self) -> None:
        self.add_class("-filtering")
        self._input.focus()

    def clear_filter(self) -> bool:
        """End filtering; False when there was nothing to end."""
        was = self.has_class("-filtering")
        self.remove_class("-filtering")
        self._input.value = ""
        return was

    def show(self, tool: str) -> None:
        """Put the cursor on a tool by name, without a filter in the way."""
        self.clear_filter()
        self._present()
        index = next((i for i, known in enumerate(self._shown) if known.name == tool), None)
        if index is not None:
            self._rows.move_cursor(index, quiet=True)
            self._highlighted()

    @on(Input.Changed)
    def _filter_changed(self, event: Input.Changed) -> None:
        event.stop()
        before = self.current
        self._present()
        if self.current is not before and self.has_class("-filtering"):
            self._highlighted()

    @on(FilterInput.Left)
    def _filter_left(self, event: FilterInput.Left) -> None:
        event.stop()
        if event.clear or not self._input.value:
            self.clear_filter()
        self._rows.focus()

    @on(VirtualList.Highlighted)
    def _row_highlighted(self, event: VirtualList.Highlighted) -> None:
        event.stop()
        self._highlighted()

    @on(VirtualList.Chosen)
    def _row_chosen(self, event: VirtualList.Chosen) -> None:
        event.stop()
        tool = self.current
        if tool is not None and self.server is not None:
            self.post_message(self.Chosen(self.server.id, tool))

    def _highlighted(self) -> None:
        if self.server is not None:
            self.post_message(self.Highlighted(self.server.id, self.current))

    def _present(self) -> None:
        tools = (self.server.tools if self.server is not None else None) or ()
        if tools is not self._haystack.tools:
            self._haystack = Haystack(tools)
        self._shown = self._haystack.matching(self._input.value)
        self._rows.present(self._shown, self._input.value, self._hint())
        self._title(len(tools))

    def _hint(self) -> str:
        server = self.server
        if server is None:
            return ""
        if self._input.value:
            return "no tool matches"
        match server.status:
            case Status.CONNECTED | Status.DEGRADED if server.tools is None:
                return "listing…"
            case Status.CONNECTED | Status.DEGRADED:
                return "this server offers no tools"
            case Status.CONNECTING | Status.WAITING | Status.RECONNECTING:
                return "not connected yet"
            case _:
                return "not connected"

    def _title(self, total: int) -> None:
        count = f"{len(self._shown):,}/{total:,}" if self._input.value else f"{total:,}" if total else ""
        cached = (" · cached", "$text-muted not bold") if self.server is not None and is_cached(self.server) else ""
        self.border_title = Content.assemble(" ".join(part for part in ("Tools", count) if part), cached)
        cost = definitions(self.server) if self.server is not None else None
        self.border_subtitle = Content(f"~{cost.tokens:,} tokens (estimate)" if cost is not None else "")


def _shown_of(server: ServerState) -> tuple[object, ...]:
    """What the list tells of a server beside its tools."""
    return server.status, server.freshness.get("tools/list"), server.instructions
