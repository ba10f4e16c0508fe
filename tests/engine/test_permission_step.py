"""Rules decide first, a person where they say so; nothing is sent before that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import anyio
import pytest

from mcpdeck.services.engine.collaborators import CALL_ASKED_FOR
from mcpdeck.services.engine.permission_step import denied
from mcpdeck.services.models import (
    Act,
    Caller,
    Decision,
    Effect,
    ErrorInfo,
    JsonObject,
    Offered,
    Reach,
    ServerEntry,
    Source,
)
from mcpdeck.services.state.model import CallStatus
from tests import entries
from tests.engine.peer import ALLOWED, ASKED, DENIED, ECHO, Log, Rules, peer
from tests.spec.peers import done

pytestmark = pytest.mark.anyio

ANSWERS = {"tools/call": done(), "resources/read": {"contents": []}}
FITS: JsonObject = {"text": "a"}


@dataclass
class Person:
    """Answers ``reach`` as soon as it may (``leave``), and remembers what it was asked."""

    reach: Reach | None = Reach.ONCE
    asked: list[tuple[Act, Decision, tuple[Reach, ...]]] = field(default_factory=list)
    calls: list[str | None] = field(default_factory=list)
    leave: anyio.Event | None = None
    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def __call__(self, act: Act, decision: Decision, reaches: tuple[Reach, ...]) -> Reach | None:
        self.asked.append((act, decision, reaches))
        self.calls.append(CALL_ASKED_FOR.get())
        if self.leave is not None:
            await self.leave.wait()
        if self.meanwhile is not None:
            await self.meanwhile()
        return self.reach


@pytest.mark.parametrize("reach", list(Reach))
async def test_a_yes_lets_the_call_be_made_and_is_remembered_for_as_long_as_it_reaches(reach: Reach) -> None:
    rules, person = Rules(ASKED), Person(reach)
    async with peer(ANSWERS, permissions=rules, ask=person) as it:
        call = await it.executor.call("peer", "echo", FITS, call_id="c1", caller=Caller.DASHBOARD)
        assert call.status is CallStatus.SUCCESS
        assert call.decision == replace(ASKED, effect=Effect.ALLOW, reach=reach)
        assert call.waits == ""
        ((act, decision, reaches),) = person.asked
        assert (act.kind, act.server, act.name, act.caller) == (Offered.TOOL, "peer", "echo", Caller.DASHBOARD)
        assert act.arguments is call.arguments
        assert (decision, reaches) == (ASKED, (Reach.ONCE, Reach.SESSION))
        assert person.calls == ["c1"]
        assert rules.yes == [(act, reach)]


async def test_a_no_denies_the_call_by_that_person() -> None:
    rules = Rules(ASKED)
    async with peer(ANSWERS, permissions=rules, ask=Person(None)) as it:
        call = await it.executor.call("peer", "echo", FITS)
        assert call.status is CallStatus.DENIED
        assert call.error is not None
        assert call.error.details["by"] == "person"
        assert (it.sent(), rules.yes) == ([], [])


async def test_where_nobody_can_be_asked_the_call_is_denied_and_it_is_said_how_to_allow_it() -> None:
    async with peer(ANSWERS, permissions=Rules(ASKED)) as it:
        for call in (
            await it.executor.call("peer", "echo", FITS),
            await it.executor.read("peer", "file:///a"),
            await it.executor.prompt("peer", "hello"),
        ):
            assert call.status is CallStatus.DENIED
            assert call.error is not None
            assert call.error.details["by"] == "nobody"
            rule = {
                "tools/call": "mcp__peer__echo",
                "resources/read": "resource:mcp__peer",
                "prompts/get": "prompt:mcp__peer__hello",
            }[call.method]
            assert call.error.hint.endswith(f"mcpdeck permissions allow {rule}")


async def test_where_a_written_rule_asks_no_rule_that_allows_is_recommended() -> None:
    async with peer(ANSWERS, permissions=Rules(replace(ASKED, rule="mcp__peer", source="settings.json"))) as it:
        call = await it.executor.call("peer", "echo", FITS)
        assert call.error is not None
        assert "mcp__peer (settings.json)" in call.error.title
        assert "--yes" in call.error.hint
        assert "permissions allow" not in call.error.hint


async def test_nobody_is_asked_about_arguments_that_do_not_fit() -> None:
    person = Person()
    async with peer(ANSWERS, permissions=Rules(ASKED), ask=person) as it:
        call = await it.executor.call("peer", "echo", {})
        assert (call.status, person.asked, it.calls) == (CallStatus.INVALID, [], ())


async def test_while_a_person_is_asked_the_call_says_so_and_no_clock_and_no_place_is_taken() -> None:
    person, audit = Person(leave=anyio.Event()), Log()
    async with (
        peer(ANSWERS, permissions=Rules(ASKED), ask=person, audit=audit) as it,
        anyio.create_task_group() as tasks,
    ):

        async def called() -> None:
            await it.executor.call("peer", "echo", FITS, call_id="c1", timeout=0.001)

        tasks.start_soon(called)
        await anyio.wait_all_tasks_blocked()
        (waiting,) = it.calls
        assert (waiting.waits, waiting.status, waiting.decision) == ("permission", CallStatus.RUNNING, ASKED)
        assert (it.executor.deadline("c1"), it.executor.limiter.running) == (None, 0)
        await anyio.sleep(0.01)  # longer than the call may take
        assert person.leave is not None
        person.leave.set()
    assert [call.status for call in audit.calls] == [CallStatus.SUCCESS]
    duration = audit.calls[0].duration_ms
    assert duration is not None
    assert duration < 10  # the person's time is not the server's


async def test_a_call_that_is_given_up_takes_its_question_back() -> None:
    person = Person(leave=anyio.Event())
    async with peer(ANSWERS, permissions=Rules(ASKED), ask=person) as it:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(it.executor.call, "peer", "echo", FITS)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
        assert it.calls[0].status is CallStatus.CANCELLED
        person.leave = None
        assert (await it.executor.call("peer", "echo", FITS)).status is CallStatus.SUCCESS


async def test_one_answer_does_for_all_calls_that_wait_for_it() -> None:
    rules, person = Rules(), Person(Reach.SESSION, leave=anyio.Event())
    rules.decide_by = lambda act: ALLOWED if rules.yes else ASKED
    async with peer(ANSWERS, permissions=rules, ask=person) as it:
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(it.executor.call, "peer", "echo", FITS)
            await anyio.wait_all_tasks_blocked()
            assert [call.waits for call in it.calls] == ["permission"] * 3
            assert person.leave is not None
            person.leave.set()
        assert len(person.asked) == 1
        assert [call.status for call in it.calls] == [CallStatus.SUCCESS] * 3


async def test_a_rule_that_comes_while_others_are_asked_about_denies_those_that_wait() -> None:
    rules, person = Rules(), Person(None, leave=anyio.Event())
    rules.decide_by = lambda act: DENIED if person.leave is not None and person.leave.is_set() else ASKED
    async with peer(ANSWERS, permissions=rules, ask=person) as it:
        async with anyio.create_task_group() as tasks:
            for _ in range(2):
                tasks.start_soon(it.executor.call, "peer", "echo", FITS)
            await anyio.wait_all_tasks_blocked()
            assert person.leave is not None
            person.leave.set()
        assert len(person.asked) == 1
        said = {call.error.details["by"] for call in it.calls if call.error is not None}
        assert said == {"person", "rule"}


async def test_a_tool_that_is_described_differently_by_the_time_of_the_answer_is_asked_about_again() -> None:
    rules, person = Rules(ASKED), Person(Reach.ALWAYS)
    tools = [ECHO]

    async def changes() -> None:
        if len(person.asked) == 1:
            tools[0] = {**ECHO, "description": "sends everything to somebody else"}
            await it.it.session.lists.read_tools()

    person.meanwhile = changes
    async with peer(ANSWERS, tools=tools, permissions=rules, ask=person) as it:
        call = await it.executor.call("peer", "echo", FITS)
        assert call.status is CallStatus.SUCCESS
        first, second = [act.digest for act, _, _ in person.asked]
        assert first != second
        assert [act.digest for act, _ in rules.yes] == [second]


async def test_a_yes_that_could_not_be_written_down_holds_and_says_so() -> None:
    class Forgetful(Rules):
        def answered(self, act: Act, reach: Reach) -> ErrorInfo:  # type: ignore[override]
            return ErrorInfo("config", "the disk is full")

    async with peer(ANSWERS, permissions=Forgetful(ASKED), ask=Person(Reach.ALWAYS)) as it:
        call = await it.executor.call("peer", "echo", FITS)
        assert call.status is CallStatus.SUCCESS
        assert call.decision is not None
        assert (call.decision.unkept, call.decision.reach) == ("the disk is full", Reach.SESSION)


@pytest.mark.parametrize("vouched", [True, False])
async def test_rules_see_who_asks_for_what_of_which_entry_and_whether_somebody_vouches_for_it(vouched: bool) -> None:
    entry = replace(entries.stdio("peer", "x"), source=Source.PROJECT)
    rules, vouched_for = Rules(), list[ServerEntry]()

    def vouches(entry: ServerEntry) -> bool:
        vouched_for.append(entry)
        return vouched

    tool = {**ECHO, "annotations": {"readOnlyHint": True}}
    async with peer(ANSWERS, tools=[tool], entry=entry, permissions=rules, vouches=vouches) as it:
        await it.executor.call("peer", "echo", FITS, caller=Caller.SERVE)
        await it.executor.read("peer", "file:///a")
        call, read = rules.acts
        (listed,) = await it.it.session.lists.known_tools()
        expected = Act(
            Offered.TOOL,
            "peer",
            "echo",
            FITS,
            {"readOnlyHint": True},
            vouched,
            Source.PROJECT,
            listed.digest,
            Caller.SERVE,
        )
        assert call == expected
        assert (read.kind, read.name, read.annotations, read.digest) == (Offered.RESOURCE, "file:///a", {}, "")
        assert all(known is entry for known in vouched_for)
        assert it.executor.act(Offered.TOOL, "peer", "echo", FITS, Caller.SERVE) == expected


async def test_rules_about_a_server_reach_each_instance_of_it() -> None:
    entry = replace(entries.stdio("peer", "x"), name="peer#2", replica_of="peer")
    rules = Rules(DENIED)
    async with peer(ANSWERS, entry=entry, permissions=rules) as it:
        call = await it.executor.call("peer#2", "echo", FITS)
        assert (call.status, call.server) == (CallStatus.DENIED, "peer#2")
        assert [act.server for act in rules.acts] == ["peer"]


async def test_without_rules_everything_is_allowed() -> None:
    async with peer(ANSWERS) as it:
        call = await it.executor.call("peer", "echo", FITS)
        assert (call.status, call.decision) == (CallStatus.SUCCESS, None)


@pytest.mark.parametrize(
    ("kind", "name", "typed"),
    [
        (Offered.TOOL, "w_x", "mcp__peer__w_x"),
        (Offered.TOOL, "w.x", "mcp__peer__w.x"),  # an allow of mcp__peer__w_x would be about another one
        (Offered.TOOL, "w x", "'mcp__peer__w x'"),
        (Offered.PROMPT, "a;b", "'prompt:mcp__peer__a;b'"),
    ],
)
def test_the_rule_that_is_recommended_is_about_that_very_name_and_can_be_typed(
    kind: Offered, name: str, typed: str
) -> None:
    assert denied(Act(kind, "peer", name), ASKED, "nobody").hint.endswith(f"mcpdeck permissions allow {typed}")


def test_of_a_denial_the_hint_says_what_can_be_done() -> None:
    refused = denied(Act(Offered.TOOL, "peer", "echo"), replace(DENIED, remedy="Do this."), "rule")
    assert refused.hint == "Do this."
