"""Servers: what can be done there, and by which keys."""

from __future__ import annotations

from .action import ABOUT_SERVER, DETAIL, DOCTOR, FIND, ITEM, LISTS, LOG, READING, SERVERS, Action, Group, Zone

OVERVIEW = frozenset({Zone.OVERVIEW})

GROUP: Group = (
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
            ABOUT_SERVER - LOG,
            DETAIL - LOG,
        ),
        Action(
            "overview", "Info", "i", "Version, capabilities, instructions, errors", "i", READING, LISTS | {Zone.LOG}
        ),
        Action("log", "Log", "l", "Its stderr and log messages", "l", READING, LISTS | {Zone.OVERVIEW}),
        Action("record", "Unfold", "Enter", "The whole line of the log, wrapped", zones=LOG, footer=LOG),
        Action(
            "timeline", "Timeline", "t", "Every phase of its connections, and how long it took", "t", READING, OVERVIEW
        ),
        Action(
            "doctor",
            "Find out why",
            "C",
            "Examine it: what keeps it from working",
            "C",
            READING - DOCTOR,
            LISTS | OVERVIEW,
        ),
        Action("examine", "Examine", "C", "Examine it once more (Esc stops)", "C", DOCTOR, DOCTOR),
        Action("copy_checks", "Copy", "y", "Copy what the doctor found, as text", "y", DOCTOR, DOCTOR),
        Action("reconnect", "Reconnect", "r", "Connect this server again", "r", ABOUT_SERVER, SERVERS | DETAIL - LOG),
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
        Action("cancel_task", "Cancel task", "x", "Cancel one of its tasks", "x", ABOUT_SERVER | ITEM, DETAIL - LOG),
        Action(
            "enable",
            "Enable/disable",
            "e",
            "Switch this server on or off",
            "e",
            ABOUT_SERVER,
            SERVERS,
        ),
        Action("tick", "Mark", "Space", "Mark it: r, e, u, v, Del then act on all marked", "space", SERVERS, SERVERS),
        Action("tick_all", "Mark all", "*", "Mark every server that is listed, or none", "asterisk", SERVERS),
        Action("find_server", "Filter", "/", "Narrow the servers by words", "slash", SERVERS, SERVERS),
        Action("keep_found", "Keep", "Enter", "Go through what the filter found", zones=FIND, footer=FIND),
        Action("sort", "Sort", "o", "Sort them by name, status, latency …", "o", SERVERS, SERVERS),
        Action("group", "Group", "O", "Group them by source, status, transport (← → fold)", "O", SERVERS, SERVERS),
        Action("list", "Wide list", "z", "The list takes the whole screen, with every column", "z", SERVERS, SERVERS),
    ),
)
