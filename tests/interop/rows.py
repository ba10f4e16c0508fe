"""The rows of the interop matrix: which servers, how each is reached, what it offers, and what shows that it works.

Data only. A feature that a server does not offer has its reason here.
"""

from __future__ import annotations

import sys
from typing import Any, Literal

from tests.interop.install import ENV, HERE, node
from tests.interop.recipes import (
    FEATURES,
    HANDSHAKE,
    STATELESS,
    Peer,
    Recipe,
    Row,
    Stops,
    Told,
    Way,
    Withheld,
)

SERVERS = HERE.parent / "servers"


def python(group: str | None, script: str) -> tuple[str, ...]:
    interpreter = str(ENV / group / "bin" / "python") if group else sys.executable
    return (interpreter, str(SERVERS / script))


def listening(transport: Literal["http", "sse", "ws"], command: tuple[str, ...], *revisions: str) -> Way:
    path = {"http": "/mcp", "sse": "/sse", "ws": "/ws"}[transport]
    scheme = "ws" if transport == "ws" else "http"
    url = f"{scheme}://127.0.0.1:{{port}}{path}"
    return Way(transport, (*command, transport, "{port}"), url, revisions=revisions or (HANDSHAKE,))


NODE = ENV / "node"
PACKAGES = NODE / "node_modules" / "@modelcontextprotocol"
PRELOAD = (node(), "--import", str(HERE / "listen_on.mjs"))


def example(name: str, *urls: str) -> tuple[Way, ...]:
    """The ways to one of the SDK's own example servers."""
    module = str(PACKAGES / "sdk" / "dist" / "esm" / "examples" / "server" / f"{name}.js")
    if not urls:
        return (Way("stdio", (node(), module)),)
    return tuple(
        Way("sse" if kind == "sse" else "http", (*PRELOAD, module), f"http://127.0.0.1:{{port}}{path}", LISTEN)
        for kind, _, path in (url.partition(":") for url in urls)
    )


LISTEN = {"LISTEN_ON": "{port}"}
BOTH = (HANDSHAKE, STATELESS)
COUNTER = "deck://counter"
NAMES = ("Ada", "Adele")
OURS: dict[str, Any] = {
    "call": ("add", {"a": 2, "b": 40}, "42"),
    "progress": ("count", {"upto": 4}),
    "cancel": Told(),
    "elicit": ("ask", {}, "accept: Zoe is 5"),
    "sample": ("sample", {"prompt": "What is it?"}, "says: forty-two"),
}
COMPLETE = ({"type": "ref/prompt", "name": "greet"}, "name", "Ad", NAMES)
RESEARCH = ("research", {"topic": "owls", "ask": True}, "all about owls for Zoe")
NO_TASKS = "the SDK has no tasks: they left the core, and it does not serve the extension"
NO_WS = "No WebSocket: the package has no such server transport."
NOT_PYTHON = "In-process is for servers in Python."

sdk1 = python("sdk1", "sdk1_server.py")
sdk2 = python(None, "sdk2_server.py")
fastmcp3 = python("fastmcp3", "fastmcp3_server.py")
fastmcp4 = python("fastmcp4", "fastmcp4_server.py")
ts2 = (node(), str(SERVERS / "ts2_server.mjs"))
everything = str(PACKAGES / "server-everything" / "dist" / "index.js")

PYTHON_PEERS = (
    Peer(
        "Python SDK 1.x",
        "mcp",
        "sdk1",
        (
            Way("stdio", sdk1),
            listening("http", sdk1),
            listening("sse", sdk1),
            listening("ws", sdk1),
            Way("in-process", url=f"{sdk1[1]}:server"),
        ),
        Recipe(**OURS, subscribe=(COUNTER, "touch"), complete=COMPLETE, tasks=RESEARCH),
        {},
    ),
    Peer(
        "Python SDK 2.x",
        "mcp",
        None,
        (
            Way("stdio", sdk2, revisions=BOTH),
            listening("http", sdk2, *BOTH),
            listening("sse", sdk2),
            Way("in-process", url=f"{sdk2[1]}:server", revisions=BOTH),
        ),
        Recipe(**OURS, subscribe=(COUNTER, "touch"), complete=COMPLETE),
        {"tasks": NO_TASKS},
        (NO_WS,),
    ),
    Peer(
        "FastMCP 3",
        "fastmcp",
        "fastmcp3",
        (
            Way("stdio", fastmcp3),
            listening("http", fastmcp3),
            listening("sse", fastmcp3),
            Way("in-process", url=f"{fastmcp3[1]}:server"),
        ),
        Recipe(**OURS, tasks=RESEARCH),
        {
            "subscribe": "FastMCP has no resource subscriptions (`resources.subscribe` is false)",
            "complete": "FastMCP 3 answers `completion/complete` with -32601",
        },
        (NO_WS,),
    ),
    Peer(
        "FastMCP 4",
        "fastmcp",
        "fastmcp4",
        (
            Way("stdio", fastmcp4, revisions=BOTH),
            listening("http", fastmcp4, *BOTH),
            listening("sse", fastmcp4),
            Way("in-process", url=f"{fastmcp4[1]}:server", revisions=BOTH),
        ),
        Recipe(**OURS, complete=COMPLETE, tasks=RESEARCH),
        {
            "subscribe": "FastMCP has no resource subscriptions (`resources.subscribe` is false)",
            f"tasks@{HANDSHAKE}": "FastMCP 4 serves tasks only as the extension of 2026-07-28",
        },
        (NO_WS,),
    ),
)

ONE_TOOL = "the example has tools that answer, and nothing else"


def all_but(reason: str, *offered: str) -> dict[str, str]:
    """Nothing but ``offered`` is there."""
    return {feature: reason for feature in FEATURES if feature not in offered}


NODE_PEERS = (
    Peer(
        "TypeScript SDK 2.x",
        "@modelcontextprotocol/server",
        "node",
        (
            Way("stdio", ts2, env={"PACKAGES": str(NODE)}, revisions=BOTH),
            Way(
                "http",
                (*ts2, "http", "{port}"),
                "http://127.0.0.1:{port}/mcp",
                env={"PACKAGES": str(NODE)},
                revisions=BOTH,
            ),
        ),
        Recipe(**OURS, subscribe=(COUNTER, "touch"), complete=COMPLETE),
        {"tasks": NO_TASKS},
        ("No example servers: its packages ship none.", "No SSE: the server package dropped it.", NO_WS, NOT_PYTHON),
    ),
    Peer(
        "server-everything",
        "@modelcontextprotocol/server-everything",
        "node",
        (
            Way("stdio", (node(), everything, "stdio")),
            Way("http", (*PRELOAD, everything, "streamableHttp"), "http://127.0.0.1:{port}/mcp", LISTEN),
            Way("sse", (*PRELOAD, everything, "sse"), "http://127.0.0.1:{port}/sse", LISTEN),
        ),
        Recipe(
            call=("get-sum", {"a": 2, "b": 40}, "42"),
            progress=("trigger-long-running-operation", {"duration": 0.4, "steps": 4}),
            cancel=Withheld("trigger-long-running-operation", {"duration": 0.8, "steps": 4}, 4),
            elicit=("trigger-elicitation-request", {}, "Name: Zoe"),
            sample=("trigger-sampling-request", {"prompt": "What is it?"}, "forty-two"),
            subscribe=("demo://resource/dynamic/text/1", "toggle-subscriber-updates"),
            complete=({"type": "ref/prompt", "name": "completable-prompt"}, "department", "S", ("Sales", "Support")),
            tasks=("simulate-research-query", {"topic": "python", "ambiguous": True}, "snake"),
            form={"name": "Zoe", "integer": 5, "interpretation": "snake"},
        ),
        {
            "cancel@http": "its tools do not heed a cancellation, and what the SDK withholds cannot be seen here",
        },
        (NO_WS, NOT_PYTHON),
        frozenset({"trigger-sampling-request-async", "trigger-elicitation-request-async"}),
    ),
    Peer(
        "example simpleStreamableHttp",
        "@modelcontextprotocol/sdk",
        "node",
        example("simpleStreamableHttp", "http:/mcp"),
        Recipe(
            call=("greet", {"name": "Zoe"}, "Hello, Zoe!"),
            elicit=("collect-user-info", {"infoType": "contact"}, "Zoe"),
            tasks=("collect-user-info-task", {"infoType": "contact"}, "Zoe"),
            form={"name": "Zoe", "email": "zoe@example.com"},
        ),
        all_but("the example has no such tool", "list", "call", "elicit", "tasks"),
    ),
    Peer(
        "example elicitationFormExample",
        "@modelcontextprotocol/sdk",
        "node",
        example("elicitationFormExample", "http:/mcp"),
        Recipe(
            call=("register_user", {}, "Username: zoe"),
            elicit=("register_user", {}, "Email: zoe@example.com"),
            form={"username": "zoe", "email": "zoe@example.com", "password": "long enough"},
        ),
        all_but("the example only elicits", "list", "call", "elicit"),
    ),
    Peer(
        "example simpleTaskInteractive",
        "@modelcontextprotocol/sdk",
        "node",
        example("simpleTaskInteractive", "http:/mcp"),
        Recipe(
            call=("confirm_delete", {"filename": "a.txt"}, "Deleted 'a.txt'"),
            elicit=("confirm_delete", {"filename": "b.txt"}, "Deleted 'b.txt'"),
            sample=("write_haiku", {"topic": "owls"}, "forty-two"),
            tasks=("confirm_delete", {"filename": "c.txt"}, "Deleted 'c.txt'"),
            form={"confirm": True},
        ),
        all_but("the example's tools run as tasks only", "list", "call", "elicit", "sample", "tasks"),
    ),
    Peer(
        "example jsonResponseStreamableHttp",
        "@modelcontextprotocol/sdk",
        "node",
        example("jsonResponseStreamableHttp", "http:/mcp"),
        Recipe(call=("greet", {"name": "Zoe"}, "Hello, Zoe!")),
        all_but(ONE_TOOL, "list", "call"),
    ),
    Peer(
        "example simpleStatelessStreamableHttp",
        "@modelcontextprotocol/sdk",
        "node",
        example("simpleStatelessStreamableHttp", "http:/mcp"),
        Recipe(call=("start-notification-stream", {"interval": 10, "count": 2}, "Started sending")),
        all_but(ONE_TOOL, "list", "call"),
    ),
    Peer(
        "example honoWebStandardStreamableHttp",
        "@modelcontextprotocol/sdk",
        "node",
        example("honoWebStandardStreamableHttp", "http:/mcp"),
        Recipe(call=("greet", {"name": "Zoe"}, "Zoe")),
        all_but(ONE_TOOL, "list", "call"),
    ),
    Peer(
        "example ssePollingExample",
        "@modelcontextprotocol/sdk",
        "node",
        example("ssePollingExample", "http:/mcp"),
        Recipe(call=("long-task", {}, "Long task completed successfully!")),
        all_but("the example's only tool logs", "list", "call"),
    ),
    Peer(
        "example sseAndStreamableHttpCompatibleServer",
        "@modelcontextprotocol/sdk",
        "node",
        example("sseAndStreamableHttpCompatibleServer", "http:/mcp", "sse:/sse"),
        Recipe(call=("start-notification-stream", {"interval": 10, "count": 2}, "Started sending")),
        all_but(ONE_TOOL, "list", "call"),
    ),
    Peer(
        "example simpleSseServer",
        "@modelcontextprotocol/sdk",
        "node",
        example("simpleSseServer", "sse:/mcp"),
        Recipe(call=("start-notification-stream", {"interval": 10, "count": 2}, "Completed sending 2")),
        all_but(ONE_TOOL, "list", "call"),
    ),
    Peer(
        "example progressExample",
        "@modelcontextprotocol/sdk",
        "node",
        example("progressExample"),
        Recipe(
            call=("count", {"n": 1}, "Counted to 1"),
            progress=("count", {"n": 3}),
            cancel=Stops("count", {"n": 100}, {"n": 3}),
        ),
        all_but("the example only counts", "list", "call", "progress", "cancel"),
    ),
    Peer(
        "example mcpServerOutputSchema",
        "@modelcontextprotocol/sdk",
        "node",
        example("mcpServerOutputSchema"),
        Recipe(call=("get_weather", {"city": "Rome", "country": "IT"}, "celsius")),
        all_but(ONE_TOOL, "list", "call"),
    ),
    Peer(
        "example toolWithSampleServer",
        "@modelcontextprotocol/sdk",
        "node",
        example("toolWithSampleServer"),
        Recipe(
            call=("summarize", {"text": "a long story"}, "forty-two"),
            sample=("summarize", {"text": "another one"}, "forty-two"),
        ),
        all_but("the example only samples", "list", "call", "sample"),
    ),
)

# Without a tool there is nothing to call: no row of the matrix, but a test of list changes.
STANDALONE = Peer(
    "example standaloneSseWithGetStreamableHttp",
    "@modelcontextprotocol/sdk",
    "node",
    example("standaloneSseWithGetStreamableHttp", "http:/mcp"),
    Recipe(call=("", {}, "")),
    {},
)
PEERS = (*PYTHON_PEERS, *NODE_PEERS)
ROWS = tuple(Row(peer, way, revision) for peer in PEERS for way in peer.ways for revision in way.revisions)
BY_ID = {row.id: row for row in (*ROWS, Row(STANDALONE, STANDALONE.ways[0], HANDSHAKE))}
LEFT_OUT = {
    "elicitationUrlExample": "its endpoint wants an OAuth login; its kind of question is put by server-everything",
    "standaloneSseWithGetStreamableHttp": "it has no tools; its list changes are watched in test_features.py",
}
