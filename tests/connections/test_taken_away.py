"""Servers that are removed, changed, switched off or blocked while they are in use."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import pytest

from mcpdeck.app.worker import Services, running
from mcpdeck.services.errors import McpDeckError, PolicyDenied
from mcpdeck.services.models import EraMode, ErrorInfo, Json, JsonObject, Origin, ServerEntry, Status
from mcpdeck.services.state.model import CallState, CallStatus
from tests import entries
from tests.servers.processes import free_port, listening
from tests.waiting import eventually

pytestmark = pytest.mark.anyio

TINY = entries.stdio("tiny", entries.PYTHON, str(entries.SERVERS / "tiny_stdio.py"), era=EraMode.LEGACY)
OTHER = replace(TINY, name="other", digest="other")
BLOCKED = ErrorInfo("policy", "the rule says no", "ask whoever manages this machine")


@asynccontextmanager
async def calling(*crowd: ServerEntry) -> AsyncGenerator[tuple[Services, list[CallState]]]:
    """A call of the first server is in flight; its end is put into the list."""
    ended: list[CallState] = []
    with anyio.fail_after(30):
        async with running(crowd, can_ask=True) as services, anyio.create_task_group() as tasks:
            await services.manager.settled()

            async def call() -> None:
                ended.append(await services.executor.call(crowd[0].name, "slow", {"steps": 100_000}))

            tasks.start_soon(call)
            await eventually(lambda: services.store.state.calls and services.store.state.calls[0].progress, "progress")
            yield services, ended
            tasks.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (None, "tiny was removed from the configuration"),
        (replace(TINY, digest="changed"), "the entry of tiny changed"),
        (replace(TINY, gate=Status.DISABLED), "tiny was switched off"),
        (replace(TINY, gate=Status.BLOCKED, blocked=BLOCKED), "tiny is blocked by policy: the rule says no"),
        (replace(TINY, gate=Status.REJECTED), "tiny was rejected"),
    ],
    ids=["removed", "changed", "disabled", "blocked", "rejected"],
)
async def test_a_call_in_flight_ends_at_once_and_says_why_its_server_was_taken_away(
    now: ServerEntry | None, said: str
) -> None:
    async with calling(TINY, OTHER) as (services, ended):
        services.manager.configure([OTHER] if now is None else [now, OTHER])
        await eventually(lambda: ended, "end of the call", seconds=2)
        blocked = now is not None and now.gate is Status.BLOCKED
        assert ended[0].status is (CallStatus.DENIED if blocked else CallStatus.FAILED)
        assert ended[0].error is not None
        assert ended[0].error.title == said


async def test_a_call_over_http_ends_at_once_too() -> None:
    port = free_port()
    with listening((entries.PYTHON, str(entries.SERVERS / "sdk2_server.py"), "http", str(port))), anyio.fail_after(30):
        peer = entries.http("peer", f"http://127.0.0.1:{port}/mcp")
        async with running([peer]) as services, anyio.create_task_group() as tasks:
            ended: list[CallState] = []

            async def call() -> None:
                ended.append(await services.executor.call("peer", "hang", {}))

            await services.manager.connected("peer")
            tasks.start_soon(call)
            await eventually(lambda: services.store.state.calls, "call")
            services.manager.configure([])
            await eventually(lambda: ended, "end of the call", seconds=2)
            assert ended[0].error is not None
            assert "removed from the configuration" in ended[0].error.title


async def test_whoever_waits_for_a_server_that_is_removed_is_told() -> None:
    silent = entries.stdio("silent", entries.PYTHON, "-c", "import sys; sys.stdin.read()")
    with anyio.fail_after(30):
        async with running([silent]) as services, anyio.create_task_group() as tasks:
            said: list[str] = []

            async def wait() -> None:
                try:
                    await services.manager.connected("silent")
                except McpDeckError as error:
                    said.append(error.title)

            tasks.start_soon(wait)
            await eventually(
                lambda: services.store.state.mcp.servers["silent"].status is Status.CONNECTING, "connecting server"
            )
            services.manager.configure([])
            await eventually(lambda: said, "reason", seconds=2)
            assert said == ["silent was removed from the configuration"]


async def test_what_is_unchanged_keeps_its_process_and_session_when_everything_around_it_changes() -> None:
    with anyio.fail_after(30):
        async with running([TINY, OTHER]) as services:
            await services.manager.settled()
            session, row = services.manager.session("tiny"), services.store.state.mcp.servers["tiny"]
            moved = replace(TINY, origin=Origin("/elsewhere.json", 7, 3), lints=("odd",))
            third = replace(TINY, name="third", digest="third")
            changes = services.manager.configure([third, replace(OTHER, digest="new"), moved])
            assert (changes.added, changes.removed, changes.changed) == (("third",), (), ("other",))
            assert services.store.state.mcp.order == ("third", "other", "tiny")
            now = services.store.state.mcp.servers["tiny"]
            assert services.manager.session("tiny") is session
            assert (now.pid, now.generation, now.status) == (row.pid, row.generation, Status.CONNECTED)
            assert (now.origin, now.lints) == (Origin("/elsewhere.json", 7, 3), ("odd",))
            await services.manager.connected("third")
            call = await services.executor.call("tiny", "echo", {"text": "still here"})
            assert call.status is CallStatus.SUCCESS


async def test_nothing_is_kept_of_a_server_that_was_removed() -> None:
    with anyio.fail_after(30):
        async with running([TINY, OTHER]) as services:
            await services.manager.settled()
            await eventually(lambda: len(services.store.ring("tiny")), "line in its log")
            services.manager.configure([OTHER])
            await eventually(lambda: not services.trace.of("tiny"), "end of its trace")
            assert len(services.store.ring("tiny")) == 0
            services.manager.configure([TINY, OTHER])
            await services.manager.connected("tiny")
            assert services.trace.of("tiny")


async def test_a_question_of_a_server_that_is_removed_is_closed() -> None:
    asking = entries.stdio("asking", entries.PYTHON, str(entries.SERVERS / "asking_stdio.py"))
    with anyio.fail_after(30):
        async with running([asking], can_ask=True) as services, anyio.create_task_group() as tasks:
            await services.manager.connected("asking")
            schema: Json = {"type": "object", "properties": {"name": {"type": "string"}}}
            arguments: JsonObject = {
                "method": "elicitation/create",
                "params": {"message": "Who?", "requestedSchema": schema},
            }

            async def call() -> None:
                await services.executor.call("asking", "ask", arguments)

            tasks.start_soon(call)
            await eventually(lambda: services.store.state.prompts, "question")
            services.manager.configure([])
            await eventually(lambda: not services.store.state.prompts, "end of the question", seconds=2)
            assert services.store.state.calls[0].status is CallStatus.FAILED


class Rules:
    """A guard that can be told to refuse."""

    def __init__(self) -> None:
        self.denied: set[str] = set()
        self.asked: list[str] = []

    def __call__(self, entry: ServerEntry) -> McpDeckError | None:
        self.asked.append(entry.name)
        if entry.name in self.denied:
            return PolicyDenied("denied by serverName", details={"rule": entry.name, "gate": "blocked"})
        return None


async def test_a_server_that_is_denied_is_never_contacted_and_says_by_what() -> None:
    rules = Rules()
    rules.denied.add("tiny")
    with anyio.fail_after(30):
        async with running([TINY, OTHER], guard=rules) as services:
            with pytest.raises(PolicyDenied, match="denied by serverName"):
                await services.manager.connected("tiny")
            row = services.store.state.mcp.servers["tiny"]
            assert (row.status, row.generation, row.pid) == (Status.BLOCKED, 0, None)
            assert row.error is not None
            assert row.error.title == "denied by serverName"
            assert services.trace.of("tiny") == ()
            await services.manager.connected("other")


async def test_a_server_that_is_denied_while_connected_is_left_with_the_next_call_and_comes_back_when_allowed() -> None:
    rules = Rules()
    with anyio.fail_after(30):
        async with running([TINY], guard=rules) as services:

            def status() -> Status:
                return services.store.state.mcp.servers["tiny"].status

            await services.manager.connected("tiny")
            rules.denied.add("tiny")
            call = await services.executor.call("tiny", "echo", {"text": "x"})
            assert (call.status, call.error and call.error.kind) == (CallStatus.DENIED, "policy")
            await eventually(lambda: status() is Status.BLOCKED, "blocked server")
            assert services.store.state.mcp.servers["tiny"].pid is None
            rules.denied.clear()
            services.manager.configure([TINY])
            await services.manager.connected("tiny")
            assert status() is Status.CONNECTED


async def test_a_server_that_is_denied_while_it_is_lost_is_not_connected_again() -> None:
    rules = Rules()
    with anyio.fail_after(30):
        async with running([TINY], guard=rules) as services:
            await services.manager.connected("tiny")
            started = services.store.state.mcp.servers["tiny"].generation
            rules.denied.add("tiny")
            session = services.manager.session("tiny")
            assert session is not None
            with pytest.raises(McpDeckError):
                await session.call_tool("die", {})
            await eventually(
                lambda: services.store.state.mcp.servers["tiny"].status is Status.BLOCKED, "blocked server", seconds=10
            )
            assert services.store.state.mcp.servers["tiny"].generation <= started + 1
            pids = [record for record in services.trace.of("tiny") if b"process" in record.data]
            assert len(pids) == 1


async def test_a_guard_that_fails_lets_nothing_through() -> None:
    def broken(entry: ServerEntry) -> McpDeckError | None:
        raise KeyError(entry.name)

    with anyio.fail_after(30):
        async with running([TINY], guard=broken) as services:
            with pytest.raises(PolicyDenied, match="the guard failed"):
                await services.manager.connected("tiny")


async def test_an_entry_that_goes_in_the_same_moment_as_it_came_is_never_started() -> None:
    with anyio.fail_after(30):
        async with running([]) as services:
            services.manager.configure([TINY])
            services.manager.configure([])
            services.manager.configure([OTHER])
            await services.manager.connected("other")
            assert services.trace.of("tiny") == ()


async def test_a_person_who_asks_for_a_fresh_start_does_not_wait_for_one_that_hangs() -> None:
    silent = entries.stdio("silent", entries.PYTHON, "-c", "import sys; sys.stdin.read()", era=EraMode.LEGACY)
    with anyio.fail_after(30):
        async with running([silent]) as services:

            def row() -> tuple[Status, int]:
                server = services.store.state.mcp.servers["silent"]
                return server.status, server.generation

            await eventually(lambda: row() == (Status.CONNECTING, 1), "first attempt")
            services.manager.reconnect("silent")
            await eventually(lambda: row() == (Status.CONNECTING, 2), "second attempt", seconds=8)
