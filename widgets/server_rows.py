"""One row of the server list as spans: a server, or the head of a group of them.

Owns what stands where in a row and in its heading. Pure: a snapshot, the columns and the time give a line.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from ..services.models import Status
from ..services.state.model import ServerState
from .ink import Line, Span, fit
from .server_columns import STATUS_WIDTH, Columns, Facts
from .server_order import hits
from .status_marks import held_back, mark_of, needs_human, shown_name, status_words, wants_variables

TICK = "✓"
AUTO = "auto"
"""Its questions are answered without a person."""


@dataclass(frozen=True, slots=True)
class GroupHead:
    """The line above a group. ``usable`` of its ``count`` servers are connected; ``needing`` wait for somebody."""

    title: str
    count: int
    usable: int
    needing: int
    folded: bool


def heading(columns: Columns) -> Line:
    """The titles of the columns."""
    text = "   " + fit("name", columns.name)
    for column, width in columns.before:
        text += " " + fit(column.title, width)
    text += " " + fit("status", STATUS_WIDTH)
    for column, width in columns.after:
        text += " " + fit(column.title, width, right=column.right)
    return ((text, "muted"),)


def head_line(head: GroupHead, *, current: bool) -> Line:
    line: list[Span] = [
        ("▸ " if head.folded else "▾ ", "accent"),
        (head.title, "strong" if current else "title"),
        (f"  {head.count}", "muted"),
    ]
    if head.usable:
        line += [("  ● ", "good"), (str(head.usable), "muted")]
    if head.needing:
        line += [("  ▲ ", "warn"), (f"{head.needing} need{'s' if head.needing == 1 else ''} you", "warn")]
    return line


def server_line(
    server: ServerState, columns: Columns, facts: Facts, *, current: bool, ticked: bool, words: str
) -> Line:
    """A row; ``ticked``: it was chosen for what is done next. ``words`` of the filter are marked in its name."""
    mark = mark_of(server)
    line: list[Span] = [(mark.glyph, mark.ink), (TICK if ticked else " ", "match")]
    line += _name(server, columns.name, words, current=current, ticked=ticked)
    for column, width in columns.before:
        text, ink = column.cell(server, facts, width)
        line.append((" " + fit(text, width, right=column.right), ink))
    line.append((" ", ""))
    if not server.usable:
        return (*line, *_sentence(server, columns.wide, mark.ink, facts.now))
    held = held_back(server)
    line.append((fit("held back" if held else server.status.value, STATUS_WIDTH), "bad" if held else mark.ink))
    for column, width in columns.after:
        text, ink = column.cell(server, facts, width)
        line.append((" " + fit(text, width, right=column.right), ink))
    return line


def _name(server: ServerState, width: int, words: str, *, current: bool, ticked: bool) -> list[Span]:
    quiet = server.status in (Status.DISABLED, Status.REJECTED)
    ink = "strong" if current or ticked else "muted" if quiet else ""
    name = fit(shown_name(server), width)
    if server.answers and width - cell_len(shown_name(server)) > len(AUTO):  # nobody is asked about its questions
        room = width - len(AUTO)
        return [(fit(shown_name(server), room), ink), (AUTO, "accent")]
    found = hits(shown_name(server), words) if words else frozenset[int]()
    if not found:
        return [(name, ink)]
    spans: list[Span] = []
    for index, char in enumerate(name):
        own = "match" if index in found and char != "…" else ink
        if spans and spans[-1][1] == own:
            spans[-1] = (spans[-1][0] + char, own)
        else:
            spans.append((char, own))
    return spans


def _sentence(server: ServerState, width: int, ink: str, now: float) -> Line:
    """Status and reason across the columns that have nothing to say; ``↵`` where Enter helps."""
    words = status_words(server, now)
    if not needs_human(server) and server.status is not Status.FAILED and not wants_variables(server):
        return ((fit(words, width), ink),)
    return ((fit(words, width - 2), ink), (" ↵", "accent"))
