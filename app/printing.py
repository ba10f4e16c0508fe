"""Output of the command line: tables for people, JSON for machines.

Owns stdout and stderr: results go to the one, everything else to the other. Never prints server text
as it came: it passes through ``visible``, so that it cannot drive the terminal.
"""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO

from ..services.models import ErrorInfo, Json, JsonObject, as_list
from ..services.models.json_pieces import SLICE, in_ascii, pieces
from ..services.state.text import one_line, visible

RED, GREEN, YELLOW, DIM, BOLD = "31", "32", "33", "2", "1"
GAP = "  "
MINIMUM_COLUMN = 8


def coloured(text: str, style: str, stream: TextIO) -> str:
    """``text`` in an ANSI style where the stream is a terminal that wants it (``NO_COLOR``, ``TERM=dumb``)."""
    if not text or not style or not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{style}m{text}\x1b[0m"


def write(text: str = "") -> None:
    """A line of the result."""
    _put(sys.stdout, text + "\n")


def write_pieces(texts: Iterable[str]) -> None:
    """Text of the result that is safe to show, one piece after the other: whole it may be large."""
    for text in texts:
        _put(sys.stdout, text)


def note(text: str) -> None:
    """A line that is not the result."""
    sys.stdout.flush()
    _put(sys.stderr, text + "\n")


def _put(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:  # a stream that cannot hold everything still gets everything it can
        text = text.encode(encoding, "backslashreplace").decode(encoding)
    stream.write(text)


def write_json(document: JsonObject) -> None:
    """The one JSON document of ``--json``; what the stream could not show safely is escaped to ASCII."""
    encoding = sys.stdout.encoding or "utf-8"
    for piece in pieces(document, indent=2, nan="null"):
        sys.stdout.write(piece if _is_safe(piece, encoding) else in_ascii(piece))
    sys.stdout.write("\n")


def _is_safe(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return visible(text) == text


def error_document(error: ErrorInfo, server: str | None) -> JsonObject:
    """The error document of the command line contract."""
    fields: JsonObject = {"kind": error.kind, "title": error.title, "hint": error.hint, "server": server}
    fields["details"] = dict(error.details)
    return {"error": fields}


def note_error(error: ErrorInfo, server: str | None = None) -> None:
    """An error for a person: what happened, what the server said last, what to do next."""
    note(f"{coloured('error:', RED, sys.stderr)} {one_line(_in_the_name_of(server, error.title))}")
    for problem in as_list(error.details.get("problems")):
        note(f"  - {one_line(str(problem))}")
    for stream, mark in (("stdout", "stdout | "), ("stderr", "| ")):
        for line in as_list(error.details.get(stream)):
            # Its own indentation is kept: that is how a traceback is read.
            note(f"  {mark}{visible(str(line)).replace(chr(10), ' ').rstrip()}")
    if error.hint:
        note(f"  {coloured('→', DIM, sys.stderr)} {one_line(error.hint)}")


def _in_the_name_of(server: str | None, title: str) -> str:
    """``title`` with the server before it, unless it begins with that: a name may be any word of a sentence."""
    named = (f'"{server}" ', f'entry "{server}": ', f"{server}:", f'no server named "{server}"')
    return title if not server or title.startswith(named) else f"{server}: {title}"


def report(error: ErrorInfo, server: str | None, *, as_json: bool) -> None:
    """An error in the form that was asked for: the one JSON document, or lines on stderr."""
    if as_json:
        write_json(error_document(error, server))
    else:
        note_error(error, server)


def note_warning(text: str) -> None:
    note(f"{coloured('warning:', YELLOW, sys.stderr)} {one_line(text)}")


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of text in a table, with an ANSI style."""

    text: str
    style: str = ""


def table(header: Sequence[str], rows: Sequence[Sequence[Cell]], *, spare: str | None = None) -> list[str]:
    """Aligned lines without empty columns, fitted to the width of a terminal; untouched where stdout is none.

    ``spare``: the column that is left out where the terminal is too narrow for the others beside it.
    """
    used = [index for index in range(len(header)) if any(row[index].text for row in rows)]
    if spare is not None and sys.stdout.isatty():
        others = [index for index in used if header[index] != spare]
        whole = sum(max(cell_width(row[index].text) for row in rows) + len(GAP) for index in others)
        if whole + MINIMUM_COLUMN > shutil.get_terminal_size().columns:
            used = others
    header, rows = [header[index] for index in used], [[row[index] for index in used] for row in rows]
    cells = [[Cell(title, DIM) for title in header], *([Cell(one_line(c.text), c.style) for c in row] for row in rows)]
    widths = [max(cell_width(row[index].text) for row in cells) for index in range(len(header))]
    if sys.stdout.isatty():
        _fit(widths, shutil.get_terminal_size().columns - len(GAP) * (len(header) - 1))
    lines: list[str] = []
    for row in cells:
        parts = [_padded(cell, width) for cell, width in zip(row, widths, strict=True)]
        lines.append(GAP.join(parts).rstrip())
    return lines


def _fit(widths: list[int], room: int) -> None:
    """Shrink the widest column, one cell at a time, until everything fits or nothing can give."""
    # Nothing wider than the terminal fits anyhow: a server's megabyte is not taken off cell by cell.
    widths[:] = [min(width, max(room, MINIMUM_COLUMN)) for width in widths]
    while sum(widths) > room:
        widest = max(range(len(widths)), key=lambda index: widths[index])
        if widths[widest] <= MINIMUM_COLUMN:
            return
        widths[widest] -= 1


def _padded(cell: Cell, width: int) -> str:
    text = cell.text
    if cell_width(text) > width:
        text = _cut(text, width - 1) + "…"
    return coloured(text, cell.style, sys.stdout) + " " * (width - cell_width(text))


def _cut(text: str, width: int) -> str:
    """As much of ``text`` from its start as ``width`` cells hold."""
    used = 0
    for index, char in enumerate(text):
        used += cell_width(char)
        if used > width:
            return text[:index]
    return text


def cell_width(text: str) -> int:
    """Terminal cells of ``text``: two for wide characters, none for combining marks."""
    if text.isascii():
        return len(text)
    width = 0
    for char in text:
        if not unicodedata.combining(char):
            width += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return width


def size_words(count: int) -> str:
    """``512 bytes``, ``1.4 kB``, ``3.0 MB``."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def pretty(value: Json) -> str:
    """Indented JSON that is safe to show."""
    return "".join(pretty_pieces(value))


def pretty_pieces(value: Json) -> Iterator[str]:
    """``pretty`` of a value that may be large."""
    return map(visible, pieces(value, indent=2))


def visible_pieces(text: str) -> Iterator[str]:
    """``visible`` of a text that may be large."""
    start = 0
    while start < len(text):
        end = start + SLICE
        if text[end - 1 : end + 1] == "\r\n":
            end += 1  # which is one newline
        yield visible(text[start:end])
        start = end
