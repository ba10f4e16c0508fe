"""Every action of the dashboard, once: the footer, the help and the command palette read it here.

Owns ids, titles, keys and where a key works. Never performs an action: screens and the app carry
methods named ``action_<id>``.
"""

from __future__ import annotations

from textual.binding import Binding, BindingType

from . import around, calls, configuration, items, logs, questions, servers
from .action import (
    ABOUT_SERVER,
    CALLS,
    DETAIL,
    EVERYWHERE,
    FORM,
    ITEM,
    ITEMS,
    LISTS,
    LOG,
    NOWHERE,
    QUESTION,
    READING,
    SERVERS,
    TOOLS,
    Action,
    Group,
    Zone,
)

__all__ = [
    "ABOUT_SERVER",
    "ACTIONS",
    "APP_ACTIONS",
    "BY_ID",
    "CALLS",
    "DETAIL",
    "EVERYWHERE",
    "FORM",
    "GROUPS",
    "ITEM",
    "ITEMS",
    "LISTS",
    "LOG",
    "NOWHERE",
    "QUESTION",
    "READING",
    "SERVERS",
    "TOOLS",
    "Action",
    "Group",
    "Zone",
    "bindings",
]

GROUPS: tuple[Group, ...] = (
    servers.GROUP,
    items.GROUP,
    calls.GROUP,
    questions.GROUP,
    logs.GROUP,
    around.GROUP,
    configuration.GROUP,
)

ACTIONS: tuple[Action, ...] = tuple(action for _, group in GROUPS for action in group)
BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}
APP_ACTIONS = frozenset({"theme", "preferences", "palette", "help", "quit", "search", "next_question"})


PRIORITY = frozenset({"next_question", "search"})
"""Actions whose keys count wherever one is, also below a dialog and in a field that would take them."""


def bindings(*, app: bool) -> list[BindingType]:
    """Textual bindings of the actions that the app (or else the deck screen) carries."""
    return [
        Binding(action.keys, action.id, action.title, show=False, priority=action.id in PRIORITY)
        for action in ACTIONS
        if action.keys and (action.id in APP_ACTIONS) is app
    ]
