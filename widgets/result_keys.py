"""The keys that the lower border of a whole result tells: those that do something in the view that shows.

Owns the choice and the words. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from .result_asks import View

if TYPE_CHECKING:
    from .result_screen import ResultScreen

ROOM = 6
"""Cells of the frame that are not for keys."""


def keys_of(screen: ResultScreen) -> list[str]:
    """As many as fit, the most needed first."""
    room = max(20, screen.size.width - ROOM)
    kept: list[str] = []
    used = 0
    for words in _keys(screen.view, screen.said_keys):
        if used + len(words) + 3 > room:
            break
        kept.append(words)
        used += len(words) + 3
    return kept


def _keys(view: View, said: Mapping[str, bool | str]) -> Iterator[str]:
    yield "Esc close"
    if said["running"]:
        yield "x cancel"
    if said["follow"]:
        yield "Enter follows the link"
    if said["model"] and view is View.RENDERED:
        yield "m as received" if said["model"] == "received" else "m as a model gets it"
    if said["pictures"]:
        yield "+ enlarge"
    if said["sounds"]:
        yield "p play"
    yield "/ search"
    match view:
        case View.JSON:
            yield from ("Space fold", "y copy", "Y copy path", "* all")
            yield "t data only" if said["whole"] else "t whole result"
        case View.DIFF:
            yield from ("] next call", "y copy")
        case _:
            yield "y copy"
    if view is View.RENDERED and said["table"]:
        yield from ("= sort", "< > column")
    if view is View.RENDERED and said["drawn"]:
        yield "t drawn" if said["plain"] else "t as text"
    yield "s save"
