"""A transport that a test plays by hand: bytes in, bytes out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Self

import anyio

from mcpdeck.services.errors import ConnectionLost, McpDeckError
from mcpdeck.services.models import TransportKind
from mcpdeck.services.protocol import jsonrpc
from mcpdeck.services.transports.base import Deliver, Frame, Outgoing, Transport

Answer = Callable[[dict[str, Any]], "object | None"]


class ScriptedTransport(Transport):
    """Records what is sent; ``answer`` may give the reply (a dict, bytes, or an error to raise)."""

    kind = TransportKind.STDIO

    def __init__(self, answer: Answer | None = None) -> None:
        self.sent: list[dict[str, Any]] = []
        self.messages: list[Outgoing] = []
        self._answer = answer
        self._deliver: Deliver | None = None
        self._end = anyio.Event()
        self._reason: McpDeckError = ConnectionLost("the script is over")
        self._arrived = anyio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def run(self, deliver: Deliver) -> None:
        self._deliver = deliver
        await self._end.wait()
        raise self._reason

    async def send(self, message: Outgoing) -> None:
        value = jsonrpc.parse(message.data)
        assert isinstance(value, dict)
        self.sent.append(value)
        self.messages.append(message)
        arrived, self._arrived = self._arrived, anyio.Event()
        arrived.set()
        reply = self._answer(value) if self._answer else None
        if isinstance(reply, McpDeckError):
            raise reply
        if reply is not None:
            self.feed(reply)

    def feed(self, message: object) -> anyio.Event | None:
        """Let ``message`` (a JSON value or bytes) arrive; returns what its taker wants waited for."""
        data = message if isinstance(message, bytes) else jsonrpc.dump(message)  # type: ignore[arg-type]
        assert self._deliver is not None, "the transport does not run yet"
        return self._deliver(Frame(data, time.time()))

    def end(self, reason: McpDeckError | None = None) -> None:
        """Let the connection end."""
        self._reason = reason or self._reason
        self._end.set()

    async def until_sent(self, count: int) -> dict[str, Any]:
        """The ``count``-th message sent (from 1)."""
        with anyio.fail_after(5):
            while len(self.sent) < count:
                await self._arrived.wait()
        return self.sent[count - 1]


def result(request: dict[str, Any], value: object) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request["id"], "result": value}


def error(request: dict[str, Any], code: int, message: str = "no", data: object = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request["id"], "error": {"code": code, "message": message, "data": data}}
