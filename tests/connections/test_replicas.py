"""Several instances of one server: who takes which call, and what becomes of it when one of them goes."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import pytest

from mcpdeck.services.config.several import spread
from mcpdeck.services.connections import health
from mcpdeck.services.errors import ConnectError, ConnectionLost, McpDeckError, PolicyDenied, TransportError
from mcpdeck.services.manager import ConnectionManager, Settings
from mcpdeck.services.models import EraMode, HttpTarget, Instance, ServerEntry, Status
from mcpdeck.services.session import Memory, Session
from tests import entries
from tests.servers.scripted_http import Exchange, scripted_http
from tests.waiting import eventually

pytestmark = pytest.mark.anyio

QUIET = replace(Settings(), pings=False, reads=frozenset(), connect_retries=0)
GREETING = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "s"}}


@dataclass
class Peer:
    """A handshake server over HTTP that counts what it does; a call waits while ``gate`` is not set."""

    calls: int = 0
    pings: int = 0
    cuts: bool = False
    """It takes a call and closes the connection."""
    deaf: bool = False
    """It answers no ping."""
    forgets: bool = False
    """Its session is gone: everything but a new one is answered 404."""
    gate: anyio.Event | None = None
    url: str = ""
    stop: anyio.Event = field(default_factory=anyio.Event)
    stopped: anyio.Event = field(default_factory=anyio.Event)

    async def answer(self, exchange: Exchange) -> None:
        if exchange.method != "POST":
            await exchange.answer("405 Method Not Allowed")
            return
        message = exchange.message
        match message["method"]:
            case "initialize":
                self.forgets = False
                await exchange.result(GREETING, Mcp_Session_Id=f"s{id(self)}")
            case _ if self.forgets:
                await exchange.answer("404 Not Found")
            case "ping":
                self.pings += 1
                if self.deaf:
                    await anyio.sleep_forever()
                await exchange.result({})
            case "tools/call":
                self.calls += 1
                if self.cuts:
                    await exchange.socket.aclose()
                    return
                if self.gate is not None:
                    await self.gate.wait()
                await exchange.result({"content": []})
            case _:
                await exchange.answer("202 Accepted")

    async def serve(self, *, task_status: Any) -> None:
        async with scripted_http(self.answer) as server:
            self.url = server.url
            task_status.started()
            await self.stop.wait()
        self.stopped.set()


def several(peers: Sequence[Peer]) -> ServerEntry:
    """One entry with the addresses of all."""
    instances = tuple(Instance(HttpTarget(peer.url), peer.url) for peer in peers)
    first = entries.http("peer", peers[0].url, era=EraMode.LEGACY)
    return replace(first, endpoint=", ".join(peer.url for peer in peers), instances=instances)


@asynccontextmanager
async def served(count: int) -> AsyncGenerator[list[Peer]]:
    peers = [Peer() for _ in range(count)]
    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for peer in peers:
                await tasks.start(peer.serve)
            yield peers
            tasks.cancel_scope.cancel()


@asynccontextmanager
async def connected(count: int, settings: Settings = QUIET) -> AsyncGenerator[tuple[ConnectionManager, list[Peer]]]:
    async with AsyncExitStack() as stack:
        peers = await stack.enter_async_context(served(count))
        manager = await stack.enter_async_context(ConnectionManager([several(peers)], settings=settings))
        await manager.settled()
        yield manager, peers


async def call(session: Session) -> str:
    await session.call_tool("pay", {})
    return session.server


NAMES = ["peer", "peer#2", "peer#3"]


async def test_each_instance_is_a_row_with_its_own_address_and_connection() -> None:
    async with connected(3) as (manager, peers):
        assert manager.store is not None
        rows = manager.store.state.mcp.listed()
        assert [row.id for row in rows] == NAMES
        assert [row.replica_of for row in rows] == [None, "peer", "peer"]
        assert [row.endpoint for row in rows] == [peer.url for peer in peers]
        assert {row.status for row in rows} == {Status.CONNECTED}
        assert len({id(manager.session(name)) for name in NAMES}) == 3
        second = manager.entry("peer#2")
        assert second is not None
        assert second.configured_as == "peer"
        assert manager.entry("peer#4") is None


async def test_calls_at_once_go_to_those_with_the_least_to_do() -> None:
    async with connected(3) as (manager, peers):
        gate = anyio.Event()
        for peer in peers:
            peer.gate = gate
        done: list[str] = []

        async def one() -> None:
            done.append(await manager.using("peer", call))

        async with anyio.create_task_group() as tasks:
            for begun in range(1, 7):
                tasks.start_soon(one)
                await eventually(lambda begun=begun: sum(peer.calls for peer in peers) == begun, "the call")
            assert [peer.calls for peer in peers] == [2, 2, 2]
            assert manager.outstanding("peer") == 6
            assert manager.outstanding("peer#2") == 2
            gate.set()
        assert Counter(done) == dict.fromkeys(NAMES, 2)
        assert manager.outstanding("peer") == 0


async def test_of_those_with_as_much_to_do_each_has_its_turn() -> None:
    async with connected(3) as (manager, _):
        picked: list[str] = []
        for _ in range(6):
            await manager.connected("peer")  # looking takes no turn
            await manager.using("peer", call, picked=picked.append)
        assert picked == NAMES * 2


async def test_a_busy_instance_gets_nothing_while_another_is_idle() -> None:
    async with connected(2) as (manager, peers):
        peers[0].gate = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(manager.using, "peer", call)
            await eventually(lambda: peers[0].calls == 1, "the long call")
            assert [await manager.using("peer", call) for _ in range(3)] == ["peer#2"] * 3
            peers[0].gate.set()


async def test_what_belongs_to_one_session_stays_with_its_instance() -> None:
    async with connected(3) as (manager, _):
        assert [await manager.using("peer", call, bound=True) for _ in range(3)] == ["peer"] * 3
        assert [await manager.using("peer#3", call) for _ in range(3)] == ["peer#3"] * 3


async def test_a_call_that_nobody_was_there_to_take_is_made_by_another_instance() -> None:
    async with connected(2) as (manager, peers):

        async def gone(session: Session) -> str:
            if session.server == "peer":
                error = ConnectError("nobody listens")
                error.untaken = True
                raise error
            return await call(session)

        picked: list[str] = []
        assert await manager.using("peer", gone, picked=picked.append) == "peer#2"
        assert picked == ["peer", "peer#2"]
        assert [peer.calls for peer in peers] == [0, 1]
        with pytest.raises(ConnectError):
            await manager.using("peer", gone, bound=True)


async def test_only_a_request_that_nobody_listened_to_is_said_to_be_untaken() -> None:
    async with served(1) as peers:
        alone = entries.http("peer", peers[0].url, era=EraMode.LEGACY)
        async with ConnectionManager([alone], settings=QUIET) as manager:
            session = await manager.connected("peer")
            peers[0].cuts = True
            with pytest.raises(TransportError) as cut:
                await session.call_tool("pay", {})
            assert not cut.value.untaken
            peers[0].stop.set()
            await peers[0].stopped.wait()
            with pytest.raises(TransportError) as refused:
                await session.call_tool("pay", {})
            assert refused.value.untaken
            await eventually(lambda: manager.session("peer") is None, "end of the connection")
            # What is asked for on it from now on is not sent at all.
            with pytest.raises(TransportError) as late:
                await session.call_tool("pay", {})
            assert late.value.untaken


async def test_a_server_that_goes_gets_no_more_calls() -> None:
    async with connected(2) as (manager, peers):
        peers[0].stop.set()
        await peers[0].stopped.wait()
        assert [await manager.using("peer", call) for _ in range(3)] == ["peer#2"] * 3
        assert [peer.calls for peer in peers] == [0, 3]


async def test_a_call_that_may_have_been_taken_is_never_made_again() -> None:
    async with connected(2) as (manager, peers):
        peers[0].cuts = True
        with pytest.raises(McpDeckError):
            await manager.using("peer", call)
        assert [peer.calls for peer in peers] == [1, 0]


async def test_a_call_in_a_forgotten_session_is_made_by_another_instance() -> None:
    async with connected(2) as (manager, peers):
        peers[0].forgets = True
        assert await manager.using("peer", call) == "peer#2"
        assert [peer.calls for peer in peers] == [0, 1]


async def test_when_all_sessions_are_forgotten_a_new_one_is_begun_once() -> None:
    async with connected(2) as (manager, peers):
        for peer in peers:
            peer.forgets = True
        await manager.using("peer", call)
        assert sum(peer.calls for peer in peers) == 1


async def test_an_instance_that_answers_no_ping_gets_no_calls_until_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "HEALTH_TIMEOUT", 0.1)
    monkeypatch.setattr(health, "HEALTH_INTERVAL", 0.05)
    async with connected(2) as (manager, peers):
        peers[0].deaf = True
        assert manager.store is not None
        ring = manager.store.ring("peer")
        await eventually(lambda: any("no answer to a ping" in str(record.data) for record in ring), "the lost ping")
        assert [await manager.using("peer", call) for _ in range(3)] == ["peer#2"] * 3
        peers[0].deaf = False
        heard = peers[0].pings
        await eventually(lambda: peers[0].pings > heard + 1, "a ping that was answered")
        assert {await manager.using("peer", call) for _ in range(4)} == {"peer", "peer#2"}


async def test_the_first_that_is_connected_is_used_and_the_reason_is_told_when_none_will_be() -> None:
    async with served(2) as peers:
        nowhere = replace(peers[0], url="http://127.0.0.1:9/mcp")
        async with ConnectionManager([several([nowhere, peers[1]])], settings=QUIET) as manager:
            assert await manager.using("peer", call) == "peer#2"
        async with ConnectionManager(
            [several([nowhere, replace(nowhere, url=nowhere.url + "2")])], settings=QUIET
        ) as manager:
            with pytest.raises(McpDeckError) as caught:
                await manager.using("peer", call)
            assert caught.value.server == "peer"


async def test_switching_reconnecting_and_removing_reach_every_instance() -> None:
    async with connected(2) as (manager, peers):
        assert manager.store is not None
        before = [manager.session(name) for name in NAMES[:2]]
        manager.reconnect("peer")
        await eventually(
            lambda: all(manager.session(name) not in (None, old) for name, old in zip(NAMES, before, strict=False)),
            "two new sessions",
        )
        manager.set_enabled("peer#2", False)
        store = manager.store
        await eventually(
            lambda: {row.status for row in store.state.mcp.listed()} == {Status.DISABLED}, "both switched off"
        )
        with pytest.raises(McpDeckError):
            await manager.using("peer", call)
        manager.set_enabled("peer", True)
        await manager.settled()
        assert {await manager.using("peer", call) for _ in range(2)} == {"peer", "peer#2"}
        one = replace(several(peers[:1]), instances=(), digest="one")
        assert set(manager.configure([one]).removed) == {"peer#2"}
        assert await manager.using("peer", call) == "peer"
        manager.configure([])
        assert manager.entries == {}


async def test_whoever_waits_for_an_instance_gets_one_that_came_meanwhile() -> None:
    async with served(2) as peers:
        stuck = replace(several(peers), gate=None)
        manager = ConnectionManager([stuck], settings=QUIET)  # not running yet: nothing is connected
        found: list[str] = []

        async def use() -> None:
            found.append(await manager.using("peer", call))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(use)
            await anyio.wait_all_tasks_blocked()
            manager.configure([replace(stuck, digest="another text")])
            async with manager:
                await eventually(lambda: found, "the call")
                tasks.cancel_scope.cancel()


async def test_whoever_waits_for_an_instance_is_told_that_the_server_was_removed() -> None:
    async with served(2) as peers:
        manager = ConnectionManager([several(peers)], settings=QUIET)
        async with anyio.create_task_group() as tasks:
            failed: list[McpDeckError] = []

            async def use() -> None:
                try:
                    await manager.using("peer", call)
                except ConnectionLost as error:
                    failed.append(error)

            tasks.start_soon(use)
            await anyio.wait_all_tasks_blocked()
            manager.configure([])
            await eventually(lambda: failed, "the reason")
        assert "removed from the configuration" in failed[0].title


async def test_the_guard_judges_every_instance_by_the_name_of_its_entry() -> None:
    asked: list[tuple[str, str]] = []
    refused: list[str] = []

    def guard(entry: ServerEntry) -> McpDeckError | None:
        assert isinstance(entry.target, HttpTarget)
        asked.append((entry.name, entry.target.url))
        return PolicyDenied("no") if entry.target.url in refused else None

    async with served(2) as peers, ConnectionManager([several(peers)], settings=QUIET, guard=guard) as manager:
        await manager.settled()
        assert set(asked) == {("peer", peer.url) for peer in peers}
        refused.append(peers[1].url)
        # One address that must not be reached forbids the server: nobody can choose between them.
        with pytest.raises(PolicyDenied):
            manager.check("peer")
        assert manager.session("peer#2") is None


async def test_processes_of_one_entry_run_side_by_side_and_one_is_enough_for_one_call() -> None:
    tiny = entries.stdio("tiny", sys.executable, "-S", "-E", str(entries.SERVERS / "tiny_stdio.py"), era=EraMode.LEGACY)
    with anyio.fail_after(30):
        async with ConnectionManager([replace(tiny, replicas=2)], settings=QUIET) as manager:
            await manager.settled()
            assert manager.store is not None
            pids = [row.pid for row in manager.store.state.mcp.listed()]
            assert None not in pids
            assert len(set(pids)) == 2
        alone = ConnectionManager([replace(tiny, replicas=2)], settings=replace(QUIET, replicas=False))
        assert list(alone.entries) == ["tiny"]


def test_a_name_that_is_taken_is_no_name_of_an_instance() -> None:
    first = replace(entries.stdio("a", "x"), replicas=3)
    other = entries.stdio("a#2", "y")
    assert [entry.name for entry in spread([first, other])] == ["a", "a#3", "a#4", "a#2"]


def test_what_cannot_be_used_is_one_row() -> None:
    broken = replace(entries.stdio("a", "x"), replicas=3, target=None)
    suppressed = replace(entries.stdio("b", "x"), replicas=3, suppressed_by="a")
    assert [entry.name for entry in spread([broken, suppressed])] == ["a", "b"]


def test_what_is_remembered_of_an_instance_is_its_own() -> None:
    memory = Memory()
    first, second = spread([replace(entries.stdio("a", "x"), replicas=2)])
    assert memory.of(first) is not memory.of(second)
    assert memory.of(first) is memory.of(entries.stdio("a", "x"))
