"""The replies of ``mcpdeck batch``: one JSON object a line.

Owns their shapes and the kinds of errors: ``auth jsonrpc http timeout protocol verification permission
usage internal``. A connection that could not be made, or was lost, is ``http`` whatever carries it (a child
process that did not start, too): nobody asked in vain for an answer, there was just no way to it. What this
side gave up by itself is ``timeout``, a configuration that cannot be used is ``usage``. A result with
``isError`` is no error.
"""

from __future__ import annotations

from ..services.errors import McpDeckError
from ..services.models import ErrorInfo, Implementation, Json, JsonObject
from ..services.session import Session
from .exits import Exit, exit_code

_KINDS = {
    "auth": "auth",
    "jsonrpc": "jsonrpc",
    "http": "http",
    "connect": "http",
    "timeout": "timeout",
    "cancelled": "timeout",
    "protocol": "protocol",
    "verification": "verification",
    "permission": "permission",
    "policy": "permission",
    "usage": "usage",
    "config": "usage",
}


def done(op: str, result: Json) -> JsonObject:
    return {"op": op, "ok": True, "result": result}


def failed(op: str | None, error: McpDeckError | ErrorInfo) -> JsonObject:
    """``code`` is that of JSON-RPC, or the HTTP status; ``data`` what came with it."""
    details = error.details
    rpc = error.kind == "jsonrpc"
    data: Json = details.get("data") if rpc else (dict(details) or None)
    code = details.get("code") if rpc else details.get("status")
    kind = _KINDS.get(error.kind, "internal")
    return {
        "op": op,
        "ok": False,
        "error": {"kind": kind, "message": error.title, "code": code, "data": data, "hint": error.hint or None},
    }


def code_of(error: McpDeckError) -> Exit:
    """The exit code when there was no session at all."""
    return exit_code(error.kind)


def connection(session: Session) -> JsonObject:
    """What the first line, and ``info``, say of the connection."""
    greeting = session.greeting
    return {
        "protocolVersion": session.version,
        "era": session.era.value,
        "serverInfo": server_info(session.info),
        "capabilities": session.capabilities,
        "instructions": greeting.instructions if greeting else None,
    }


def server_info(info: Implementation | None) -> JsonObject | None:
    """Name, version and title as the server claims them; None where it claims nothing."""
    if info is None:
        return None
    claimed: JsonObject = {"name": info.name, "version": info.version}
    more = {"title": info.title, "description": info.description, "websiteUrl": info.website}
    return {**claimed, **{name: value for name, value in more.items() if value is not None}}
