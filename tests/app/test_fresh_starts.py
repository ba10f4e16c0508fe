"""What a person begins anew is begun anew: neither old failures nor old answers stand in its way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import anyio
import pytest

from mcpdeck.app.controller import Controller, Severity
from mcpdeck.app.worker import Engine, Services, running
from mcpdeck.services.engine.response_cache import Asker, ResponseCache
from mcpdeck.services.errors import ConnectError
from mcpdeck.services.models import BreakerState
from tests import entries

pytestmark = pytest.mark.anyio

Does: TypeAlias = Callable[[Controller, Services], None]
NAME = "peer"
ANSWER = {"contents": [], "ttlMs": 60_000, "cacheScope": "public"}


def _switched(_controller: Controller, services: Services) -> None:
    services.manager.set_enabled(NAME, False)
    services.manager.set_enabled(NAME, True)


@pytest.mark.parametrize(
    ("does", "called", "forgotten"),
    [
        (lambda controller, services: controller.reconnect(NAME), True, True),
        (lambda controller, services: controller.reconnect_all(), True, True),
        (lambda controller, services: controller.reset_breaker(NAME), True, False),
        (_switched, True, True),
        (lambda controller, services: services.manager.configure([*services.manager.entries.values()]), False, False),
    ],
    ids=["reconnected", "all reconnected", "reset", "switched off and on", "configured as it was"],
)
async def test_a_server_that_a_person_connects_anew_is_called_at_once(
    tmp_path: Path, does: Does, called: bool, forgotten: bool
) -> None:
    cache = ResponseCache()
    entry = entries.http(NAME, "http://127.0.0.1:1/")
    async with running([entry], engine=Engine(cache=cache)) as services, anyio.create_task_group() as tasks:

        def toast(title: str, hint: str = "", *, severity: Severity = "information") -> None:
            pass

        controller = Controller(
            services, tasks, toast, set_enabled=print, approve=print, reject=print, data_folder=tmp_path
        )
        breakers = services.executor.breakers
        for _ in range(5):
            breakers.ended(breakers.enter(NAME, entry.digest), ConnectError("connection refused"))
        assert breakers.of(NAME).state is BreakerState.OPEN
        asker = Asker(NAME, entry.digest, "2026-07-28")
        cache.keep(asker, "resources/read", "file:///a", {}, ANSWER, cache.epoch(NAME))
        does(controller, services)
        await anyio.wait_all_tasks_blocked()
        assert (breakers.of(NAME).state is BreakerState.CLOSED) is called
        assert (len(cache) == 0) is forgotten
        tasks.cancel_scope.cancel()
