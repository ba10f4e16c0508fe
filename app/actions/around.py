"""Around: what can be done there, and by which keys."""

from __future__ import annotations

from .action import CALLS, DETAIL, EVERYWHERE, READING, SERVERS, Action, Group, Zone

GROUP: Group = (
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
)
