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
            READING - SERVERS,
            DETAIL | CALLS,
        ),
        Action("wider", "Wider lists", "Ctrl+→", "Lists wider (Ctrl+←: narrower)", "ctrl+right", READING),
        Action("narrower", "Narrower lists", "Ctrl+←", "Lists narrower", "ctrl+left", READING),
        Action("taller", "Taller form", "Ctrl+↓", "More room above the calls (Ctrl+↑: less)", "ctrl+down", READING),
        Action("shorter", "Shorter form", "Ctrl+↑", "Less room above the calls", "ctrl+up", READING),
        Action("theme", "Next theme", "Ctrl+T", "Next theme: dark, light, safe, high contrast", "ctrl+t"),
        Action("preferences", "Preferences", ",", "Theme, keys, plain mode", "comma", READING),
        Action("palette", "Commands", "Ctrl+P", "Find an action by a few letters"),
        Action("help", "Help", "?", "Show all keys", "question_mark,f1"),
        Action("quit", "Quit", "q", "Leave and end all servers (or Ctrl+C)", "q"),
    ),
)
