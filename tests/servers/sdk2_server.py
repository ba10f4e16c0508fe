"""A server on the official SDK 2.x (2026-07-28 era, and the older ones): ``stdio``, or ``http PORT``."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Literal

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from pydantic import BaseModel, Field

server = MCPServer("sdk2", version="2.0.0", instructions="Adds, describes, counts and fails.")


class Weather(BaseModel):
    city: str
    celsius: float
    sky: Literal["clear", "cloudy"]


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool(title="The weather")
def weather(city: Annotated[str, Field(description="Where", min_length=1)], unit: Literal["C", "F"] = "C") -> Weather:
    """A structured result."""
    return Weather(city=city, celsius=21.5, sky="clear")


@server.tool()
def die() -> str:
    """End the whole process, in the middle of the call."""
    os._exit(9)


@server.tool()
async def count(upto: int, ctx: Context) -> str:
    """Report progress for each step."""
    for step in range(upto):
        await ctx.report_progress(step + 1, upto, f"step {step + 1}")
    return f"counted to {upto}"


@server.tool()
def fail(message: str) -> str:
    """Always fails."""
    raise ValueError(message)


if __name__ == "__main__":
    if sys.argv[1:2] == ["http"]:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[2]))
    else:
        server.run()
