"""A rule that comes into force keeps calls from being sent, and the call says so."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import anyio
import pytest

from mcpdeck.app.main import Services, running
from mcpdeck.app.worker import Engine
from mcpdeck.services.config.load import LoadOptions
from mcpdeck.services.engine import sending
from mcpdeck.services.engine.limits import Limits
from mcpdeck.services.policy.configured import Configured
from mcpdeck.services.state.model import CallStatus
from tests.entries import SERVERS
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule counts from the moment in which it is written, and not some milliseconds later."""
    monkeypatch.setattr(sending, "LOOK_AFTER", 0.0)


def _configured(base: Path) -> Configured:
    entry = {"command": sys.executable, "args": [str(SERVERS / "tiny_stdio.py")]}
    options = LoadOptions(base, {"MCPDECK_HOME": str(base / "deck"), "HOME": str(base)}, managed=(base / "managed",))
    _write(base / "deck" / "config" / "mcp.json", {"mcpServers": {"tiny": entry}})
    return Configured(options)


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize("validate", [True, False])
async def test_a_call_that_policy_forbids_by_now_is_recorded_and_nothing_is_sent(
    tmp_path: Path, validate: bool
) -> None:
    configured = _configured(tmp_path)
    with anyio.fail_after(30):
        async with running(configured.load_entries(), guard=configured.guard) as services:
            first = await services.executor.call("tiny", "echo", {"text": "a"}, validate=validate)
            assert first.status is CallStatus.SUCCESS
            file = tmp_path / "managed" / "managed-settings.json"
            _write(file, {"deniedMcpServers": [{"serverName": "tiny"}]})
            sent = _sent(services)
            assert "tools/call" in sent
            call = await services.executor.call("tiny", "echo", {"text": "a"}, validate=validate)
            assert call.status is CallStatus.DENIED
            assert call.error is not None
            assert (call.error.kind, call.error.details["file"]) == ("policy", str(file))
            assert services.executor.deadline(call.id) is None
            assert _sent(services) == sent


def _sent(services: Services) -> list[str | None]:
    """Methods of the requests that were sent."""
    records = services.trace.of("tiny")
    return [record.method for record in records if record.direction == "sent" and record.kind == "request"]


async def test_reads_and_prompts_are_kept_back_as_well(tmp_path: Path) -> None:
    configured = _configured(tmp_path)
    with anyio.fail_after(30):
        async with running(configured.load_entries(), guard=configured.guard) as services:
            await services.manager.connected("tiny")
            _write(tmp_path / "managed" / "managed-settings.json", {"allowedMcpServers": []})
            for operation in ("read", "prompt"):
                with pytest.raises(Exception, match="blocked by policy"):
                    await services.manager.using("tiny", lambda session, what=operation: _ask(session, what))


async def _ask(session: object, what: str) -> None:
    raise AssertionError(f"{what} was sent")


async def test_a_call_on_a_server_that_there_is_not_is_a_mistake_and_no_call(tmp_path: Path) -> None:
    configured = _configured(tmp_path)
    with anyio.fail_after(30):
        async with running(configured.load_entries(), guard=configured.guard) as services:
            call = await services.executor.call("nothing", "echo", {})
            assert call.status is CallStatus.NOT_FOUND
            assert not services.store.state.calls


async def test_a_rule_that_comes_into_force_while_the_call_waits_to_be_sent_keeps_it_back(tmp_path: Path) -> None:
    configured = _configured(tmp_path)
    engine = Engine(limits=Limits(per_server=1))
    with anyio.fail_after(30):
        async with running(configured.load_entries(), guard=configured.guard, engine=engine) as services:
            await services.manager.connected("tiny")
            place = await services.executor.limiter.enter("tiny")
            async with anyio.create_task_group() as tasks:

                async def called() -> None:
                    await services.executor.call("tiny", "echo", {"text": "a"}, validate=False)

                tasks.start_soon(called)
                await eventually(
                    lambda: [call.waits for call in services.store.state.calls] == ["a free place"], "wait"
                )
                _write(tmp_path / "managed" / "managed-settings.json", {"deniedMcpServers": [{"serverName": "tiny"}]})
                place.leave()
            (call,) = services.store.state.calls
            assert "tools/call" not in _sent(services)
            assert call.error is not None
            assert call.error.kind == "policy"
