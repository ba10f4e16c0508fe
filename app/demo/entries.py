"""The entries of ``mcpdeck demo``, and the one process that has to be there before they are used.

Owns the list of demo servers and the life of the process behind those with a URL. Imports nothing
of the SDK: the entries are there before any server is, so that the first frame waits for none.
"""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from importlib.util import find_spec

import anyio
from anyio.abc import Process

from ...services.models import (
    EraMode,
    ErrorInfo,
    HttpTarget,
    InProcessTarget,
    ServerEntry,
    Source,
    SseTarget,
    StdioTarget,
    Target,
    TransportKind,
    WebSocketTarget,
)

PACKAGE = "mcpdeck.app.demo"
PLACES = ("http://127.0.0.1:{}/mcp", "http://127.0.0.1:{}/mcp", "http://127.0.0.1:{}/sse", "ws://127.0.0.1:{}/mcp")
"""Where demo-http, demo-login, demo-sse and demo-websocket listen."""
MISSING = ErrorInfo(
    kind="config",
    title="the demo needs the official MCP SDK, which is not installed",
    hint="install the extra: pip install 'mcpdeck[server]'",
)


@asynccontextmanager
async def demo_servers() -> AsyncGenerator[tuple[ServerEntry, ...]]:
    """The demo entries; on leaving, the process behind those with a URL is ended within 2 s.

    Without the SDK the entries that need it carry ``problem`` and no target.
    """
    if find_spec("mcp") is None:
        yield _entries(None)
    else:
        async with _http_process() as ports:
            yield _entries(ports)


def _entries(ports: tuple[int, ...] | None) -> tuple[ServerEntry, ...]:
    """All of them. ``ports`` of demo-http, demo-login, demo-sse and demo-websocket, None when the SDK is missing."""
    usable = ports is not None
    http, login, sse, web_socket = (
        place.format(port) for place, port in zip(PLACES, ports or (0,) * len(PLACES), strict=True)
    )
    spec = f"{PACKAGE}.in_process:server"
    return (
        _entry("demo-stdio", _python("stdio_server"), f"python -m {PACKAGE}.stdio_server", usable=usable),
        _entry("demo-in-process", InProcessTarget(spec, factory=_in_process_server), spec, usable=usable),
        # The handshake era on purpose: demo-stdio and demo-in-process show the other one.
        _entry("demo-http", HttpTarget(http), http if usable else "", era=EraMode.LEGACY, usable=usable),
        _entry("demo-login", HttpTarget(login), login if usable else "", usable=usable),
        _entry("demo-sse", SseTarget(sse), sse if usable else "", usable=usable),
        _entry("demo-websocket", WebSocketTarget(web_socket), web_socket if usable else "", usable=usable),
        _entry("demo-broken", _python("broken_server"), f"python -m {PACKAGE}.broken_server", usable=True),
    )


def _entry(name: str, target: Target, endpoint: str, *, usable: bool, era: EraMode = EraMode.AUTO) -> ServerEntry:
    return ServerEntry(
        name=name,
        source=Source.DEMO,
        target=target if usable else None,
        transport=target.kind,
        endpoint=endpoint or _place(target.kind),
        digest=hashlib.sha256(f"{name}\n{endpoint}\n{era}\n{usable}".encode()).hexdigest(),
        era=era,
        problem=None if usable else MISSING,
    )


def _place(kind: TransportKind) -> str:
    return f"({kind} on this machine)"


def _python(module: str) -> StdioTarget:
    # -P: the folder mcpdeck was started in may hold a types.py or a folder called mcp.
    return StdioTarget(sys.executable, ("-P", "-m", f"{PACKAGE}.{module}"))


def _in_process_server() -> object:
    """Called in a worker thread by the transport: importing the SDK takes half a second."""
    from .in_process import server

    return server()


@asynccontextmanager
async def _http_process() -> AsyncGenerator[tuple[int, ...]]:
    """Start the process behind ``PLACES``; yields their ports in that order.

    The sockets are bound and listening here: the ports are known at once, and a client that comes
    before the process is up waits in the queue of the socket instead of being refused.
    """
    with ExitStack() as ours:
        sockets = [ours.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in PLACES]
        descriptors = tuple(one.fileno() for one in sockets)
        ports = tuple(int(one.getsockname()[1]) for one in sockets)
        process = await anyio.open_process(
            [sys.executable, "-P", "-m", f"{PACKAGE}.http_server", str(os.getpid()), *map(str, descriptors)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=descriptors,
            # Ctrl-C in the terminal is for us; the child is told by the end of its stdin.
            start_new_session=True,
        )
        # Ours go now: if the process dies, a client is to be refused rather than left waiting.
    try:
        yield ports
    finally:
        with anyio.CancelScope(shield=True):
            await _end(process)


async def _end(process: Process) -> None:
    """End the process: stdin first, then SIGTERM, then SIGKILL; at most 2 s in all."""
    if process.stdin is not None:
        await process.stdin.aclose()
    with anyio.move_on_after(1.3):
        await process.wait()
    if process.returncode is None:
        process.terminate()
        with anyio.move_on_after(0.4):
            await process.wait()
    if process.returncode is None:
        process.kill()
        with anyio.move_on_after(0.3):
            await process.wait()
