"""Lines of inked text: the small model every line-drawn widget paints with.

Owns spans (text plus the name of an ink), fitting and wrapping by terminal cells, and turning a line
into a ``Strip``. An ink is a CSS component class, so themes decide every colour. Never sees raw server
text: callers pass it through ``services.state.text`` first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

Span: TypeAlias = tuple[str, str]
"""Visible text, and the name of its ink (``""`` for plain)."""

Line: TypeAlias = Sequence[Span]

INKS = ("muted", "strong", "title", "good", "warn", "bad", "accent", "match", "edge")
INK_CLASSES = frozenset({f"ink--{name}" for name in INKS} | {"ink--cursor", "ink--cursor-idle"})

INK_CSS = """
.ink--muted { color: $text-muted; }
.ink--strong { text-style: bold; }
.ink--title { color: $primary; text-style: bold; }
.ink--good { color: $success; }
.ink--warn { color: $warning; }
.ink--bad { color: $error; }
.ink--accent { color: $primary; }
.ink--match { color: $accent; text-style: bold; }
.ink--edge { color: $primary; }
.ink--cursor { background: $block-cursor-background; }
.ink--cursor-idle { background: $block-cursor-blurred-background; }
"""


def fit(text: str, width: int, *, right: bool = False) -> str:
    """``text`` in exactly ``width`` cells: cut with an ellipsis, or padded (on the left when ``right``)."""
    if width <= 0:
        return ""
    length = cell_len(text)
    if length > width:
        cut = set_cell_size(text, width - 1).rstrip() + "…"
        return cut + " " * (width - cell_len(cut))
    blank = " " * (width - length)
    return blank + text if right else text + blank


def line_width(line: Line) -> int:
    return sum(cell_len(text) for text, _ in line)


def cropped(line: Line, width: int) -> list[Span]:
    """``line`` cut to ``width`` cells, with an ellipsis where something was lost."""
    if line_width(line) <= width:
        return list(line)
    kept: list[Span] = []
    left = width
    for index, (text, ink) in enumerate(line):
        length = cell_len(text)
        if length < left or (length == left and index == len(line) - 1):
            kept.append((text, ink))
            left -= length
            continue
        kept.append((fit(text + "…", left), ink))
        break
    return kept


def wrapped(text: str, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` cells: at spaces where possible; its own line ends are kept."""
    lines: list[str] = []
    for raw in text.expandtabs(4).split("\n"):
        lines.extend(_wrapped_line(raw, max(4, width)))
    return lines


def _wrapped_line(raw: str, width: int) -> Iterable[str]:
    indent = raw[: len(raw) - len(raw.lstrip(" "))]
    if cell_len(indent) > width // 2:
        indent = ""
    current = indent
    filled = False
    for word in raw.split(" ") if not indent else raw.strip(" ").split(" "):
        joined = f"{current} {word}" if filled else current + word
        if cell_len(joined) <= width:
            current, filled = joined, True
            continue
        if filled:
            yield current.rstrip()
        current = indent + word
        while cell_len(current) > width:
            head = set_cell_size(current, width)
            # A wide character on the border leaves a blank in its place; it belongs to the next line.
            if not current.startswith(head):
                head = head[:-1]
            yield head
            current = current[len(head) :]
        filled = True
    yield current.rstrip()


class InkWell:
    """Resolved inks of one widget; forget them (``clear``) when its styles changed."""

    __slots__ = ("_styles", "_widget")

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._styles: dict[str, Style] = {}

    def clear(self) -> None:
        self._styles.clear()

    def style(self, ink: str) -> Style:
        """The foreground and weight of an ink, without a background; of ``cursor`` inks the background too."""
        style = self._styles.get(ink)
        if style is None:
            style = Style.null() if not ink else self._resolved(ink)
            self._styles[ink] = style
        return style

    def strip(self, line: Line, width: int, backdrop: str = "") -> Strip:
        """``line`` as a strip of exactly ``width`` cells on the widget's own background, or ``backdrop``'s."""
        base = self._widget.rich_style
        if backdrop:
            base += self.style(backdrop)
        segments = [Segment(text, base + self.style(ink)) for text, ink in cropped(line, width) if text]
        return Strip(segments).adjust_cell_length(width, base)

    def _resolved(self, ink: str) -> Style:
        own = self._widget.get_component_rich_style(f"ink--{ink}", partial=True)
        if ink.startswith("cursor"):
            return Style(bgcolor=own.bgcolor)
        if ink.startswith("found"):  # what was looked for stands out, also under the cursor
            return Style(color=own.color, bgcolor=own.bgcolor, bold=own.bold)
        return Style(color=own.color, bold=own.bold, italic=own.italic)
