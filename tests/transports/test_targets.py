"""Which transport a target opens, and with which bounds."""

from __future__ import annotations

import pytest

from mcpdeck.services.connections.targets import open_transport
from mcpdeck.services.models import (
    ConnectorTarget,
    HttpTarget,
    InProcessTarget,
    SseTarget,
    StdioTarget,
    Target,
    TransportKind,
    WebSocketTarget,
)
from mcpdeck.services.transports.base import MAX_FRAME, Hooks

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:1/mcp"


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (StdioTarget("true"), TransportKind.STDIO),
        (HttpTarget(URL), TransportKind.HTTP),
        (SseTarget(URL), TransportKind.SSE),
        (SseTarget(URL, kind=TransportKind.SSE_IDE), TransportKind.SSE_IDE),
        (WebSocketTarget("ws://127.0.0.1:1/"), TransportKind.WS),
        (WebSocketTarget("ws://127.0.0.1:1/", kind=TransportKind.WS_IDE), TransportKind.WS_IDE),
        (ConnectorTarget(URL, lambda refresh: "t"), TransportKind.CONNECTOR),
        (InProcessTarget("a.b:c"), TransportKind.IN_PROCESS),
    ],
)
async def test_every_transport_takes_the_largest_message_that_is_set(target: Target, kind: TransportKind) -> None:
    for wanted, transport in (
        (12_345, open_transport(target, Hooks(), max_frame=12_345)),
        (MAX_FRAME, open_transport(target, Hooks())),
    ):
        assert transport.kind is kind
        assert transport._max_frame == wanted  # type: ignore[attr-defined]
