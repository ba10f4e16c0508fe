"""A server on the official SDK 1.x (handshake era only): ``stdio``, or ``http``, ``sse`` or ``ws`` and a PORT.

Runs in an environment of its own: nothing else here can import that SDK. Its tools are ours, the server
is the SDK's. They report progress, tell whether a cancellation reached them, ask the client, publish
updates, change the lists, and one runs as a task.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Literal

import anyio
from mcp import types
from mcp.server.fastmcp import Context, FastMCP, Image
from mcp.shared.exceptions import McpError, UrlElicitationRequiredError
from pydantic import AnyUrl, BaseModel

server = FastMCP("sdk1", instructions="Adds, lists, counts, draws and fails.", host="127.0.0.1")
low = server._mcp_server
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
NAMES = ("Ada", "Adele", "Alan", "Grace")
COUNTER = "deck://counter"
LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")


class Person(BaseModel):
    name: str
    age: int = 30


class Seen:
    """What the process saw so far, whichever connection it came from."""

    cancelled = 0
    counter = 0
    agreed = False
    level = "debug"
    initialized = 0
    roots_changed = 0
    subscribers: list[tuple[Any, str]] = []  # noqa: RUF012 - one process, one list


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


@server.tool()
def refuse() -> str:
    """Answers with a JSON-RPC error."""
    raise McpError(types.ErrorData(code=-32602, message="this will not do", data={"why": 1}))


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


@server.tool()
async def ask(ctx: Context) -> str:
    """Ask the person at the client."""
    answer = await ctx.elicit("Who are you?", Person)
    return f"{answer.action}: {answer.data.name} is {answer.data.age}" if answer.action == "accept" else answer.action


@server.tool()
async def sample(prompt: str, ctx: Context) -> str:
    """Ask the client's model."""
    message = types.SamplingMessage(role="user", content=types.TextContent(type="text", text=prompt))
    reply = await ctx.session.create_message([message], max_tokens=50, related_request_id=ctx.request_id)
    text = reply.content.text if isinstance(reply.content, types.TextContent) else "?"
    return f"{reply.model} says: {text}"


@server.tool()
async def roots(ctx: Context) -> str:
    """The client's roots, one a line."""
    found = await ctx.session.list_roots()
    return "\n".join(f"{root.name or '-'} {root.uri}" for root in found.roots)


@server.tool()
async def visit(ctx: Context) -> str:
    """Send the person to a page."""
    answer = await ctx.elicit_url("Please agree", "https://example.com/consent?case=1", "case-1")
    await ctx.session.send_elicit_complete("case-1", related_request_id=ctx.request_id)
    return answer.action


@server.tool()
def agreed_only() -> str:
    """Refuses with -32042 until the person has agreed on a page."""
    if not Seen.agreed:
        page = types.ElicitRequestURLParams(
            message="Please agree", url="https://example.com/consent?case=2", elicitationId="case-2"
        )
        raise UrlElicitationRequiredError([page])
    return "agreed"


@server.tool()
async def agree(ctx: Context) -> str:
    """What the page would do when the person has agreed."""
    Seen.agreed = True
    await ctx.session.send_elicit_complete("case-2")
    return "thank you"


@server.tool()
def forget() -> str:
    """Lose every HTTP session, as a server that was started anew would have."""
    server.session_manager._server_instances.clear()
    return "forgotten"


@server.tool()
def witnessed(ctx: Context) -> str:
    """What reached the server beside the calls: notifications, and the headers of this request."""
    request = ctx.request_context.request
    headers = dict(request.headers) if request is not None else {}
    seen = {"initialized": Seen.initialized, "rootsChanged": Seen.roots_changed, "headers": headers}
    return json.dumps(seen)


@server.tool()
async def log(text: str, ctx: Context, level: Literal["debug", "info", "error"] = "info") -> str:
    """Write to the client's log."""
    if LEVELS.index(level) >= LEVELS.index(Seen.level):
        await ctx.log(level, text, logger_name="deck")
    return "logged"


@server.tool()
async def touch() -> int:
    """Change the counter and tell those who subscribed to it."""
    Seen.counter += 1
    for session, uri in tuple(Seen.subscribers):
        if uri == COUNTER:
            await session.send_resource_updated(AnyUrl(uri))
    return Seen.counter


@server.tool()
async def grow(ctx: Context) -> str:
    """Add a tool and say that the list changed."""
    server.add_tool(lambda: "here", name="grown", description="Was not there before.")
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


@low.subscribe_resource()
async def subscribe(uri: AnyUrl) -> None:
    Seen.subscribers.append((low.request_context.session, str(uri)))


@low.unsubscribe_resource()
async def unsubscribe(uri: AnyUrl) -> None:
    Seen.subscribers.remove((low.request_context.session, str(uri)))


@low.set_logging_level()
async def set_level(level: types.LoggingLevel) -> None:
    Seen.level = level


async def initialized(_: types.InitializedNotification) -> None:
    Seen.initialized += 1


async def roots_changed(_: types.RootsListChangedNotification) -> None:
    Seen.roots_changed += 1


low.notification_handlers[types.InitializedNotification] = initialized
low.notification_handlers[types.RootsListChangedNotification] = roots_changed

# Tasks: the SDK's high-level server has no words for them, its low-level one serves everything but the tool.
low.experimental.enable_tasks()
listed, called = (low.request_handlers[kind] for kind in (types.ListToolsRequest, types.CallToolRequest))
RESEARCH = types.Tool(
    name="research",
    description="Runs as a task only; asks the person in the middle when told to.",
    inputSchema={"type": "object", "properties": {"topic": {"type": "string"}, "ask": {"type": "boolean"}}},
    execution=types.ToolExecution(taskSupport=types.TASK_REQUIRED),
)


async def list_tools(request: types.ListToolsRequest) -> types.ServerResult:
    result = await listed(request)
    result.root.tools.append(RESEARCH)
    return result


async def call_tool(request: types.CallToolRequest) -> types.ServerResult:
    if request.params.name != RESEARCH.name:
        return await called(request)
    context = low.request_context
    context.experimental.validate_task_mode(types.TASK_REQUIRED)
    arguments = request.params.arguments or {}

    async def work(task: Any) -> types.CallToolResult:
        await task.update_status("reading")
        name = "nobody"
        if arguments.get("ask"):
            answer = await task.elicit("For whom?", Person.model_json_schema())
            name = (answer.content or {}).get("name", answer.action)
        text = f"all about {arguments.get('topic')} for {name}"
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)])

    return types.ServerResult(await context.experimental.run_task(work))


declared = low.get_capabilities


def get_capabilities(*given: Any) -> types.ServerCapabilities:
    """What is really served: this SDK always declares ``subscribe`` and ``listChanged`` as false."""
    capabilities = declared(*given)
    capabilities.resources = types.ResourcesCapability(subscribe=True, listChanged=False)
    capabilities.tools = types.ToolsCapability(listChanged=True)
    return capabilities


low.get_capabilities = get_capabilities
low.request_handlers[types.ListToolsRequest] = list_tools
low.request_handlers[types.CallToolRequest] = call_tool


def websocket(port: int) -> None:
    import uvicorn
    from mcp.server.websocket import websocket_server
    from starlette.applications import Starlette
    from starlette.routing import WebSocketRoute

    class Endpoint:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            async with websocket_server(scope, receive, send) as (reading, writing):
                await low.run(reading, writing, low.create_initialization_options())

    uvicorn.run(Starlette(routes=[WebSocketRoute("/ws", Endpoint())]), host="127.0.0.1", port=port)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["ws", port]:
            websocket(int(port))
        case ["http", port]:
            server.settings.port = int(port)
            server.run("streamable-http")
        case ["sse", port]:
            server.settings.port = int(port)
            server.run("sse")
        case _:
            server.run()
