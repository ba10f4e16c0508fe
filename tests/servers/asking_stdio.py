"""A server of 2025-11-25 over stdio that asks, whatever the client declared: ``asking_stdio.py``.

Its tool ``ask`` sends the request that its argument ``method`` names, with ``params``, and returns what
came back as text. ``blob`` returns ``size`` letters, ``tell`` sends the notification that is named.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def call(request: dict[str, Any]) -> dict[str, Any]:
    arguments = request["params"].get("arguments", {})
    match request["params"]["name"]:
        case "ask":
            send({"id": "q1", "method": arguments["method"], "params": arguments.get("params", {})})
            for line in sys.stdin:
                answer = json.loads(line)
                if answer.get("id") == "q1":
                    text = json.dumps(answer.get("result", answer.get("error")))
                    return {"content": [{"type": "text", "text": text}]}
            sys.exit(0)
        case "blob":
            return {"content": [{"type": "text", "text": "x" * arguments["size"]}]}
        case _:
            send({"method": arguments["method"], "params": arguments.get("params", {})})
            return {"content": []}


def main() -> None:
    schema = {"type": "object"}
    for line in sys.stdin:
        request = json.loads(line)
        if "id" not in request or "method" not in request:
            continue
        match request["method"]:
            case "initialize":
                capabilities = {"tools": {}, "logging": {}}
                version = request["params"]["protocolVersion"]
                info = {"name": "asking", "version": "1"}
                result = {"protocolVersion": version, "capabilities": capabilities, "serverInfo": info}
            case "tools/list":
                result = {"tools": [{"name": name, "inputSchema": schema} for name in ("ask", "blob", "tell")]}
            case "tools/call":
                result = call(request)
            case "ping" | "logging/setLevel":
                result = {}
            case method:
                send({"id": request["id"], "error": {"code": -32601, "message": f"no method {method}"}})
                continue
        send({"id": request["id"], "result": result})


if __name__ == "__main__":
    main()
