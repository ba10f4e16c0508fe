"""The server that ``make bench-ui`` looks at through a screen: 5,000 tools, a result of 10 MB, floods of log records.

Standard library only and no SDK: what is measured is the other side. One argument, ``quiet``: nothing is sent unasked;
a number: so many log records a second from ``initialized`` on, for as long as it is asked for.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

TOOLS: list[dict[str, Any]] = [
    {
        "name": "big",
        "description": "Returns 10 MB of text.",
        "inputSchema": {"type": "object", "properties": {}},
        "annotations": {"readOnlyHint": True},  # else it is asked about first
    },
    *(
        {"name": f"tool_{n:05}", "description": f"Number {n} of many.", "inputSchema": {"type": "object"}}
        for n in range(5_000)
    ),
]
LINES, LINE = 200_000, "x" * 40
EVERY = 0.01
"""Seconds between two bursts of log records."""

output = threading.Lock()


def send(*messages: dict[str, Any]) -> None:
    text = "".join(f"{json.dumps(message)}\n" for message in messages)
    with output:
        sys.stdout.write(text)
        sys.stdout.flush()


def log(number: int) -> dict[str, Any]:
    params = {"level": "info", "logger": "flood", "data": f"record {number} of a flood: everything is as it was"}
    return {"jsonrpc": "2.0", "method": "notifications/message", "params": params}


def flood(rate: int) -> None:
    began, sent = time.monotonic(), 0
    while True:
        due = int((time.monotonic() - began) * rate)
        if due > sent:
            send(*(log(number) for number in range(sent, due)))
            sent = due
        time.sleep(EVERY)


def result_of(method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    match method:
        case "initialize":
            return {
                "protocolVersion": params["protocolVersion"],
                "capabilities": {"tools": {}, "logging": {}},
                "serverInfo": {"name": "bench", "version": "1"},
            }
        case "tools/list":
            return {"tools": TOOLS}
        case "tools/call":
            return {"content": [{"type": "text", "text": "\n".join(f"line {n} {LINE}" for n in range(LINES))}]}
        case "ping" | "logging/setLevel":
            return {}
        case _:
            return None


def main() -> None:
    rate = 0 if sys.argv[1] == "quiet" else int(sys.argv[1])
    for line in sys.stdin:
        message = json.loads(line)
        if message.get("method") == "notifications/initialized" and rate:
            threading.Thread(target=flood, args=(rate,), daemon=True).start()
        if "id" not in message:
            continue
        found = result_of(message["method"], message.get("params", {}))
        answer = {"error": {"code": -32601, "message": "Method not found"}} if found is None else {"result": found}
        send({"jsonrpc": "2.0", "id": message["id"], **answer})


if __name__ == "__main__":
    main()
