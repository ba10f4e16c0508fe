"""The decision is about what gets the call, and still holds when it is sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest

from mcpdeck.services.engine import clearance
from mcpdeck.services.engine.executor import Executor
from mcpdeck.services.engine.limits import Limits
from mcpdeck.services.engine.response_cache import ResponseCache
from mcpdeck.services.errors import ConnectError
from mcpdeck.services.models import Act, Caller, Decision, Effect, JsonObject, Offered, Reach
from mcpdeck.services.policy.permissions import Permissions
from mcpdeck.services.session.lists import TOOLS
from mcpdeck.services.state.model import CallState, CallStatus
from tests.engine.peer import ALLOWED, ASKED, DENIED, ECHO, Peer, Rules, peer
from tests.engine.test_permission_step import Person
from tests.playbooks.opened import Opened, opened
from tests.policy.permitting import permitting
from tests.spec.peers import LEGACY, MODERN, done, server

pytestmark = pytest.mark.anyio

FITS: JsonObject = {"text": "a"}
READS = {**ECHO, "annotations": {"readOnlyHint": True}}
DESTROYS = {**ECHO, "description": "deletes everything", "annotations": {"destructiveHint": True}}
ANSWERS = {"tools/call": done()}
QUICK = Limits(pause=0.0005, longest_pause=0.001)


def by_hints(act: Act) -> Decision:
    """What the default says."""
    return ALLOWED if act.annotations.get("readOnlyHint") is True else ASKED


@asynccontextmanager
async def another(it: Peer, tool: dict[str, Any], *, listed: bool = True) -> AsyncGenerator[Opened]:
    """Another instance of the server: the one that gets what is sent from now on."""
    async with opened(server({"tools/list": {"tools": [tool]}, **ANSWERS}, capabilities={"tools": {}})) as other:
        await other.session.open(LEGACY)
        if listed:
            await other.session.lists.read_tools()
        other.session.server = "peer#2"
        it.sessions.gets = other.session
        yield other


def calls(other: Opened) -> list[Any]:
    return [message for message in other.transport.sent if message.get("method") == "tools/call"]


@dataclass
class Calls:
    """Calls that are made beside the test, and what came of them."""

    executor: Executor
    ended: list[CallState] = field(default_factory=list)

    async def one(self) -> None:
        self.ended.append(await self.executor.call("peer", "echo", FITS, caller=Caller.DASHBOARD))


@asynccontextmanager
async def waiting(it: Peer) -> AsyncGenerator[Calls]:
    """A call that waits for a place, until the end of the block."""
    found = Calls(it.executor)
    place = await it.executor.limiter.enter("peer")
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(found.one)
            await anyio.wait_all_tasks_blocked()
            assert it.executor.limiter.waiting("peer") == 1
            yield found
            place.leave()


# Which definition it is about


async def test_an_instance_whose_tool_is_another_one_does_not_get_what_was_allowed_of_the_first() -> None:
    rules = Rules(decide_by=by_hints)
    async with peer(ANSWERS, tools=[READS], permissions=rules) as it, another(it, DESTROYS) as other:
        call = await it.executor.call("peer", "echo", FITS)
        assert call.status is CallStatus.DENIED
        assert call.error is not None
        assert call.error.details["by"] == "nobody"
        assert (it.sent(), calls(other)) == ([], [])


async def test_a_person_is_asked_about_the_tool_of_the_instance_that_gets_the_call() -> None:
    rules, person = Rules(decide_by=by_hints), Person(Reach.ONCE)
    helpers: dict[str, Any] = {"permissions": rules, "ask": person, "vouches": lambda entry: True}
    async with peer(ANSWERS, tools=[READS], **helpers) as it, another(it, DESTROYS) as other:
        (tool,) = await other.session.lists.known_tools()
        call = await it.executor.call("peer", "echo", FITS)
        assert (call.status, call.instance, len(calls(other))) == (CallStatus.SUCCESS, "peer#2", 1)
        assert [(act.digest, act.annotations) for act, _, _ in person.asked] == [(tool.digest, tool.annotations)]
        assert [act.digest for act, _ in rules.yes] == [tool.digest]


async def test_instances_that_say_the_same_of_a_tool_are_one_question() -> None:
    person = Person(Reach.ONCE)
    async with peer(ANSWERS, permissions=Rules(ASKED), ask=person) as it, another(it, ECHO) as other:
        call = await it.executor.call("peer", "echo", FITS)
        assert (call.status, len(calls(other)), len(person.asked)) == (CallStatus.SUCCESS, 1, 1)


async def test_arguments_fit_the_tool_of_the_instance_that_gets_the_call() -> None:
    wants = {**ECHO, "inputSchema": {"type": "object", "required": ["other"]}}
    async with peer(ANSWERS, permissions=Rules(ALLOWED)) as it, another(it, wants) as other:
        call = await it.executor.call("peer", "echo", FITS)
        assert call.error is not None
        assert (call.error.title, calls(other)) == ("the arguments do not fit echo", [])


async def test_a_tool_whose_list_is_not_there_yet_is_waited_for() -> None:
    rules = Rules(decide_by=by_hints)
    async with (
        peer(ANSWERS, tools=[READS], permissions=rules) as it,
        another(it, DESTROYS, listed=False) as other,
        anyio.create_task_group() as tasks,
    ):
        made = Calls(it.executor)
        tasks.start_soon(made.one)
        await anyio.wait_all_tasks_blocked()
        assert (made.ended, calls(other)) == ([], [])
        await other.session.lists.refresh(TOOLS)
        await anyio.wait_all_tasks_blocked()
        assert [call.status for call in made.ended] == [CallStatus.DENIED]
        assert calls(other) == []


async def test_a_tool_that_nobody_knows_anything_of_is_asked_about_for_one_call_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clearance, "LISTED", 0.01)
    rules, person = Rules(decide_by=by_hints), Person(Reach.ONCE)
    async with (
        peer(ANSWERS, tools=[READS], permissions=rules, ask=person) as it,
        another(it, DESTROYS, listed=False) as other,
    ):
        call = await it.executor.call("peer", "echo", FITS, validate=False)
        assert (call.status, len(calls(other))) == (CallStatus.SUCCESS, 1)
        assert [(act.digest, act.annotations, reaches) for act, _, reaches in person.asked] == [
            ("", {}, (Reach.ONCE,)),
        ]


async def test_a_second_try_is_not_made_of_a_tool_that_became_one_that_must_not_be_called_twice() -> None:
    tools, failures = [READS], [ConnectError("gone")]

    def answer(message: Any) -> Any:
        tools[0] = DESTROYS  # from now on
        return failures.pop(0) if failures else done()

    helpers: dict[str, Any] = {"permissions": Rules(ALLOWED), "vouches": lambda entry: True, "limits": QUICK}
    async with peer({"tools/call": answer}, tools=tools, **helpers) as it:

        async def listed_anew(name: str) -> None:
            await it.it.session.lists.read_tools()

        it.sessions.before = listed_anew
        call = await it.executor.call("peer", "echo", FITS)
        assert (call.status, call.attempts, len(it.sent())) == (CallStatus.FAILED, 1, 1)
        assert call.error is not None
        assert call.error.title == "gone"
        again = await it.executor.call("peer", "echo", FITS)
        assert (again.status, again.attempts) == (CallStatus.SUCCESS, 1)


async def test_an_answer_of_a_tool_that_turned_out_to_be_another_one_is_not_kept() -> None:
    hints = {"ttlMs": 60_000, "cacheScope": "public"}
    helpers: dict[str, Any] = {"cache": ResponseCache(), "vouches": lambda entry: True}
    answers = {"tools/call": {**done(), **hints}}
    async with peer(answers, tools=[READS], wish=MODERN, **helpers) as it:
        it.sessions.before = lambda name: _lists(it, DESTROYS)
        await it.executor.call("peer", "echo", FITS)
        it.sessions.before = None
        await _lists(it, READS)
        assert (await it.executor.call("peer", "echo", FITS)).cached_at is None


async def _lists(it: Peer, tool: dict[str, Any]) -> None:
    it.tools[:] = [tool]
    await it.it.session.lists.read_tools()


# Whether it still holds


async def test_a_tool_that_changes_while_the_call_waits_for_a_place_is_judged_again() -> None:
    rules = Rules(decide_by=by_hints)
    async with peer(ANSWERS, tools=[READS], permissions=rules, limits=Limits(per_server=1)) as it:
        async with waiting(it) as made:
            await _lists(it, DESTROYS)
        assert [call.status for call in made.ended] == [CallStatus.DENIED]
        assert it.sent() == []


@pytest.mark.parametrize("meanwhile", ["asked", "waiting"])
async def test_a_deny_that_comes_while_a_call_waits_stands_above_the_yes(meanwhile: str) -> None:
    rules, person = Rules(ASKED if meanwhile == "asked" else ALLOWED), Person(Reach.ALWAYS)

    async def denied() -> None:
        rules.decision = DENIED

    person.meanwhile = denied
    async with peer(ANSWERS, permissions=rules, ask=person, limits=Limits(per_server=1)) as it:
        if meanwhile == "asked":
            call = await it.executor.call("peer", "echo", FITS)
        else:
            async with waiting(it) as made:
                await denied()
            (call,) = made.ended
        assert (call.status, call.decision, it.sent(), rules.yes) == (CallStatus.DENIED, DENIED, [], [])
        assert call.error is not None
        assert call.error.details["by"] == "rule"


async def test_a_rule_that_wants_it_asked_by_the_time_it_is_sent_has_it_asked_once() -> None:
    rules, person = Rules(ALLOWED), Person(Reach.ONCE)
    async with peer(ANSWERS, permissions=rules, ask=person, limits=Limits(per_server=1)) as it:
        async with waiting(it) as made:
            rules.decision = ASKED
        assert [call.status for call in made.ended] == [CallStatus.SUCCESS]
        assert (len(person.asked), len(it.sent())) == (1, 1)
        assert it.executor.limiter.running == 0


async def test_what_was_counted_for_a_budget_is_not_held_against_the_same_call() -> None:
    permissions = permitting(configured=["peer"], allow=["mcp__peer"], budget={"mcp__peer": 1})
    async with peer(ANSWERS, permissions=permissions, limits=Limits(per_server=1)) as it:
        async with waiting(it) as made:
            pass
        assert [call.status for call in made.ended] == [CallStatus.SUCCESS]
        assert (await it.executor.call("peer", "echo", FITS)).status is CallStatus.DENIED


async def test_a_use_in_words_of_its_own_meets_the_rules_and_is_sent_once_as_it_is() -> None:
    rules = Rules(ALLOWED)
    answers = {"tools/call": lambda message: ConnectError("gone")}
    async with peer(answers, tools=[READS], permissions=rules, vouches=lambda entry: True, limits=QUICK) as it:

        async def use() -> CallState:
            return await it.executor.raw(
                "peer",
                Offered.TOOL,
                "echo",
                "tools/call",
                lambda session: session.request("tools/call", {"name": "echo", "more": 1}),
                caller=Caller.BATCH,
            )

        call = await use()
        assert (call.status, call.method, call.tool, call.attempts) == (CallStatus.FAILED, "tools/call", "echo", 1)
        assert [message["params"] for message in it.sent()] == [{"name": "echo", "more": 1}]
        assert it.sessions.bound == [True]
        rules.decision = DENIED
        assert (await use()).status is CallStatus.DENIED
        assert len(it.sent()) == 1


async def test_rules_that_are_really_there_judge_a_tool_that_changed() -> None:
    helpers: dict[str, Any] = {"permissions": Permissions.of(()), "vouches": lambda entry: True}
    async with peer(ANSWERS, tools=[READS], limits=Limits(per_server=1), **helpers) as it:
        async with waiting(it) as made:
            await _lists(it, DESTROYS)
        (call,) = made.ended
        assert call.status is CallStatus.DENIED
        assert call.decision is not None
        assert (call.decision.effect, call.decision.rule) == (Effect.ASK, "destructive tools always ask")
