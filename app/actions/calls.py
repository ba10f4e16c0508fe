"""Calls: what can be done there, and by which keys."""

from __future__ import annotations

from .action import CALLS, DETAIL, LISTS, READING, Action, Group

GROUP: Group = (
    "Calls",
    (
        Action("calls", "Calls", "c", "Go to running calls and results", "c", READING - CALLS, LISTS | DETAIL),
        Action("follow", "Follow", "Enter", "Read what the result links to", zones=CALLS, footer=CALLS),
        Action("whole", "Show all", "o", "The whole result on the whole screen", zones=CALLS, footer=CALLS),
        Action("save", "Save", "s", "Write the whole result to a file", zones=CALLS, footer=CALLS),
        Action("copy", "Copy", "y", "Copy the result", zones=CALLS, footer=CALLS),
        Action("repeat", "Repeat", "r", "Make the same call again", zones=CALLS, footer=CALLS),
        Action("cancel", "Cancel", "x", "Cancel the running call", zones=CALLS, footer=CALLS),
    ),
)
