"""One step of a login in full: what was sent and answered, what was expected, what is wrong and how it is mended.

Owns the layout, and the rows that a cursor can stand on to reveal or copy one value. Never knows a secret: what is
revealed is handed in, and what is not is drawn as the snapshot masks it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message

from ..services.models import ExchangeSide, LoginStep, ShownField, Verdict
from ..services.state.text import one_line, visible
from .auth_steps import mark_of
from .fact_lines import clock
from .ink import Line, Span, fit, line_width, wrapped
from .status_marks import milliseconds
from .virtual_list import VirtualList

NAME = 26
"""Most cells of the column of names; a longer one stands on a line of its own."""
VALUE = 16_384
"""Most characters of one value that are laid out."""
TELLING = frozenset(
    {
        "authorization",
        "dpop",
        "dpop-nonce",
        "www-authenticate",
        "location",
        "content-type",
        "cache-control",
        "set-cookie",
    }
)
"""Headers that say something about a login; the others stand below them."""


@dataclass(frozen=True, slots=True, eq=False)
class DetailRow:
    """A line. ``copies``: the whole text that it is part of; ``secret``: the key of a value that can be revealed.

    ``hidden``: it is masked right now.
    """

    line: Line
    copies: str = ""
    secret: str = ""
    hidden: bool = False


class DetailRows(VirtualList[DetailRow]):
    """Rows of one step; Enter asks to reveal or hide, ``n`` goes to what may be, ``y`` asks to copy."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", show=False),
        Binding("n", "next_masked", "Next masked value", show=False),
    ]

    class CopyRequested(Message):
        """What the row under the cursor is part of should be copied."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._rows: tuple[DetailRow, ...] = ()

    def present(self, rows: Iterable[DetailRow], *, top: bool) -> None:
        """Other rows; ``top``: of another step, so from its beginning."""
        self._rows = tuple(rows)
        self.resized_items()
        if top:
            self.move_cursor(0, quiet=True)
            self.scroll_home(animate=False)

    def length(self) -> int:
        return len(self._rows)

    def item_at(self, index: int) -> DetailRow:
        return self._rows[index]

    def paint(self, item: DetailRow, width: int, *, current: bool) -> Line:
        if not (current and self.has_focus and item.secret):
            return item.line
        words = "Enter shows it" if item.hidden else "Enter hides it"
        room = width - line_width(item.line) - len(words) - 1
        return (*item.line, (" " * max(1, room) + words, "accent"))

    @property
    def masks(self) -> bool:
        """There is something to reveal or to hide."""
        return any(row.secret for row in self._rows)

    def action_next_masked(self) -> None:
        """The cursor to the next value that can be revealed or hidden; after the last one to the first."""
        begins = [
            at for at, row in enumerate(self._rows) if row.secret and (not at or not _same(row, self._rows[at - 1]))
        ]
        if begins:
            self.move_cursor(next((at for at in begins if at > self.cursor), begins[0]))

    def action_copy(self) -> None:
        if self.current is not None and self.current.hidden:
            self.notify("It is masked: Enter shows it.", markup=False)
        elif self.current is not None and self.current.copies:
            # made visible: pasted into a shell, a control character of a server would be a key
            self.post_message(self.CopyRequested(visible(self.current.copies)))


def _same(row: DetailRow, other: DetailRow) -> bool:
    """Rows of one value."""
    return row.secret == other.secret and row.copies == other.copies


def step_rows(step: LoginStep, width: int, revealed: Mapping[str, str], *, said: str = "") -> list[DetailRow]:
    """Everything about a step in rows of ``width`` cells; ``revealed``: values by the keys of their fields.

    What is wrong comes first, then what is right, then what was sent and answered. ``said``: what else there is to say.
    """
    width = max(24, width)
    rows = [*_headline(step, width, said)]
    passed = [verdict for verdict in step.verdicts if verdict.passed]
    for verdict in sorted((one for one in step.verdicts if not one.passed), key=lambda one: one.passed is None):
        rows += [_blank(), *_wrong(verdict, width)]
    if passed:
        rows += [_blank(), _row(("Checked", "title"))]
        for verdict in passed:
            rows += _passed(verdict, width)
    for title, side in (("Request", step.request), ("Answer", step.answer)):
        if side is not None:
            rows += [_blank(), *_side(title, side, width, revealed)]
    return rows


def _headline(step: LoginStep, width: int, also: str) -> Iterable[DetailRow]:
    mark = mark_of(step)
    for index, text in enumerate(wrapped(one_line(step.title, 400), width - 2)):
        yield _row((f"{mark.glyph} " if index == 0 else "  ", mark.ink), (text, "strong"))
    took = f"answered in {milliseconds(step.ms)}" if step.ms is not None and step.answer is not None else ""
    said = " · ".join(part for part in (step.phase.value, clock(step.at), took, also) if part)
    for text in wrapped(said, width - 2):
        yield _row((f"  {text}", "muted"))
    for text in wrapped(visible(step.error), width - 2) if step.error else ():
        yield DetailRow((("  ", ""), (text, "bad")), step.error)


def _wrong(verdict: Verdict, width: int) -> Iterable[DetailRow]:
    """What was expected, what is the matter, and what the server's author does about it."""
    glyph, ink = ("✖ ", "bad") if verdict.passed is False else ("▲ ", "warn")
    copied = "\n".join(part for part in (verdict.expects, verdict.wrong, verdict.fix, verdict.section) if part)
    parts = (
        (glyph, verdict.expects, "strong", ink),
        ("  ", verdict.wrong, ink, ""),
        ("→ ", verdict.fix, "", "accent"),
        ("  ", verdict.section, "muted", ""),
    )
    for front, words, style, edge in parts:
        for index, text in enumerate(wrapped(visible(words), width - 2) if words else ()):
            yield DetailRow(((front if index == 0 else "  ", edge), (text, style)), copied)


def _passed(verdict: Verdict, width: int) -> Iterable[DetailRow]:
    section = one_line(verdict.section, 120)
    lines = wrapped(visible(verdict.expects), width - 2)
    for index, text in enumerate(lines):
        spans: list[Span] = [("✔ " if index == 0 else "  ", "good"), (text, "")]
        if index == len(lines) - 1 and cell_len(text) + cell_len(section) + 4 <= width:
            spans.append((f"  {section}", "muted"))
            section = ""
        yield DetailRow(spans, verdict.expects)
    for text in wrapped(section, width - 2) if section else ():
        yield _row((f"  {text}", "muted"))


def _side(title: str, side: ExchangeSide, width: int, revealed: Mapping[str, str]) -> Iterable[DetailRow]:
    yield _row((title, "title"))
    for text in wrapped(visible(side.line), width):
        yield DetailRow(((text, "strong"),), side.line)
    longest = max((cell_len(one_line(one.name)) for one in (*side.headers, *side.body)), default=0)
    column = min(longest, NAME, width // 2) + 2
    for shown in side.body:
        yield from _field(shown, column, width, revealed)
    for text in wrapped(visible(side.text), width - 2) if side.text else ():
        yield DetailRow((("│ ", "muted"), (text, "")), side.text)
    if side.headers and (side.body or side.text):
        yield _blank()
    for shown in sorted(side.headers, key=lambda one: one.name.lower() not in TELLING):
        yield from _field(shown, column, width, revealed)


def _field(shown: ShownField, column: int, width: int, revealed: Mapping[str, str]) -> Iterable[DetailRow]:
    name = one_line(shown.name, 200)
    value = revealed.get(shown.secret) if shown.secret else None
    hidden = bool(shown.secret) and value is None
    text = shown.shown if value is None else value
    ink = "muted" if hidden else "warn" if value is not None else ""
    if cell_len(name) > column - 2:
        for part in wrapped(name, width):
            yield DetailRow(((part, "muted"),), text, shown.secret, hidden)
        name = ""
    for index, part in enumerate(wrapped(visible(text[:VALUE]), width - column)):
        label = name if index == 0 else ""
        yield DetailRow(((fit(label, column), "muted"), (part, ink)), text, shown.secret, hidden)


def _row(*spans: Span) -> DetailRow:
    return DetailRow(spans)


def _blank() -> DetailRow:
    return DetailRow(())
