"""A dispatcher on a scripted transport: what its peer says, and what became of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import pytest

from mcpdeck.services.errors import ConnectionLost, RPCError
from mcpdeck.services.models import Json, JsonObject
from mcpdeck.services.protocol.dispatcher import Dispatcher
from mcpdeck.services.protocol.jsonrpc import Malformed
from mcpdeck.services.transports.base import RequestId
from tests.playbooks.scripted import Answer, ScriptedTransport


@dataclass
class Peer:
    transport: ScriptedTransport
    dispatcher: Dispatcher
    heard: list[tuple[str, JsonObject]] = field(default_factory=list)
    flaws: list[str] = field(default_factory=list)
    strays: list[Malformed] = field(default_factory=list)
    begun: list[RequestId] = field(default_factory=list)
    hold: anyio.Event = field(default_factory=anyio.Event)


@asynccontextmanager
async def peer(answer: Answer | None = None) -> AsyncGenerator[Peer]:
    """Its requests: ``refuse``, ``break`` and ``hold`` (until ``hold`` is set); ``ping`` is answered at once."""
    transport = ScriptedTransport(answer)

    async def on_request(method: str, params: JsonObject, request_id: RequestId) -> Json:
        if method == "refuse":
            raise RPCError(-32601, "no such method")
        if method.startswith("break"):
            raise ValueError("our fault" + method.removeprefix("break"))
        it.begun.append(request_id)
        if method == "hold":
            await it.hold.wait()
        return {"asked": method}

    dispatcher = Dispatcher(
        transport,
        on_request=on_request,
        on_notification=lambda method, params: it.heard.append((method, params)),
        at_once=lambda method: method == "ping",
        on_flaw=lambda text: it.flaws.append(text),
        on_stray=lambda stray: it.strays.append(stray),
    )
    it = Peer(transport, dispatcher)

    async def run() -> None:
        with pytest.raises(ConnectionLost):
            await dispatcher.run()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        await anyio.wait_all_tasks_blocked()
        yield it
        transport.end()
