"""Servers nobody here wrote: what mcpdeck gets from them is what the official SDK's client gets."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcpdeck.app.main import running
from mcpdeck.services.manager import Settings
from mcpdeck.services.models import Status
from tests.interop.conftest import Started

pytestmark = pytest.mark.interop

TIMES = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?|\b\w+day\b")


def steady(value: Any) -> Any:
    """The value without what differs between two calls of the same tool: the time of day."""
    match value:
        case str():
            return TIMES.sub("<time>", value)
        case dict():
            return {key: steady(item) for key, item in value.items()}
        case list():
            return [steady(item) for item in value]
        case _:
            return value


def outcome(result: dict[str, Any]) -> dict[str, Any]:
    """What a person sees of a result."""
    return steady(
        {
            "content": result.get("content"),
            "structuredContent": result.get("structuredContent"),
            "isError": result.get("isError") or False,
        }
    )


def by_name(tools: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {tool["name"]: tool for tool in tools}


async def test_the_services_get_what_the_official_client_gets(started: Started) -> None:
    reference = started.reference
    entry = started.entry()
    with anyio.fail_after(60):
        async with running([entry], settings=Settings()) as services:
            session = await services.manager.connected(entry.name)
            assert session.version == reference["version"] == started.peer.version

            tools = await session.lists.known_tools()
            assert by_name([tool.raw for tool in tools]) == by_name(reference["tools"])

            for (name, arguments), expected in zip(started.calls, reference["results"], strict=True):
                call = await services.executor.call(entry.name, name, arguments)
                assert call.result is not None, call.error
                assert outcome(call.result) == outcome(expected), name

            assert services.store.state.mcp.servers[entry.name].status is Status.CONNECTED


def mcpdeck(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "mcpdeck.app", *arguments), capture_output=True, text=True, timeout=60, check=False
    )


def test_the_command_line_lists_the_tools_of_an_ad_hoc_target(started: Started) -> None:
    if started.peer.listens:
        done = mcpdeck("tools", started.url, "--json")
    else:
        command, env = started.command()
        given = [word for name, value in env.items() for word in ("--env", f"{name}={value}")]
        done = mcpdeck("tools", "--json", *given, "--", *command)
    assert done.returncode == 0, done.stderr
    listed = by_name(json.loads(done.stdout)["tools"])
    expected = by_name(started.reference["tools"])
    assert {name: tool["inputSchema"] for name, tool in listed.items()} == {
        name: tool["inputSchema"] for name, tool in expected.items()
    }


def test_the_command_line_calls_the_tools_of_a_configured_server(started: Started, tmp_path: Path) -> None:
    config = tmp_path / "servers.json"
    config.write_text(json.dumps({"mcpServers": {"peer": started.config()}}))
    for (name, arguments), expected in zip(started.calls[:3], started.reference["results"], strict=False):
        done = mcpdeck(
            *("call", "peer", name, "--args", json.dumps(arguments)),
            *("--json", "--strict-mcp-config", "--mcp-config", str(config)),
        )
        assert done.returncode == (1 if expected.get("isError") else 0), done.stdout + done.stderr
        assert outcome(json.loads(done.stdout)) == outcome(expected), name
