"""The lines of the first page: what other programs have, and the other ways to begin.

Owns the words. Pure: what was found in, lines out. Names and files are text of others.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..services.state.text import one_line
from ..widgets.first_run import Offer
from .elsewhere import Found

NAMES = 6
WAYS: tuple[Offer, ...] = (
    Offer(
        "Add a server",
        "a command, a URL, or a snippet of a README",
        action="add",
        key="n",
        about=("Paste whatever you have: the snippet may be of any program.",),
    ),
    Offer(
        "Browse the MCP Registry",
        "look, then choose what is installed",
        action="registry",
        key="b",
        about=("Nothing is installed or started before you have seen its command and said yes.",),
    ),
    Offer(
        "See the demo",
        "five servers that come with mcpdeck",
        action="demo",
        about=("They are started here and now, and gone with the dashboard: nothing is written.",),
    ),
    Offer(
        "Where servers come from",
        "every place that was looked at",
        action="sources",
        key="S",
        about=("Each file and folder, and why there is nothing in it.",),
    ),
)


def said_of(found: tuple[Found, ...] | None) -> str:
    """What the page says above its lines; None: it is still looked."""
    if found is None:
        return "Looking what other programs on this machine have…"
    if any(each.names for each in found):
        return "These programs on this machine have some. Enter takes them over; their own files stay as they are."
    return "No other program on this machine has one that could be taken over. Ways to begin:"


def offers_of(found: Iterable[Found], target: str) -> tuple[Offer, ...]:
    """A line a program, those with servers first, and the ways to begin. ``target``: the file they would go into."""
    known = sorted(found, key=lambda each: not each.names)
    return (*(_offer(each, target) for each in known), *WAYS)


def _offer(found: Found, target: str) -> Offer:
    names = ", ".join(one_line(name, 30) for name in found.names[:NAMES])
    more = f" and {len(found.names) - NAMES} more" if len(found.names) > NAMES else ""
    about = [f"From {', '.join(found.files)}", f"Into {target}"] if found.names else []
    about += [f"▲ {problem}" for problem in found.problems[:3]]
    return Offer(
        found.title,
        f"{names}{more}" if found.names else found.problems[0],
        len(found.names),
        program=found.id,
        about=tuple(about),
        wrong=not found.names,
    )
