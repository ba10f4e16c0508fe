"""Example states, built from the real dataclasses: what UI tests feed and screenshots show.

Every value is fixed (times too), so that a drawing of a state is always the same.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from mcpdeck.services.models import (
    EraName,
    ErrorInfo,
    Freshness,
    Implementation,
    JsonObject,
    Listed,
    Origin,
    Source,
    Status,
    TaskInfo,
    Timer,
    Tool,
    TransportKind,
)
from mcpdeck.services.state.model import (
    AppState,
    CallState,
    CallStatus,
    Counters,
    McpState,
    PromptState,
    ServerState,
)

NOW = 1_767_262_800.0
"""2026-01-01 10:20:00 UTC."""

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def clock() -> float:
    return NOW


def tool(
    name: str,
    description: str = "",
    properties: JsonObject | None = None,
    required: tuple[str, ...] = (),
    **more: object,
) -> Tool:
    """A tool as a server would list it; ``more`` are fields of ``Tool``."""
    schema: JsonObject = {"type": "object", "properties": properties or {}}
    if required:
        schema["required"] = list(required)
    made = Tool(
        name=name,
        title=None,
        description=description,
        input_schema=schema,
        output_schema=None,
        annotations={},
        raw={"name": name, "description": description, "inputSchema": schema},
    )
    return replace(made, **more) if more else made  # type: ignore[arg-type]


EVERYTHING_TOOLS: tuple[Tool, ...] = (
    tool(
        "echo",
        "Echoes back the input string",
        {"message": {"type": "string", "description": "Message to echo"}},
        ("message",),
    ),
    tool("get-annotated-message", "Demonstrates how annotations can be used to provide metadata about content"),
    tool("get-env", "Returns all environment variables, helpful for debugging MCP server configuration"),
    tool("get-resource-links", "Returns up to ten resource links that reference different types of resources"),
    tool("get-structured-content", "Returns structured content along with an output schema for client data validation"),
    tool(
        "get-sum",
        "Returns the sum of two numbers",
        {
            "a": {"type": "number", "description": "First number"},
            "b": {"type": "number", "description": "Second number"},
        },
        ("a", "b"),
    ),
    tool("get-tiny-image", "Returns a tiny MCP logo image."),
    tool("gzip-file-as-resource", "Compresses a single file using gzip compression."),
    tool("simulate-research-query", "Simulates a deep research operation that gathers, analyzes and reports"),
    tool("toggle-simulated-logging", "Toggles simulated, random-leveled logging on or off."),
    tool("trigger-elicitation-request", "Trigger a Request from the Server for User Elicitation"),
    tool(
        "trigger-long-running-operation",
        "Demonstrates a long running operation with progress updates.",
        {
            "duration": {"type": "number", "default": 10, "description": "Duration of the operation in seconds"},
            "steps": {"type": "number", "default": 5, "description": "Number of steps in the operation"},
        },
    ),
)


def server(name: str, **changes: object) -> ServerState:
    """A stdio server that waits; ``changes`` are fields of ``ServerState``."""
    base = ServerState(
        id=name,
        source=Source.USER,
        origin=Origin("~/.config/mcpdeck/mcp.json", 4, 5),
        digest=f"digest-{name}",
        transport=TransportKind.STDIO,
        endpoint=f"npx -y @example/{name}",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def connected(name: str, **changes: object) -> ServerState:
    return server(
        name,
        **{
            "status": Status.CONNECTED,
            "generation": 1,
            "pid": 4711,
            "era": EraName.LEGACY,
            "version": "2025-11-25",
            "decided": "server/discover is not known there, so initialize was sent",
            "info": Implementation(name, "1.2.0"),
            "capabilities": {"tools": {"listChanged": True}},
            "tools": (),
            "connected_at": NOW - 75,
            "connect_ms": 312.0,
            "latency_ms": 3.2,
            "counters": Counters(sent=6, received=7, bytes_sent=1_420, bytes_received=23_400),
            **changes,
        },
    )


EVERYTHING = connected(
    "everything",
    endpoint="npx -y @modelcontextprotocol/server-everything stdio",
    info=Implementation(
        "mcp-servers/everything", "2.0.0", "Everything Reference Server", None, "https://example.com/everything"
    ),
    capabilities={
        "tools": {"listChanged": True},
        "resources": {"subscribe": True, "listChanged": True},
        "prompts": {"listChanged": True},
        "logging": {},
        "completions": {},
        "tasks": {"list": {}, "cancel": {}},
        "experimental": {"example/trace": {}},
    },
    instructions=(
        "Testing and demonstration server for the features of MCP.\n\n"
        "Tools whose names begin with get- only read. trigger-long-running-operation reports progress."
    ),
    tools=EVERYTHING_TOOLS,
    resources=tuple(Listed(f"demo://{i}", f"Resource {i}", None, "", {}) for i in range(7)),
    templates=(Listed("demo://{id}", "Any", None, "", {}),),
    prompts=tuple(Listed(f"prompt-{i}", f"prompt-{i}", None, "", {}) for i in range(4)),
    env_names=("PATH", "DEBUG_LEVEL"),
    rules_broken=("notifications/message before logging/setLevel was sent (2025-11-25, Logging)",),
)

BROKEN_ERROR = ErrorInfo(
    kind="connect",
    title="The server's process ended before it answered",
    hint="Run the command by hand to see its output; then press r.",
    details={
        "exitCode": 3,
        "stderr": [
            "Traceback (most recent call last):",
            '  File "/srv/notes/server.py", line 12, in <module>',
            "    from notes import app",
            "ModuleNotFoundError: No module named 'notes'",
        ],
    },
)


def zoo() -> tuple[ServerState, ...]:
    """One server of nearly every status."""
    return (
        EVERYTHING,
        connected(
            "files",
            tools=tuple(tool(f"file_tool_{i}", f"Works on file number {i}") for i in range(14)),
            latency_ms=0.8,
            endpoint="npx -y @modelcontextprotocol/server-filesystem .",
        ),
        connected(
            "pictures",
            transport=TransportKind.IN_PROCESS,
            endpoint="mcpdeck.app.demo.pictures:server",
            source=Source.DEMO,
            origin=Origin(),
            pid=None,
            era=EraName.MODERN,
            version="2026-07-28",
            decided="server/discover answered",
            tools=tuple(tool(f"draw_{i}", "Draws a picture") for i in range(4)),
            latency_ms=0.2,
        ),
        connected(
            "tickets",
            status=Status.DEGRADED,
            transport=TransportKind.HTTP,
            endpoint="https://tickets.example.com/mcp",
            era=EraName.MODERN,
            version="2026-07-28",
            pid=None,
            latency_ms=148.0,
            tools=tuple(tool(f"ticket_{i}", "Works on a ticket") for i in range(9)),
            error=ErrorInfo(
                "jsonrpc", "prompts/list failed: Internal error", "The other lists are fine.", {"code": -32603}
            ),
        ),
        server(
            "search",
            status=Status.RECONNECTING,
            transport=TransportKind.HTTP,
            endpoint="https://search.example.com/mcp",
            generation=3,
            attempt=2,
            attempts=5,
            retry_at=NOW + 3.4,
            error=ErrorInfo("connect", "Connection refused by search.example.com, port 443", "Is the server running?"),
        ),
        server("time", status=Status.CONNECTING, generation=1, endpoint="uvx mcp-server-time"),
        server(
            "vault",
            status=Status.NEEDS_AUTH,
            transport=TransportKind.HTTP,
            endpoint="https://vault.example.com/mcp",
            generation=1,
            error=ErrorInfo(
                "auth",
                "The server answered 401 Unauthorized",
                "It wants a login; a token can be given under headers in its entry.",
                {"status": 401},
            ),
        ),
        server(
            "database",
            status=Status.PENDING_APPROVAL,
            source=Source.PROJECT,
            origin=Origin("/home/ada/shop/.mcp.json", 9, 5),
            endpoint="docker run --rm -i -e PGPASSWORD=*** -v /home/ada/shop:/work postgres-mcp --dsn postgresql://shop@db/shop",
            env_names=("PGPASSWORD", "PGSSLMODE"),
            lints=('unknown field "timeoutMs" (did you mean "timeout"?)',),
        ),
        server("notes", status=Status.FAILED, generation=1, endpoint="python -m notes.server", error=BROKEN_ERROR),
        server(
            "legacy-crm", status=Status.DISABLED, transport=TransportKind.HTTP, endpoint="https://crm.example.com/mcp"
        ),
    )


def mcp(*servers: ServerState) -> McpState:
    return McpState(servers=MappingProxyType({row.id: row for row in servers}), order=tuple(row.id for row in servers))


def call(number: int, **changes: object) -> CallState:
    base = CallState(
        id=f"call-{number}",
        server="everything",
        tool="get-sum",
        arguments={"a": 2, "b": 40},
        started_at=NOW - 10 * number,
        status=CallStatus.SUCCESS,
        duration_ms=4.1,
        result={"content": [{"type": "text", "text": "The sum of 2 and 40 is 42."}]},
    )
    return replace(base, **changes)  # type: ignore[arg-type]


CALLS: tuple[CallState, ...] = (
    call(
        1,
        tool="trigger-long-running-operation",
        arguments={"duration": 10, "steps": 5},
        status=CallStatus.RUNNING,
        duration_ms=None,
        result=None,
        progress=3.0,
        total=5.0,
        message="step 3 of 5",
    ),
    call(2),
    call(
        3,
        tool="get-tiny-image",
        arguments={},
        result={"content": [{"type": "image", "data": PIXEL, "mimeType": "image/png"}]},
    ),
    call(
        4,
        tool="echo",
        arguments={},
        status=CallStatus.TOOL_ERROR,
        result={"content": [{"type": "text", "text": "message: required"}], "isError": True},
    ),
    call(
        5,
        status=CallStatus.TIMED_OUT,
        result=None,
        error=ErrorInfo("timeout", "No answer within 30 s", "Raise the entry's timeout, or look at the server's log."),
    ),
)


BUSY = replace(
    EVERYTHING,
    era=EraName.MODERN,
    version="2026-07-28",
    decided="server/discover answered",
    capabilities={
        "tools": {"listChanged": True},
        "resources": {"subscribe": True},
        "logging": {},
        "extensions": {"io.modelcontextprotocol/tasks": {}, "com.example/trace": {"depth": 3}},
        "experimental": {"example/replay": {"speed": 2}},
    },
    freshness={
        "tools/list": Freshness(NOW - 75, 300_000, "public"),
        "resources/list": Freshness(NOW - 20, 0, "private"),
        "resources/templates/list": Freshness(NOW - 75, 300_000, "public"),
        "prompts/list": Freshness(NOW - 7_200, 60_000, "public", cached=True),
    },
    timers=(
        Timer("connect", 10, "MCP_TIMEOUT"),
        Timer("request", 60, "default"),
        Timer("call", 100_000, "default"),
        Timer("idle", 1_800, "default"),
        Timer("probe", 8, "default"),
    ),
    subscriptions=("demo://resource/dynamic/text/1", "demo://resource/2"),
    updated={"demo://resource/2": NOW - 4},
    listening="partly",
    log_level="warning",
    tasks=(
        TaskInfo("5f1c0a77d2e04c1b", "working", "simulate-research-query", "Gathering sources (2 of 4)"),
        TaskInfo("a1", "input_required", "book-table"),
        TaskInfo("9b3e", "completed", "simulate-research-query"),
        TaskInfo("c4", "failed", "", "the index is not there"),
    ),
    counters=Counters(sent=61, received=79, bytes_sent=14_200, bytes_received=223_400, broken=128),
)


CACHED = replace(EVERYTHING, freshness={"tools/list": Freshness(NOW - 7_200, cached=True)})


def app_state(
    *servers: ServerState, calls: tuple[CallState, ...] = (), prompts: tuple[PromptState, ...] = ()
) -> AppState:
    return AppState(mcp=mcp(*servers), prompts=prompts, calls=calls, revision=1)
