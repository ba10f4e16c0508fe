"""Section 9: stdio, with a real child that writes down what it was sent."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcpdeck.app.worker import running
from mcpdeck.services.models import EraMode, Status
from mcpdeck.services.state.model import CallStatus
from tests import entries
from tests.spec.peers import HASTY
from tests.waiting import eventually


def recording(file: Path, *flags: str) -> Any:
    script = str(entries.SERVERS / "recording_stdio.py")
    return entries.stdio("peer", sys.executable, script, str(file), *flags, era=EraMode.LEGACY)


def received(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_bytes().splitlines()]


@pytest.mark.requirement("9.1", "9.2", "9.6")
async def test_a_child_gets_nothing_but_messages_and_may_complain_as_much_as_it_likes(tmp_path: Path) -> None:
    file = tmp_path / "stdin"
    with anyio.fail_after(30):
        async with running([recording(file)], settings=HASTY) as services:
            await services.manager.connected("peer")
            call = await services.executor.call("peer", "work", {"text": "one\ntwo\u2028three\r\n", "umlaut": "ü"})
            assert call.status is CallStatus.SUCCESS
            stderr = [record for record in services.store.ring("peer") if record.kind == "stderr"]
            assert any("this is no error" in str(record.data) for record in stderr)
            assert services.store.state.mcp.servers["peer"].status is Status.CONNECTED
    lines = file.read_bytes().split(b"\n")
    assert lines.pop() == b""
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in lines)
    assert "ü".encode() in file.read_bytes()


@pytest.mark.requirement("9.12", "9.16", "12.9")
async def test_a_restarted_server_gets_its_handshake_lists_and_subscriptions_anew_and_no_lost_call(
    tmp_path: Path,
) -> None:
    file = tmp_path / "stdin"
    with anyio.fail_after(40):
        async with running([recording(file, "--dies")], settings=HASTY) as services:
            session = await services.manager.connected("peer")
            await session.subscribe("x://1")
            call = await services.executor.call("peer", "work", {})
            assert call.status is CallStatus.FAILED

            def count(method: str) -> int:
                return sum(message.get("method") == method for message in received(file))

            await eventually(lambda: count("resources/subscribe") == 2, "second subscription", seconds=20)
            await eventually(lambda: count("tools/list") == 2, "second list of tools", seconds=20)
            assert count("initialize") == count("notifications/initialized") == 2
            assert count("tools/call") == 1


@pytest.mark.requirement("9.13")
async def test_a_child_inherits_a_small_set_of_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_OWN_SECRET", "hunter2")
    script = str(entries.SERVERS / "tiny_stdio.py")
    entry = entries.stdio("peer", sys.executable, script, env={"GIVEN": "yes"}, era=EraMode.LEGACY)
    with anyio.fail_after(30):
        async with running([entry], settings=HASTY) as services:
            await services.manager.connected("peer")
            arguments: dict[str, Any] = {"names": ["OUR_OWN_SECRET", "GIVEN", "PATH"]}
            call = await services.executor.call("peer", "surroundings", arguments)
            said = json.dumps(call.result)
            assert "yes" in said
            assert "hunter2" not in said
