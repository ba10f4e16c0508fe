"""The log: what can be done there, and by which keys."""

from __future__ import annotations

from .action import LOG, SEARCH, Action, Group

GROUP: Group = (
    "Log",
    (
        Action("log_filter", "Filter", "/", 'Words, -word, "two words", level: kind: server:', "slash", LOG, LOG),
        Action("log_pause", "Pause", "Space", "Stay here, or follow the end again", "space", LOG, LOG),
        Action("log_all", "All servers", "a", "Of all servers together, or of this one", "a", LOG, LOG),
        Action("log_least", "Level", "m", "Show from which level on", "m", LOG, LOG),
        Action("log_next", "Next match", "n", "Next match, with the lines around it", "n", LOG, LOG),
        Action("log_previous", "Previous", "N", "The match before it", "N", LOG),
        Action("log_copy", "Copy line", "y", "Copy this line", "y", LOG),
        Action("log_copy_all", "Copy all", "Y", "Copy all lines that are shown", "Y", LOG),
        Action("log_save", "Save", "s", "Write all lines that are shown to a file", "s", LOG, LOG),
        Action("log_keep", "To the lines", "Enter", "Go through what the filter found", zones=SEARCH, footer=SEARCH),
    ),
)
