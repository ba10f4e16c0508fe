"""Which transport speaks to which target.

Owns the one table. Imports a transport only when a target of its kind is opened: an HTTP client
costs 100 ms that a stdio server does not need.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import anyio
import anyio.to_thread

from ..auth.seam import Authorizer
from ..models import (
    ConnectorTarget,
    HttpTarget,
    InProcessTarget,
    SseTarget,
    StdioTarget,
    Target,
    TransportKind,
    WebSocketTarget,
)
from ..transports.base import MAX_FRAME, Hooks, Transport

_ROOM = f"{__name__.rsplit('.', 2)[0]}.transports"
_MODULES: Mapping[type[Target], tuple[str, ...]] = {
    StdioTarget: (f"{_ROOM}.stdio",),
    # httpx imports httpcore with its first client, which is as much again.
    HttpTarget: (f"{_ROOM}.streamable_http", "httpcore"),
    SseTarget: (f"{_ROOM}.sse", "httpcore"),
    WebSocketTarget: (f"{_ROOM}.websocket",),
    ConnectorTarget: (f"{_ROOM}.connector", "httpcore"),
    InProcessTarget: (f"{_ROOM}.memory",),
}
_loaded: set[str] = set()


async def loaded(target: Target) -> None:
    """Import what speaks to ``target``, in a thread: an HTTP client's 200 ms must not hold up everything else."""
    for module in _MODULES[type(target)]:
        if module not in _loaded:
            await anyio.to_thread.run_sync(import_module, module)
            _loaded.add(module)


def open_transport(
    target: Target, hooks: Hooks, max_frame: int = MAX_FRAME, auth: Authorizer | None = None
) -> Transport:
    """A transport for ``target``, not entered yet; ``max_frame``: bytes of the largest message it takes.

    ``auth``: who gives its requests a token; only what speaks HTTP to a server of its own asks for one.
    """
    match target:
        case StdioTarget():
            from ..transports.stdio import StdioTransport

            return StdioTransport(target, hooks, max_frame=max_frame)
        case HttpTarget():
            from ..transports.streamable_http import StreamableHttpTransport

            return StreamableHttpTransport(target, hooks, max_frame=max_frame, auth=auth)
        case SseTarget():
            from ..transports.sse import IdeSseTransport, SseTransport

            return (IdeSseTransport if target.kind is TransportKind.SSE_IDE else SseTransport)(
                target, hooks, max_frame=max_frame, auth=auth
            )
        case WebSocketTarget():
            from ..transports.websocket import IdeWebSocketTransport, WebSocketTransport

            return (IdeWebSocketTransport if target.kind is TransportKind.WS_IDE else WebSocketTransport)(
                target, hooks, max_frame=max_frame, auth=auth
            )
        case ConnectorTarget():
            from ..transports.connector import ConnectorTransport

            return ConnectorTransport(target, hooks, max_frame=max_frame)
        case InProcessTarget():
            from ..transports.memory import InProcessTransport

            return InProcessTransport(target, hooks, max_frame=max_frame)
