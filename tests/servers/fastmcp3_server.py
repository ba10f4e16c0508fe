"""A server on FastMCP 3 (handshake era only): ``stdio``, or ``http`` or ``sse`` and a PORT.

Runs in an environment of its own. Its tools are ours, the server is FastMCP's, which lists three items a
page. They report progress, tell whether a cancellation reached them, ask the client, change the lists,
and one runs as a task. FastMCP 3 has neither resource subscriptions nor completion.
"""

from __future__ import annotations

import sys
from typing import Literal

import anyio
from fastmcp import Context, FastMCP
from fastmcp.utilities.tasks import TaskConfig
from mcp.shared.exceptions import McpError
from mcp.types import ErrorData
from pydantic import BaseModel

server = FastMCP("fastmcp3", version="3", instructions="Adds, counts, asks and fails.", list_page_size=3)


class Person(BaseModel):
    name: str
    age: int = 30


class Seen:
    """What the process saw so far, whichever connection it came from."""

    cancelled = 0
    counter = 0


@server.tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool
async def count(upto: int, ctx: Context) -> str:
    """Report progress for each step."""
    for step in range(upto):
        await ctx.report_progress(step + 1, upto, f"step {step + 1}")
    return f"counted to {upto}"


@server.tool
def fail(message: str) -> str:
    """Always fails."""
    raise ValueError(message)


@server.tool
def refuse() -> str:
    """Answers with a JSON-RPC error."""
    raise McpError(ErrorData(code=-32602, message="this will not do", data={"why": 1}))


@server.tool
async def hang(ctx: Context) -> str:
    """Say that it began, then wait for a cancellation."""
    try:
        await ctx.report_progress(1, 2, "hanging")
        await anyio.sleep_forever()
    except anyio.get_cancelled_exc_class():
        Seen.cancelled += 1
        raise
    return "never"


@server.tool
def cancellations() -> int:
    """How often ``hang`` was cancelled."""
    return Seen.cancelled


@server.tool
async def ask(ctx: Context) -> str:
    """Ask the person at the client."""
    answer = await ctx.elicit("Who are you?", Person)
    return f"{answer.action}: {answer.data.name} is {answer.data.age}" if answer.action == "accept" else answer.action


@server.tool
async def sample(prompt: str, ctx: Context) -> str:
    """Ask the client's model."""
    reply = await ctx.sample(prompt, max_tokens=50)
    return f"says: {reply.text}"


@server.tool
async def roots(ctx: Context) -> str:
    """The client's roots, one a line."""
    return "\n".join(f"{root.name or '-'} {root.uri}" for root in await ctx.list_roots())


@server.tool
async def log(text: str, ctx: Context, level: Literal["debug", "info", "error"] = "info") -> str:
    """Write to the client's log."""
    await ctx.log(text, level=level, logger_name="deck")
    return "logged"


@server.tool
async def grow(ctx: Context) -> str:
    """Add a tool and say that the list changed."""
    server.add_tool(grown)
    await ctx.session.send_tool_list_changed()
    return "grown"


def grown() -> str:
    """Was not there before."""
    return "here"


@server.tool(task=TaskConfig(mode="required"))
async def research(topic: str, ctx: Context, ask: bool = False) -> str:
    """Runs as a task only; asks the person in the middle when told to."""
    name = "nobody"
    if ask:
        answer = await ctx.elicit("For whom?", Person)
        name = answer.data.name if answer.action == "accept" else answer.action
    return f"all about {topic} for {name}"


@server.resource("deck://counter", mime_type="text/plain")
def counter() -> str:
    return str(Seen.counter)


@server.resource("deck://greetings/{name}", mime_type="text/plain")
def greeting(name: str) -> str:
    return f"Hello, {name}!"


@server.prompt
def greet(name: str) -> str:
    """A greeting to continue."""
    return f"Greet {name} warmly."


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["http" | "sse" as transport, port]:
            server.run(transport, show_banner=False, host="127.0.0.1", port=int(port))
        case _:
            server.run(show_banner=False)
