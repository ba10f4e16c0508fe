"""The building blocks of the overview: a labelled fact, chips in a row, a section with its heading.

Owns their alignment. Never sees raw server text: callers pass it through ``services.state.text`` first.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from rich.cells import cell_len

from ..services.state.text import visible
from .ink import Line, Span, fit, wrapped

LABEL = 13


def fact(label: str, value: str, width: int, ink: str = "") -> Iterable[Line]:
    for index, text in enumerate(wrapped(value, width - LABEL)):
        yield ((fit("" if index else label, LABEL), "muted"), (text, ink))


def chips(label: str, words: Iterable[str], width: int, ink: str = "") -> Iterable[Line]:
    """Short words in a row; a line breaks between two of them, never inside one that fits."""
    rows = rows_of(words, width - LABEL)
    return fact(label, "\n".join(rows), width, ink) if rows else ()


def rows_of(words: Iterable[str], width: int, least: int = 0) -> list[str]:
    """``words`` with dots between them in rows of ``width`` cells, as if each took ``least`` cells at least."""
    rows: list[str] = []
    taken = 0
    for word in words:
        room = max(least, cell_len(word))
        if rows and taken + 3 + room <= width:
            rows[-1] += f" · {word}"
            taken += 3 + room
        else:
            rows.append(word)
            taken = room
    return rows


def heading(title: str, said: str) -> Iterable[Line]:
    yield ()
    words: list[Span] = [(title, "title"), (f"  {said}", "muted")]
    yield words


def section(title: str, by: str, text: str, width: int) -> Iterable[Line]:
    yield from heading(title, by)
    for line in wrapped(visible(text.strip()), width - 2):
        yield (("│ ", "muted"), (line, ""))


def bullets(title: str, said: str, items: Iterable[str], glyph: str, ink: str, width: int) -> Iterable[Line]:
    yield from heading(title, said)
    for item in items:
        for index, text in enumerate(wrapped(visible(item), width - 2)):
            yield ((f"{glyph} " if index == 0 else "  ", ink), (text, ""))


def dotted(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))


def moment(at: float, now: float) -> str:
    """A time of day; with the date when that is another day than ``now``'s."""
    then, today = time.localtime(at), time.localtime(now)
    same_day = then[:3] == today[:3]
    return time.strftime("%H:%M:%S" if same_day else "%Y-%m-%d %H:%M", then)


def size(count: int) -> str:
    if count < 1_000:
        return f"{count} B"
    if count < 1_000_000:
        return f"{count / 1_000:.1f} kB"
    return f"{count / 1_000_000:.1f} MB"
