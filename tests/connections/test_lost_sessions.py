"""Sessions that a server forgets in the middle of something: nothing is done twice, what stood stands again."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest

from mcpdeck.app.main import running
from mcpdeck.services.models import EraMode
from mcpdeck.services.session import Memory
from mcpdeck.services.state.model import CallStatus
from tests import entries
from tests.entries import SERVERS
from tests.servers.scripted_http import Exchange, ScriptedServer, scripted_http
from tests.waiting import eventually

pytestmark = pytest.mark.anyio

CAPABILITIES = {
    "tools": {},
    "resources": {"subscribe": True},
    "tasks": {"requests": {"tools": {"call": {}}}, "cancel": {}},
}
TOOL = {"name": "pay", "inputSchema": {"type": "object"}, "execution": {"taskSupport": "optional"}}
WORKING = {"taskId": "T1", "status": "working", "createdAt": "x", "lastUpdatedAt": "x", "ttl": None, "pollInterval": 0}


@dataclass
class Forgetful:
    """A handshake server over HTTP that forgets its session when ``forgets(message)`` is true, once a message."""

    forgets: Any
    current: str = ""
    sessions: int = 0
    executed: int = 0
    subscribed: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    seen: list[str] = field(default_factory=list)

    async def answer(self, exchange: Exchange) -> None:
        if exchange.method != "POST":
            await exchange.answer("405 Method Not Allowed")
            return
        message = exchange.message
        method = message["method"]
        self.seen.append(method)
        if method == "initialize":
            self.sessions += 1
            self.current = f"s{self.sessions}"
            value = {"protocolVersion": "2025-11-25", "capabilities": CAPABILITIES, "serverInfo": {"name": "s"}}
            await exchange.result(value, Mcp_Session_Id=self.current)
            return
        if self.forgets(message):
            self.current = ""
        if exchange.headers.get("mcp-session-id") != self.current:
            await exchange.answer("404 Not Found")
        elif "id" not in message:
            await exchange.answer("202 Accepted")
        else:
            await exchange.result(self.result(method, message.get("params", {})))

    def result(self, method: str, params: dict[str, Any]) -> Any:
        match method:
            case "tools/list":
                return {"tools": [TOOL]}
            case "tools/call":
                self.executed += 1
                return {"task": WORKING} if "task" in params else {"content": []}
            case "resources/subscribe":
                self.subscribed.setdefault(self.current, []).append(params["uri"])
                return {}
            case "tasks/get":
                return WORKING
            case _:
                return {"resources": [], "resourceTemplates": []}


def peer(server: ScriptedServer) -> Any:
    return replace(entries.http("peer", server.url, era=EraMode.LEGACY), digest="peer")


def once(*wanted: str) -> Any:
    """True for the first message of each method that is named, as often as it is named."""
    left = [*wanted]

    def forgets(message: dict[str, Any]) -> bool:
        if message["method"] in left:
            left.remove(message["method"])
            return True
        return False

    return forgets


async def test_a_call_that_the_forgotten_session_did_not_take_is_made_once_in_the_new_one() -> None:
    forgetful = Forgetful(once("tools/call"))
    async with scripted_http(forgetful.answer) as server:
        with anyio.fail_after(30):
            async with running([peer(server)]) as services:
                call = await services.executor.call("peer", "pay", {})
                assert call.status is CallStatus.SUCCESS
                assert (forgetful.executed, forgetful.sessions) == (1, 2)


async def test_a_call_that_became_a_task_is_not_made_again_when_the_session_is_forgotten() -> None:
    forgetful = Forgetful(once("tasks/get"))
    async with scripted_http(forgetful.answer) as server:
        with anyio.fail_after(30):
            async with running([peer(server)]) as services:
                call = await services.executor.call("peer", "pay", {}, as_task=True)
                assert call.status is CallStatus.FAILED
                assert call.task == "T1"
                assert forgetful.executed == 1
                # The task itself lives on: the new session looks at it.
                await eventually(lambda: forgetful.seen.count("tasks/get") == 2, "a look at the task")


async def test_a_call_that_follows_a_task_fails_at_once_when_its_server_is_gone() -> None:
    patient = entries.stdio("peer", sys.executable, str(SERVERS / "patient_task.py"))
    with anyio.fail_after(30):
        async with running([patient]) as services, anyio.create_task_group() as tasks:
            ended: list[CallStatus] = []

            async def call() -> None:
                ended.append((await services.executor.call("peer", "pay", {}, as_task=True)).status)

            tasks.start_soon(call)
            await eventually(lambda: services.store.state.mcp.servers["peer"].tasks, "the task")
            pid = services.store.state.mcp.servers["peer"].pid
            assert pid is not None
            psutil.Process(pid).kill()
            # It was to be looked at again in an hour.
            await eventually(lambda: ended, "end of the call")
            assert ended == [CallStatus.FAILED]


async def test_subscriptions_survive_a_session_that_is_forgotten_while_they_are_restored() -> None:
    wanted = ["a:1", "a:2", "a:3"]
    restoring = iter([False, False, False, True, False, True])
    forgetful = Forgetful(lambda message: message["method"] == "resources/subscribe" and next(restoring, False))
    async with scripted_http(forgetful.answer) as server:
        with anyio.fail_after(40):
            async with running([peer(server)]) as services:
                session = await services.manager.connected("peer")
                for uri in wanted:
                    await session.subscribe(uri)
                forgetful.current = ""
                await services.manager.using("peer", lambda session: session.ping())
                await eventually(
                    lambda: forgetful.subscribed.get(forgetful.current) == wanted, "subscriptions", seconds=30
                )
                assert services.store.state.mcp.servers["peer"].subscriptions == tuple(wanted)


async def test_what_comes_right_after_the_end_waits_for_the_next_session() -> None:
    forgetful = Forgetful(lambda message: False)
    async with scripted_http(forgetful.answer) as server:
        with anyio.fail_after(30):
            async with running([peer(server)]) as services:
                first = await services.manager.connected("peer")
                await first.lists.known_tools()
                forgetful.current = ""
                for _ in range(3):
                    await services.manager.using("peer", lambda session: session.ping())
                assert forgetful.sessions == 2


async def test_a_task_is_found_again_after_a_restart(tmp_path: Path) -> None:
    forgetful = Forgetful(lambda message: False)

    def written() -> bool:
        return any("T1" in json.loads(file.read_text())["tasks"] for file in tmp_path.glob("*.json"))

    async with scripted_http(forgetful.answer) as server:
        with anyio.fail_after(30):
            async with running([peer(server)], memory=Memory(tmp_path)) as services, anyio.create_task_group() as tasks:
                tasks.start_soon(lambda: services.executor.call("peer", "pay", {}, as_task=True))
                await eventually(written, "the task in the file")
                # Lost without a word, as in a crash: nothing is cancelled.
                forgetful.current = ""
                tasks.cancel_scope.cancel()
            forgetful.seen.clear()
            async with running([peer(server)], memory=Memory(tmp_path)) as services:
                await eventually(lambda: services.store.state.mcp.servers["peer"].tasks, "the task of the last run")
                (task,) = services.store.state.mcp.servers["peer"].tasks
                assert (task.id, task.tool) == ("T1", "pay")
