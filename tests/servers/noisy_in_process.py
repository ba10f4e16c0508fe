"""A server object whose tools do what a program of its own may do: print, exit, block."""

from __future__ import annotations

import sys
import threading

from mcp.server.mcpserver import MCPServer

print("noisy: loading")
server = MCPServer("noisy")


@server.tool()
def noisy() -> str:
    """Print to both streams."""
    print("noisy: to stdout")
    print("noisy: to stderr", file=sys.stderr)
    return "printed"


@server.tool()
async def leave() -> str:
    """End the program."""
    sys.exit(3)


@server.tool()
async def block() -> str:
    """Never come back, and let nobody else have the loop."""
    threading.Event().wait()
    return "never"


@server.tool()
def block_a_thread() -> str:
    """Never come back."""
    threading.Event().wait()
    return "never"
