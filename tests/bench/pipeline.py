"""What the tool engine costs a call: everything but the transport, beside the same call on the bare session.

Owns the measuring; prints medians and never judges them. The peer answers in memory at once. Everything that a call
meets is the real thing and switched on: the manager with its guard (settings files that are looked at), fifty rules,
the validation of arguments and results, limiter, breaker, metrics, the measuring of the result, an audit log in a file.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel

from mcpdeck.app.tool_engine import engine_of
from mcpdeck.app.worker import Services, running
from mcpdeck.services.config.files import Folders
from mcpdeck.services.config.load import LoadOptions
from mcpdeck.services.connections import supervisor
from mcpdeck.services.manager import Settings
from mcpdeck.services.models import Caller
from mcpdeck.services.policy.configured import Configured
from mcpdeck.services.session import Session
from mcpdeck.services.state.model import CallStatus
from mcpdeck.services.transports.base import Outgoing, Transport
from tests.playbooks.scripted import ScriptedTransport
from tests.spec.peers import server

GOAL = 150
"""Microseconds."""
TOOL: dict[str, Any] = {
    "name": "find",
    "description": "Finds what is written down.",
    "annotations": {"readOnlyHint": True},
    "inputSchema": {
        "type": "object",
        "properties": {
            "text": {"type": "string", "minLength": 1},
            "limit": {"type": "integer", "minimum": 1, "maximum": 100},
            "order": {"enum": ["newest", "best"]},
            "places": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["text"],
        "additionalProperties": False,
    },
    "outputSchema": {
        "type": "object",
        "properties": {"found": {"type": "integer"}, "names": {"type": "array", "items": {"type": "string"}}},
        "required": ["found"],
    },
}
ARGUMENTS: dict[str, Any] = {"text": "needle", "limit": 10, "order": "best", "places": ["haystack", "barn"]}
NAMES = ["a needle", "another needle"]
RESULT: dict[str, Any] = {
    "content": [{"type": "text", "text": json.dumps({"found": 2, "names": NAMES})}],
    "structuredContent": {"found": 2, "names": NAMES},
}
RULES = {
    "deny": [f"mcp__other{number}" for number in range(15)] + [f"mcp__peer__drop_{number}*" for number in range(5)],
    "ask": [f"mcp__peer__write_{number}(path:/srv/{number}/**)" for number in range(10)],
    "allow": ["mcp__peer__find(places:*)", *[f"mcp__peer__read_{number}*" for number in range(18)], "mcp__peer__find"],
}


class _InMemory(ScriptedTransport):
    """Takes nothing before somebody listens for the answers, and keeps nothing of what it took."""

    async def send(self, message: Outgoing) -> None:
        while self._deliver is None:
            await anyio.lowlevel.checkpoint()
        await super().send(message)
        self.sent.clear()
        self.messages.clear()


def _scripted(answer: Any) -> Any:
    def opened(*_: object) -> Transport:
        return _InMemory(answer)

    return opened


@asynccontextmanager
async def engine(home: Path) -> AsyncGenerator[tuple[Services, Session]]:
    """The services around one peer in memory, and its session."""
    config = home / "config"
    config.mkdir(parents=True, exist_ok=True)
    (config / "mcp.json").write_text(json.dumps({"mcpServers": {"peer": {"command": "none"}}}))
    (config / "settings.json").write_text(json.dumps({"permissions": RULES}))
    environ = {**os.environ, "MCPDECK_HOME": str(home), "HOME": str(home), "CLAUDE_CONFIG_DIR": str(home / "claude")}
    configured = Configured(LoadOptions(home, environ, managed=(home / "managed",)))
    entries = configured.load_entries()
    settings = replace(Settings(), listens=False, pings=False)
    answers = {"tools/list": {"tools": [TOOL]}, "tools/call": RESULT}
    before, supervisor.open_transport = (
        supervisor.open_transport,
        _scripted(server(answers, capabilities={"tools": {}}, modern=False)),
    )
    try:
        parts = engine_of(configured, Folders.of(environ), environ, settings, print)
        async with running(entries, settings=settings, guard=configured.guard, engine=parts) as services:
            session = await services.manager.connected("peer")
            await session.lists.known_tools()
            yield services, session
    finally:
        supervisor.open_transport = before


async def measure(home: Path, count: int) -> tuple[list[float], list[float]]:
    """Seconds of each call, through the engine and on the bare session, call by call in turn."""
    through: list[float] = []
    bare: list[float] = []
    async with engine(home) as (services, session):
        for number in range(count + count // 4):
            started = time.perf_counter()
            call = await services.executor.call("peer", "find", ARGUMENTS, caller=Caller.DASHBOARD)
            took = time.perf_counter() - started
            if call.status is not CallStatus.SUCCESS or call.decision is None or call.output_problems:
                raise SystemExit(f"the call ended with {call.status}: {call.error or call.output_problems}")
            await anyio.lowlevel.checkpoint()  # what is written down beside the calls
            started = time.perf_counter()
            await session.call_tool("find", ARGUMENTS, on_progress=_ignored)
            if number >= count // 4:  # the first ones build what later ones use
                through.append(took)
                bare.append(time.perf_counter() - started)
    return through, bare


def _ignored(_: float, _total: float | None, _message: str | None) -> None:
    pass


def say(home: Path, count: int = 2_000) -> None:
    """Print both medians, and what lies between them."""
    gc.collect()
    gc.freeze()
    try:
        through, bare = anyio.run(measure, home / "pipeline", count)
    finally:
        gc.unfreeze()
    ours, theirs = statistics.median(through) * 1e6, statistics.median(bare) * 1e6
    title = f"one call through the tool engine (p50 of {count})"
    against = f"the bare session's; the engine: {ours - theirs:.0f} µs (goal: under {GOAL})"
    print(f"{title:<44}{ours:10.0f} µs {theirs:10.0f} µs {ours / theirs:7.2f}   {against}", flush=True)
