"""Places, clocks, breakers, further tries and kept answers, as calls meet them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from mcpdeck.services.engine.limits import Limits
from mcpdeck.services.engine.response_cache import ResponseCache
from mcpdeck.services.errors import ConnectError, ConnectionLost, HttpStatusError, McpDeckError
from mcpdeck.services.models import BreakerState, Caller, JsonObject
from mcpdeck.services.state.model import CallState, CallStatus
from tests import entries
from tests.engine.peer import ALLOWED, DENIED, ECHO, Log, Peer, Rules, peer
from tests.playbooks.scripted import result
from tests.spec.peers import MODERN, done

pytestmark = pytest.mark.anyio

FITS: JsonObject = {"text": "a"}
READ_ONLY = {**ECHO, "annotations": {"readOnlyHint": True}}
QUICK = Limits(pause=0.0005, longest_pause=0.001)


def failing(*failures: McpDeckError | None) -> Callable[[Any], Any]:
    """Fails so often, then answers."""
    left = list(failures)
    return lambda message: (left.pop(0) if left else None) or done()


def lost() -> McpDeckError:
    return ConnectError("connection refused")


async def _later(it: Peer, count: int = 1) -> None:
    """Let the oldest calls that wait for an answer have it."""
    for message in it.sent()[:count]:
        it.it.transport.feed(result(message, done()))
    await anyio.wait_all_tasks_blocked()


# Places


async def test_a_call_that_waits_for_a_place_says_so_and_its_clock_does_not_run() -> None:
    limits = Limits(per_server=1)
    async with peer({"tools/call": lambda m: None}, limits=limits) as it, anyio.create_task_group() as tasks:
        tasks.start_soon(it.executor.call, "peer", "echo", FITS)
        await anyio.wait_all_tasks_blocked()

        async def second() -> None:
            await it.executor.call("peer", "echo", FITS, call_id="second")

        tasks.start_soon(second)
        await anyio.wait_all_tasks_blocked()
        assert [call.waits for call in it.calls] == ["a free place", ""]
        assert it.executor.deadline("second") is None
        assert len(it.sent()) == 1
        await _later(it)
        assert [(call.status, call.waits) for call in it.calls] == [
            (CallStatus.RUNNING, ""),
            (CallStatus.SUCCESS, ""),
        ]
        assert it.executor.deadline("second") is not None
        tasks.cancel_scope.cancel()


async def test_while_a_server_asks_somebody_the_clock_stands_and_another_call_has_the_place() -> None:
    limits = Limits(per_server=1)
    async with peer({"tools/call": lambda m: None}, limits=limits) as it, anyio.create_task_group() as tasks:

        async def first() -> None:
            await it.executor.call("peer", "echo", FITS, call_id="first")

        tasks.start_soon(first)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(it.executor.call, "peer", "echo", FITS)
        await anyio.wait_all_tasks_blocked()
        assert len(it.sent()) == 1
        with it.executor.paused("peer", "first"):
            await anyio.wait_all_tasks_blocked()
            assert it.executor.deadline("first") == math.inf
            assert len(it.sent()) == 2
        assert it.executor.limiter.running == 2
        await _later(it, 2)
        assert [call.status for call in it.calls] == [CallStatus.SUCCESS] * 2
        assert it.executor.limiter.running == 0


async def test_a_call_whose_question_calls_back_does_not_wait_for_itself() -> None:
    """Eight calls, each of whose servers asks something that takes a call of its own to answer."""
    answered: list[CallState] = []

    def asks(message: Any) -> Any:
        return done() if message["params"]["arguments"]["text"] == "inner" else None

    async with peer({"tools/call": asks}, limits=Limits(per_server=2, in_all=2)) as it:
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:

                async def outer(name: str) -> None:
                    await it.executor.call("peer", "echo", {"text": "outer"}, call_id=name)

                for name in ("a", "b"):
                    tasks.start_soon(outer, name)
                await anyio.wait_all_tasks_blocked()
                with it.executor.paused("peer", "a"), it.executor.paused("peer", "b"):
                    answered.append(await it.executor.call("peer", "echo", {"text": "inner"}))
                await _later(it, 2)
    assert answered[0].status is CallStatus.SUCCESS


# The breaker


async def test_after_failures_in_a_row_calls_are_not_sent_until_somebody_resets_it() -> None:
    answers = {"tools/call": failing(lost(), lost(), lost())}
    async with peer(answers, limits=Limits(failures=3), entry=entries.http("peer", "http://127.0.0.1/")) as it:
        for _ in range(3):
            assert (await it.executor.call("peer", "echo", FITS)).status is CallStatus.FAILED
        row = it.store.state.mcp.servers["peer"]
        assert row.breaker is not None
        assert row.breaker.state is BreakerState.OPEN
        held = await it.executor.call("peer", "echo", FITS)
        assert held.status is CallStatus.FAILED
        assert held.error is not None
        assert "no calls are made since" in held.error.title
        assert len(it.sent()) == 3
        it.executor.reset_breaker("peer")
        assert (await it.executor.call("peer", "echo", FITS)).status is CallStatus.SUCCESS
        row = it.store.state.mcp.servers["peer"]
        assert row.breaker is not None
        assert row.breaker.state is BreakerState.CLOSED


async def test_a_server_that_is_not_connected_is_not_a_transport_that_fails() -> None:
    async with peer({"tools/call": done()}, limits=Limits(failures=2)) as it:
        it.sessions.broken = lost()
        for _ in range(4):
            await it.executor.call("peer", "echo", FITS)
        it.sessions.broken = None
        assert (await it.executor.call("peer", "echo", FITS)).status is CallStatus.SUCCESS


# Further tries


@pytest.mark.parametrize(
    ("use", "annotations", "caller", "attempts"),
    [
        ("read", None, Caller.PROGRAM, 3),
        ("prompt", None, Caller.COMMAND, 3),
        ("call", None, Caller.PROGRAM, 1),
        ("call", {"readOnlyHint": True}, Caller.PROGRAM, 3),
        ("call", {"idempotentHint": True}, Caller.DASHBOARD, 3),
        ("call", {"destructiveHint": False}, Caller.DASHBOARD, 1),
        ("read", None, Caller.BATCH, 1),
        ("call", {"readOnlyHint": True}, Caller.BATCH, 1),
    ],
)
async def test_what_is_safe_is_tried_three_times_and_everything_else_once(
    use: str, annotations: dict[str, Any] | None, caller: Caller, attempts: int
) -> None:
    audit = Log()
    answers = {method: failing(*[lost()] * 9) for method in ("tools/call", "resources/read", "prompts/get")}
    tools = [{**ECHO, "annotations": annotations}] if annotations is not None else [ECHO]
    helpers: dict[str, Any] = {"audit": audit, "limits": QUICK, "vouches": lambda entry: True}
    async with peer(answers, tools=tools, **helpers) as it:
        match use:
            case "read":
                call = await it.executor.read("peer", "file:///a", caller=caller)
            case "prompt":
                call = await it.executor.prompt("peer", "hello", caller=caller)
            case _:
                call = await it.executor.call("peer", "echo", FITS, caller=caller)
        assert (call.status, call.attempts) == (CallStatus.FAILED, attempts)
        assert len(it.sent(call.method)) == attempts
        assert audit.calls == [call]


async def test_nobody_who_vouches_means_no_second_try() -> None:
    async with peer({"tools/call": failing(lost())}, tools=[READ_ONLY], limits=QUICK) as it:
        call = await it.executor.call("peer", "echo", FITS)
        assert (call.status, call.attempts) == (CallStatus.FAILED, 1)


async def test_a_second_try_that_succeeds_is_a_success_that_tells_of_it() -> None:
    seen: list[str] = []
    answers = {"resources/read": failing(HttpStatusError("busy", status=503))}
    async with peer(answers, limits=replace(QUICK, pause=0.05, longest_pause=0.05)) as it:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(it.executor.read, "peer", "file:///a")
            while not seen or it.calls[0].waits:
                seen.extend(call.waits for call in it.calls if call.waits and call.waits not in seen)
                await anyio.lowlevel.checkpoint()
        (call,) = it.calls
        assert seen == ["another try"]
        assert (call.status, call.attempts, call.waits) == (CallStatus.SUCCESS, 2, "")


async def test_another_try_waits_for_its_place_like_any_other_call() -> None:
    under_way, most = 0, 0
    failures = [HttpStatusError("busy", status=503) for _ in range(8)]

    async def counted(name: str) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        for _ in range(5):  # longer than the pause, so that others have the place by then
            await anyio.lowlevel.checkpoint()
        under_way -= 1

    answers = {"resources/read": lambda message: failures.pop() if failures else {"contents": []}}
    async with peer(answers, limits=Limits(per_server=2, pause=0)) as it:
        it.sessions.before = counted
        async with anyio.create_task_group() as tasks:
            for number in range(12):
                tasks.start_soon(it.executor.read, "peer", f"file:///{number}")
        assert [call.status for call in it.calls] == [CallStatus.SUCCESS] * 12
        assert (most, it.executor.limiter.running) == (2, 0)


async def test_processes_that_end_each_on_its_own_are_failures_of_their_own() -> None:
    answers = {"tools/call": failing(*[ConnectionLost("the server ended") for _ in range(3)])}
    async with peer(answers, limits=Limits(failures=3)) as it:
        for instance in ("peer", "peer#2", "peer#3"):  # each in its first generation
            it.it.session.server = instance
            await it.executor.call("peer", "echo", FITS)
        row = it.store.state.mcp.servers["peer"]
        assert row.breaker is not None
        assert row.breaker.state is BreakerState.OPEN


async def test_a_breaker_that_opens_ends_the_tries() -> None:
    answers = {"resources/read": failing(*[lost()] * 9)}
    http = entries.http("peer", "http://127.0.0.1/")
    async with peer(answers, limits=replace(QUICK, failures=2), entry=http) as it:
        call = await it.executor.read("peer", "file:///a")
        assert call.attempts == 2
        assert call.error is not None
        assert call.error.title == "connection refused"  # what happened, not that it is left alone since


async def test_the_time_of_a_call_is_that_of_all_its_tries() -> None:
    answers = {"resources/read": failing(*[lost()] * 9)}
    async with peer(answers, limits=Limits(pause=5, longest_pause=5)) as it:
        with anyio.fail_after(3):
            call = await it.executor.read("peer", "file:///a", timeout=0.05)
        assert (call.status, call.attempts) == (CallStatus.TIMED_OUT, 1)
        assert it.executor.limiter.running == 0


# Kept answers

HINTS = {"ttlMs": 60_000, "cacheScope": "public"}
CONTENTS = {"contents": [{"uri": "file:///a", "text": "x"}], **HINTS}


async def test_what_a_server_says_may_be_kept_is_not_asked_for_again_and_is_marked() -> None:
    audit = Log()
    async with peer({"resources/read": CONTENTS}, wish=MODERN, cache=ResponseCache(), audit=audit) as it:
        first = await it.executor.read("peer", "file:///a")
        second = await it.executor.read("peer", "file:///a")
        assert first.cached_at is None
        assert second.cached_at is not None
        assert (second.status, second.result, second.attempts) == (CallStatus.SUCCESS, first.result, 0)
        assert len(it.sent("resources/read")) == 1
        assert audit.calls == [first, second]
        fresh = await it.executor.read("peer", "file:///a", fresh=True)
        assert fresh.cached_at is None
        assert len(it.sent("resources/read")) == 2
        assert (await it.executor.read("peer", "file:///a")).cached_at is not None


async def test_nothing_is_kept_unless_somebody_wants_that() -> None:
    async with peer({"resources/read": CONTENTS}, wish=MODERN) as it:
        for _ in range(2):
            assert (await it.executor.read("peer", "file:///a")).cached_at is None
        assert len(it.sent("resources/read")) == 2


@pytest.mark.parametrize(
    ("tool", "vouched", "caller", "kept"),
    [
        (READ_ONLY, True, Caller.PROGRAM, True),
        (READ_ONLY, False, Caller.PROGRAM, False),
        (ECHO, True, Caller.PROGRAM, False),
        (READ_ONLY, True, Caller.BATCH, False),
    ],
    ids=["read-only", "nobody vouches", "may change something", "in a batch"],
)
async def test_of_tools_only_those_that_change_nothing_are_answered_from_what_is_kept(
    tool: dict[str, Any], vouched: bool, caller: Caller, kept: bool
) -> None:
    helpers: dict[str, Any] = {"cache": ResponseCache(), "vouches": lambda entry: vouched}
    async with peer({"tools/call": {**done(), **HINTS}}, tools=[tool], wish=MODERN, **helpers) as it:
        for _ in range(2):
            call = await it.executor.call("peer", "echo", FITS, caller=caller)
        assert (call.cached_at is not None) is kept
        assert len(it.sent()) == (1 if kept else 2)


async def test_an_answer_of_several_rounds_is_not_kept() -> None:
    rounds = [{"resultType": "input_required", "requestState": "s"}, CONTENTS] * 2
    async with peer({"resources/read": lambda m: rounds.pop(0)}, wish=MODERN, cache=ResponseCache()) as it:
        first = await it.executor.read("peer", "file:///a")
        second = await it.executor.read("peer", "file:///a")
        assert (first.status, second.status) == (CallStatus.SUCCESS, CallStatus.SUCCESS)
        assert second.cached_at is None
        assert rounds == []


async def test_a_rule_that_denies_is_asked_before_anything_that_is_kept_is_given() -> None:
    rules = Rules(ALLOWED)
    async with peer({"resources/read": CONTENTS}, wish=MODERN, cache=ResponseCache(), permissions=rules) as it:
        await it.executor.read("peer", "file:///a")
        rules.decision = DENIED
        assert (await it.executor.read("peer", "file:///a")).status is CallStatus.DENIED


async def test_a_call_in_a_batch_as_a_task_stays_with_the_instance_that_has_the_task() -> None:
    async with peer({"tools/call": done()}) as it:
        await it.executor.call("peer", "echo", FITS, validate=False, caller=Caller.BATCH)
        await it.executor.call("peer", "echo", FITS, validate=False, as_task=True, caller=Caller.BATCH)
        assert it.sessions.bound == [False, True]
