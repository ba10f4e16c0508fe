"""What the official SDK's client gets from a server: the yardstick of the interop tests.

Usage: ``sdk_client.py JSON``, where JSON is ``{"command", "args", "env", "cwd"}`` or ``{"url"}`` (with
``"sse": true`` for HTTP+SSE), and ``"calls": [[tool, arguments], …]``. With ``"offer": true`` it declares
that it can answer questions, ``"mode"`` is how it negotiates. Prints one JSON object: ``version``,
``server``, ``tools``, ``resources``, ``templates``, ``prompts`` and, in the order of the calls, ``results``.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import anyio
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.sse import sse_client
from pydantic import BaseModel


def wire(model: BaseModel) -> Any:
    """The model as the JSON it was read from, as far as the model kept it."""
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True)


async def refuse(*_: Any) -> Any:
    """Stands for somebody who could answer; nobody asks."""
    raise MCPError(code=-1, message="nobody is here")


async def items(page_of: Any, member: str) -> list[Any]:
    """All pages of a list; empty where the server has no such list."""
    found: list[Any] = []
    cursor = None
    while True:
        try:
            page = await page_of(cursor=cursor)
        except MCPError as error:
            if error.error.code == -32601:
                return found
            raise
        found += [wire(item) for item in getattr(page, member)]
        cursor = page.next_cursor
        if not cursor:
            return found


async def ask(spec: dict[str, Any]) -> dict[str, Any]:
    if "url" in spec:
        server: Any = sse_client(spec["url"]) if spec.get("sse") else spec["url"]
    else:
        server = StdioServerParameters(
            command=spec["command"], args=spec["args"], env=spec.get("env") or None, cwd=spec.get("cwd")
        )
    answers: dict[str, Any] = {}
    if spec.get("offer"):
        answers = {"elicitation_callback": refuse, "sampling_callback": refuse, "list_roots_callback": refuse}
    async with Client(server, read_timeout_seconds=30, mode=spec.get("mode", "auto"), **answers) as client:
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
            "tools": await items(client.list_tools, "tools"),
            "resources": await items(client.list_resources, "resources"),
            "templates": await items(client.list_resource_templates, "resource_templates"),
            "prompts": await items(client.list_prompts, "prompts"),
            "results": results,
        }


if __name__ == "__main__":
    print(json.dumps(anyio.run(ask, json.loads(sys.argv[1]))))
