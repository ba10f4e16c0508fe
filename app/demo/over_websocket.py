"""demo-websocket: a server that speaks over a WebSocket, which the official SDK no longer serves.

Owns its tools, and the passing of messages between a socket and the SDK: one JSON message a text
frame, subprotocol ``mcp``. The listening socket and the process belong to ``http_server``.
"""

from __future__ import annotations

import math
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCError, ToolAnnotations, jsonrpc_message_adapter
from pydantic import BaseModel, Field, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from starlette.types import ASGIApp, Receive, Scope, Send

READ_ONLY = ToolAnnotations(read_only_hint=True, open_world_hint=False)
SUBPROTOCOL = "mcp"
POLICY_VIOLATION = 1008
HOSTS = ("127.0.0.1", "localhost", "[::1]")

server = MCPServer(
    "demo-websocket",
    title="Over a WebSocket",
    version=version("mcpdeck"),
    description="A server at the other end of one WebSocket: both directions on the same line, at any time.",
    instructions=(
        "metronome ticks while it runs, and several may run at once on the same socket; statistics looks at numbers."
    ),
)


class Ticks(BaseModel):
    """What the metronome did."""

    beats: int
    seconds: float
    jitter_ms: float = Field(description="How far a tick was off its time at the most, in milliseconds.")


@server.tool(title="Metronome", annotations=READ_ONLY)
async def metronome(
    ctx: Context,
    beats: Annotated[int, Field(description="How many ticks.", ge=1, le=500)] = 16,
    tempo: Annotated[float, Field(description="Ticks in a minute.", ge=20, le=6_000)] = 240,
) -> Ticks:
    """Ticks at a steady tempo and reports each tick. Start two and watch them share the socket."""
    began, worst = time.perf_counter(), 0.0
    for beat in range(beats):
        await anyio.sleep(max(0.0, began + beat * 60 / tempo - time.perf_counter()))
        worst = max(worst, time.perf_counter() - began - beat * 60 / tempo)
        await ctx.report_progress(beat + 1, beats, "tick" if beat % 4 else "TICK")
    return Ticks(beats=beats, seconds=round(time.perf_counter() - began, 3), jitter_ms=round(worst * 1000, 2))


class Statistics(BaseModel):
    """What can be said about some numbers."""

    count: int
    mean: float
    median: float
    deviation: float = Field(description="The standard deviation of the numbers themselves.")


@server.tool(title="Statistics", annotations=READ_ONLY)
def statistics(
    numbers: Annotated[list[float], Field(description="The numbers.", min_length=1, max_length=10_000)],
) -> Statistics:
    """Mean, median and standard deviation. Try [2, 4, 4, 4, 5, 5, 7, 9]."""
    ordered, count = sorted(numbers), len(numbers)
    mean = math.fsum(numbers) / count
    median = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    deviation = math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / count)
    return Statistics(count=count, mean=mean, median=median, deviation=deviation)


def websocket_app(mcp: MCPServer) -> ASGIApp:
    """An application that serves ``mcp`` on every WebSocket that is opened from this machine."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            from starlette.responses import PlainTextResponse

            answer = PlainTextResponse("This is a WebSocket endpoint.\n", 426, {"Upgrade": "websocket"})
            await answer(scope, receive, send)
            return
        socket = WebSocket(scope, receive, send)
        host = socket.headers.get("host", "").rpartition(":")[0]
        if socket.headers.get("origin") is not None or host not in HOSTS:
            await socket.close(POLICY_VIOLATION)  # a web page in somebody's browser: no business here
            return
        await socket.accept(SUBPROTOCOL if SUBPROTOCOL in scope["subprotocols"] else None)
        await _serve(mcp, socket)

    return app


async def _serve(mcp: MCPServer, socket: WebSocket) -> None:
    """The SDK at one end, the socket at the other, until the socket closes."""
    to_server, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, from_server = anyio.create_memory_object_stream[SessionMessage](0)
    # What the SDK's own ways of serving call as well; it has no public name.
    low = mcp._lowlevel_server  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_read, socket, to_server)
        tasks.start_soon(_write, socket, from_server)
        await low.run(incoming, outgoing, low.create_initialization_options())
        tasks.cancel_scope.cancel()


async def _read(socket: WebSocket, to_server: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
    async with to_server:
        try:
            while True:
                text = await socket.receive_text()
                try:
                    message = jsonrpc_message_adapter.validate_json(text, by_name=False)
                except ValidationError as error:
                    await to_server.send(error)
                else:
                    await to_server.send(SessionMessage(message))
        except WebSocketDisconnect:
            return


async def _write(socket: WebSocket, from_server: MemoryObjectReceiveStream[SessionMessage]) -> None:
    async with from_server:
        async for sent in from_server:
            unset = not isinstance(sent.message, JSONRPCError)  # its id may be null, and must be there
            try:
                await socket.send_text(sent.message.model_dump_json(by_alias=True, exclude_unset=unset))
            except (WebSocketDisconnect, RuntimeError):
                return  # it is closed; the reader has seen that too
