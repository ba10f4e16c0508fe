"""Permission asked of a person: what the question says, and which answers are a yes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcpdeck.services.engine.collaborators import CALL_ASKED_FOR
from mcpdeck.services.engine.permission_question import PERMISSION, AskingPerson
from mcpdeck.services.models import Act, Caller, Decision, Effect, JsonObject, Offered, Reach
from mcpdeck.services.session import Answer, Question
from mcpdeck.services.state.model import AppState, ToolChange, ToolChanges
from tests.ui import states

pytestmark = pytest.mark.anyio

ARGUMENTS: JsonObject = {"path": "/a", "deep": {"list": [1, None]}}
ACT = Act(
    Offered.TOOL,
    "files",
    "write",
    ARGUMENTS,
    {"readOnlyHint": False, "title": "no hint", "destructiveHint": "yes"},
    caller=Caller.DASHBOARD,
)
ASKS = Decision(Effect.ASK, "mcp__files__*", "/home/ada/settings.json", "A rule wants it asked.")
REACHES = (Reach.ONCE, Reach.SESSION)


async def asked(
    answer: Answer, act: Act = ACT, decision: Decision = ASKS, state: AppState | None = None
) -> tuple[Reach | None, Question]:
    questions: list[Question] = []

    async def ask(question: Question) -> Answer:
        questions.append(question)
        return answer

    found = await AskingPerson(ask, lambda: state or AppState())(act, decision, REACHES)
    (question,) = questions
    return found, question


@pytest.mark.parametrize(
    ("answer", "reach"),
    [
        (Answer("accept", {"reach": "once"}), Reach.ONCE),
        (Answer("accept", {"reach": "session"}), Reach.SESSION),
        (Answer("accept", {"reach": "always"}), None),
        (Answer("accept", {"reach": "everything"}), None),
        (Answer("accept", {"reach": None}), None),
        (Answer("accept", {}), None),
        (Answer("accept"), None),
        (Answer("decline", {"reach": "once"}), None),
        (Answer("cancel"), None),
    ],
    ids=lambda value: str(value.content) + value.action if isinstance(value, Answer) else str(value),
)
async def test_only_an_answer_that_was_offered_is_a_yes(answer: Answer, reach: Reach | None) -> None:
    assert (await asked(answer))[0] is reach


async def test_the_question_names_the_tool_its_arguments_its_given_claims_and_the_rule() -> None:
    token = CALL_ASKED_FOR.set("call-7")
    _, question = await asked(Answer("decline"))
    CALL_ASKED_FOR.reset(token)
    assert (question.server, question.method, question.call) == ("files", PERMISSION, "call-7")
    assert question.params == {
        "kind": "tool",
        "server": "files",
        "name": "write",
        "title": "",
        "description": "",
        "qualifiedName": "mcp__files__write",
        "arguments": ARGUMENTS,
        "annotations": {"readOnlyHint": False},
        "trusted": False,
        "rule": "mcp__files__*",
        "source": "/home/ada/settings.json",
        "why": "A rule wants it asked.",
        "changed": False,
        "changes": [],
        "reaches": ["once", "session"],
        "sameArguments": False,
        "caller": "dashboard",
    }


async def test_the_question_about_a_changed_tool_says_what_of_it_changed_last() -> None:
    tool = replace(states.tool("write", "Writes, and tells."), title="Write it down")
    history = (
        ToolChanges(details=(ToolChange("other", ("title",), {}, {}),)),
        ToolChanges(details=(ToolChange("write", ("description", "annotations"), {}, {}),)),
        ToolChanges(details=(ToolChange("write", ("title",), {}, {}),)),
    )
    state = states.app_state(states.connected("files", tools=(tool,), tool_history=history))
    _, question = await asked(Answer("decline"), decision=replace(ASKS, changed=True), state=state)
    assert question.params["changes"] == ["description", "annotations"]
    assert question.params["title"] == "Write it down"
    assert question.params["description"] == "Writes, and tells."


async def test_the_question_says_where_a_yes_for_this_session_is_about_these_arguments_only() -> None:
    _, question = await asked(Answer("decline"), decision=replace(ASKS, same_arguments=True))
    assert question.params["sameArguments"] is True


async def test_a_resource_and_a_prompt_have_no_qualified_name_of_a_tool() -> None:
    for kind in (Offered.RESOURCE, Offered.PROMPT):
        _, question = await asked(Answer("decline"), act=replace(ACT, kind=kind))
        assert (question.params["kind"], question.params["qualifiedName"]) == (kind.value, "")
