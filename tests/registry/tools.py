"""Tools and states of servers, made for the tests of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mcpdeck.services.models import Freshness, Origin, Source, Status, Tool, TransportKind
from mcpdeck.services.session.items import read_tool
from mcpdeck.services.state.model import McpState, ServerState


def tool(name: str, description: str = "", **members: Any) -> Tool:
    """As it would be read from a list."""
    item = {"name": name, "description": description, "inputSchema": {"type": "object"}, **members}
    return read_tool(item, mirrors_headers=True)


def row(
    name: str,
    tools: Sequence[Tool] | None,
    *,
    status: Status = Status.CONNECTED,
    transport: TransportKind = TransportKind.STDIO,
    cached: bool = False,
    **members: Any,
) -> ServerState:
    freshness: Mapping[str, Freshness] = {"tools/list": Freshness(1.0, cached=cached)}
    return ServerState(
        name,
        Source.USER,
        Origin(),
        "digest",
        transport,
        "x",
        status=status,
        tools=None if tools is None else tuple(tools),
        freshness=freshness,
        **members,
    )


def deck(*rows: ServerState) -> McpState:
    return McpState({row.id: row for row in rows}, tuple(row.id for row in rows))
