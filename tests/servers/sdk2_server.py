"""A server on the official SDK 2.x (2026-07-28 era, and the older ones): ``stdio``, ``http PORT`` or ``sse PORT``.

Its tools are ours, the server is the SDK's. They report progress, tell whether a cancellation reached
them, ask the client, publish updates and change the lists, each in the way of the era that is spoken.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated, Any, Literal

import anyio
import mcp_types as types
from mcp import MCPError
from mcp.server import MCPServer
from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit, ListRoots, Resolve, Sample
from pydantic import BaseModel, Field

server = MCPServer("sdk2", version="2.0.0", instructions="Adds, describes, counts and fails.")
NAMES = ("Ada", "Adele", "Alan", "Grace")
COUNTER = "deck://counter"
STATELESS = "2026-07-28"


class Weather(BaseModel):
    city: str
    celsius: float
    sky: Literal["clear", "cloudy"]


class Person(BaseModel):
    name: str
    age: int = 30


class Seen:
    """What the process saw so far, whichever connection it came from."""

    cancelled = 0
    counter = 0
    level = "debug"
    subscribers: list[tuple[Any, str]] = []  # noqa: RUF012 - one process, one list


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


@server.tool()
def refuse() -> str:
    """Answers with a JSON-RPC error."""
    raise MCPError(code=-32602, message="this will not do", data={"why": 1})


@server.tool()
async def hang(ctx: Context) -> str:
    """Say that it began, then wait for a cancellation."""
    try:
        await ctx.report_progress(1, 2, "hanging")
        await anyio.sleep_forever()
    except anyio.get_cancelled_exc_class():
        Seen.cancelled += 1
        raise
    return "never"


@server.tool()
def cancellations() -> int:
    """How often ``hang`` was cancelled."""
    return Seen.cancelled


async def person() -> Elicit[Person]:
    return Elicit("Who are you?", Person)


@server.tool()
def ask(answer: Annotated[ElicitationResult[Person], Resolve(person)]) -> str:
    """Ask the person at the client."""
    return f"{answer.action}: {answer.data.name} is {answer.data.age}" if answer.action == "accept" else answer.action


async def completion_of(prompt: str) -> Sample:
    return Sample([types.SamplingMessage(role="user", content=types.TextContent(text=prompt))], max_tokens=50)


@server.tool()
def sample(prompt: str, reply: Annotated[types.CreateMessageResult, Resolve(completion_of)]) -> str:
    """Ask the client's model."""
    text = reply.content.text if isinstance(reply.content, types.TextContent) else "?"
    return f"{reply.model} says: {text}"


async def the_roots() -> ListRoots:
    return ListRoots()


@server.tool()
def roots(found: Annotated[types.ListRootsResult, Resolve(the_roots)]) -> str:
    """The client's roots, one a line."""
    return "\n".join(f"{root.name or '-'} {root.uri}" for root in found.roots)


@server.tool()
async def visit(ctx: Context) -> str | types.InputRequiredResult:
    """Send the person to a page."""
    url = "https://example.com/consent?case=1"
    if ctx.protocol_version != STATELESS:
        return (await ctx.elicit_url("Please agree", url, "case-1")).action
    if not ctx.input_responses:
        params = types.ElicitRequestURLParams(message="Please agree", url=url)
        return types.InputRequiredResult(input_requests={"consent": types.ElicitRequest(params=params)})
    reply = ctx.input_responses["consent"]
    return reply.action if isinstance(reply, types.ElicitResult) else "?"


@server.tool()
def forget() -> str:
    """Lose every HTTP session, as a server that was started anew would have."""
    server.session_manager._server_instances.clear()
    return "forgotten"


@server.tool()
def witnessed(ctx: Context) -> str:
    """The headers of this request."""
    return json.dumps({"headers": dict(ctx.headers or {})})


@server.tool()
async def log(text: str, ctx: Context, level: Literal["debug", "info", "error"] = "info") -> str:
    """Write to the client's log."""
    order = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
    if ctx.protocol_version == STATELESS or order.index(level) >= order.index(Seen.level):
        await ctx.log(level, text, logger_name="deck")
    return "logged"


@server.tool()
async def touch(ctx: Context) -> int:
    """Change the counter and tell those who subscribed to it."""
    Seen.counter += 1
    await ctx.notify_resource_updated(COUNTER)
    for session, uri in tuple(Seen.subscribers):
        if uri == COUNTER:
            await session.send_resource_updated(uri)
    return Seen.counter


@server.tool()
async def grow(ctx: Context) -> str:
    """Add a tool and say that the list changed."""
    server.add_tool(lambda: "here", name="grown", description="Was not there before.")
    await ctx.notify_tools_changed()
    if ctx.protocol_version != STATELESS:
        await ctx.session.send_tool_list_changed()
    return "grown"


@server.resource(COUNTER, mime_type="text/plain")
def counter() -> str:
    return str(Seen.counter)


@server.resource("deck://greetings/{name}", mime_type="text/plain")
def greeting(name: str) -> str:
    return f"Hello, {name}!"


@server.prompt()
def greet(name: str) -> str:
    """A greeting to continue."""
    return f"Greet {name} warmly."


@server.completion()
async def complete(_ref: Any, argument: types.CompletionArgument, _context: Any) -> types.Completion:
    return types.Completion(values=[name for name in NAMES if name.startswith(argument.value)])


async def subscribe(ctx: Any, params: types.SubscribeRequestParams) -> types.EmptyResult:
    Seen.subscribers.append((ctx.session, str(params.uri)))
    return types.EmptyResult()


async def unsubscribe(_ctx: Any, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
    # Each request has a session object of its own.
    Seen.subscribers.remove(next(each for each in Seen.subscribers if each[1] == str(params.uri)))
    return types.EmptyResult()


async def set_level(_ctx: Any, params: types.SetLevelRequestParams) -> types.EmptyResult:
    Seen.level = params.level
    return types.EmptyResult()


# The handshake era's own methods: the SDK's high-level server has no decorators for them any more.
server._lowlevel_server.add_request_handler("resources/subscribe", types.SubscribeRequestParams, subscribe)
server._lowlevel_server.add_request_handler("resources/unsubscribe", types.UnsubscribeRequestParams, unsubscribe)
server._lowlevel_server.add_request_handler("logging/setLevel", types.SetLevelRequestParams, set_level)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["http", port]:
            server.run("streamable-http", host="127.0.0.1", port=int(port))
        case ["sse", port]:
            server.run("sse", host="127.0.0.1", port=int(port))
        case _:
            server.run()
