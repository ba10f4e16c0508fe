"""Calls: what can be done there, and by which keys."""

from __future__ import annotations

from .action import CALLS, DETAIL, EVERYWHERE, FORM, LISTS, LOG, QUESTION, READING, Action, Group

TYPED = EVERYWHERE - QUESTION
"""Also where letters are typed."""

GROUP: Group = (
    "Calls",
    (
        Action("calls", "Calls", "c", "Go to running calls and results", "c", READING - CALLS, LISTS | DETAIL),
        Action("follow", "Follow", "Enter", "Read what the result links to", zones=CALLS, footer=CALLS),
        Action("whole", "Show all", "o", "The whole on the whole screen: JSON, raw, search", zones=CALLS, footer=CALLS),
        Action("result_view", "View", "v", "Look at the result in another way", zones=CALLS, footer=CALLS),
        Action("result_diff", "Diff", "d", "How it differs from the call before it", zones=CALLS, footer=CALLS),
        Action("save", "Save", "s", "Write the whole result to a file", zones=CALLS, footer=CALLS),
        Action("copy", "Copy", "y", "Copy the result", zones=CALLS, footer=CALLS),
        Action("repeat", "Repeat", "r", "Make the same call again", zones=CALLS, footer=CALLS),
        Action("repeat_last", "Repeat last", ".", "Make the last call again, at once", "full_stop", READING, LISTS),
        Action("repeat_now", "Repeat last", "F5", "The same, also while typing", "f5", TYPED),
        Action("recent", "Recent", "h", "Calls that were made last, also in earlier runs", "h", READING),
        Action("saved", "Saved", "K", "Saved calls: run, judge, change them", "K", READING),
        Action("save_call", "Save call", "Ctrl+S", "Save this call, to run it again any time", "ctrl+s", TYPED, FORM),
        Action("run_many", "Run many", "F9", "Make this call many times, or until it fails", "f9", TYPED),
        Action("copy_as", "Copy as", "Y", "As a command, curl, Python or JSON-RPC", "Y", READING - LOG, CALLS),
        Action("cancel", "Cancel", "x", "Cancel the running call", zones=CALLS, footer=CALLS),
    ),
)
