"""Two tools to fill in, the form that shows them, and what it sends."""

from __future__ import annotations

from textual.pilot import Pilot

from mcpdeck.services.models import JsonObject, Tool
from mcpdeck.widgets.form_subject import Subject
from mcpdeck.widgets.tool_form import ToolForm
from tests.ui.form_stage import Stage, settle
from tests.ui.states import tool

ECHO = tool(
    "echo", "Says it back.", {"message": {"type": "string"}, "times": {"type": "integer", "minimum": 1}}, ("message",)
)

MIXED = tool(
    "mixed",
    "Everything at once.",
    {
        "name": {"type": "string"},
        "flag": {"type": "boolean"},
        "unit": {"enum": ["metric", "imperial"]},
        "body": {"type": "string", "description": "Long text."},
        "data": {"type": "object"},
    },
)


async def shown(app: Stage, pilot: Pilot[None], form: ToolForm, wanted: Tool, server: str = "demo") -> None:
    form.subject = Subject.of_tool(server, wanted)
    await settle(app, pilot)
    form.focus_first()
    await settle(app, pilot)


def sent(app: Stage) -> list[tuple[JsonObject, bool]]:
    return [(message.arguments, message.validate) for message in app.asked(ToolForm.CallRequested)]
