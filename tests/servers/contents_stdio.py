"""A server of 2025-11-25 over stdio with odd resources, completions and pages: ``contents_stdio.py [mute]``.

Needs only the standard library. ``mute``: connects, and then answers nothing that is asked for by a person.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

PAGES = {
    None: ([{"uri": "test://big", "name": "big", "size": 1_234}], "2"),
    "2": ([{"uri": "test://several", "name": "several"}], ""),
    "": ([{"uri": "test://empty", "name": "empty", "size": "x"}], None),
}
OBJECT = {"type": "object"}
TOOLS = {
    None: ([{"name": "nothing", "inputSchema": OBJECT}, {"name": "odd", "inputSchema": None}], "it's \x1b[31m\u202e7"),
    "it's \x1b[31m\u202e7": (
        [
            {
                "name": "screen",
                "inputSchema": OBJECT,
                "_meta": {"ui": {"visibility": ["app"], "resourceUri": "ui://s"}},
            },
            {"name": "null", "inputSchema": OBJECT},
        ],
        None,
    ),
}
STRUCTURED: dict[str, dict[str, Any]] = {"nothing": {}, "null": {"structuredContent": None}}


def page(member: str, pages: dict[str | None, tuple[list[Any], str | None]], cursor: str | None) -> dict[str, Any]:
    items, following = pages[cursor]
    return {member: items, **({} if following is None else {"nextCursor": following})}


def contents(uri: str) -> list[dict[str, Any]]:
    match uri:
        case "test://big":
            blob = base64.b64encode(bytes(range(256)) * 5).decode()
            return [{"uri": uri, "mimeType": "image/x-test", "blob": blob}]
        case "test://several":
            return [
                {"uri": f"{uri}/1", "mimeType": "text/plain", "text": "red \x1b[31mhere"},
                {"uri": f"{uri}/2", "mimeType": "application/octet-stream", "blob": "AAECAw=="},
            ]
        case "test://empty":
            return []
        case "test://neither":
            return [{"uri": uri, "blob": "no base64!"}]
        case _:
            return [{"uri": uri, "text": f"you asked for {uri}"}]


def answer(method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    match method:
        case "initialize":
            capabilities = {"resources": {}, "prompts": {}, "completions": {}}
            info = {"name": "contents", "version": "1"}
            return {"protocolVersion": params["protocolVersion"], "capabilities": capabilities, "serverInfo": info}
        case "ping":
            return {}
        case _ if sys.argv[1:] == ["mute"]:
            return None
        case "resources/list":
            return page("resources", PAGES, params.get("cursor"))
        case "tools/list":
            return page("tools", TOOLS, params.get("cursor"))
        case "tools/call":
            return {"content": [], **STRUCTURED[params["name"]]}
        case "resources/templates/list":
            return {"resourceTemplates": []}
        case "prompts/list":
            return {"prompts": []}
        case "resources/read":
            return {"contents": contents(params["uri"])}
        case "completion/complete" if params["ref"].get("name") == "many":
            return {"completion": {"values": [str(number) for number in range(101)]}}
        case "completion/complete":
            return {"completion": {"values": [json.dumps(params.get("context"))], "total": 7, "hasMore": True}}
        case _:
            raise KeyError(method)


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if "id" not in request:
            continue
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
        try:
            result = answer(request["method"], request.get("params", {}))
        except KeyError:
            reply["error"] = {"code": -32601, "message": f"no method {request['method']}"}
        else:
            if result is None:
                continue
            reply["result"] = result
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
