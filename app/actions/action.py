"""What an action of the dashboard is, and the parts of the main screen in which its keys work."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Zone(StrEnum):
    """The part of the screen that has the focus."""

    SERVERS = "servers"
    FIND = "find"
    """The filter of the servers is typed."""
    TOOLS = "tools"
    FILTER = "filter"
    OVERVIEW = "overview"
    TIMELINE = "timeline"
    DOCTOR = "doctor"
    LOG = "log"
    SEARCH = "search"
    """The filter of the log is typed."""
    FORM = "form"
    ITEM = "item"
    """The page of a resource or a task."""
    CALLS = "calls"
    QUESTION = "question"


NOWHERE: frozenset[Zone] = frozenset()
EVERYWHERE = frozenset(Zone)
SERVERS = frozenset({Zone.SERVERS})
FIND = frozenset({Zone.FIND})
TOOLS = frozenset({Zone.TOOLS})
LISTS = SERVERS | TOOLS
ITEM = frozenset({Zone.ITEM})
ITEMS = TOOLS | ITEM
DETAIL = frozenset({Zone.OVERVIEW, Zone.TIMELINE, Zone.DOCTOR, Zone.LOG})
DOCTOR = frozenset({Zone.DOCTOR})
FORM = frozenset({Zone.FORM})
CALLS = frozenset({Zone.CALLS})
LOG = frozenset({Zone.LOG})
SEARCH = frozenset({Zone.SEARCH})
QUESTION = frozenset({Zone.QUESTION})
ABOUT_SERVER = LISTS | DETAIL
READING = ABOUT_SERVER | ITEM | CALLS
"""Where nobody types: single letters are keys there."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do.

    ``keys`` as Textual names them, separated by commas; ``shown`` as people read them. ``zones`` are
    where the keys work, ``footer`` where the footer shows them. A widget that owns the key itself
    leaves ``keys`` empty.
    """

    id: str
    title: str
    shown: str
    description: str
    keys: str = ""
    zones: frozenset[Zone] = EVERYWHERE
    footer: frozenset[Zone] = NOWHERE


Group: TypeAlias = tuple[str, tuple[Action, ...]]
"""A heading of the help and the actions below it."""
