"""Servers that go away, or were none in the first place."""

from __future__ import annotations

import sys

import anyio
import pytest

from mcpdeck.app.main import running
from mcpdeck.services.errors import McpDeckError, RemoteProtocolError
from mcpdeck.services.models import EraMode, Status
from mcpdeck.services.state.model import CallStatus
from tests import entries
from tests.entries import SERVERS
from tests.servers.processes import free_port, listening
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("era", [EraMode.LEGACY, EraMode.MODERN])
async def test_an_http_server_that_dies_in_mid_call_does_not_stay_connected(era: EraMode) -> None:
    port = free_port()
    with listening((sys.executable, str(SERVERS / "sdk2_server.py"), "http", str(port))), anyio.fail_after(40):
        async with running([entries.http("peer", f"http://127.0.0.1:{port}/mcp", era=era)]) as services:
            await services.manager.connected("peer")
            call = await services.executor.call("peer", "die", {})
            assert call.status is CallStatus.FAILED

            def status() -> Status:
                return services.store.state.mcp.servers["peer"].status

            await eventually(lambda: status() is Status.RECONNECTING, "notice that the server is gone", seconds=20)


async def test_a_program_that_sends_everything_back_is_told_from_a_server() -> None:
    with anyio.fail_after(30):
        async with running([entries.stdio("cat", "cat")]) as services:
            with pytest.raises(RemoteProtocolError, match="sends back"):
                await services.manager.connected("cat")


async def test_what_a_program_writes_instead_of_messages_is_quoted() -> None:
    with anyio.fail_after(30):
        async with running([entries.stdio("echo", "echo", "Welcome to my server!")]) as services:
            with pytest.raises(McpDeckError) as caught:
                await services.manager.connected("echo")
            assert "Welcome to my server!" in str(caught.value.details["stdout"])
            assert "MCP server" in caught.value.hint
