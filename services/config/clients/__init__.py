"""Other clients of MCP servers: whose files can be read here, and for whom entries can be written.

Owns the table and the ways into it. Never opens a file: the reader does (``read``), and no file of
another program is ever written.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ...models import Json, JsonObject
from ..models import SourceFile
from .claude import CLAUDE_CODE, CLAUDE_DESKTOP
from .client import Client, Exported
from .codex import CODEX
from .editors import CLINE, CURSOR, WINDSURF
from .gemini import GEMINI
from .goose import GOOSE
from .opencode import OPENCODE, is_group
from .vscode import VSCODE
from .zed import ZED

__all__ = ["BY_ID", "CLIENTS", "Client", "Exported", "holds_servers", "not_a_server", "source_files", "translated"]

CLIENTS: tuple[Client, ...] = (
    CLAUDE_DESKTOP,
    CLAUDE_CODE,
    CURSOR,
    VSCODE,
    WINDSURF,
    CLINE,
    GEMINI,
    CODEX,
    GOOSE,
    OPENCODE,
    ZED,
)
"""All of them, in the order in which they are listed and in which the first wins."""

BY_ID: Mapping[str, Client] = {client.id: client for client in CLIENTS}


def source_files(home: Path, environ: Mapping[str, str], platform: str, project: Path) -> list[SourceFile]:
    """The files of every client whose servers are not a source of their own already (those of Claude Code are).

    ``platform`` as in ``sys.platform``. Nothing is opened; one folder of VS Code profiles is listed.
    """
    return [
        file
        for client in CLIENTS
        if not client.native
        for file in client.source_files(home, environ, platform, project)
    ]


def translated(client_id: str, raw: Json) -> tuple[JsonObject, tuple[str, ...]]:
    """An entry of ``client_id`` in our shape, and remarks on what could not be carried over. Never raises."""
    client = BY_ID.get(client_id)
    if client is None:
        return (dict(raw) if isinstance(raw, dict) else {}), ()
    return client.to_entry(raw)


def not_a_server(client_id: str, raw: Json) -> str | None:
    """Why an entry of ``client_id`` is a part of that client itself; None for one that is a server, if a wrong one."""
    client = BY_ID.get(client_id)
    return client.refusal(raw) if client is not None and isinstance(raw, dict) else None


def holds_servers(client_id: str, name: str, raw: Json) -> bool:
    """Whether ``raw`` is no entry but an object of entries, which another SourceFile of the same path reads."""
    return client_id == OPENCODE.id and is_group(name, raw)
