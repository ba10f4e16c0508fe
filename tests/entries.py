"""Configured servers for tests, as the configuration would have read them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from mcpdeck.services.models import (
    EraMode,
    HttpTarget,
    InProcessTarget,
    ServerEntry,
    Source,
    StdioTarget,
    TransportKind,
)

PYTHON = sys.executable
SERVERS = Path(__file__).resolve().parent / "servers"


def stdio(
    name: str, *command: str, env: Mapping[str, str] | None = None, cwd: str | None = None, era: EraMode = EraMode.AUTO
) -> ServerEntry:
    """A child process; its command line is the endpoint that is shown."""
    line = " ".join(command)
    return ServerEntry(
        name=name,
        source=Source.CLI,
        target=StdioTarget(command[0], command[1:], env or {}, cwd),
        transport=TransportKind.STDIO,
        endpoint=line,
        digest=f"{name}:{line}",
        era=era,
    )


def http(name: str, url: str, *, era: EraMode = EraMode.AUTO) -> ServerEntry:
    """A Streamable HTTP endpoint."""
    return ServerEntry(
        name=name,
        source=Source.CLI,
        target=HttpTarget(url),
        transport=TransportKind.HTTP,
        endpoint=url,
        digest=f"{name}:{url}",
        era=era,
    )


def in_process(name: str, spec: str) -> ServerEntry:
    """A server object that is loaded into our own process."""
    return ServerEntry(
        name=name,
        source=Source.CLI,
        target=InProcessTarget(spec),
        transport=TransportKind.IN_PROCESS,
        endpoint=spec,
        digest=f"{name}:{spec}",
    )


def misbehaving(mode: str, *arguments: str, name: str | None = None) -> ServerEntry:
    """One of the servers of ``tests/servers/misbehaving.py``."""
    return stdio(name or mode, sys.executable, str(SERVERS / "misbehaving.py"), mode, *arguments)
