"""Example states of a server that offers things of every kind."""

from __future__ import annotations

from dataclasses import replace

from mcpdeck.services.models import EraName, Listed, TaskInfo
from mcpdeck.services.state.model import ServerState
from tests.ui import states

NOTES = Listed(
    "notes://2026/plan",
    "plan",
    "The plan for the year",
    "What is to be done, and by whom.\nKept by hand.",
    {
        "uri": "notes://2026/plan",
        "name": "plan",
        "title": "The plan for the year",
        "mimeType": "text/markdown",
        "size": 4_210,
        "annotations": {"audience": ["user", "assistant"], "priority": 0.8, "lastModified": "2026-01-01T09:00:00Z"},
    },
)
RESOURCES = (
    NOTES,
    Listed(
        "file:///srv/log.txt", "log.txt", None, "Everything that went on", {"mimeType": "text/plain", "size": 81_920}
    ),
    Listed("db://orders", "orders", "Orders", "", {"mimeType": "application/json"}),
    Listed("no scheme at all", "", None, "A listing with faults", {"size": -3}),
)
TEMPLATES = (
    Listed("notes://{year}/{name}", "note", "A note of a year", "Any note", {"mimeType": "text/markdown"}),
    Listed("db://orders{?from,to}", "orders-between", None, "Orders of some days", {}),
)
PROMPTS = (
    Listed(
        "review",
        "review",
        "Review a change",
        "Asks for a review in a tone",
        {"arguments": [{"name": "change", "required": True}, {"name": "tone", "description": "kind or strict"}]},
    ),
    Listed("standup", "standup", None, "What was done yesterday", {}),
)
TASKS = (
    TaskInfo(
        "task-786a",
        "working",
        "index",
        "412 of 1,000 files",
        "2026-01-01T10:19:00Z",
        "2026-01-01T10:19:58Z",
        3_600_000,
        5_000,
        {"taskId": "task-786a", "status": "working"},
    ),
    TaskInfo("task-11c0", "completed", "report", "", "2026-01-01T09:00:00Z", "", None, None, {"taskId": "task-11c0"}),
    TaskInfo("task-0f2b", "failed", "", "out of paper", raw={"error": {"code": -32000, "message": "out of paper"}}),
)
LIBRARY = states.connected(
    "library",
    capabilities={
        "tools": {},
        "resources": {"subscribe": True, "listChanged": True},
        "prompts": {},
        "completions": {},
        "tasks": {"list": {}, "cancel": {}},
    },
    tools=states.EVERYTHING_TOOLS,
    resources=RESOURCES,
    templates=TEMPLATES,
    prompts=PROMPTS,
    tasks=TASKS,
    era=EraName.LEGACY,
)


def library(**changes: object) -> ServerState:
    return replace(LIBRARY, **changes)  # type: ignore[arg-type]
