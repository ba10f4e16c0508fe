"""The time limit of ordinary requests comes from the settings."""

from __future__ import annotations

import sys

import anyio
import pytest

from mcpdeck.app.main import running
from mcpdeck.services.errors import McpDeckError, RequestTimeout
from mcpdeck.services.manager import Settings
from tests import entries
from tests.entries import SERVERS

pytestmark = pytest.mark.anyio


async def test_a_request_takes_as_long_as_the_settings_allow_and_not_longer() -> None:
    settings = Settings.from_environment({"MCPDECK_REQUEST_TIMEOUT": "300"})
    entry = entries.stdio("peer", sys.executable, str(SERVERS / "tiny_stdio.py"))
    with anyio.fail_after(30):
        async with running([entry], settings=settings) as services:
            session = await services.manager.connected("peer")
            with pytest.raises(RequestTimeout, match=r"within 0\.3 s"):
                await session.request("tools/call", {"name": "slow", "arguments": {"steps": 1000}})


def test_each_of_the_five_time_limits_is_shown_with_its_source() -> None:
    settings = Settings.from_environment({"MCP_TIMEOUT": "5000", "MCPDECK_IDLE_TIMEOUT": "7000"}).within(9, "--timeout")
    shown = {timer.name: (timer.seconds, timer.source) for timer in settings.timers(entries.stdio("peer", "true"))}
    assert shown == {
        "connect": (9, "--timeout"),
        "request": (60, "default"),
        "call": (9, "--timeout"),
        "idle": (7, "MCPDECK_IDLE_TIMEOUT"),
        "probe": (8, "default"),
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [("abc", "is not a number"), ("-1", "is not a positive number"), ("nan", "is not a positive number")],
)
def test_a_time_limit_that_is_no_number_counts_as_not_set_and_says_so(text: str, why: str) -> None:
    settings = Settings.from_environment({"MCP_TIMEOUT": text, "MCPDECK_IDLE_TIMEOUT": "7000"})
    shown = {timer.name: (timer.seconds, timer.source) for timer in settings.timers(entries.stdio("peer", "true"))}
    assert shown["connect"] == (30, f"default (MCP_TIMEOUT {why})")
    assert shown["idle"] == (7, "MCPDECK_IDLE_TIMEOUT")
    assert settings.remarks == (f"MCP_TIMEOUT {why}: the default is used",)


async def test_a_message_beyond_the_limit_of_the_settings_fails_its_request_and_not_the_connection() -> None:
    settings = Settings.from_environment({"MCPDECK_MAX_MESSAGE": "20000"})
    entry = entries.stdio("peer", sys.executable, str(SERVERS / "tiny_stdio.py"))
    with anyio.fail_after(30):
        async with running([entry], settings=settings) as services:
            session = await services.manager.connected("peer")
            await session.lists.known_tools()
            with pytest.raises(McpDeckError, match="too large") as caught:
                await session.call_tool("echo", {"text": "x" * 30_000})
            assert "MCPDECK_MAX_MESSAGE" in caught.value.hint
            assert (await session.call_tool("echo", {"text": "short"}))["content"]
