"""A stdio server that writes down every byte it was sent: ``recording_stdio.py FILE [--dies]``.

Speaks 2025-11-25, complains at length on stderr, and with ``--dies`` ends in the middle of its first tool call.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main() -> None:
    record, dies = Path(sys.argv[1]), "--dies" in sys.argv
    sys.stderr.write("warning: this is no error\n" * 5_000)
    sys.stderr.flush()
    for line in sys.stdin.buffer:
        with record.open("ab") as file:
            file.write(line)
        message = json.loads(line)
        if "id" not in message or "method" not in message:
            continue
        answer: dict[str, object] = {"jsonrpc": "2.0", "id": message["id"]}
        match message["method"]:
            case "initialize":
                info = {"name": "recording", "version": "1"}
                capabilities: dict[str, object] = {"tools": {}, "resources": {"subscribe": True}}
                answer["result"] = {"protocolVersion": "2025-11-25", "capabilities": capabilities, "serverInfo": info}
            case "tools/list":
                answer["result"] = {"tools": [{"name": "work", "inputSchema": {"type": "object"}}]}
            case "resources/list":
                answer["result"] = {"resources": []}
            case "ping" | "resources/subscribe":
                answer["result"] = {}
            case "tools/call":
                if dies:
                    os._exit(3)
                answer["result"] = {"content": []}
            case _:
                answer["error"] = {"code": -32601, "message": "no such method"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
