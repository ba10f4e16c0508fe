"""Example states of what the configuration gives: rows of every source and fate, and the places looked at."""

from __future__ import annotations

from dataclasses import replace

from mcpdeck.services.models import (
    ErrorInfo,
    Origin,
    Provenance,
    Source,
    SourceInfo,
    SourceStatus,
    Status,
    Suppression,
    TransportKind,
)
from mcpdeck.services.state.model import AppState, ServerState, ToolChanges
from tests.ui import states

CLAUDE = "/home/ada/.claude.json"
PROJECT = "/home/ada/shop/.mcp.json"
PLUGIN = "/home/ada/.config/mcpdeck/plugins/deploy/.mcp.json"

PLUGGED = states.server(
    "plugin:deploy:cluster",
    status=Status.PENDING_APPROVAL,
    source=Source.PLUGIN,
    origin=Origin(PLUGIN, 3, 5),
    endpoint="uvx cluster-mcp --token ***",
    env_names=("KUBECONFIG",),
    provenance=Provenance(
        signature="stdio:uvx cluster-mcp --token ***",
        shown=(
            ("command", "uvx cluster-mcp --token ***"),
            ("in", "./work → /home/ada/.config/mcpdeck/plugins/deploy/work"),
            ("takes from your environment", "HOME, CLUSTER_TOKEN"),
            ("environment", "KUBECONFIG, NODE_OPTIONS=--require ./hook.js"),
            ("sandbox", "no network, writes only below: ./data"),
            ("file", f"{PLUGIN}:3:5"),
        ),
    ),
    lints=('unknown field "autoStart" (kept, not used)',),
)
BLOCKED = states.server(
    "sales",
    status=Status.BLOCKED,
    source=Source.USER,
    transport=TransportKind.HTTP,
    endpoint="https://sales.example.net/mcp",
    error=ErrorInfo(
        "policy",
        '"sales" is blocked by policy: the rule serverUrl https://*.example.net/* denies it',
        "nothing overrides a deny rule; it stands in /etc/claude-code/managed-settings.json",
        {
            "rule": "serverUrl https://*.example.net/*",
            "list": "deniedMcpServers",
            "file": "/etc/claude-code/managed-settings.json",
            "place": "/etc/claude-code/managed-settings.json:4:7",
        },
    ),
)


def suppressed(row: str, name: str, source: Source, by: Suppression, **changes: object) -> ServerState:
    place = f"{by.by} ({by.place})"
    return states.server(
        row,
        **{"endpoint": f"npx -y @example/{name}"} | changes,
        status=Status.DISABLED,
        source=source,
        suppressed_by=place,
        provenance=Provenance(suppression=by),
        error=ErrorInfo("config", f"suppressed by {place}", "the higher source wins whole", {"entry": name}),
    )


SAME_NAME = suppressed(
    "files (user)",
    "files",
    Source.USER,
    Suppression("files", f"project, {PROJECT}:3:5", "name"),
    origin=Origin(CLAUDE, 12, 7),
)
SAME_COMMAND = suppressed(
    "plugin:notes:notes (plugin)",
    "plugin:notes:notes",
    Source.PLUGIN,
    Suppression("notes", "user, ~/.config/mcpdeck/mcp.json:9:5", "signature", "stdio:python -m notes.server --key ***"),
    endpoint="python -m notes.server --key ***",
)
MANAGED_ONLY = suppressed(
    "time (local)",
    "time",
    Source.LOCAL,
    Suppression("managed-mcp.json", "managed, /etc/claude-code/managed-mcp.json", "managed"),
)
OFFERED = states.server(
    "figma",
    status=Status.DISABLED,
    source=Source.IMPORTED,
    transport=TransportKind.HTTP,
    endpoint="https://mcp.figma.com/mcp",
    origin=Origin("/home/ada/.cursor/mcp.json", 3, 5),
)
MALFORMED = states.server(
    CLAUDE,
    status=Status.NOT_CONFIGURED,
    source=Source.USER,
    origin=Origin(CLAUDE, 31, 4),
    endpoint="",
    error=ErrorInfo(
        "config",
        f"not JSON: a comma is missing between two members ({CLAUDE}:31:4)",
        "put a comma after the member before",
        {"file": CLAUDE, "line": 31, "column": 4},
    ),
)
REJECTED = states.server(
    "scraper",
    status=Status.REJECTED,
    source=Source.PROJECT,
    origin=Origin(PROJECT, 21, 5),
    endpoint="npx -y scraper-mcp",
)
WATCHED = replace(
    states.EVERYTHING,
    id="notes-dev",
    source=Source.LOCAL,
    endpoint="python -m notes.server",
    origin=Origin("/home/ada/.config/mcpdeck/local.json", 6, 9),
    instructions=None,
    rules_broken=(),
    watch=("/home/ada/notes/**/*.py", "/home/ada/notes/pyproject.toml"),
    provenance=Provenance(
        overrode=(f"project, {PROJECT}:14:5", f"user, {CLAUDE}:18:7"),
        shown=(("command", "python -m notes.server"), ("sandbox", "no network, writes only below: ./data")),
    ),
    tool_changes=ToolChanges(("note_archive", "note_tag"), ("note_purge",), ("note_search",), states.NOW - 5),
)


def rows() -> tuple[ServerState, ...]:
    """One row of every fate that the configuration may have for an entry."""
    files = states.zoo()[1]
    return (
        replace(files, source=Source.PROJECT, origin=Origin(PROJECT, 3, 5)),
        WATCHED,
        PLUGGED,
        BLOCKED,
        MALFORMED,
        REJECTED,
        SAME_NAME,
        SAME_COMMAND,
        MANAGED_ONLY,
        OFFERED,
    )


SOURCES: tuple[SourceInfo, ...] = (
    SourceInfo(Source.MANAGED, "/etc/claude-code/managed-mcp.json", SourceStatus.NOT_FOUND),
    SourceInfo(Source.MANAGED, "/etc/xdg/mcpdeck/managed-mcp.json", SourceStatus.NOT_FOUND),
    SourceInfo(Source.LOCAL, "/home/ada/.config/mcpdeck/local.json", SourceStatus.READ, 1),
    SourceInfo(
        Source.LOCAL,
        "/home/ada/shop/.claude/settings.local.json",
        SourceStatus.READ,
        1,
        ('"mcpServers" here is ignored by other clients: move it to .mcp.json or ~/.claude.json',),
    ),
    SourceInfo(Source.PROJECT, PROJECT, SourceStatus.READ, 3, ('"servers" is VS Code\'s key: "mcpServers" is read',)),
    SourceInfo(Source.USER, "/home/ada/.config/mcpdeck/mcp.json", SourceStatus.READ, 4),
    SourceInfo(
        Source.USER,
        CLAUDE,
        SourceStatus.UNREADABLE,
        1,
        note="line 31, column 4: a comma is missing between two members",
    ),
    SourceInfo(Source.USER, "/home/ada/.claude/settings.json", SourceStatus.NOT_FOUND),
    SourceInfo(Source.PLUGIN, PLUGIN, SourceStatus.READ, 1),
    SourceInfo(Source.IMPORTED, "/home/ada/.cursor/mcp.json", SourceStatus.OFF, note="--discover shows its servers"),
    SourceInfo(
        Source.CONNECTOR,
        "/home/ada/.config/mcpdeck/settings.json",
        SourceStatus.OFF,
        note="none is configured",
    ),
    SourceInfo(Source.IDE, "/home/ada/.claude/ide", SourceStatus.NOT_FOUND),
    SourceInfo(
        Source.REGISTRY,
        "https://registry.example.org",
        SourceStatus.OFF,
        note="b browses it",
    ),
)


def state(*servers: ServerState) -> AppState:
    found = states.app_state(*(servers or rows()))
    return replace(found, mcp=replace(found.mcp, sources=SOURCES))
