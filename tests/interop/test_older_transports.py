"""HTTP+SSE and WebSocket with servers nobody here wrote: the SDK's previous major version, server-everything."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import anyio
import pytest

from mcpdeck.app.worker import running
from mcpdeck.services.manager import Settings
from mcpdeck.services.models import HttpTarget, SseTarget, Status, Target, TransportKind, WebSocketTarget
from tests import entries
from tests.interop.conftest import absent
from tests.interop.install import missing
from tests.interop.peers import SERVERS, node, python
from tests.servers.processes import free_port, listening

pytestmark = pytest.mark.interop


@contextmanager
def sdk1(mode: str) -> Iterator[int]:
    if reason := missing("sdk1"):
        absent(reason)
    port = free_port()
    with listening(python("sdk1", str(SERVERS / "sdk1_server.py"), mode, str(port))):
        yield port


@contextmanager
def everything() -> Iterator[int]:
    if reason := missing("node"):
        absent(reason)
    port = free_port()
    with listening(node("server-everything", "sse"), {"PORT": str(port)}):
        yield port


def may_fall_back(target: Target) -> bool:
    """Its URL is only known to be one of the two HTTP transports; here it is the older one."""
    return isinstance(target, HttpTarget) and target.or_sse


async def used(target: Target, tool: str, arguments: dict[str, object], answer: str) -> str:
    """Connect, list, call, see progress; returns how the server was spoken to."""
    entry = replace(entries.http("it", "http://127.0.0.1/"), target=target, transport=target.kind)
    with anyio.fail_after(60):
        async with running([entry], settings=Settings()) as services:
            session = await services.manager.connected("it")
            row = services.store.state.mcp.servers["it"]
            assert row.status is Status.CONNECTED
            # What is really spoken, not what the address looked like.
            assert row.transport is (TransportKind.SSE if may_fall_back(target) else target.kind)
            assert tool in [each.name for each in await session.lists.known_tools()]
            seen: list[float] = []
            result = await session.call_tool(tool, arguments, on_progress=lambda done, *_: seen.append(done))
            assert answer in json.dumps(result)
            if tool == "count":
                assert seen == [1, 2, 3]
            assert await session.ping() >= 0
            return session.version


async def test_sse_of_the_previous_sdk() -> None:
    with sdk1("sse") as port:
        target = SseTarget(f"http://127.0.0.1:{port}/sse")
        assert await used(target, "count", {"upto": 3}, "counted to 3") == "2025-11-25"


async def test_a_url_falls_back_to_sse_where_it_takes_no_streamable_http() -> None:
    with sdk1("sse") as port:
        target = HttpTarget(f"http://127.0.0.1:{port}/sse", or_sse=True)
        assert await used(target, "add", {"a": 1, "b": 2}, "3") == "2025-11-25"


async def test_websocket_of_the_previous_sdk() -> None:
    with sdk1("ws") as port:
        target = WebSocketTarget(f"ws://127.0.0.1:{port}/ws")
        assert await used(target, "count", {"upto": 3}, "counted to 3") == "2025-11-25"


async def test_sse_of_server_everything() -> None:
    with everything() as port:
        target = SseTarget(f"http://127.0.0.1:{port}/sse")
        assert await used(target, "echo", {"message": "grüße"}, json.dumps("Echo: grüße")[1:-1]) == "2025-11-25"


def test_the_command_line_takes_the_urls_as_they_are() -> None:
    with sdk1("sse") as sse, sdk1("ws") as web_socket:
        for words in (
            (f"http://127.0.0.1:{sse}/sse",),
            (f"http://127.0.0.1:{sse}/sse", "--transport", "sse"),
            (f"ws://127.0.0.1:{web_socket}/ws",),
        ):
            done = subprocess.run(
                (sys.executable, "-m", "mcpdeck.app", "tools", *words, "--json"),
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, done.stderr + done.stdout
            assert "add" in [tool["name"] for tool in json.loads(done.stdout)["tools"]]
