"""The process that serves demo-http, demo-login, demo-sse and demo-websocket: ``… http_server PARENT FD FD FD FD``.

Owns the serving of the sockets that the parent has bound already, and its own end: it ends when
stdin does, on SIGTERM, and (where the system offers it) when its parent dies in any way at all.
Never opens a port by itself. The tools are in ``over_http``, ``login``, ``over_sse`` and ``over_websocket``.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import threading
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import uvicorn
    from mcp.server.mcpserver import MCPServer
    from starlette.types import ASGIApp, Receive, Scope, Send

_PR_SET_PDEATHSIG = 1
END_TIME = 1.0
"""Seconds an orderly end may take before the process just goes."""


def main() -> int:
    """Serve until the parent is gone. Arguments: the parent's process id and a descriptor for each server."""
    try:
        parent, *descriptors = (int(word) for word in sys.argv[1:])
        _, _, _, _ = descriptors
    except ValueError:
        sys.stderr.write("usage: python -m mcpdeck.app.demo.http_server PARENT_PID HTTP_FD LOGIN_FD SSE_FD WS_FD\n")
        return 2
    _die_with(parent)
    # A tenth of the start is garbage collection that finds nothing: import first, collect later.
    gc.disable()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    import anyio

    from . import login, over_http, over_sse, over_websocket
    from .gate import gate

    sockets = [socket.socket(fileno=descriptor) for descriptor in descriptors]
    ports = [int(one.getsockname()[1]) for one in sockets]
    behind_login = login.server(f"http://127.0.0.1:{ports[1]}")
    streamable = [over_http.server, behind_login.mcp]
    apps = [
        over_http.server.streamable_http_app(),
        gate(behind_login.book, behind_login.mcp.streamable_http_app()),
        over_sse.server.sse_app(),
        over_websocket.websocket_app(over_websocket.server),
    ]
    gc.freeze()
    gc.enable()
    anyio.run(_serve, _by_port(ports, streamable, apps), sockets)
    return 0


async def _serve(app: ASGIApp, sockets: list[socket.socket]) -> None:
    import anyio
    import uvicorn

    config = uvicorn.Config(
        app,
        http="h11",
        ws="websockets-sansio",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    web = uvicorn.Server(config)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_end_with_stdin, web)
        await web.serve(sockets)
        tasks.cancel_scope.cancel()


def _by_port(ports: list[int], streamable: list[MCPServer], served: list[ASGIApp]) -> ASGIApp:
    """One application for all sockets: the port a request came to decides whose it is."""
    from starlette.applications import Starlette

    apps = dict(zip(ports, served, strict=True))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            for server in streamable:
                await stack.enter_async_context(server.session_manager.run())
            yield

    all_of_them = Starlette(lifespan=lifespan)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        chosen = all_of_them if scope["type"] == "lifespan" else apps[scope["server"][1]]
        await chosen(scope, receive, send)

    return app


async def _end_with_stdin(web: uvicorn.Server) -> None:
    """Ask the web server to stop once nobody holds the other end of stdin."""
    import anyio

    descriptor = sys.stdin.fileno()
    data = b"."
    while data:
        await anyio.wait_readable(descriptor)
        data = os.read(descriptor, 4096)
    # Streams that clients keep open would hold up an orderly end for ever.
    backstop = threading.Timer(END_TIME, os._exit, (0,))
    backstop.daemon = True
    backstop.start()
    web.should_exit = web.force_exit = True


def _die_with(parent: int) -> None:
    """Have the kernel end this process with its parent, even one that was killed (Linux only)."""
    if sys.platform != "linux":
        return  # the end of stdin tells it as well
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
