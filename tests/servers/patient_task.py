"""A server of 2025-11-25 over stdio whose only tool becomes a task that is to be looked at once an hour."""

from __future__ import annotations

import json
import sys
from typing import Any

TASK = {"taskId": "T1", "status": "working", "createdAt": "x", "lastUpdatedAt": "x", "ttl": None}
TOOL = {"name": "pay", "inputSchema": {"type": "object"}, "execution": {"taskSupport": "optional"}}


def result(method: str) -> dict[str, Any] | None:
    match method:
        case "initialize":
            capabilities = {"tools": {}, "tasks": {"requests": {"tools": {"call": {}}}}}
            info = {"name": "patient", "version": "1"}
            return {"protocolVersion": "2025-11-25", "capabilities": capabilities, "serverInfo": info}
        case "tools/list":
            return {"tools": [TOOL]}
        case "tools/call":
            return {"task": {**TASK, "pollInterval": 3_600_000}}
        case "ping":
            return {}
        case _:
            return None


for line in sys.stdin:
    request = json.loads(line)
    if "id" in request:
        answer = result(request["method"])
        part = {"error": {"code": -32601, "message": "method not found"}} if answer is None else {"result": answer}
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **part}), flush=True)
