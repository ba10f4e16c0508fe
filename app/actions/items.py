"""Tools, resources, prompts: what can be done there, and by which keys."""

from __future__ import annotations

from .action import EVERYWHERE, FORM, LISTS, QUESTION, READING, TOOLS, Action, Group

GROUP: Group = (
    "Tools, resources, prompts",
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
    ),
)
