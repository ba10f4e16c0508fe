"""A server on FastMCP 4 (both eras): ``stdio``, or ``http`` or ``sse`` and a PORT.

Runs in an environment of its own. Its tools are ours, the server is FastMCP's, which lists three items a
page. They report progress, tell whether a cancellation reached them, ask the client in the way of the
era, complete arguments, change the lists, and one runs as a task of the extension. FastMCP 4 serves no
resource subscriptions.
"""

from __future__ import annotations

import sys
from typing import Any, Literal

import anyio
import mcp_types as types
from fastmcp import Context, FastMCP
from fastmcp.utilities.tasks import TaskConfig
from fastmcp_tasks import TasksExtension
from mcp import MCPError
from pydantic import BaseModel

server = FastMCP("fastmcp4", version="4", instructions="Adds, counts, asks and fails.", list_page_size=3)
server.add_extension(TasksExtension())
NAMES = ("Ada", "Adele", "Alan", "Grace")
STATELESS = "2026-07-28"


class Person(BaseModel):
    name: str
    age: int = 30


class Seen:
    """What the process saw so far, whichever connection it came from."""

    cancelled = 0
    counter = 0


def stateless(ctx: Context) -> bool:
    return ctx.request_context is not None and ctx.request_context.protocol_version == STATELESS


def asked(**requests: Any) -> types.InputRequiredResult:
    return types.InputRequiredResult(input_requests=requests)


def person(message: str) -> types.ElicitRequest:
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}
    return types.ElicitRequest(params=types.ElicitRequestFormParams(message=message, requested_schema=schema))


def told(ctx: Context, key: str) -> Any:
    """The answer to what was asked under that key; None in the first round."""
    return (ctx.input_responses or {}).get(key)


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
    raise MCPError(code=-32602, message="this will not do", data={"why": 1})


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
async def ask(ctx: Context) -> str | types.InputRequiredResult:
    """Ask the person at the client."""
    if not stateless(ctx):
        answer = await ctx.elicit("Who are you?", Person)
        return f"accept: {answer.data.name} is {answer.data.age}" if answer.action == "accept" else answer.action
    reply = told(ctx, "who")
    if reply is None:
        return asked(who=person("Who are you?"))
    content = reply.content or {}
    return f"accept: {content.get('name')} is {content.get('age', 30)}" if reply.action == "accept" else reply.action


@server.tool
async def sample(prompt: str, ctx: Context) -> str | types.InputRequiredResult:
    """Ask the client's model."""
    message = types.SamplingMessage(role="user", content=types.TextContent(text=prompt))
    if stateless(ctx):
        reply = told(ctx, "model")
        if reply is None:
            params = types.CreateMessageRequestParams(messages=[message], max_tokens=50)
            return asked(model=types.CreateMessageRequest(params=params))
    else:
        reply = await ctx.session.create_message([message], max_tokens=50, related_request_id=ctx.request_id)
    return f"{reply.model} says: {reply.content.text}"


@server.tool
async def roots(ctx: Context) -> str | types.InputRequiredResult:
    """The client's roots, one a line."""
    if stateless(ctx):
        found = told(ctx, "roots")
        if found is None:
            return asked(roots=types.ListRootsRequest())
    else:
        found = await ctx.session.list_roots()
    return "\n".join(f"{root.name or '-'} {root.uri}" for root in found.roots)


@server.tool
async def log(text: str, ctx: Context, level: Literal["debug", "info", "error"] = "info") -> str:
    """Write to the client's log."""
    await ctx.log(text, level=level, logger_name="deck")
    return "logged"


@server.tool
async def grow(ctx: Context) -> str:
    """Add a tool and say that the list changed."""
    server.add_tool(grown)
    if not stateless(ctx):
        await ctx.session.send_tool_list_changed()
    return "grown"


def grown() -> str:
    """Was not there before."""
    return "here"


@server.tool(task=TaskConfig(mode="required"))
async def research(topic: str, ctx: Context, ask: bool = False) -> str | types.InputRequiredResult:
    """Runs as a task only; asks the person in the middle when told to."""
    name = "nobody"
    if ask:
        reply = told(ctx, "whom")
        if reply is None:
            return asked(whom=person("For whom?"))
        name = (reply.content or {}).get("name") if reply.action == "accept" else reply.action
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


@server.completion
def complete(_ref: Any, argument: Any, _context: Any) -> list[str]:
    return [name for name in NAMES if name.startswith(argument.value)]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["http" | "sse" as transport, port]:
            server.run(transport, show_banner=False, host="127.0.0.1", port=int(port))
        case _:
            server.run(show_banner=False)
