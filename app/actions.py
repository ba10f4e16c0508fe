"""Every action of the dashboard, once: the footer, the help and the command palette read it here.

Owns ids, titles, keys and where a key works. Never performs an action: screens and the app carry
methods named ``action_<id>``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding, BindingType


class Zone(StrEnum):
    """The part of the screen that has the focus."""

    SERVERS = "servers"
    TOOLS = "tools"
    FILTER = "filter"
    OVERVIEW = "overview"
    LOG = "log"
    FORM = "form"
    CALLS = "calls"
    QUESTION = "question"


NOWHERE: frozenset[Zone] = frozenset()
EVERYWHERE = frozenset(Zone)
SERVERS = frozenset({Zone.SERVERS})
TOOLS = frozenset({Zone.TOOLS})
LISTS = SERVERS | TOOLS
DETAIL = frozenset({Zone.OVERVIEW, Zone.LOG})
FORM = frozenset({Zone.FORM})
CALLS = frozenset({Zone.CALLS})
LOG = frozenset({Zone.LOG})
QUESTION = frozenset({Zone.QUESTION})
ABOUT_SERVER = LISTS | DETAIL
READING = ABOUT_SERVER | CALLS
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


GROUPS: tuple[tuple[str, tuple[Action, ...]], ...] = (
    (
        "Servers",
        (
            Action(
                "open",
                "Open",
                "Enter",
                "Tools, approval, login, or why it failed",
                zones=SERVERS,
                footer=SERVERS,
            ),
            Action(
                "approve",
                "Approve",
                "a",
                "Review a server that others configured",
                "a",
                ABOUT_SERVER,
                DETAIL,
            ),
            Action(
                "overview", "Info", "i", "Version, capabilities, instructions, errors", "i", READING, LISTS | {Zone.LOG}
            ),
            Action("log", "Log", "l", "Its stderr and log messages", "l", READING, LISTS | {Zone.OVERVIEW}),
            Action("record", "Unfold", "Enter", "The whole line of the log, wrapped", zones=LOG, footer=LOG),
            Action(
                "reconnect", "Reconnect", "r", "Connect this server again", "r", ABOUT_SERVER, SERVERS | DETAIL - LOG
            ),
            Action("redetect", "Detect protocol", "D", "Find out era and transport again", "D", ABOUT_SERVER),
            Action("relist", "Read lists", "u", "Read its lists again", "u", ABOUT_SERVER),
            Action("login", "Log in", "L", "Log in to it, or once more", "L", READING),
            Action("auth", "Login steps", "A", "Its login step by step, its token", "A", READING, DETAIL - LOG),
            Action("log_level", "Log level", "v", "How much the server logs", "v", ABOUT_SERVER, LOG),
            Action(
                "reset_breaker",
                "Let calls through",
                "B",
                "Make the calls again that are held back",
                "B",
                READING,
                DETAIL - LOG,
            ),
            Action("profile", "Profile", "P", "What its tools may do without asking", "P", READING),
            Action("history", "Changes", "H", "How its tools changed", "H", READING),
            Action("cancel_task", "Cancel task", "x", "Cancel one of its tasks", "x", ABOUT_SERVER, DETAIL - LOG),
            Action(
                "enable",
                "Enable/disable",
                "e",
                "Switch this server on or off (or Space)",
                "e,space",
                ABOUT_SERVER,
                SERVERS,
            ),
        ),
    ),
    (
        "Tools and calls",
        (
            Action("call", "Arguments", "Enter", "Fill in the arguments of this tool", zones=TOOLS, footer=TOOLS),
            Action("permissions", "Permission", "p", "Whether it asks, and by which rule", "p", READING, TOOLS),
            Action("filter", "Filter", "/", "Narrow the tools by words", "slash", READING, LISTS),
            Action(
                "send",
                "Call",
                "Ctrl+R",
                "Call the tool with these arguments",
                "ctrl+r,ctrl+enter",
                EVERYWHERE - QUESTION,
                FORM,
            ),
            Action(
                "send_task",
                "As a task",
                "Ctrl+G",
                "Call it as a task, where that is offered",
                "ctrl+g,f4",
                EVERYWHERE - QUESTION,
            ),
            Action("raw", "Form/JSON", "Ctrl+O", "Form or raw JSON", "ctrl+o,f2", EVERYWHERE - QUESTION, FORM),
            Action("calls", "Calls", "c", "Go to running calls and results", "c", READING - CALLS, LISTS | DETAIL),
            Action("follow", "Follow", "Enter", "Read what the result links to", zones=CALLS, footer=CALLS),
            Action("whole", "Show all", "o", "The whole result on the whole screen", zones=CALLS, footer=CALLS),
            Action("save", "Save", "s", "Write the whole result to a file", zones=CALLS, footer=CALLS),
            Action("copy", "Copy", "y", "Copy the result", zones=CALLS, footer=CALLS),
            Action("repeat", "Repeat", "r", "Make the same call again", zones=CALLS, footer=CALLS),
            Action("cancel", "Cancel", "x", "Cancel the running call", zones=CALLS, footer=CALLS),
            Action("answer", "Answer", "w", "Go to the question of a server", "w", READING, READING),
        ),
    ),
    (
        "Around",
        (
            Action("focus_next", "Next pane", "Tab", "Next pane or field (Shift+Tab: back)"),
            Action(
                "back",
                "Back",
                "Esc",
                "Close, clear the filter, go back a pane",
                "escape",
                footer=EVERYWHERE - SERVERS - {Zone.QUESTION},
            ),
            Action(
                "zoom",
                "Zoom",
                "z",
                "The right side takes the whole screen",
                "z",
                READING,
                DETAIL | CALLS,
            ),
            Action("theme", "Theme: dark or light", "Ctrl+T", "Dark or light theme", "ctrl+t"),
            Action("palette", "Commands", "Ctrl+P", "Find an action, server or tool by name"),
            Action("help", "Help", "?", "Show all keys", "question_mark,f1"),
            Action("quit", "Quit", "q", "Leave and end all servers (or Ctrl+C)", "q"),
        ),
    ),
    (
        "Configuration",
        (
            Action("add", "Add", "n", "Add a server, also from a pasted snippet", "n", READING, SERVERS),
            Action("edit", "Edit", "E", "Edit its entry", "E", ABOUT_SERVER, DETAIL - LOG),
            Action(
                "duplicate",
                "Duplicate",
                "d",
                "A copy of its entry, in a file of yours",
                "d",
                ABOUT_SERVER,
                SERVERS | DETAIL - LOG,
            ),
            Action(
                "remove", "Remove", "Del", "Take it out of its file, asks first", "delete,backspace", SERVERS | DETAIL
            ),
            Action("export", "Export", "X", "Its entry as another client writes it", "X", ABOUT_SERVER),
            Action("sources", "Sources", "S", "Every place servers come from", "S", READING, SERVERS),
            Action("registry", "Registry", "b", "Browse the MCP Registry", "b", READING),
            Action("reconnect_all", "Reconnect all", "R", "Read the configuration, connect anew", "R", ABOUT_SERVER),
        ),
    ),
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
