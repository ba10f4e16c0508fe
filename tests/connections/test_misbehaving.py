"""Servers that misbehave, as real processes: the row says what happened, everything else goes on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import psutil

from mcpdeck.app.main import Services, running
from mcpdeck.services import events as ev
from mcpdeck.services.manager import Settings
from mcpdeck.services.models import EraMode, EraName, ErrorInfo, ServerEntry, Status
from mcpdeck.services.state.model import CallStatus, ServerState
from tests import entries
from tests.servers.scripted_http import Exchange, scripted_http
from tests.waiting import eventually, gone

HASTY = replace(Settings(), connect_timeout=10.0, probe_timeout=1.0)
PLAIN = entries.misbehaving("plain")


@asynccontextmanager
async def beside_a_plain_one(*others: ServerEntry, settings: Settings = HASTY) -> AsyncIterator[Services]:
    """All of them connect at once; on the way out the plain one must still answer."""
    with anyio.fail_after(60):
        async with running([*others, PLAIN], settings=settings) as services:
            yield services
            await services.manager.connected("plain")
            answer = await services.executor.call("plain", "echo", {"text": "still here"})
            assert answer.status is CallStatus.SUCCESS, answer.error
            assert text_of(answer.result) == "still here"


def text_of(result: object) -> str:
    assert isinstance(result, dict)
    return "".join(block["text"] for block in result["content"])


def row(services: Services, name: str) -> ServerState:
    return services.store.state.mcp.servers[name]


async def lost_with(services: Services, name: str) -> ErrorInfo:
    """Why the connection is gone. A list that was being read then may fail, and be told, just before."""
    await eventually(lambda: not row(services, name).usable, "end of the connection")
    error = row(services, name).error
    assert error is not None
    return error


def stderr_of(server: ServerState) -> Sequence[str]:
    assert server.error is not None
    lines = server.error.details.get("stderr")
    assert isinstance(lines, list), server.error
    return [str(line) for line in lines]


async def test_a_command_that_does_not_exist_is_named_in_the_row() -> None:
    async with beside_a_plain_one(entries.stdio("gone", "no-such-command-anywhere", "--flag")) as services:
        await services.manager.settled()
        gone = row(services, "gone")
        assert gone.status is Status.FAILED
        assert gone.error is not None
        assert "no-such-command-anywhere" in gone.error.title + gone.error.hint
        assert gone.error.hint


async def test_a_server_that_exits_at_once_leaves_its_exit_code_and_last_words() -> None:
    async with beside_a_plain_one(entries.misbehaving("exits")) as services:
        await services.manager.settled()
        server = row(services, "exits")
        assert server.status in (Status.FAILED, Status.RECONNECTING)
        assert server.error is not None
        assert server.error.details["exitCode"] == 3
        assert stderr_of(server)[-2:] == ["reading settings", "fatal: no API key"]


async def test_an_in_process_server_whose_tool_exits_leaves_the_others_running_and_its_row_says_so() -> None:
    spec = f"{entries.SERVERS / 'noisy_in_process.py'}:server"
    async with beside_a_plain_one(entries.in_process("noisy", spec)) as services:
        await services.manager.connected("noisy")
        call = await services.executor.call("noisy", "leave", {})
        assert call.status is CallStatus.FAILED
        assert call.error is not None
        assert call.error.title == "the server crashed: SystemExit: 3"
        lost = await lost_with(services, "noisy")
        assert lost.title == "the server crashed: SystemExit: 3"
        assert any("SystemExit: 3" in line for line in stderr_of(row(services, "noisy")))


async def test_rubbish_on_stdout_is_put_aside_and_the_session_goes_on() -> None:
    async with beside_a_plain_one(entries.misbehaving("rubbish")) as services:
        await services.manager.connected("rubbish")
        call = await services.executor.call("rubbish", "echo", {"text": "through the noise"})
        assert text_of(call.result) == "through the noise"
        logged = [str(record.data) for record in services.store.ring("rubbish")]
        assert any("Loading model" in line for line in logged)


async def test_a_server_that_never_answers_fails_when_its_time_is_up() -> None:
    settings = replace(HASTY, connect_timeout=2.0, probe_timeout=0.5)
    async with beside_a_plain_one(entries.misbehaving("mute"), settings=settings) as services:
        await services.manager.settled()
        mute = row(services, "mute")
        assert mute.status in (Status.FAILED, Status.RECONNECTING)
        assert mute.error is not None
        assert mute.error.kind == "timeout"


async def test_a_server_that_ignores_the_probe_is_spoken_to_in_the_older_era() -> None:
    async with beside_a_plain_one(entries.misbehaving("mute-probe")) as services:
        session = await services.manager.connected("mute-probe")
        assert session.era is EraName.LEGACY
        assert row(services, "mute-probe").decided


async def test_a_server_that_exits_on_the_probe_is_started_again_and_initialized() -> None:
    async with beside_a_plain_one(entries.misbehaving("exits-on-probe")) as services:
        session = await services.manager.connected("exits-on-probe")
        assert session.era is EraName.LEGACY
        call = await services.executor.call("exits-on-probe", "echo", {"text": "hello"})
        assert text_of(call.result) == "hello"


async def test_a_server_that_dies_during_a_call_fails_the_call_and_says_how_it_died() -> None:
    async with beside_a_plain_one(entries.misbehaving("dies")) as services:
        await services.manager.connected("dies")
        call = await services.executor.call("dies", "die", {})
        assert call.status is CallStatus.FAILED
        assert call.error is not None
        assert call.error.details["exitCode"] == 9
        said = await lost_with(services, "dies")
        assert said.details["exitCode"] == 9
        assert "fatal: out of cheese" in stderr_of(row(services, "dies"))
        # One exit is no crash loop: it comes back by itself.
        await eventually(lambda: row(services, "dies").usable, "second connection")


async def test_leaving_ends_a_grandchild_that_ignores_sigterm() -> None:
    with anyio.fail_after(60):
        async with running([entries.misbehaving("grandchild")], settings=HASTY) as services:
            await services.manager.connected("grandchild")
            call = await services.executor.call("grandchild", "pids", {})
            pids = json.loads(text_of(call.result))
            family = [psutil.Process(pid) for pid in pids.values()]
            assert len(family) == 2
    gone(family)


async def test_leaving_ends_a_server_that_ignores_the_end_of_stdin_and_sigterm() -> None:
    with anyio.fail_after(60):
        async with running([entries.misbehaving("stubborn")], settings=HASTY) as services:
            await services.manager.connected("stubborn")
            process = psutil.Process(row(services, "stubborn").pid)
    gone([process])


async def test_a_flood_of_notifications_is_counted_and_the_answer_still_comes() -> None:
    async with beside_a_plain_one(entries.misbehaving("flood")) as services:
        await services.manager.connected("flood")
        call = await services.executor.call("flood", "echo", {"text": "above the water"})
        assert text_of(call.result) == "above the water"
        counters = row(services, "flood").counters
        assert counters.received > 40_000
        assert counters.logged + counters.dropped >= 40_000


async def test_a_line_of_ten_megabytes_is_an_answer_like_any_other() -> None:
    async with beside_a_plain_one(entries.misbehaving("huge")) as services:
        await services.manager.connected("huge")
        call = await services.executor.call("huge", "huge", {})
        assert len(text_of(call.result)) == 10_000_000


async def test_a_slow_call_shows_its_progress_and_is_ended_by_its_time_limit() -> None:
    async with beside_a_plain_one(entries.misbehaving("slow")) as services:
        await services.manager.connected("slow")
        async with anyio.create_task_group() as group:
            group.start_soon(services.executor.call, "slow", "wait", {"seconds": 1})
            halfway = await eventually(
                lambda: [call for call in services.store.state.calls if call.progress == 1], "progress of the call"
            )
            assert halfway[0].total == 2
            assert halfway[0].message == "half way"
        call = await services.executor.call("slow", "wait", {"seconds": 30}, timeout=0.3)
        assert call.status is CallStatus.TIMED_OUT


async def test_all_of_them_together_settle_without_a_traceback(capfd) -> None:
    crowd = [
        entries.misbehaving(mode)
        for mode in ("exits", "rubbish", "exits-on-probe", "hostile", "grandchild", "stubborn", "flood")
    ]
    async with beside_a_plain_one(*crowd, entries.stdio("gone", "no-such-command-anywhere")) as services:
        await services.manager.settled()
        usable = {server.id for server in services.store.state.mcp.listed() if server.usable}
        assert usable == {"rubbish", "exits-on-probe", "hostile", "grandchild", "stubborn", "flood", "plain"}
    printed = capfd.readouterr()
    assert "Traceback" not in printed.out + printed.err


async def test_a_server_silent_to_the_probe_connects_also_with_less_time_than_the_probe_may_take() -> None:
    settings = replace(Settings(), connect_timeout=6.0, probe_timeout=60.0)
    async with beside_a_plain_one(entries.misbehaving("mute-probe"), settings=settings) as services:
        session = await services.manager.connected("mute-probe")
        assert session.era is EraName.LEGACY


async def test_a_call_does_not_wait_for_ever_when_the_session_expires_before_the_tools_are_listed() -> None:
    async def handler(exchange: Exchange) -> None:
        message = exchange.message if exchange.method == "POST" else {}
        match message.get("method"):
            case "initialize":
                result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "x"}}
                await exchange.result(result, Mcp_Session_Id="abc")
            case "notifications/initialized":
                await exchange.answer("202 Accepted")
            case _:
                await exchange.answer("404 Not Found")

    async with (
        scripted_http(handler) as server,
        beside_a_plain_one(entries.http("short", server.url, era=EraMode.LEGACY)) as services,
    ):
        with anyio.fail_after(10):
            call = await services.executor.call("short", "any", {})
        assert (call.status, call.error and call.error.kind) == (CallStatus.FAILED, "connect")


async def test_what_a_switched_off_server_still_says_while_it_ends_does_not_touch_its_row() -> None:
    async with beside_a_plain_one(entries.misbehaving("slow")) as services:
        await services.manager.connected("slow")
        old = row(services, "slow").generation
        off = replace(services.manager.entries["slow"], gate=Status.DISABLED)
        services.manager.configure([off, services.manager.entries["plain"]])
        await eventually(lambda: row(services, "slow").status is Status.DISABLED, "switched off row")
        services.store.dispatch(ev.ToolsChanged("slow", old, ()))
        services.store.dispatch(ev.ConnectionFailed("slow", old, ErrorInfo("connect", "late")))
        assert row(services, "slow").status is Status.DISABLED
        assert row(services, "slow").tools is None
