"""A call that is sent again says so while it runs."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcpdeck.services.engine.limits import Limits
from mcpdeck.services.errors import HttpStatusError, McpDeckError
from mcpdeck.services.state.model import CallStatus
from tests.engine.peer import peer
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


async def test_the_second_try_of_a_call_is_seen_while_it_runs() -> None:
    busy: list[McpDeckError] = [HttpStatusError("busy", status=503)]

    def fails_then_takes_its_time(message: dict[str, Any]) -> McpDeckError | None:
        return busy.pop() if busy else None

    limits = Limits(pause=0.0005, longest_pause=0.001)
    async with (
        peer({"resources/read": fails_then_takes_its_time}, limits=limits) as it,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(it.executor.read, "peer", "file:///a")
        await eventually(lambda: len(it.sent("resources/read")) == 2, "the second try")
        (call,) = it.calls
        assert (call.status, call.attempts, call.waits) == (CallStatus.RUNNING, 2, "")
        tasks.cancel_scope.cancel()
