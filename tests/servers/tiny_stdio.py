"""A small MCP server over stdio that depends on nothing: revisions up to 2025-11-25, tools only.

Its tools cover what a client must cope with: text, structured content, an image, a resource, errors
of both kinds, progress that can be cancelled, hostile text, its own surroundings, and its own death.
"""

from __future__ import annotations

import base64
import json
import os
import select
import sys
from collections import deque
from pathlib import Path
from typing import Any

VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
# a red dot: 1 x 1 pixel
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
)


def _tool(name: str, description: str, properties: dict[str, Any] | None = None, *required: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": properties or {}}
    if required:
        schema["required"] = list(required)
    return {"name": name, "description": description, "inputSchema": schema}


TOOLS = [
    _tool("echo", "Say it again.\nA second line.", {"text": {"type": "string"}}, "text"),
    _tool(
        "kinds",
        "Return the arguments as they arrived.",
        {
            "count": {"type": "integer"},
            "ratio": {"type": ["number", "null"]},
            "flag": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
            "items": {"type": "array", "items": {"type": "string"}},
            "level": {"enum": ["low", 3]},
            "where": {"$ref": "#/$defs/place"},
            "free": {},
            "label": {"type": "string"},
        },
    ),
    {
        **_tool("weather", "A structured result.", {"city": {"type": "string"}}, "city"),
        "title": "The weather",
        "outputSchema": {"type": "object", "properties": {"celsius": {"type": "number"}}, "required": ["celsius"]},
        "annotations": {"readOnlyHint": True},
    },
    {**_tool("liar", "A structured result that breaks its own schema."), "outputSchema": {"required": ["truth"]}},
    _tool("picture", "An image, a sound and a file."),
    _tool("fail", "Reports an error."),
    _tool("refuse", "Answers with a JSON-RPC error."),
    _tool("hostile", "Text that would drive a terminal."),
    _tool("slow", "Reports progress until it is done or cancelled.", {"steps": {"type": "integer"}}),
    _tool("surroundings", "Where it runs, and its variables.", {"names": {"type": "array"}}),
    _tool("die", "Ends the process instead of answering."),
]
TOOLS[1]["inputSchema"]["$defs"] = {"place": {"type": "object"}}

_lines: deque[bytes] = deque()
_rest = b""


def _receive(timeout: float | None = None) -> dict[str, Any] | None:
    """The next message; None when ``timeout`` seconds went by. Ends the process at the end of input."""
    global _rest
    while not _lines:
        if not select.select([0], [], [], timeout)[0]:
            return None
        data = os.read(0, 65536)
        if not data:
            sys.exit(0)
        *whole, _rest = (_rest + data).split(b"\n")
        _lines.extend(line for line in whole if line.strip())
    return json.loads(_lines.popleft())


def _send(message: dict[str, Any]) -> None:
    os.write(1, json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")


def _text(text: str, **more: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], **more}


def _slow(request: dict[str, Any]) -> dict[str, Any] | None:
    params = request["params"]
    token = params.get("_meta", {}).get("progressToken")
    steps = params.get("arguments", {}).get("steps", 1000)
    for step in range(steps):
        if token is not None:
            progress = {"progressToken": token, "progress": step + 1, "total": steps, "message": f"step {step + 1}"}
            _send({"method": "notifications/progress", "params": progress})
        message = _receive(0.02)
        if message is not None and message.get("method") == "notifications/cancelled":
            return None
    return _text("done")


def _call(request: dict[str, Any]) -> dict[str, Any] | None:
    name, arguments = request["params"]["name"], request["params"].get("arguments", {})
    match name:
        case "echo":
            return _text(arguments.get("text", "(nothing)"))
        case "kinds":
            return _text(json.dumps(arguments, sort_keys=True))
        case "weather":
            structured = {"celsius": 21.5, "city": arguments["city"]}
            return _text(json.dumps(structured), structuredContent=structured)
        case "liar":
            return _text("see below", structuredContent={"lie": 1})
        case "picture":
            data = base64.b64encode(PNG).decode()
            blob = {"uri": "file:///dot.bin", "mimeType": "application/octet-stream", "blob": data}
            return {
                "content": [
                    {"type": "image", "mimeType": "image/png", "data": data},
                    {"type": "audio", "mimeType": "audio/wav", "data": "AAAA"},
                    {"type": "resource", "resource": blob},
                    {"type": "resource_link", "uri": "file:///a.txt", "name": "a.txt"},
                ]
            }
        case "fail":
            return _text("it did not work", isError=True)
        case "hostile":
            return _text("red \x1b[31mhere\x07 \u202eback")
        case "slow":
            return _slow(request)
        case "surroundings":
            found = {variable: os.environ.get(variable) for variable in arguments.get("names", [])}
            return _text(json.dumps({"cwd": str(Path.cwd()), "variables": found}))
        case "die":
            sys.stderr.write("tiny: going down\n")
            sys.stderr.flush()
            os._exit(7)
        case _:
            _send({"id": request["id"], "error": {"code": -32602, "message": "this will not do", "data": {"why": 1}}})
            return None


def main() -> None:
    sys.stderr.write("tiny: ready\n")
    sys.stderr.flush()
    while True:
        request = _receive()
        if request is None or "id" not in request or "method" not in request:
            continue
        match request["method"]:
            case "initialize":
                asked = request["params"]["protocolVersion"]
                result: dict[str, Any] | None = {
                    "protocolVersion": asked if asked in VERSIONS else VERSIONS[-1],
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "tiny", "version": "1.0"},
                }
            case "ping":
                result = {}
            case "tools/list":
                result = {"tools": TOOLS}
            case "tools/call":
                result = _call(request)
            case method:
                _send({"id": request["id"], "error": {"code": -32601, "message": f"no method {method}"}})
                continue
        if result is not None:
            _send({"id": request["id"], "result": result})


if __name__ == "__main__":
    main()
