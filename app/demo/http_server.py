"""The process that serves demo-http and demo-login: ``… http_server PARENT FD FD``.

Owns the serving of two sockets that the parent has bound already, and its own end: it ends when
stdin does, on SIGTERM, and (where the system offers it) when its parent dies in any way at all.
Never opens a port by itself. The tools are in ``over_http`` and ``login``.
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
    """Serve until the parent is gone. Arguments: the parent's process id and two descriptors."""
    try:
        parent, http_fd, login_fd = (int(word) for word in sys.argv[1:])
    except ValueError:
        sys.stderr.write("usage: python -m mcpdeck.app.demo.http_server PARENT_PID HTTP_FD LOGIN_FD\n")
        return 2
    _die_with(parent)
    # A tenth of the start is garbage collection that finds nothing: import first, collect later.
    gc.disable()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    import anyio

    from . import login, over_http

    sockets = [socket.socket(fileno=descriptor) for descriptor in (http_fd, login_fd)]
    http_port, login_port = (int(one.getsockname()[1]) for one in sockets)
    servers = {http_port: over_http.server, login_port: login.server(f"http://127.0.0.1:{login_port}")}
    gc.freeze()
    gc.enable()
    anyio.run(_serve, servers, sockets)
    return 0


async def _serve(servers: dict[int, MCPServer], sockets: list[socket.socket]) -> None:
    import anyio
    import uvicorn

    config = uvicorn.Config(
        _by_port(servers),
        http="h11",
        ws="none",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    web = uvicorn.Server(config)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_end_with_stdin, web)
        await web.serve(sockets)
        tasks.cancel_scope.cancel()


def _by_port(servers: dict[int, MCPServer]) -> ASGIApp:
    """One application for both sockets: the port a request came to decides whose it is."""
    from starlette.applications import Starlette

    apps = {port: server.streamable_http_app() for port, server in servers.items()}

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            for server in servers.values():
                await stack.enter_async_context(server.session_manager.run())
            yield

    both = Starlette(lifespan=lifespan)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        chosen = both if scope["type"] == "lifespan" else apps[scope["server"][1]]
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
