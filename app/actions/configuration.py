"""Configuration: what can be done there, and by which keys."""

from __future__ import annotations

from .action import ABOUT_SERVER, DETAIL, LOG, READING, SERVERS, Action, Group

GROUP: Group = (
    "Configuration",
    (
        Action("add", "Add", "n", "Add a server, also from a pasted snippet", "n", READING - LOG, SERVERS),
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
        Action("remove", "Remove", "Del", "Take it out of its file, asks first", "delete,backspace", SERVERS | DETAIL),
        Action("undo", "Undo", "U", "Put back what was removed or rejected last", "U", READING),
        Action("export", "Export", "X", "Its entry as another client writes it", "X", ABOUT_SERVER),
        Action("sources", "Sources", "S", "Every place servers come from", "S", READING, SERVERS),
        Action("registry", "Registry", "b", "Browse the MCP Registry", "b", READING),
        Action("reconnect_all", "Reconnect all", "R", "Read the configuration, connect anew", "R", ABOUT_SERVER),
    ),
)
