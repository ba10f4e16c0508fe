"""What the official SDK's client gets from a server: the yardstick of the interop tests.

Usage: ``sdk_client.py JSON``, where JSON is ``{"command", "args", "env", "cwd"}`` or ``{"url"}``, and
``"calls": [[tool, arguments], …]``. Prints one JSON object: ``version``, ``server``, ``tools`` and, in
the order of the calls, ``results``.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import anyio
from mcp import Client, MCPError, StdioServerParameters
from pydantic import BaseModel


def wire(model: BaseModel) -> Any:
    """The model as the JSON it was read from, as far as the model kept it."""
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True)


async def ask(spec: dict[str, Any]) -> dict[str, Any]:
    if "url" in spec:
        server: Any = spec["url"]
    else:
        server = StdioServerParameters(
            command=spec["command"], args=spec["args"], env=spec.get("env") or None, cwd=spec.get("cwd")
        )
    async with Client(server, read_timeout_seconds=30) as client:
        tools: list[Any] = []
        cursor = None
        while True:
            page = await client.list_tools(cursor=cursor)
            tools += [wire(tool) for tool in page.tools]
            cursor = page.next_cursor
            if not cursor:
                break
        results: list[Any] = []
        for name, arguments in spec["calls"]:
            try:
                results.append(wire(await client.call_tool(name, arguments)))
            except MCPError as error:
                results.append({"rpcError": error.error.code})
        info = client.server_info
        return {
            "version": client.protocol_version,
            "server": wire(info) if info else None,
            "tools": tools,
            "results": results,
        }


if __name__ == "__main__":
    print(json.dumps(anyio.run(ask, json.loads(sys.argv[1]))))
