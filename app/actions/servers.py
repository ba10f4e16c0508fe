"""Servers: what can be done there, and by which keys."""

from __future__ import annotations

from .action import ABOUT_SERVER, DETAIL, LISTS, LOG, READING, SERVERS, Action, Group, Zone

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
            ABOUT_SERVER,
            DETAIL,
        ),
        Action(
            "overview", "Info", "i", "Version, capabilities, instructions, errors", "i", READING, LISTS | {Zone.LOG}
        ),
        Action("log", "Log", "l", "Its stderr and log messages", "l", READING, LISTS | {Zone.OVERVIEW}),
        Action("record", "Unfold", "Enter", "The whole line of the log, wrapped", zones=LOG, footer=LOG),
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
)
