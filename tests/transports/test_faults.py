"""What a network or a broken server may do to an HTTP answer, in every phase, behind a proxy of ours."""

from __future__ import annotations

import resource
import sys
import tracemalloc
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import pytest

from mcpdeck.app.main import running
from mcpdeck.app.worker import Services
from mcpdeck.services.errors import (
    ConnectionLost,
    FrameTooLarge,
    McpDeckError,
    RemoteProtocolError,
    RequestTimeout,
    TransportError,
)
from mcpdeck.services.manager import Settings
from mcpdeck.services.models import EraMode, JsonObject, Status
from mcpdeck.services.transports import event_stream
from mcpdeck.services.transports.base import Pacer
from mcpdeck.services.transports.streamable_http import StreamableHttpTransport
from tests import entries
from tests.interop.conftest import absent
from tests.interop.peers import PEERS
from tests.playbooks.http_peer import http_peer
from tests.servers.fault_proxy import BOMB_SIZE, Fault, FaultProxy, fault_proxy
from tests.servers.processes import free_port, listening
from tests.servers.scripted_http import Exchange
from tests.waiting import eventually

pytestmark = pytest.mark.anyio

HASTY = replace(Settings(), connect_timeout=3.0, probe_timeout=3.0, connect_retries=0, pings=False)
SECONDS, PATIENCE = 0.5, 15.0
"""Time limits of a request: of one that only its limit can end, and of any other."""
MEMORY = 300 * 1024 * 1024
"""Bytes the process may grow by while it reads up to the limit of 64 MiB; whatever comes is far more."""

HARMLESS = (Fault.DELAY, Fault.DUPLICATE)
ENDINGS: dict[Fault, tuple[type[McpDeckError], str]] = {
    Fault.SILENCE: (RequestTimeout, "no answer"),
    Fault.DROP: (ConnectionLost, "disconnected"),
    Fault.RESET: (ConnectionLost, "broke"),
    Fault.TRUNCATE: (ConnectionLost, "broke"),
    Fault.HALF_CLOSE: (ConnectionLost, "broke"),
    Fault.RESET_IN_BODY: (ConnectionLost, "broke"),
    Fault.CONTENT_TYPE: (RemoteProtocolError, "text/html"),
    Fault.GARBAGE: (RemoteProtocolError, "no HTTP"),
    Fault.GZIP_BOMB: (FrameTooLarge, "67,108,864"),
    Fault.GZIP_EVENTS: (FrameTooLarge, "67,108,864"),
    Fault.ENDLESS_HEADER: (RemoteProtocolError, "endless headers"),
    Fault.ENDLESS_BODY: (FrameTooLarge, "67,108,864"),
    Fault.ENDLESS_LINE: (FrameTooLarge, "67,108,864"),
    Fault.ENDLESS_STREAM: (RequestTimeout, "no answer"),
}
ERAS = pytest.mark.parametrize("era", [EraMode.LEGACY, EraMode.MODERN])
FAULTS = pytest.mark.parametrize("fault", ENDINGS, ids=lambda fault: fault.name.lower())
GREETINGS = {EraMode.LEGACY: "initialize", EraMode.MODERN: "server/discover"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server on the official SDK."""
    port = free_port()
    with listening((sys.executable, str(entries.SERVERS / "sdk2_server.py"), "http", str(port))):
        yield f"http://127.0.0.1:{port}/mcp"


@pytest.fixture(autouse=True)
def within_bounds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Short pauses, and never much more memory than one message may take."""
    monkeypatch.setattr(event_stream, "DELAYS", (0.01,))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * (1 if sys.platform == "darwin" else 1024)
    assert grown < MEMORY < BOMB_SIZE


class Deck:
    """A client behind the proxy. Every request has a short time limit."""

    def __init__(self, services: Services, proxy: FaultProxy) -> None:
        self.services, self.proxy = services, proxy
        self.seconds = PATIENCE

    @property
    def status(self) -> Status:
        return self.services.store.state.mcp.servers["peer"].status

    async def ask(self, method: str, params: JsonObject | None = None) -> JsonObject:
        session = await self.services.manager.connected("peer")
        return await session.request(method, params or {}, timeout=self.seconds)

    async def call(self, tool: str = "add", arguments: JsonObject | None = None) -> str:
        session = await self.services.manager.connected("peer")
        result = await session.call_tool(tool, arguments or {"a": 2, "b": 3}, timeout=self.seconds)
        return str(result["content"])

    async def works(self) -> None:
        """It is connected, or connects again by itself, and is of use."""
        await eventually(lambda: self.status is Status.CONNECTED, "connection")
        assert "'5'" in await self.call()


@asynccontextmanager
async def deck(url: str, era: EraMode, *before: tuple[Fault, str]) -> AsyncGenerator[Deck]:
    """Connected, unless a fault is to be there ``before``."""
    with anyio.fail_after(40):
        async with fault_proxy(url) as proxy:
            for fault, method in before:
                proxy.begin(fault, method)
            async with running([entries.http("peer", proxy.url, era=era)], settings=HASTY) as services:
                await services.manager.settled()
                it = Deck(services, proxy)
                if not before:
                    session = await services.manager.connected("peer")
                    await session.lists.tools_settled()
                yield it
                proxy.lift()


@ERAS
@FAULTS
async def test_a_fault_while_connecting_is_the_reason_in_the_row_and_the_next_attempt_works(
    url: str, era: EraMode, fault: Fault
) -> None:
    async with deck(url, era, (fault, GREETINGS[era])) as it:
        assert it.proxy.faults(fault) >= 1
        assert it.status in (Status.FAILED, Status.RECONNECTING)
        error = it.services.store.state.mcp.servers["peer"].error
        assert error is not None
        assert error.title
        assert error.hint
        if issubclass(ENDINGS[fault][0], TransportError):
            assert ENDINGS[fault][1] in error.title
        it.proxy.lift()
        it.services.manager.reconnect("peer")
        await it.works()


@ERAS
@FAULTS
@pytest.mark.parametrize("method", ["tools/list", "tools/call"])
async def test_a_fault_during_a_request_fails_it_with_the_reason_and_the_next_one_works(
    url: str, era: EraMode, fault: Fault, method: str
) -> None:
    kind, words = ENDINGS[fault]
    async with deck(url, era) as it:
        it.proxy.begin(fault, method)
        it.seconds = SECONDS if kind is RequestTimeout else PATIENCE
        with pytest.raises(kind, match=words) as caught:
            await (it.ask(method) if method == "tools/list" else it.call())
        assert caught.value.hint
        assert it.proxy.faults(fault) >= 1
        it.proxy.lift()
        it.seconds = PATIENCE
        await it.works()


@ERAS
@pytest.mark.parametrize("fault", HARMLESS)
async def test_an_answer_that_comes_late_or_twice_is_an_answer(url: str, era: EraMode, fault: Fault) -> None:
    async with deck(url, era) as it:
        it.proxy.begin(fault, "tools/list", "tools/call", "server/discover", "ping")
        assert (await it.ask("tools/list"))["tools"]
        await it.works()
        assert it.proxy.faults(fault) == 2


@pytest.mark.parametrize("fault", [*ENDINGS, *HARMLESS], ids=lambda fault: fault.name.lower())
async def test_whatever_happens_to_the_stand_alone_stream_the_connection_stands(url: str, fault: Fault) -> None:
    async with deck(url, EraMode.LEGACY, (fault, "GET")) as it:
        await eventually(lambda: it.proxy.faults(fault), "a GET")
        generation = (await it.services.manager.connected("peer")).generation
        await it.works()
        assert (await it.services.manager.connected("peer")).generation == generation


@pytest.mark.interop
@pytest.mark.parametrize("fault", ENDINGS, ids=lambda fault: fault.name.lower())
async def test_the_same_holds_for_a_server_with_sessions_and_streams(everything: str, fault: Fault) -> None:
    kind, words = ENDINGS[fault]
    async with deck(everything, EraMode.LEGACY) as it:
        it.proxy.begin(fault, "tools/call")
        it.seconds = SECONDS if kind is RequestTimeout else PATIENCE
        if fault in RESUMED:
            # Its streams carry event ids: what was cut off is asked for again.
            assert "42.5" in await it.call("get-sum", {"a": 2, "b": 40.5})
        else:
            with pytest.raises(kind, match=words):
                await it.call("get-sum", {"a": 2, "b": 40.5})
        it.proxy.lift()
        it.seconds = PATIENCE
        assert "again" in await it.call("echo", {"message": "again"})


RESUMED = (Fault.TRUNCATE, Fault.HALF_CLOSE, Fault.RESET_IN_BODY)


@pytest.fixture(scope="module")
def everything() -> Iterator[str]:
    """The reference server, which gives out sessions and resumes streams."""
    peer = next(peer for peer in PEERS if peer.name == "everything-http")
    if peer.missing:
        absent(peer.missing)
    port = free_port()
    with listening(peer.command, {"PORT": str(port)}):
        yield f"http://127.0.0.1:{port}/mcp"


# Bounds, measured where the limit is small


@asynccontextmanager
async def measured(limit: int) -> AsyncGenerator[None]:
    """The memory of Python objects grows by less than ``limit`` bytes at its highest."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        yield
        assert tracemalloc.get_traced_memory()[1] - before < limit
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "fault",
    [Fault.GZIP_BOMB, Fault.GZIP_EVENTS, Fault.ENDLESS_BODY, Fault.ENDLESS_LINE, Fault.ENDLESS_HEADER],
    ids=lambda fault: fault.name.lower(),
)
async def test_what_never_ends_takes_little_more_memory_than_a_message_may(fault: Fault) -> None:
    async def nobody(exchange: Exchange) -> None:
        await exchange.socket.aclose()

    async with http_peer(nobody) as it, fault_proxy(it.server.url) as proxy:
        it.transport._http.url = proxy.url
        proxy.begin(fault, "tools/list")
        with pytest.raises((FrameTooLarge, RemoteProtocolError)):  # the proxy packs its bomb once
            await it.request("tools/list")
        async with measured(8_000_000):
            with pytest.raises((FrameTooLarge, RemoteProtocolError)):
                await it.request("tools/list")


async def test_the_body_of_a_refusal_is_kept_up_to_a_measure_only() -> None:
    async def handler(exchange: Exchange) -> None:
        head = b"HTTP/1.1 500 No\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
        await exchange.socket.send(head)
        while True:
            await exchange.socket.send(b"x" * 65_536)

    async with http_peer(handler) as it, measured(8_000_000):
        with pytest.raises(McpDeckError) as caught:
            await it.request("tools/list")
        assert caught.value.details["status"] == 500


async def test_an_answer_announced_as_too_large_is_refused_before_it_comes() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.socket.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"
        )
        await exchange.until_closed()

    async with http_peer(handler) as it:
        with pytest.raises(FrameTooLarge):
            await it.request("tools/list")


async def test_a_server_that_floods_a_stream_waits_while_its_reader_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    event = b'data: {"jsonrpc":"2.0","method":"m","params":{"pad":"' + b"x" * 8_000 + b'"}}\n\n'
    sent, count = 0, 4_000
    held, go_on = anyio.Event(), anyio.Event()
    passed_on = Pacer.tick

    async def tick(self: Pacer) -> None:
        held.set()
        await go_on.wait()
        await passed_on(self)

    async def handler(exchange: Exchange) -> None:
        nonlocal sent
        await exchange.stream()
        for _ in range(count):
            await exchange.socket.send(event)
            sent += 1
        await exchange.socket.send(exchange.event("after the flood"))
        await exchange.until_closed()

    monkeypatch.setattr(Pacer, "tick", tick)
    async with http_peer(handler) as it, anyio.create_task_group() as tasks:
        assert StreamableHttpTransport.stream_per_request
        answers: list[object] = []

        async def ask() -> None:
            answers.append(await it.request("tools/list"))

        async with measured(24_000_000):
            tasks.start_soon(ask)
            await held.wait()
            last = -1
            while last != sent:  # until the server can send no more
                last = sent
                for _ in range(20):
                    await anyio.wait_all_tasks_blocked()
            # What stands in the buffers of both sockets, and not the 32 MB of the flood.
            assert sent < count // 2
            assert len(it.heard) == 1
            go_on.set()
            await eventually(lambda: answers == ["after the flood"], "the answer")
        assert len(it.heard) == count
