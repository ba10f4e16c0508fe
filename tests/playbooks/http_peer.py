"""A dispatcher on Streamable HTTP, against a server whose every answer a test writes: bytes in, events out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio

from mcpdeck.services.errors import McpDeckError
from mcpdeck.services.models import EraName, HttpTarget, Json, JsonObject
from mcpdeck.services.protocol.dispatcher import Dispatcher
from mcpdeck.services.protocol.jsonrpc import Malformed
from mcpdeck.services.transports.base import Hooks, RequestId
from mcpdeck.services.transports.streamable_http import StreamableHttpTransport
from tests.servers.scripted_http import Exchange, Handler, ScriptedServer, scripted_http

VERSION = {"MCP-Protocol-Version": "2025-11-25"}


@dataclass
class HttpPeer:
    """What was sent is in ``server.seen``; what came of it in the lists."""

    server: ScriptedServer
    transport: StreamableHttpTransport
    dispatcher: Dispatcher
    notes: list[str] = field(default_factory=list)
    bodies: list[tuple[str, bytes]] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    flaws: list[str] = field(default_factory=list)
    strays: list[Malformed] = field(default_factory=list)
    ended: list[McpDeckError] = field(default_factory=list)

    async def request(self, method: str, *, timeout: float = 10) -> Json:
        headers: Mapping[str, str] = {} if method == "initialize" else VERSION
        return await self.dispatcher.request(method, {}, headers=headers, timeout=timeout)

    async def notify(self, method: str = "notifications/initialized") -> None:
        await self.dispatcher.notify(method, None, VERSION)

    async def established(self, era: EraName = EraName.LEGACY) -> None:
        await self.request("initialize" if era is EraName.LEGACY else "server/discover")
        await self.transport.established(era, VERSION)

    def gets(self) -> list[Exchange]:
        return [exchange for exchange in self.server.seen if exchange.method == "GET"]

    def resumed_from(self) -> list[str | None]:
        """The ``Last-Event-ID`` of every GET in turn."""
        return [exchange.headers.get("last-event-id") for exchange in self.gets()]


@asynccontextmanager
async def http_peer(handler: Handler, *, max_frame: int = 1_000_000, seconds: float = 20) -> AsyncGenerator[HttpPeer]:
    async def on_request(method: str, params: JsonObject, request_id: RequestId) -> Json:
        return {"asked": method}

    async with scripted_http(handler) as server:
        notes: list[str] = []
        bodies: list[tuple[str, bytes]] = []
        hooks = Hooks(note=notes.append, body=lambda what, data: bodies.append((what, data)))
        transport = StreamableHttpTransport(HttpTarget(server.url), hooks, max_frame=max_frame)
        async with transport:
            dispatcher = Dispatcher(
                transport,
                on_request=on_request,
                on_notification=lambda method, params: it.heard.append(method),
                on_flaw=lambda text: it.flaws.append(text),
                on_stray=lambda stray: it.strays.append(stray),
            )
            dispatcher.answer_headers = VERSION
            it = HttpPeer(server, transport, dispatcher, notes, bodies)

            async def run() -> None:
                try:
                    await dispatcher.run()
                except McpDeckError as error:
                    it.ended.append(error)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(run)
                await anyio.wait_all_tasks_blocked()
                with anyio.fail_after(seconds):
                    yield it
                tasks.cancel_scope.cancel()
