"""A server of the 2026-07-28 revision over stdio that knows no handshake; it depends on nothing."""

from __future__ import annotations

import json
import sys
from typing import Any

VERSION = "2026-07-28"


def answer(message: dict[str, Any]) -> dict[str, Any]:
    common = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
    match message["method"]:
        case "server/discover":
            info = {"io.modelcontextprotocol/serverInfo": {"name": "modern-only", "version": "1"}}
            return {"result": {**common, "supportedVersions": [VERSION], "capabilities": {"tools": {}}, "_meta": info}}
        case "tools/list":
            return {"result": {**common, "tools": [{"name": "echo", "inputSchema": {"type": "object"}}]}}
        case "initialize":
            data = {"supported": [VERSION], "requested": message["params"]["protocolVersion"]}
            return {"error": {"code": -32022, "message": "only 2026-07-28 is spoken here", "data": data}}
        case _:
            return {"error": {"code": -32601, "message": "method not found"}}


for line in sys.stdin:
    request = json.loads(line)
    if "id" in request:
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **answer(request)}), flush=True)
