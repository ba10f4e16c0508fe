"""A server on the official SDK 1.x (handshake era only): ``stdio``, or ``http PORT``.

Runs in an environment of its own: nothing else here can import that SDK.
"""

from __future__ import annotations

import sys
from typing import Literal

from mcp.server.fastmcp import Context, FastMCP, Image

server = FastMCP("sdk1", instructions="Adds, lists, counts, draws and fails.", host="127.0.0.1")
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
def colours(shade: Literal["light", "dark"] = "light") -> list[str]:
    """A list as the result."""
    return [f"{shade} red", f"{shade} blue"]


@server.tool()
async def count(upto: int, ctx: Context) -> str:
    """Report progress and log each step."""
    for step in range(upto):
        await ctx.report_progress(step + 1, upto)
        await ctx.info(f"step {step + 1}")
    return f"counted to {upto}"


@server.tool()
def pixel() -> Image:
    """One pixel."""
    return Image(data=PIXEL, format="png")


@server.tool()
def fail(message: str) -> str:
    """Always fails."""
    raise ValueError(message)


if __name__ == "__main__":
    if sys.argv[1:2] == ["http"]:
        server.settings.port = int(sys.argv[2])
        server.run("streamable-http")
    else:
        server.run()
