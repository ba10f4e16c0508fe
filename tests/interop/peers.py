"""The table of peers: real servers, how each is started, and which calls are compared.

``{files}`` stands for a folder with a text file, ``{repo}`` for a git repository (both shared by every
client that is compared), ``{scratch}`` for a folder that is new for each client, ``{port}`` for a free port.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from tests.interop import install
from tests.interop.install import ENV, missing

SERVERS = Path(__file__).resolve().parent.parent / "servers"
Call: TypeAlias = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Peer:
    """``group`` names the environment it was installed into, None: the one that runs the tests.

    With ``listens`` the command is a server on ``{port}`` and the client is given its URL.
    """

    name: str
    group: str | None
    command: tuple[str, ...]
    version: str
    calls: tuple[Call, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    listens: bool = False

    @property
    def missing(self) -> str | None:
        """Why it cannot be started on this machine."""
        return None if self.group is None else missing(self.group)


def node(package: str, *arguments: str) -> tuple[str, ...]:
    module = ENV / "node" / "node_modules" / "@modelcontextprotocol" / package / "dist" / "index.js"
    return (install.node(), str(module), *arguments)


def python(group: str, *arguments: str) -> tuple[str, ...]:
    return (str(ENV / group / "bin" / "python"), *arguments)


EVERYTHING: tuple[Call, ...] = (
    ("echo", {"message": "grüße, 世界"}),
    ("get-sum", {"a": 2, "b": 40.5}),
    ("get-structured-content", {"location": "Chicago"}),
    ("get-tiny-image", {}),
    ("get-annotated-message", {"messageType": "error", "includeImage": False}),
)
SDK2: tuple[Call, ...] = (
    ("add", {"a": 1, "b": 2}),
    ("weather", {"city": "Rome", "unit": "C"}),
    ("count", {"upto": 3}),
    ("fail", {"message": "on purpose"}),
)
SDK1: tuple[Call, ...] = (
    ("add", {"a": 1, "b": 2}),
    ("colours", {"shade": "dark"}),
    ("count", {"upto": 3}),
    ("pixel", {}),
    ("fail", {"message": "on purpose"}),
)
sdk2 = str(SERVERS / "sdk2_server.py")
sdk1 = str(SERVERS / "sdk1_server.py")

PEERS = (
    Peer("everything-stdio", "node", node("server-everything", "stdio"), "2025-11-25", EVERYTHING),
    Peer(
        "everything-http",
        "node",
        node("server-everything", "streamableHttp"),
        "2025-11-25",
        EVERYTHING,
        env={"PORT": "{port}"},
        listens=True,
    ),
    Peer(
        "filesystem",
        "node",
        node("server-filesystem", "{files}"),
        "2025-11-25",
        (
            ("read_text_file", {"path": "{files}/poem.txt"}),
            ("list_directory", {"path": "{files}"}),
            ("read_text_file", {"path": "/etc/passwd"}),
        ),
    ),
    Peer(
        "memory",
        "node",
        node("server-memory"),
        "2025-11-25",
        (
            ("create_entities", {"entities": [{"name": "deck", "entityType": "app", "observations": ["is here"]}]}),
            ("search_nodes", {"query": "deck"}),
            ("read_graph", {}),
        ),
        env={"MEMORY_FILE_PATH": "{scratch}/memory.jsonl"},
    ),
    Peer(
        "time",
        "servers",
        python("servers", "-m", "mcp_server_time", "--local-timezone", "UTC"),
        "2026-07-28",
        (
            ("get_current_time", {"timezone": "Europe/Paris"}),
            ("convert_time", {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"}),
        ),
    ),
    Peer(
        "git",
        "servers",
        python("servers", "-m", "mcp_server_git"),
        "2026-07-28",
        (
            ("git_status", {"repo_path": "{repo}"}),
            ("git_log", {"repo_path": "{repo}", "max_count": 1}),
        ),
    ),
    Peer("sdk2-stdio", None, (sys.executable, sdk2), "2026-07-28", SDK2),
    Peer("sdk2-http", None, (sys.executable, sdk2, "http", "{port}"), "2026-07-28", SDK2, listens=True),
    Peer("sdk1-stdio", "sdk1", python("sdk1", sdk1), "2025-11-25", SDK1),
    Peer("sdk1-http", "sdk1", python("sdk1", sdk1, "http", "{port}"), "2025-11-25", SDK1, listens=True),
)
