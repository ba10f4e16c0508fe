"""Every action of the dashboard, once: the footer, the help and the command palette read it here.

Owns ids, titles, keys and where a key works. Never performs an action: screens and the app carry
methods named ``action_<id>``.
"""

from __future__ import annotations

from textual.binding import Binding, BindingType

from . import around, calls, configuration, items, questions, servers
from .action import (
    ABOUT_SERVER,
    CALLS,
    DETAIL,
    EVERYWHERE,
    FORM,
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
    around.GROUP,
    configuration.GROUP,
)

ACTIONS: tuple[Action, ...] = tuple(action for _, group in GROUPS for action in group)
BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}
APP_ACTIONS = frozenset({"theme", "palette", "help", "quit"})


def bindings(*, app: bool) -> list[BindingType]:
    """Textual bindings of the actions that the app (or else the deck screen) carries."""
    return [
        Binding(action.keys, action.id, action.title, show=False)
        for action in ACTIONS
        if action.keys and (action.id in APP_ACTIONS) is app
    ]
