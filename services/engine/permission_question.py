"""Permission asked of whoever answers questions: what is to be used, how, and by which rule it is asked.

Owns the wire form of that question (``mcpdeck/permission``) and the reading of its answer. Never decides, and never
lets anything but one of the offered answers count as a yes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from ..models import Act, Decision, Json, JsonObject, Offered, Reach, qualified_name
from ..session import Ask, Question
from ..state.model import AppState
from .collaborators import CALL_ASKED_FOR

PERMISSION = "mcpdeck/permission"
"""``params``: kind, server, name, title, description (of a tool that changed), qualifiedName, arguments, annotations
(those that are given), trusted, rule, source, why, changed, changes (what of the tool changed, where that is known),
reaches, sameArguments (so far a yes for this session reaches), caller. An accepted answer's content: ``reach``, one of
the reaches."""


class AskingPerson:
    """Asks through ``ask``; ``state`` is looked at for what is known of the tool."""

    def __init__(self, ask: Ask, state: Callable[[], AppState]) -> None:
        self._ask = ask
        self._state = state

    async def __call__(self, act: Act, decision: Decision, reaches: tuple[Reach, ...]) -> Reach | None:
        """How far a person's yes reaches; None for a no. Cancelling takes the question back."""
        params = params_of(act, decision, reaches, self._state())
        answer = await self._ask(Question(act.server, PERMISSION, params, CALL_ASKED_FOR.get()))
        if answer.action != "accept" or answer.content is None:
            return None
        chosen = answer.content.get("reach")
        return next((reach for reach in reaches if reach.value == chosen), None)


def params_of(act: Act, decision: Decision, reaches: tuple[Reach, ...], state: AppState) -> JsonObject:
    """The question as it stands in the state: plain JSON, nothing live."""
    given: JsonObject = {name: value for name, value in act.annotations.items() if isinstance(value, bool)}
    offered: list[Json] = [reach.value for reach in reaches]
    changes: list[Json] = list(_changes(act, state)) if decision.changed else []
    return {
        "kind": act.kind.value,
        "server": act.server,
        "name": act.name,
        "title": _listed(act, state, "title"),
        "description": _listed(act, state, "description") if decision.changed else "",
        "qualifiedName": qualified_name(act.server, act.name) if act.kind is Offered.TOOL else "",
        "arguments": act.arguments,
        "annotations": given,
        "trusted": act.trusted,
        "rule": decision.rule,
        "source": decision.source,
        "why": decision.why,
        "changed": decision.changed,
        "changes": changes,
        "reaches": offered,
        "sameArguments": decision.same_arguments,
        "caller": act.caller.value,
    }


def _listed(act: Act, state: AppState, what: Literal["title", "description"]) -> str:
    """Its display name, where that is another one; or what its server says of it."""
    server = state.mcp.servers.get(act.server)
    tools = server.tools or () if server is not None and act.kind is Offered.TOOL else ()
    tool = next((tool for tool in tools if tool.name == act.name), None)
    if tool is None:
        return ""
    if what == "description":
        return tool.description
    return tool.label if tool.label != act.name else ""


def _changes(act: Act, state: AppState) -> Iterator[str]:
    """What of the tool was described differently last."""
    server = state.mcp.servers.get(act.server)
    for changes in server.tool_history if server is not None else ():
        for detail in changes.details:
            if detail.name == act.name:
                yield from detail.what
                return
