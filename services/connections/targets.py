"""Which transport speaks to which target.

Owns the one table. Imports a transport only when a target of its kind is opened: an HTTP client
costs 100 ms that a stdio server does not need.
"""

from __future__ import annotations

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


def open_transport(target: Target, hooks: Hooks, max_frame: int = MAX_FRAME) -> Transport:
    """A transport for ``target``, not entered yet; ``max_frame``: bytes of the largest message it takes."""
    match target:
        case StdioTarget():
            from ..transports.stdio import StdioTransport

            return StdioTransport(target, hooks, max_frame=max_frame)
        case HttpTarget():
            from ..transports.streamable_http import StreamableHttpTransport

            return StreamableHttpTransport(target, hooks, max_frame=max_frame)
        case SseTarget():
            from ..transports.sse import IdeSseTransport, SseTransport

            return (IdeSseTransport if target.kind is TransportKind.SSE_IDE else SseTransport)(
                target, hooks, max_frame=max_frame
            )
        case WebSocketTarget():
            from ..transports.websocket import IdeWebSocketTransport, WebSocketTransport

            return (IdeWebSocketTransport if target.kind is TransportKind.WS_IDE else WebSocketTransport)(
                target, hooks, max_frame=max_frame
            )
        case ConnectorTarget():
            from ..transports.connector import ConnectorTransport

            return ConnectorTransport(target, hooks, max_frame=max_frame)
        case InProcessTarget():
            from ..transports.memory import InProcessTransport

            return InProcessTransport(target, hooks, max_frame=max_frame)
