"""An address as a QR code, two modules in each cell of the terminal.

Owns the drawing: always dark on white, whatever the theme, or cameras do not read it. Never shortens what it is
given; where the code does not fit, that is told in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

QUIET = (4, 2)
"""White modules around the code: as ISO/IEC 18004 wants it, and what cameras still read where room is short."""
_HALVES = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}
_PAPER = Style(color="#000000", bgcolor="#ffffff")


def modules_of(text: str) -> Sequence[Sequence[int]] | None:
    """The code of ``text``, row by row, 1 for dark; None where it is too long for any code."""
    import segno  # only for the one who wants to see a code

    try:
        made = segno.make_qr(text, error="l")
    except segno.DataOverflowError:
        return None
    return [[1 if module else 0 for module in row] for row in made.matrix]


def drawn(modules: Sequence[Sequence[int]], quiet: int) -> list[str]:
    """Rows of cells: each holds one module above another."""
    width = len(modules[0]) + 2 * quiet
    empty = [0] * width
    rows = [empty] * quiet + [[0] * quiet + list(row) + [0] * quiet for row in modules] + [empty] * quiet
    if len(rows) % 2:
        rows.append(empty)
    return [
        "".join(_HALVES[upper, lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    ]


def code_rows(text: str, width: int, height: int) -> list[str] | str:
    """The code in at most ``width`` by ``height`` cells; where there is none, why not."""
    modules = modules_of(text)
    if modules is None:
        return f"The address is too long for a QR code ({len(text):,} characters)."
    rows: list[str] = []
    for quiet in QUIET:
        rows = drawn(modules, quiet)
        if len(rows) <= height and len(rows[0]) <= width:
            return rows
    return (
        f"The code needs {len(rows[0])} columns and {len(rows)} rows; there are {width} and {height}. "
        "A larger window, or smaller letters in it, makes room."
    )


class QrCode(Widget):
    """``rows`` as ``code_rows`` gives them."""

    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = "QrCode { width: auto; height: auto; background: #ffffff; }"

    def __init__(self, rows: Sequence[str], *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._rows = rows
        self.styles.width = len(rows[0]) if rows else 0
        self.styles.height = len(rows)

    def render_line(self, y: int) -> Strip:
        text = self._rows[y] if y < len(self._rows) else ""
        return Strip([Segment(text, _PAPER)]).adjust_cell_length(self.size.width, _PAPER)
