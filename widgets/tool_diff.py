"""How the tools of a server changed, line by line: what came, what went, and what is described differently.

Owns the wording and the comparison of definitions. Never looks further than ``COMPARED`` lines of one.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from itertools import islice

from ..services.models import Json, JsonObject, as_text
from ..services.state.model import ToolChange, ToolChanges
from ..services.state.text import one_line, visible
from .fact_lines import moment
from .ink import Line, wrapped
from .json_text import pretty

COMPARED = 1_500
"""Lines of a definition that are compared; the difference of longer ones takes seconds."""
NAMES = 40
"""Tools of one kind of change that are named."""
AROUND = 2
"""Lines around a change that are shown with it."""
CLIP = 2_000
_TEXTS = {"title": "title", "description": "description"}
_VALUES = {
    "input schema": "inputSchema",
    "output schema": "outputSchema",
    "annotations": "annotations",
    "execution": "execution",
}
_LARGEST = 20_000
"""Characters of a text that are compared."""


def history_lines(history: Iterable[ToolChanges], width: int, now: float) -> list[Line]:
    """Every change that is known, newest first, for ``width`` cells."""
    lines: list[Line] = []
    for changes in history:
        lines += [()] if lines else []
        lines.append(((moment(changes.at, now), "title"), (f"  {summary(changes)}", "muted")))
        lines += _named("+", "good", changes.added, width)
        lines += _named("−", "bad", changes.removed, width)
        detailed = {detail.name for detail in changes.details}
        lines += _named("~", "warn", tuple(name for name in changes.changed if name not in detailed), width)
        for detail in changes.details:
            lines += change_lines(detail, width)
    return lines


def summary(changes: ToolChanges) -> str:
    """``1 new, 2 changed, 1 gone``."""
    counts = ((len(changes.added), "new"), (len(changes.changed), "changed"), (len(changes.removed), "gone"))
    return ", ".join(f"{count:,} {word}" for count, word in counts if count)


def change_lines(change: ToolChange, width: int) -> Iterator[Line]:
    """One tool, before and after."""
    what = ", ".join(one_line(one, 40) for one in change.what)
    yield (("~ ", "warn"), (one_line(change.name, 80), "strong"), (f"  {what}", "muted"))
    for one in change.what:
        before, after = _parts(change.before, one), _parts(change.after, one)
        if before == after:
            continue
        if len(change.what) > 1:
            yield (("  ", ""), (one_line(one, 40), "muted"))
        yield from _compared(before, after, width - 2)


def _named(sign: str, ink: str, names: tuple[str, ...], width: int) -> Iterator[Line]:
    for name in names[:NAMES]:
        yield ((f"{sign} ", ink), (one_line(name, max(20, width - 2)), ""))
    if len(names) > NAMES:
        yield ((f"  … and {len(names) - NAMES:,} more", "muted"),)


def _parts(definition: JsonObject, what: str) -> list[str]:
    """One part of a definition as lines that can be compared, safe to show."""
    if what in _TEXTS:
        text = (as_text(definition.get(_TEXTS[what])) or "")[:_LARGEST]
        return visible(text).expandtabs(4).splitlines()
    value: Json = definition.get(_VALUES.get(what, what))
    return [] if value is None else list(islice(pretty(value, clip=CLIP), COMPARED))


def _compared(before: list[str], after: list[str], width: int) -> Iterator[Line]:
    """Lines that went and came, a few around them, and a gap where others were left out."""
    first = True
    for line in difflib.unified_diff(before[:COMPARED], after[:COMPARED], n=AROUND, lineterm=""):
        if line.startswith(("---", "+++")) and first:
            continue
        if line.startswith("@@"):
            if not first:
                yield (("    ⋯", "muted"),)
            first = False
            continue
        sign, ink = {"-": ("− ", "bad"), "+": ("+ ", "good")}.get(line[0], ("  ", "muted"))
        for index, text in enumerate(wrapped(line[1:], width - 4)):
            yield (("  " + (sign if index == 0 else "  "), ink), (text, ink))
