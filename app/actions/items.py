"""Tools, resources, prompts: what can be done there, and by which keys."""

from __future__ import annotations

from .action import ABOUT_SERVER, EVERYWHERE, FORM, ITEM, ITEMS, LOG, QUESTION, READING, SERVERS, TOOLS, Action, Group

KINDS_SHOWN = ABOUT_SERVER | ITEM

GROUP: Group = (
    "Tools, resources, prompts",
    (
        Action("search", "Search", "Ctrl+K", "Find anything of any server by a few letters", "ctrl+k"),
        Action("call", "Arguments", "Enter", "Fill in, read, or look, as the thing is", zones=ITEMS, footer=ITEMS),
        Action("look", "Page", "→", "Its form or page, without doing anything", "right", TOOLS),
        Action("permissions", "Permission", "p", "Whether it asks, and by which rule", "p", READING, TOOLS),
        Action("filter", "Filter", "/", "Narrow the list by a few letters", "slash", READING - SERVERS - LOG, TOOLS),
        Action("subscribe", "Changes", "f", "Be told when the resource changes, or no more", "f", ITEMS, ITEMS),
        Action("next_kind", "Next kind", "]", "Tools, resources, templates …", "right_square_bracket", KINDS_SHOWN),
        Action("previous_kind", "Kind before", "[", "The same, backwards", "left_square_bracket", KINDS_SHOWN),
        Action("show_tools", "Tools", "1", "The tools of this server", "1", KINDS_SHOWN),
        Action("show_resources", "Resources", "2", "Its resources", "2", KINDS_SHOWN),
        Action("show_templates", "Templates", "3", "Its resource templates", "3", KINDS_SHOWN),
        Action("show_prompts", "Prompts", "4", "Its prompts", "4", KINDS_SHOWN),
        Action("show_tasks", "Tasks", "5", "Its tasks", "5", KINDS_SHOWN),
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
    ),
)
